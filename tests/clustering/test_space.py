"""Features made ready, the number of clusters, typical examples, and stability."""

from __future__ import annotations

import numpy as np
import pytest

from jeoni.clustering.held_out import held_out_probs
from jeoni.clustering.methods.kmeans import KMeans
from jeoni.clustering.number import agreement, candidates, propose
from jeoni.clustering.representations import draw_parts, repeated, stability_gain, stability_of
from jeoni.clustering.space import SCALINGS, prepared
from jeoni.clustering.typical import renumbered, typicality
from jeoni.errors import DataError
from tests.clustering.test_methods import blobs


@pytest.mark.parametrize("scaling", SCALINGS)
def test_features_that_are_all_alike_are_refused(scaling):
    with pytest.raises(DataError, match="All 5 examples have the same features.*another --backbone"):
        prepared(np.full((5, 3), 0.1), scaling)


def test_whitened_components_count_alike_and_there_are_three_for_each_cluster():
    rows, _ = blobs(clusters=3, each=100, dim=12)
    space = prepared(rows + 5.0)
    assert space.at(2).shape == (300, 6)
    assert space.at(100).shape == (300, 12)
    assert np.linalg.norm(space.at(3), axis=1) == pytest.approx(1.0)
    few = prepared(rows[::10] + 5.0)
    assert few.at(3).shape == (30, 3)  # one for ten examples


def test_unit_features_do_not_see_how_long_a_row_is():
    rows, _ = blobs(dim=5)
    longer = rows * np.random.default_rng(0).uniform(1, 9, size=(len(rows), 1))
    first, second = (prepared(one, "unit").at(3) for one in (rows, longer))
    assert np.abs(first) == pytest.approx(np.abs(second), abs=1e-8)


def test_standardized_features_do_not_see_units():
    rows, _ = blobs(dim=5)
    first, second = (prepared(one, "standardized").at(3) for one in (rows, rows * [1, 100, 1e-3, 1, 7] + 5))
    assert np.abs(first) == pytest.approx(np.abs(second), abs=1e-6)


def test_features_as_they_are_keep_their_distances():
    rows, _ = blobs(dim=5)
    made = prepared(rows, "none").at(3)
    assert np.linalg.norm(made[0] - made[50]) == pytest.approx(np.linalg.norm(rows[0] - rows[50]))


@pytest.mark.parametrize("true", [2, 3, 5])
def test_the_number_of_groups_that_lie_apart_is_proposed(true):
    rows, _ = blobs(clusters=true, each=40, dim=6, apart=12.0)
    proposal = propose([prepared(rows, "none")])
    assert proposal.clusters == true and proposal.by_silhouette == true
    assert proposal.sureness == "clear" and proposal.stability > 0.95


def test_of_noise_no_number_is_sure():
    proposal = propose([prepared(np.random.default_rng(0).normal(size=(200, 20)), "none")])
    assert proposal.sureness == "weak"


def test_too_few_examples_have_no_number():
    rows, _ = blobs(each=5)
    assert propose([prepared(rows, "none")]) is None and candidates(19) == []


def test_agreement_is_one_for_the_same_clusters_by_other_names():
    assert agreement(np.array([0, 0, 1, 1]), np.array([5, 5, 2, 2])) == 1.0


def test_clusters_are_numbered_by_size_without_gaps():
    assert renumbered(np.array([4, 9, 9, 9, 2, 2])).tolist() == [2, 0, 0, 0, 1, 1]


def test_the_nearest_to_the_mean_comes_first_and_what_lies_between_is_least_sure():
    rows, labels = blobs(clusters=2, each=40, dim=3)
    between = rows.mean(0, keepdims=True)
    rows, labels = np.concatenate([rows, between]), np.append(labels, 0)
    found = typicality(rows, labels, np.arange(81))
    assert found.confidence.argmin() == 80
    assert found.rank[80] == 41
    for c in (0, 1):
        members = np.flatnonzero(labels == c)
        assert sorted(found.rank[members]) == list(range(1, len(members) + 1))
        distances = np.linalg.norm(rows[members] - rows[members].mean(0), axis=1)
        assert found.rank[members[distances.argmin()]] == 1


def test_examples_that_are_alike_are_held_out_together():
    rows, labels = blobs(clusters=3, each=20)
    whole = held_out_probs(rows, labels, np.where(labels == 2, 0, np.arange(60) + 1), 0)
    assert (whole[labels == 2, 2] == 0).all()  # nobody who judged them had seen that cluster
    assert (whole[labels == 0].argmax(1) == 0).all()


def test_where_nothing_can_be_held_out_all_clusters_are_as_probable():
    assert held_out_probs(np.eye(4), np.arange(4), np.arange(4), 0).tolist() == [[0.25] * 4] * 4


def test_clusters_of_groups_that_lie_apart_are_stable_and_those_of_noise_are_not():
    rows, _ = blobs()
    parts = draw_parts(len(rows), 4, 0)
    clear = repeated(KMeans(), [prepared(rows, "none")], 3, parts, 0, lambda _: None)
    noise = np.random.default_rng(1).normal(size=rows.shape)
    vague = repeated(KMeans(), [prepared(noise, "none")], 3, parts, 0, lambda _: None)
    assert stability_of(clear).value == 1.0
    gain = stability_gain(clear, vague)
    assert gain.low > 0 and gain.value == pytest.approx(1.0 - stability_of(vague).value)
    assert ((clear[0] >= 0) == np.isin(np.arange(len(rows)), parts[0])).all()

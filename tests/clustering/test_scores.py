"""Scores equal scikit-learn's and scipy's, and their intervals hold what they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

from jeoni.clustering.scores import MEASURES, paired_scores, scores_of, table_of


def made(n=300, classes=4, clusters=5, right=0.7, seed=0):
    """Labels, and clusters that follow them for a share of the examples."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=n)
    said = np.where(rng.random(n) < right, labels, rng.integers(clusters, size=n))
    return labels, said


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("right", [0.0, 0.6, 1.0])
def test_scores_are_those_of_scikit_learn_and_scipy(seed, right):
    labels, clusters = made(right=right, seed=seed)
    table = contingency_matrix(labels, clusters)
    rows, columns = linear_sum_assignment(-table)
    found = scores_of(labels, clusters, resamples=2)
    assert found["clustering_accuracy"].value == pytest.approx(table[rows, columns].sum() / len(labels))
    assert found["nmi"].value == pytest.approx(normalized_mutual_info_score(labels, clusters))
    assert found["ari"].value == pytest.approx(adjusted_rand_score(labels, clusters))


def test_one_class_and_one_cluster_are_the_same():
    alone = np.zeros(10, dtype=int)
    assert {name: score.value for name, score in scores_of(alone, alone).items()} == dict.fromkeys(MEASURES, 1.0)


def test_the_table_counts_with_weights():
    labels, clusters = np.array([0, 0, 1]), np.array([1, 1, 0])
    assert table_of(labels, clusters, (2, 2), np.array([1.0, 2.0, 5.0])).tolist() == [[0, 3], [5, 0]]


def test_intervals_hold_the_score_of_endless_data_as_often_as_they_say():
    labels, clusters = made(n=200_000, seed=99)
    truth = {name: score.value for name, score in scores_of(labels, clusters, resamples=1).items()}
    held = dict.fromkeys(MEASURES, 0)
    for seed in range(60):
        some = scores_of(*made(n=300, seed=seed), seed=seed, resamples=200)
        for name in MEASURES:
            held[name] += some[name].low <= truth[name] <= some[name].high
    assert all(count >= 48 for count in held.values()), held  # 57 expected; below 48 once in 1,000


def test_groups_widen_the_interval():
    labels, clusters = made(n=40)
    copies = np.repeat(np.arange(40), 10)
    alone = scores_of(labels[copies], clusters[copies])["clustering_accuracy"]
    together = scores_of(labels[copies], clusters[copies], groups=copies)["clustering_accuracy"]
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_a_difference_is_paired_on_the_same_examples():
    labels, ours = made(right=0.8)
    theirs = ours.copy()
    theirs[:30] = (theirs[:30] + 1) % 5
    own, beside = paired_scores(labels, [ours], {"theirs": [theirs], "same": [ours]})
    gain = beside["theirs"]["clustering_accuracy"]
    assert gain.low > 0
    assert gain.high - gain.low < own["clustering_accuracy"].high - own["clustering_accuracy"].low
    assert beside["same"]["nmi"].low == beside["same"]["nmi"].high == 0.0


def test_examples_outside_of_a_clustering_do_not_count_in_it():
    labels, clusters = made(right=1.0)
    part = np.where(np.arange(len(labels)) < 100, clusters, -1)
    own, _ = paired_scores(labels, [part], {})
    assert own["clustering_accuracy"].value == 1.0

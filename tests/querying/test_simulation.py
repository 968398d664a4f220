"""The simulation: curves, areas, labels saved, and its honesty about what is scored."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp
from sklearn.metrics import auc

from jeoni.querying.choosing.simulation import area, labels_needed, mean_interval, run_curve, saved_labels, simulate
from tests.querying.made_pools import blobs


def test_the_area_is_scikit_learns_over_the_width():
    counts, heights = np.array([5, 10, 30]), np.array([[0.2, 0.5, 0.9], [0.1, 0.2, 0.2]])
    np.testing.assert_allclose(area(counts, heights), [auc(counts, one) / 25 for one in heights])
    np.testing.assert_allclose(area(np.array([5]), heights[:, :1]), [0.2, 0.1])


def test_the_interval_is_students():
    values = np.array([0.1, 0.3, 0.2, 0.25])
    found, theirs = mean_interval(values), ttest_1samp(values, 0).confidence_interval()
    np.testing.assert_allclose([found.low, found.high], [theirs.low, theirs.high])
    assert np.isnan(mean_interval(values[:1]).low)


def test_labels_needed_lie_between_the_rounds_and_a_lucky_round_counts_little():
    counts = np.array([10, 20, 30, 40])
    assert labels_needed(counts, np.array([0.5, 0.6, 0.8, 0.9]), 0.7) == pytest.approx(25.0)
    assert labels_needed(counts, np.array([0.5, 0.9, 0.5, 0.8]), 0.8) == 40.0
    assert labels_needed(counts, np.array([0.5, 0.6, 0.6, 0.6]), 0.7) is None
    assert labels_needed(counts, np.array([0.5, 0.6, 0.8, 0.9]), 0.2) == 10.0


def test_labels_saved_are_those_to_where_random_ends():
    counts = np.array([10, 20, 30])
    theirs = np.tile([0.5, 0.6, 0.7], (4, 1))
    mine = np.tile([0.6, 0.8, 0.9], (4, 1))
    found = saved_labels(counts, mine, theirs)
    assert found.low == found.high == pytest.approx(found.value) == pytest.approx(15.0)
    assert saved_labels(counts, theirs - 0.1, theirs) is None
    assert saved_labels(counts, theirs, theirs).value == pytest.approx(0.0)


def test_methods_that_need_labels_begin_with_the_items_that_random_draws():
    rows, labels = blobs(each=30, spread=3.0)
    curves = [
        run_curve(rows[::2], labels[::2], rows[1::2], labels[1::2], m, (6, 12), seed=4) for m in ("random", "badge")
    ]
    assert curves[0][0] == curves[1][0]


def test_items_that_are_scored_are_never_asked_for(monkeypatch):
    from jeoni.querying.choosing import simulation

    rows, labels = blobs(each=12)
    seen = []

    def watched(pool_rows, known, *args, **more):
        seen.append(len(pool_rows))
        return proposed(pool_rows, known, *args, **more)

    proposed = simulation.propose
    monkeypatch.setattr(simulation, "propose", watched)
    found = simulate(rows, labels, ["kmeans"], (3, 6), 2, scored=np.arange(36) % 3 == 0)
    assert set(seen) == {24} and (found.pool, found.scored) == (24, 12)
    assert {name: curve.shape for name, curve in found.curves.items()} == {"kmeans": (2, 2), "random": (2, 2)}


def test_clusters_stay_on_one_side():
    """Every item has a twin: no curve may learn from the twin of an item that is scored."""
    rows, _ = blobs(each=12)
    by_chance = np.random.default_rng(0).integers(0, 3, 36)
    twins, labels, together = np.tile(rows, (2, 1)), np.tile(by_chance, 2), np.tile(np.arange(36), 2)
    apart, leaking = (simulate(twins, labels, ["kmeans"], (40,), 4, head="knn", clusters=c) for c in (together, None))
    assert leaking.curves["random"].mean() > apart.curves["random"].mean() + 0.1


def test_a_start_of_one_class_goes_on_at_random_until_there_are_two():
    rows, _ = blobs(each=20)
    lopsided = np.where(np.arange(60) < 57, 0, 1)
    curves = [run_curve(rows, lopsided, rows, lopsided, m, (1, 2, 60), seed=1) for m in ("margin", "random")]
    np.testing.assert_array_equal(*curves)
    assert curves[0][0] in (3 / 60, 57 / 60)  # all are taken for the one class that has a label

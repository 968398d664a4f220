from __future__ import annotations

import numpy as np
import pytest

from jeoni.assessment.draws import draws_by_fold, draws_for_test, pick
from jeoni.evaluation.curves import Point, labels_needed
from jeoni.types import Interval

LABELS = np.arange(60) % 3


def test_folds_test_every_example_once_and_train_on_the_others():
    draws = draws_by_fold(LABELS, np.arange(60), 5, 5, 0)
    assert sorted(np.concatenate([d.test for d in draws])) == list(range(60))
    assert all(not set(d.test) & set(d.train) and len(d.test) + len(d.train) == 60 for d in draws)
    more = draws_by_fold(LABELS, np.arange(60), 7, 5, 0)
    assert len(more) == 7 and [d.number for d in more] == list(range(7))


def test_clusters_are_not_split_by_draws():
    clusters = np.arange(60) // 4
    for draw in draws_by_fold(LABELS, clusters, 5, 5, 0):
        assert not set(clusters[draw.train]) & set(clusters[draw.test])


def test_an_own_test_set_stays_the_same_for_all_draws():
    draws = draws_for_test(np.arange(40), np.arange(40, 60), 3)
    assert all(np.array_equal(d.test, np.arange(40, 60)) for d in draws)


def test_larger_budgets_contain_smaller_ones_and_seeds_differ():
    candidates = np.arange(60)
    small, large = (pick(LABELS, candidates, b, 0) for b in (3, 10))
    assert set(small) < set(large)
    assert np.bincount(LABELS[small]).tolist() == [3, 3, 3]
    assert set(pick(LABELS, candidates, 3, 1)) != set(small)
    assert np.array_equal(pick(LABELS, candidates, None, 0), candidates)
    assert len(pick(LABELS, candidates, 50, 0)) == 60


def make_point(n: float, accuracy: float) -> Point:
    return Point("scratch", None, n, 1.0, Interval(accuracy, accuracy, accuracy), "")


def test_labels_needed_lie_between_the_points_or_nowhere():
    curve = [make_point(100, 0.8), make_point(10, 0.6), make_point(1000, 0.8)]
    assert labels_needed(curve, 0.5) == 10
    assert labels_needed(curve, 0.7) == pytest.approx(10**1.5)
    assert labels_needed(curve, 0.81) is None


def test_of_an_error_labels_are_needed_until_it_has_fallen_as_far():
    curve = [make_point(10, 4.0), make_point(100, 2.0)]
    assert labels_needed(curve, 3.0, higher_is_better=False) == pytest.approx(10**1.5)
    assert labels_needed(curve, 5.0, higher_is_better=False) == 10
    assert labels_needed(curve, 1.9, higher_is_better=False) is None

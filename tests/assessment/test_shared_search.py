"""A search that several repeats share, and what none of them may see of it."""

from __future__ import annotations

import numpy as np
import pytest

from jeoni.assessment.draws import draws_by_fold, draws_for_test
from jeoni.assessment.shared_search import count_of_searches, shared_parts

LABELS = np.arange(60) % 3
ALONE = np.arange(60)


def parts_of(repeats, budget=None, clusters=ALONE, folds=5):
    draws = draws_by_fold(LABELS, clusters, repeats, folds, 0)
    return draws, shared_parts(draws, LABELS, clusters, budget, 0)


@pytest.mark.parametrize("repeats", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("budget", [None, 4])
@pytest.mark.parametrize("clusters", [ALONE, np.arange(60) // 4])
def test_no_repeat_is_judged_by_or_trained_on_its_own_test_items(repeats, budget, clusters):
    draws, parts = parts_of(repeats, budget, clusters)
    assert [number for part in parts for number in part.draws] == [draw.number for draw in draws]
    for part in parts:
        assert not set(part.fit) & set(part.held)
        for row, number in zip(part.sees, part.draws, strict=True):
            judged = set(part.held[row])
            assert judged and not judged & set(draws[number].test)
            assert not set(part.fit) & set(draws[number].test)
            assert (judged | set(part.fit)) <= set(draws[number].train)
            assert not set(clusters[part.fit]) & set(clusters[draws[number].test])


def test_three_repeats_of_five_folds_share_one_search_on_the_two_others():
    draws, parts = parts_of(3)
    (part,) = parts
    assert set(part.fit) == set(range(60)) - set(np.concatenate([draw.test for draw in draws]))
    assert part.sees.sum(1).tolist() == [24, 24, 24]  # the test items of the two other repeats
    assert [len(one.draws) for one in parts_of(5)[1]] == [3, 2]


def test_with_few_labels_the_trials_have_as_many():
    for part in parts_of(3, budget=4)[1]:
        assert np.bincount(LABELS[part.fit]).tolist() == [4, 4, 4]
        assert all(np.bincount(LABELS[part.held[row]]).tolist() == [4, 4, 4] for row in part.sees)


def test_repeats_with_one_test_set_share_a_search_on_the_training_part():
    draws = draws_for_test(np.arange(40), np.arange(40, 60), 4)
    (part,) = shared_parts(draws, LABELS, ALONE, None, 0)
    assert part.draws == (0, 1, 2, 3) and part.sees.all()
    assert sorted([*part.fit, *part.held]) == list(range(40))
    assert 7 <= len(part.held) <= 9


@pytest.mark.parametrize("folds", [2, 3, 5, 10])
@pytest.mark.parametrize("repeats", [1, 2, 3, 5, 6, 10])
def test_the_number_of_searches_is_known_beforehand(repeats, folds):
    assert count_of_searches(repeats, folds, False) == len(parts_of(repeats, folds=folds)[1])
    assert count_of_searches(repeats, folds, True) == 1

from __future__ import annotations

import numpy as np
import pytest

from jeoni.data.annotations import Heat, LabelMap, Skeleton
from jeoni.dense.shown import SIDE, choose_shown, kept_small


def test_the_worst_typical_and_best_are_chosen_by_rank_alone():
    scores = np.random.default_rng(0).permutation(100).astype(np.float64)
    chosen = choose_shown(scores)
    assert [scores[i] for i in chosen.worst] == list(range(8))
    assert [scores[i] for i in chosen.best] == [99, 98, 97, 96, 95, 94]
    assert [scores[i] for i in chosen.typical] == [47, 48, 49, 50, 51, 52]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 9, 21])
def test_no_picture_is_chosen_twice_and_few_are_all_chosen(n):
    chosen = choose_shown(np.arange(n, dtype=np.float64))
    every = [*chosen.worst, *chosen.typical, *chosen.best]
    assert len(set(every)) == len(every) == min(n, 19) and chosen.all == tuple(sorted(every))


def test_pictures_of_which_nothing_is_known_are_not_shown():
    assert choose_shown(np.array([np.nan, 0.5, np.nan])).all == (1,)


def test_of_those_with_a_prediction_the_worst_are_the_worst_of_all_and_typical_ones_lie_near_the_median():
    scores = np.arange(90, dtype=np.float64)
    there = [*range(12), 20, 43, 46, 70, *range(80, 90)]
    chosen = choose_shown(scores, there)
    assert chosen.worst == tuple(range(8)) and chosen.best == (89, 88, 87, 86, 85, 84)
    assert {43, 46} < set(chosen.typical) <= set(there)


def test_a_large_prediction_is_kept_at_the_size_at_which_it_is_shown():
    labels = np.zeros((1200, 2400), dtype=np.int16)
    labels[:, 1200:] = 3
    small = kept_small(LabelMap(labels, np.ones(labels.shape, dtype=np.float16)))
    assert small.labels.shape == (SIDE // 2, SIDE) and small.certainty is None
    assert (small.labels[:, : SIDE // 2] == 0).all() and (small.labels[:, SIDE // 2 :] == 3).all()
    heat = kept_small(Heat(1.5, np.full((960, 480), 0.25, dtype=np.float32)))
    assert heat.score == 1.5 and heat.heat.shape == (SIDE, SIDE // 2) and (heat.heat == 0.25).all()
    points = Skeleton(np.zeros((2, 2)), np.ones(2))
    assert kept_small(points) is points

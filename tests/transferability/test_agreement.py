"""How scores are held against what was measured."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, weightedtau

from jeoni.transferability.agreement import orders, weighted_tau

RNG = np.random.default_rng(0)
RIGHT = (RNG.random((8, 300)) < np.linspace(0.3, 0.9, 8)[:, None]).astype(float)  # the last is the best
NAMES = [f"net {k}" for k in range(8)]


def test_weighted_tau_takes_accuracies_first_and_is_scipy_s_with_both_rankings():
    """With scipy's default ranking, the mean of both orders, exchanging the arguments changes nothing."""
    accuracies, scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([10.0, 30.0, 20.0, 5.0, 7.0])
    assert weighted_tau(accuracies, scores) == pytest.approx(weightedtau(accuracies, scores).statistic)
    assert weighted_tau(accuracies, scores) == pytest.approx(weighted_tau(scores, accuracies))
    by_accuracy = weightedtau(accuracies, scores, rank=None).statistic
    by_score = weightedtau(scores, accuracies, rank=None).statistic
    both = [weightedtau(accuracies, scores, rank=np.argsort(np.argsort(-v))).statistic for v in (accuracies, scores)]
    assert weighted_tau(accuracies, scores) == pytest.approx(np.mean(both))
    assert by_accuracy != pytest.approx(by_score)  # so with one ranking only the order would matter


def test_exchanges_near_the_top_cost_more():
    accuracies = np.arange(8.0)
    top, bottom = accuracies.copy(), accuracies.copy()
    top[[6, 7]], bottom[[0, 1]] = top[[7, 6]], bottom[[1, 0]]
    assert kendalltau(accuracies, top).statistic == kendalltau(accuracies, bottom).statistic
    assert weighted_tau(accuracies, top) < weighted_tau(accuracies, bottom) < 1


def test_equal_numbers_have_no_order():
    assert np.isnan(weighted_tau([0.5, 0.6], [1.0, 1.0])) and np.isnan(weighted_tau([0.5], [1.0]))
    assert np.isnan(weighted_tau([np.nan, 0.6], [1.0, 2.0]))


def test_orders_stand_by_tau_and_say_what_their_choice_loses():
    scores = {"same": list(range(8)), "reverse": list(range(8, 0, -1)), "partial": [None] * 4 + [4.0, 7.0, 6.0, 5.0]}
    found = orders(scores, RIGHT, NAMES)
    assert [one.score for one in found] == ["same", "partial", "reverse"]
    same, reverse = (next(one for one in found if one.score == name) for name in ("same", "reverse"))
    assert same.outcome == "agrees" and same.tau.low > 0 and same.pick == 7
    assert same.behind.value == 0
    assert reverse.outcome == "opposes" and reverse.tau.high < 0 and reverse.pick == 0
    gap = RIGHT[7].mean() - RIGHT[0].mean()
    assert reverse.behind.value == pytest.approx(gap) and reverse.behind.low < gap < reverse.behind.high
    partial = next(one for one in found if one.score == "partial")
    assert partial.candidates == 4 and partial.backbones == 4 and partial.pick == 5
    assert partial.outcome == "cannot tell"  # four networks


def test_of_few_backbones_no_order_can_be_told_however_many_stages_they_have():
    one = orders({"same": list(range(8))}, RIGHT, ["a", "b"] * 4)[0]
    assert one.tau.value > 0.9 and one.candidates == 8 and one.backbones == 2
    assert one.outcome == "cannot tell"


def test_a_score_that_knows_nothing_has_no_tau_and_stands_last():
    found = orders({"none": [None] * 8, "same": list(range(8))}, RIGHT, NAMES)
    assert [one.score for one in found] == ["same", "none"]
    assert found[1].pick is None and np.isnan(found[1].tau.value) and found[1].outcome == "cannot tell"


def test_whole_backbones_are_drawn_so_that_stages_do_not_make_the_interval_narrow():
    rng = np.random.default_rng(1)
    scores = [float(v) for v in RIGHT.mean(1) + rng.normal(0, 0.15, 8)]
    alone = orders({"s": scores}, RIGHT, NAMES)[0].tau
    repeated = orders({"s": scores * 4}, np.tile(RIGHT, (4, 1)), NAMES * 4)[0].tau
    assert repeated.high - repeated.low > 0.7 * (alone.high - alone.low)


def test_where_all_items_are_of_one_group_only_backbones_are_drawn():
    one = orders({"same": list(range(8))}, RIGHT, NAMES, np.zeros(300, dtype=np.int64))[0]
    assert one.tau.low <= one.tau.value <= one.tau.high and one.tau.low > 0.5
    assert np.isnan(one.behind.low)

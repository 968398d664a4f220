"""Who is taken, where not all candidates were held out from the same items."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jeoni.deadline import PlannedFit
from jeoni.planning.candidates import Candidate, NamedBackbone
from jeoni.planning.choosing import Standing, best_of, choice_of, errs_less, expected_gain
from jeoni.planning.cost import Cost
from jeoni.planning.price import Price, length_within


def standing(losses, complexity=0, groups=None):
    candidate = Candidate(str(complexity), "probe", NamedBackbone("made", None), complexity=complexity)
    losses = np.asarray(losses, dtype=np.float64)
    return Standing(candidate, losses, -losses, groups)


def held_out(losses, items):
    """The same losses, known of some items alone."""
    known = np.full(len(losses), np.nan)
    known[items] = losses[items]
    return known


def test_what_was_held_out_from_easy_items_alone_is_not_the_better_for_it():
    easy = np.arange(100) < 20
    probe = np.where(easy, 0.1, 1.0)
    tried = standing(held_out(probe + 0.05, np.flatnonzero(easy)), 2)
    assert best_of([standing(probe), tried], (0, 1)) == 0
    better = standing(held_out(probe - 0.05, np.flatnonzero(easy)), 2)
    assert best_of([standing(probe), better], (0, 1)) == 1 == choice_of([standing(probe), better])


def test_items_that_both_saw_decide_and_without_any_nothing_is_clear():
    rng = np.random.default_rng(0)
    losses = rng.normal(1.0, 0.2, 100)
    lower, upper = np.arange(50), np.arange(50, 100)
    one, other = standing(held_out(losses - 0.3, lower)), standing(held_out(losses, upper))
    assert not errs_less(one, other, 1.0) and not errs_less(other, one, 1.0)
    assert expected_gain(one, other) == np.inf
    whole = standing(losses)
    assert errs_less(one, whole, 2.0) and not errs_less(whole, one, 0.0)
    assert expected_gain(one, whole) == pytest.approx(0.3)
    groups = np.arange(100) % 2
    assert errs_less(replace(one, groups=groups), replace(whole, groups=groups), 2.0)  # the same in both groups


def test_a_trial_leaves_the_rest_of_the_whole_fit_and_takes_less_time_than_folds():
    trial = PlannedFit(60.0, 5.0)
    price = Price(110.0, 200.0, once_s=50.0, fold_training_s=100.0, final_training_s=100.0, trial=trial)
    assert price.rest == PlannedFit(40.0, 45.0)
    by_folds, by_trial = (length_within(one, 250.0) for one in (replace(price, trial=None), price))
    assert by_folds == pytest.approx((0.94 * 250 - 120) / 300) and by_trial == 1.0
    cost = Cost({"training": 300.0, "report": 7.0}, fits=(PlannedFit(200.0), PlannedFit(100.0, 3.0)))
    left = cost.after(trial)
    assert left.seconds == cost.seconds - 60.0 and left.fits == (PlannedFit(200.0), PlannedFit(40.0, 3.0))
    assert cost.after(None) is cost

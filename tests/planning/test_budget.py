from __future__ import annotations

import re

import pytest

from jeoni.deadline import PlannedFit
from jeoni.errors import ConfigError
from jeoni.planning.budget import LEAST, MARGIN, keep_budget, keep_trials
from jeoni.planning.cost import Cost
from jeoni.planning.estimate import Estimate
from jeoni.planning.runs import Trials
from jeoni.specs import CompareSpec, FitSpec
from jeoni.specs.amounts import parse_duration


def price(spec):
    """10 s of features, 1 s a repeat, 5 s of pictures; a training takes 100 s and 5 s for each of its views."""
    trained = spec.strategy != "probe"
    views = (4 if spec.views is None else spec.views) if trained and spec.augment != "none" else 0
    parts = {
        "features": 10.0 if spec.control else 5.0,
        "views": 5.0 * views,
        "training": 100.0 if trained else 0.0,
        "heads": float(spec.repeats or 3),
        "controls": 3.0 if spec.control else 0.0,
        "report": 7.0 if spec.pictures else 2.0,
    }
    fit = PlannedFit(parts["training"], parts["heads"] + parts["views"])
    return Cost(parts, fits=(fit,), views=views, epochs=20.0 if trained else 0.0)


def keep(seconds, **options):
    spec = FitSpec(**{"strategy": "probe", "budget": "10m", **options})
    return keep_budget(spec, seconds / MARGIN, price, 300, crossed=spec.strategy == "probe")


def test_with_time_enough_nothing_is_given_up():
    kept = keep(23.0)
    assert kept.spec.given == {"strategy": "probe", "budget": "10m"} and kept.share == 1.0 and not kept.said
    assert kept.after_s == 10.0


def test_folds_are_drawn_fewer_times_first():
    kept = keep(22.0)
    assert kept.spec.repeats == 2 and kept.spec.pictures and kept.spec.control
    assert kept.said == ("To keep the budget of 10 min, folds are drawn 2 times instead of 3.",)


def test_pictures_go_before_the_control_does():
    assert keep(17.0).spec.given == {"strategy": "probe", "budget": "10m", "repeats": 1, "pictures": False}
    kept = keep(10.0)
    assert not kept.spec.control and not kept.spec.pictures
    assert kept.said[-1] == (
        "To keep the budget of 10 min, no untrained control is measured: what transfer added is not known."
    )


def test_a_training_is_shortened_with_no_more_views_than_it_has_passes():
    kept = keep(100.0, strategy="finetune")
    assert kept.spec.views is None and kept.share == pytest.approx((100 - 43) / 100)  # 11 passes: four views are fine
    assert kept.said == ("To keep the budget of 10 min, trainings get about 57 % of their full length.",)
    short = keep(45.0, strategy="finetune")
    views = short.spec.views
    assert views == 2 and views <= 20 * short.share < views + 2
    assert short.share == pytest.approx((45 - 23 - 5 * views) / 100)


def test_of_a_training_of_less_than_a_pass_no_views_are_kept():
    kept = keep(34.0, strategy="finetune")
    assert kept.share >= LEAST and (kept.spec.views or 0) <= 2
    fewer = keep_budget(
        FitSpec(budget="10m", strategy="finetune"), 34.0 / MARGIN, lambda s: long(price(s)), 300, crossed=False
    )
    assert fewer.spec.augment == "none" and fewer.spec.views is None


def long(cost):
    """The same cost of a training with less than a pass in its full length."""
    return Cost(cost.parts, fits=cost.fits, views=cost.views, epochs=0.9)


@pytest.mark.parametrize("strategy", ["probe", "finetune"])
def test_a_budget_too_small_for_anything_names_the_smallest_that_would_do(strategy):
    with pytest.raises(ConfigError, match=r"budget is '10m'; .* Say at least --budget \d+") as refused:
        keep(5.0, strategy=strategy)
    named = re.search(r"at least --budget (\w+)", str(refused.value))[1]
    passed = 600 - 5.0 / MARGIN
    kept = keep_budget(
        FitSpec(budget=named, strategy=strategy),
        parse_duration(named) - passed,
        price,
        300,
        crossed=strategy == "probe",
    )
    assert kept.share >= LEAST
    if strategy == "finetune":
        probe = re.search(r"--strategy probe with --budget (\w+)", str(refused.value))[1]
        assert parse_duration(probe) < parse_duration(named)


def trials(spec):
    """A probe takes 1 s, a training 50 s; probing the stages 20 s."""
    fits = {(name, 5): PlannedFit(50.0 if name != "probe" else 0.0, 1.0) for name in spec.arms}
    parts = {"features": 10.0, "strategies": spec.repeats * sum(f.training_s + f.other_s for f in fits.values()),
             "stages": 20.0 if spec.stages else 0.0, "report": 3.0}  # fmt: skip
    return Trials(Estimate(parts), fits)


def compared(seconds, **options):
    spec = CompareSpec(budget="10m", strategies="probe,scratch", budgets="5", **options)
    return keep_trials(spec, seconds / MARGIN, trials)


def test_a_comparison_gives_up_its_stages_then_draws_then_length():
    assert compared(293.0).spec.given.keys() == {"budget", "strategies", "budgets"}
    assert not compared(280.0).spec.stages and compared(280.0).spec.repeats == 5
    fewer = compared(230.0)
    assert fewer.spec.repeats == 4 and fewer.share == 1.0 and len(fewer.said) == 2
    short = compared(60.0)
    assert short.spec.repeats == 2 and short.share == pytest.approx((60 - 13 - 4) / 100)
    assert short.said[-1] == "To keep the budget of 10 min, trainings get about 43 % of their full length."


def test_the_trials_of_a_comparison_are_planned_in_the_order_in_which_they_are_made():
    names = [fit.name for fit in compared(60.0).fits(lambda *trial: " ".join(map(str, trial)))]
    assert names == ["probe 5 0", "scratch 5 0", "probe 5 1", "scratch 5 1"]


def test_a_comparison_without_time_for_two_short_draws_is_refused():
    with pytest.raises(ConfigError, match=r"Say at least --budget \w+"):
        compared(20.0)

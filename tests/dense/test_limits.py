"""How long a fit of places takes is said before; a budget is kept; maps that take too much room are told of."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

import jeoni
from jeoni.assessment.trials import Draw, fit_name
from jeoni.deadline import Deadline
from jeoni.dense.transfer import Transfer
from jeoni.errors import ConfigError
from jeoni.planning.dense_cost import ArmCost, DenseCost
from jeoni.specs import CompareSpec
from jeoni.types import Quiet
from jeoni.verbs.session import dense_limits
from tests.conftest import TINY
from tests.dense.made import save_masks
from tests.made_clock import tick

OPTIONS = {"backbone": TINY, "folds": 2, "views": 1, "batch_size": 4, "pictures": False}


class Heard(Quiet):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(str(text))

    def warn(self, text: str) -> None:
        self.said.append(str(text))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return save_masks(tmp_path_factory.mktemp("masks") / "squares", 12)


def test_a_cost_is_that_of_all_fits_and_their_control():
    arm = ArmCost(views_s=10.0, training_s=60.0, other_s=5.0, fits=3, disk_bytes=100)
    control = ArmCost(views_s=10.0, training_s=60.0, other_s=5.0, fits=2, disk_bytes=100)
    cost = DenseCost(features_s=20.0, arms=(arm, control), report_s=4.0, disk_bytes=300)
    assert cost.training_s == 5 * 60 and cost.fixed_s == 20 + 2 * 10 + 5 * 5 + 4
    assert [fit.other_s for fit in cost.fits] == [15.0, 5.0, 5.0, 15.0, 5.0]
    estimate = cost.estimate(7.0)
    assert estimate.parts == {"features": 30.0, "training": 195.0, "control": 140.0, "report": 4.0}
    assert estimate.seconds == pytest.approx(cost.fixed_s + cost.training_s)


def test_a_budget_plans_the_training_into_it(small, tmp_path, monkeypatch):
    console, deadlines = Heard(), tick(monkeypatch)
    monkeypatch.setattr(Transfer, "step_s", lambda self, backbone, some, context: 0.5)
    result = jeoni.fit(
        str(small), out=tmp_path / "run", steps=200, budget="1m", control=False, console=console, **OPTIONS
    )
    record = json.loads((result.run / "run.json").read_text())
    assert 10 < record["training"]["steps"] < 120 and record["training"]["limit"] in ("shortened", "stopped")
    assert any("of their full length" in text for text in console.said)
    assert record["estimate"]["seconds"] > 0
    assert deadlines[0].left_s > -6


def test_a_budget_that_is_too_small_names_one_that_would_do(small, tmp_path):
    with pytest.raises(ConfigError, match="budget is '1s'.*Say at least --budget"):
        jeoni.fit(str(small), out=tmp_path / "run", steps=4000, budget="1s", quiet=True, **OPTIONS)


def test_maps_for_which_there_is_no_room_are_told_of(small, tmp_path):
    console = Heard()
    options = {**OPTIONS, "views": 4, "control": False}
    jeoni.fit(str(small), out=tmp_path / "run", steps=2, cache_gb=1e-6, console=console, **options)
    assert any("4 random views of 12 pictures take" in t and "run again in every step" in t for t in console.said)


class Planned:
    """A transfer of which a step of four pictures takes a second, a step for each picture."""

    def resolved(self, backbone, n):
        return SimpleNamespace(steps=n, batch_size=4)

    def kind(self, backbone):
        return "kind"


def test_a_budget_of_a_comparison_is_shared_by_its_trainings(monkeypatch):
    monkeypatch.setattr(dense_limits, "_step_s", lambda session, data, transfer, backbone: 1.0)
    session = SimpleNamespace(
        spec=CompareSpec(budget="100s"),
        context=SimpleNamespace(deadline=Deadline(100.0, clock=lambda: 0.0)),
        console=Heard(),
        passed_s=0.0,
        calibration=lambda data, backbone: SimpleNamespace(report_s=lambda pictures: 4.0),
    )
    draws = [Draw(number, np.arange(40), np.arange(12)) for number in range(2)]
    given = (SimpleNamespace(data=None), {"probe": Planned(), "scratch": Planned()}, {"probe": 0, "scratch": 0}, draws)
    dense_limits.keep_trials(session, *given, [10, None])
    # 2 strategies x 2 draws x (10 + 40) steps, and each of 8 trials predicts 12 pictures in a second
    left = 0.94 * 100 - (8 * 1.0 + 4.0)
    assert session.console.said == [
        f"To keep the budget of 1.5 min, trainings get about {round(100 * left / 200)} % of their full length."
    ]
    deadline = session.context.deadline
    deadline.begin_fit(fit_name("probe", 10, 0))
    assert deadline.allow("kind", 10).seconds == pytest.approx(left * 10 / 200)
    session.context.deadline = Deadline(20.0, clock=lambda: 0.0)
    with pytest.raises(ConfigError, match="budget is '100s'.*Say at least --budget"):
        dense_limits.keep_trials(session, *given, [10, None])

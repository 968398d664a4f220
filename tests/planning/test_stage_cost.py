from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jeoni.backbones.catalog import load_backbone
from jeoni.data.items import ArrayItems
from jeoni.features.examples import Context
from jeoni.planning.calibration import Calibration
from jeoni.planning.stage_cost import StageCost, stage_cost
from jeoni.strategies import build_strategy
from jeoni.tasks.classification import Classification
from jeoni.types import Dataset
from tests.conftest import TINY


@pytest.fixture(scope="module")
def backbone():
    return load_backbone(TINY)


def test_every_stage_has_its_seconds(backbone):
    cost = stage_cost(backbone)
    assert len(cost.seconds) == backbone.n and cost.above(0) > 0 and cost.above(backbone.n) == 0
    assert all(
        a >= b
        for a, b in zip(map(cost.above, range(backbone.n)), map(cost.above, range(1, backbone.n + 1)), strict=True)
    )


def test_a_cut_with_next_to_nothing_above_it_tells_nothing():
    cost = StageCost((1.0, 1.0, 0.01))
    assert cost.tells(0) and cost.tells(1) and not cost.tells(2) and not StageCost((0.0, 0.0)).tells(0)


def test_a_step_above_another_cut_is_told_without_being_timed(backbone, monkeypatch):
    items = ArrayItems(np.zeros((40, 48, 48, 3), dtype=np.uint8))
    data = Dataset("made", items, np.arange(40) % 2, Classification(("a", "b")))
    timed = []
    monkeypatch.setattr(Calibration, "_timed_step", lambda self, training: timed.append(training) or 2.0)
    monkeypatch.setattr(Calibration, "stage_cost", lambda self, backbone: StageCost((1.0,) * backbone.n))
    training = build_strategy("finetune").work(backbone, 40, 40).trainings[0]
    whole, upper = (replace(training, frozen=frozen, steps=1) for frozen in (0, 1))
    calibration = Calibration(data, Context(), backbone.dim, by_stages=True)
    assert calibration.training_s([whole]) == 2.0
    assert calibration.training_s([upper]) == pytest.approx(2.0 * (backbone.n - 1) / backbone.n)
    assert calibration.training_s([replace(upper, statistics=True)]) == 2.0  # of another kind: timed
    assert [t.frozen for t in timed] == [0, 1]
    exact = Calibration(data, Context(), backbone.dim)
    exact.training_s([whole, upper])
    assert [t.frozen for t in timed] == [0, 1, 0, 1]

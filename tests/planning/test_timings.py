from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jeoni.backbones.catalog import load_backbone
from jeoni.data.items import ArrayItems
from jeoni.features.examples import Context
from jeoni.planning.calibration import Calibration
from jeoni.planning.timings import VALID_S, Timings
from jeoni.strategies import build_strategy
from jeoni.tasks.classification import Classification
from jeoni.types import Dataset
from tests.conftest import TINY


@pytest.fixture
def timings(tmp_path):
    return Timings.beside(tmp_path / "features")


def test_what_was_kept_is_found_on_this_machine_alone(timings, monkeypatch):
    timings.keep(("a step", 16), 2.0, 1.5)
    found = timings.find(("a step", 16))
    assert found is not None and (found.seconds, found.slower) == (2.0, 1.5)
    assert timings.find(("a step", 32)) is None
    monkeypatch.setattr("jeoni.planning.timings._processor", lambda: "another one")
    assert timings.find(("a step", 16)) is None


def test_an_old_or_damaged_timing_is_none(timings):
    timings.keep(("a step",), 2.0, 1.0)
    kept = timings.find(("a step",))
    assert timings.find(("a step",), now=kept.at + VALID_S + 1) is None
    for text in ("", "[]", "{}", '{"seconds": 0, "slower": 1, "at": 1}', '{"seconds": "2", "slower": 1, "at": 1}'):
        next(timings.folder.iterdir()).write_text(text)
        assert timings.find(("a step",), now=2.0) is None


def test_forgetting_leaves_what_is_foreign(timings):
    timings.keep(("a step",), 2.0, 1.0)
    (timings.folder / "notes.json").write_text("mine")
    timings.forget()
    assert [path.name for path in timings.folder.iterdir()] == ["notes.json"]


def test_a_folder_that_cannot_be_written_keeps_none(tmp_path):
    (tmp_path / "timings").write_text("a file is in the way")
    blocked = Timings.beside(tmp_path / "features")
    blocked.keep(("a step",), 2.0, 1.0)
    assert blocked.find(("a step",)) is None


def test_a_second_calibration_of_the_same_examples_times_no_step(timings, monkeypatch):
    backbone = load_backbone(TINY)
    items = ArrayItems(np.zeros((40, 48, 48, 3), dtype=np.uint8))
    data = Dataset("made", items, np.arange(40) % 2, Classification(("a", "b")))
    timed, slower = [], [1.0]
    monkeypatch.setattr(Calibration, "_timed_step", lambda self, training: timed.append(training) or 2.0)
    monkeypatch.setattr(Calibration, "_slower", lambda self: slower[0])
    training = replace(build_strategy("finetune").work(backbone, 40, 40).trainings[0], steps=1)

    def seconds(some: Dataset) -> float:
        return Calibration(some, Context(), backbone.dim, timings=timings).training_s([training])

    assert seconds(data) == 2.0 and len(timed) == 1
    slower[0] = 3.0  # a busy machine now
    assert seconds(data) == 6.0 and len(timed) == 1
    assert seconds(data.select(np.arange(30))) == 2.0 and len(timed) == 2  # other examples in the step

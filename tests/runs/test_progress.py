from __future__ import annotations

import json
import os
import time

import pytest

import jeoni
from jeoni.errors import StorageError
from jeoni.runs import RunFolder, read_json
from jeoni.runs.progress import Progress, begin_call, interrupt_call
from jeoni.specs import FitSpec
from jeoni.types import Quiet, Recording
from jeoni.verbs.session.session import Session
from tests.conftest import TINY


@pytest.fixture
def run(tmp_path) -> RunFolder:
    run = RunFolder.begin(tmp_path / "run", {"verb": "fit"})
    run.checkpoints.mkdir()
    (run.checkpoints / "one.safetensors").touch()  # so that it can be continued
    return run


def test_seconds_and_warnings_of_interrupted_calls_add_up(run):
    for number in (1, 2):
        session = Session("fit", FitSpec())
        with pytest.raises(KeyboardInterrupt), session.recording({}, run.path, resume=True):
            assert session.clock.calls == number
            session.console.warn(f"of call {number}")
            session.console.warn("of both")
            with session.step("fit"):
                session.clock.start -= 100  # as if it had taken as long
                raise KeyboardInterrupt
    session = Session("fit", FitSpec())
    with session.recording({}, run.path, resume=True):
        pass
    clock, console = session.clock, session.console
    assert clock.calls == 3 and clock.total()["total_s"] == pytest.approx(200, abs=5)
    assert "fit_s" in clock.total()
    assert console.warnings == ["of call 1", "of both", "of call 2"]


def test_of_a_call_that_was_killed_the_time_until_its_last_checkpoint_counts(run):
    assert begin_call(run) == Progress()
    later = time.time() + 50
    os.utime(run.checkpoints / "one.safetensors", (later, later))
    found = begin_call(run)
    assert found.calls == 1 and found.timings["total_s"] == pytest.approx(50, abs=5)


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"calls": -1, "timings": {}, "warnings": []}', '{"calls": 1, "timings": {"total_s": NaN}, "warnings": []}',
                '{"calls": 1, "timings": 3, "warnings": []}', '{"calls": 1e999, "timings": {}, "warnings": []}', "[" * 100_000],
)  # fmt: skip
def test_a_damaged_note_of_progress_counts_for_nothing(run, content):
    (run.path / "progress.json").write_text(content)
    assert begin_call(run) == Progress()


def test_a_full_disk_while_progress_is_kept_hides_no_other_error(run, monkeypatch):
    def full(*args):
        raise StorageError("full")

    monkeypatch.setattr(run, "write_json", full)
    interrupt_call(run, 1, {}, [])


def test_a_comparison_with_a_control_that_learned_nothing_says_so_everywhere(make_photos, tmp_path, one_thread):
    console = Recording(Quiet())
    result = jeoni.compare(
        make_photos(each=12), backbone=TINY, strategies="probe,scratch", budgets="4", repeats=2, stages=False, steps=2,
        batch_size=4, learning_rate=1e-9, head_learning_rate=1e-9, out=tmp_path / "run", console=console,
    )  # fmt: skip
    assert result.verdict["outcome"] == "cannot tell"
    assert "cannot be told. This is because scratch learned nothing in 2 of 2 draws" in result.summary
    record, verdict = read_json(result.run / "run.json"), read_json(result.run / "verdict.json")
    (warning,) = [text for text in record["warnings"] if "cannot serve as a control" in text]
    assert record["warnings"] == console.warnings and record["calls"] == 1
    assert verdict["comparisons"][0]["reason"].startswith("scratch learned nothing")
    page = (result.run / "report.html").read_text()
    assert warning in page and "Whether probe is better than scratch cannot be told." in page
    assert not (result.run / "progress.json").exists()
    assert json.loads((result.run / "run.json").read_text())["timings"]["total_s"] > 0

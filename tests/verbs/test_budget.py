from __future__ import annotations

import re
from pathlib import Path

import pytest

import jeoni
from jeoni.errors import ConfigError
from jeoni.planning.calibration import Calibration
from jeoni.report.files import read_rows
from jeoni.runs.records import RunRecord
from jeoni.runs.typed import read_record
from jeoni.specs.amounts import parse_size
from jeoni.verbs.session import session as sessions
from tests.conftest import TINY
from tests.made_clock import tick
from tests.made_interruptions import interrupted_at

TRAINED = {"strategy": "finetune", "backbone": TINY, "batch_size": 8, "views": 2, "folds": 2, "repeats": 1,
           "pictures": False, "quiet": True, "engine": "torch"}  # fmt: skip

FEW = {"folds": 2, "repeats": 1, "pictures": False, "quiet": True}


@pytest.fixture
def priced(monkeypatch):
    """Known prices: half a second a step, a second for all else."""
    monkeypatch.setattr(Calibration, "features_s", lambda self, requests: 1.0)
    monkeypatch.setattr(Calibration, "views_s", lambda self, training, n: 0.0)
    monkeypatch.setattr(Calibration, "heads_s", lambda self, work, n, head="", dim=0, repeats=0: 0.0)
    monkeypatch.setattr(Calibration, "report_s", lambda self, pictures: 1.0)

    def training_s(self, trainings):
        self.prices |= {training.kind: 0.5 for training in trainings}
        return sum(0.5 * training.steps for training in trainings)

    monkeypatch.setattr(Calibration, "training_s", training_s)


@pytest.fixture
def ticking(monkeypatch):
    """A deadline whose clock goes on half a second whenever it is asked; those that were made."""
    return tick(monkeypatch)


def test_a_training_is_planned_into_the_budget_and_the_run_says_so(make_photos, tmp_path, priced, ticking):
    result = jeoni.fit(make_photos(), **TRAINED, steps=100, budget="2m", out=tmp_path / "r")
    record = read_record(RunRecord, result.run / "run.json")
    training = record.training
    assert training is not None and training.limit == "shortened"
    assert 10 < training.steps < 75 and training.full_steps == 100
    assert record.warnings[0].startswith("To keep the budget of 2 min, trainings get about")
    assert record.warnings[1] == f"The training was planned into the budget of 2 min: {training.steps} of 100 steps."
    assert -12.0 < ticking[0].left_s < 60.0
    page = (result.run / "report.html").read_text()
    assert (
        "a full training has 100 steps" in page and "The budget was 2m" in page and "Time, expected and taken" in page
    )
    assert set(record.estimate.took) == set(record.estimate.parts)


def test_with_ample_time_the_weights_are_those_of_a_run_without_a_budget(make_photos, tmp_path, priced, ticking):
    photos = make_photos()
    free = jeoni.fit(photos, **TRAINED, steps=12, out=tmp_path / "a")
    limited = jeoni.fit(photos, **TRAINED, steps=12, budget="2h", out=tmp_path / "b")
    files = [(result.run / "model" / "model.safetensors").read_bytes() for result in (free, limited)]
    assert files[0] == files[1]
    record = read_record(RunRecord, limited.run / "run.json")
    assert record.training.limit == "" and not [text for text in record.warnings if "budget" in text]


def test_a_budget_too_small_for_anything_is_refused_before_work_begins(make_photos, tmp_path):
    with pytest.raises(ConfigError, match=r"budget is '1s'; .* Say at least --budget \d+"):
        jeoni.fit(make_photos(), backbone=TINY, engine="torch", budget="1s", out=tmp_path / "r", quiet=True)
    assert not (tmp_path / "r").exists()


def test_several_processes_keep_no_budget(make_photos, monkeypatch):
    monkeypatch.setattr(sessions.distributed, "world_size", lambda: 2)
    with pytest.raises(ConfigError, match="budget is a time that one process keeps, and 2 run together"):
        sessions.Session("fit", jeoni.FitSpec(budget="10m")).check()


def interrupted(photos: Path, run: Path, budget: str) -> None:
    """A run that was stopped at its tenth step."""
    with interrupted_at(10):
        jeoni.fit(photos, **TRAINED, steps=40, control=False, budget=budget, out=run)


def test_a_run_that_is_resumed_has_the_budget_that_is_left(make_photos, tmp_path, priced, ticking):
    interrupted(make_photos(), tmp_path / "r", "4m")
    result = jeoni.resume(tmp_path / "r", quiet=True)
    assert ticking[0].spent_s == 0 and ticking[1].spent_s > 0 and ticking[1].budget_s == 240
    assert read_record(RunRecord, result.run / "run.json").calls == 2


@pytest.mark.slow
def test_a_run_whose_budget_is_used_up_is_resumed_and_says_so(make_photos, tmp_path, priced, ticking, monkeypatch):
    interrupted(make_photos(), tmp_path / "r", "2m")
    monkeypatch.setattr(sessions.Deadline, "__init__", _late(sessions.Deadline.__init__))
    result = jeoni.resume(tmp_path / "r", quiet=True)
    warnings = read_record(RunRecord, result.run / "run.json").warnings
    assert any(text.startswith("The budget of 2 min was used up by earlier calls of this run") for text in warnings)


def _late(init):
    """As if earlier calls had taken all of it."""
    return lambda self, budget_s, spent_s, started: init(self, budget_s, budget_s, started)


def test_a_comparison_keeps_its_budget_and_says_what_it_gave_up(make_photos, tmp_path, priced, ticking):
    result = jeoni.compare(make_photos(), backbone=TINY, strategies="probe,finetune", budgets="4", repeats=3, steps=60,
                           batch_size=8, views=2, engine="torch", budget="2m", out=tmp_path / "c", quiet=True)  # fmt: skip
    record = read_record(RunRecord, result.run / "run.json")
    assert record.warnings[:2] == (
        "To keep the budget of 2 min, the stages are not probed.",
        "To keep the budget of 2 min, 2 draws are compared instead of 3.",
    )
    assert record.estimate is not None and record.estimate.took["control (finetune)"] > 0
    assert {row["draw"] for row in read_rows(result.run / "trials.csv", ("draw",))} == {"0", "1"}


@pytest.mark.slow
def test_a_pretraining_is_planned_into_its_budget(make_photos, tmp_path, priced, ticking):
    result = jeoni.pretrain(make_photos(each=20), backbone=TINY, method="vicreg", steps=400, batch_size=8, views=2,
                            engine="torch", pictures=False, budget="1m", out=tmp_path / "p", quiet=True)  # fmt: skip
    record = read_record(RunRecord, result.run / "run.json")
    assert record.training is not None and record.training.limit == "shortened" and record.training.steps < 200
    said = f"The training was planned into the budget of 1 min: {record.training.steps} of 400 steps."
    assert said in record.warnings


def test_a_pretraining_without_time_for_its_verdict_is_refused(make_photos, tmp_path, priced, ticking):
    with pytest.raises(ConfigError, match=r"budget is '1s'; .* Say at least --budget"):
        jeoni.pretrain(make_photos(), backbone=TINY, method="vicreg", engine="torch", budget="1s",
                       out=tmp_path / "p", quiet=True)  # fmt: skip


def stored(cache: Path) -> int:
    return sum(file.stat().st_size for file in cache.rglob("*") if file.is_file())


@pytest.mark.parametrize("disk", ["500kB", "3MB"])
def test_the_disk_limit_is_kept_and_what_does_not_fit_is_computed_again(make_photos, tmp_path, own_cache, disk):
    result = jeoni.fit(make_photos(), **TRAINED, steps=6, control=False, disk=disk, out=tmp_path / "r")
    record = read_record(RunRecord, result.run / "run.json")
    assert stored(own_cache) <= parse_size(disk)
    rows = record.training.rows
    assert rows.cached == (disk == "3MB"), rows


def test_a_disk_too_small_for_the_features_says_how_much_they_take(make_photos, tmp_path, own_cache):
    photos = make_photos()
    with pytest.raises(ConfigError, match=r"disk is 2KB; the features of 24 images alone take [\d.]+KB") as refused:
        jeoni.fit(photos, backbone=TINY, engine="torch", disk="2kB", out=tmp_path / "r", **FEW)
    needed = re.search(r"at least --disk (\S+),", str(refused.value))[1]
    jeoni.fit(photos, backbone=TINY, engine="torch", disk=needed, out=tmp_path / "r", **FEW)
    assert stored(own_cache / "features") <= parse_size(needed)


def test_the_time_that_measuring_took_is_no_longer_there_to_be_planned(
    make_photos, tmp_path, priced, ticking, monkeypatch
):
    from jeoni.verbs.session import limits

    left, genuine = [], limits.keep_budget

    def slow(self, requests):
        ticking[-1].clock.now += 30.0 if not self.prices else 0.0  # the first time, before a step was timed
        return 1.0

    def noted(spec, left_s, *rest):
        left.append(left_s)
        return genuine(spec, left_s, *rest)

    monkeypatch.setattr(Calibration, "features_s", slow)
    monkeypatch.setattr(limits, "keep_budget", noted)
    jeoni.fit(make_photos(), **TRAINED, steps=6, control=False, budget="4m", out=tmp_path / "r")
    assert left[0] <= 240.0 - 30.0

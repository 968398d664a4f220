"""All that the verbs write into ``run.json`` is declared in its record."""

from __future__ import annotations

import pytest

import jeoni
from jeoni.runs import read_json
from jeoni.runs.records import RunRecord, Score
from jeoni.runs.typed import as_record
from tests.conftest import TINY


@pytest.mark.parametrize("strategy", ["probe", "finetune", "scratch", "lora"])
def test_a_fit_writes_no_field_that_its_record_does_not_know(make_photos, tmp_path, strategy):
    training = {} if strategy == "probe" else {"steps": 2, "learning_rate": 1e-3}
    run = jeoni.fit(
        make_photos(),
        backbone=TINY,
        strategy=strategy,
        folds=2,
        repeats=1,
        control=False,
        out=tmp_path / "r",
        **training,
    ).run
    record = as_record(RunRecord, without_state(read_json(run / "run.json")))
    assert record.kind == "report" and (record.training is None) == (strategy == "probe")
    assert record.cut is not None and record.head is not None and record.data.task == "classification"


@pytest.mark.slow
def test_an_adaptation_and_a_comparison_write_none_either(make_photos, tmp_path):
    bright, dark = make_photos("bright"), make_photos("dark", first=100)
    run = jeoni.adapt(bright, dark, backbone=TINY, method="mcc", steps=2, out=tmp_path / "a").run
    record = as_record(RunRecord, without_state(read_json(run / "run.json")))
    assert record.kind == "adaptation" and record.training is not None and record.training.recipe["steps"] == 2
    run = jeoni.compare(bright, backbone=TINY, strategies="probe,scratch", budgets="4", repeats=2, steps=2, stages=False,
                        out=tmp_path / "c").run  # fmt: skip
    assert as_record(RunRecord, without_state(read_json(run / "run.json"))).data.draws == 2


def without_state(content):
    """The record of a finished run says neither that it is unfinished nor what it replaces."""
    assert not {"state", "replaces"} & set(content)
    return content


def test_a_field_that_no_record_declares_is_noticed():
    with pytest.raises(ValueError, match="has no field surprise"):
        as_record(RunRecord, {"surprise": 1})


def test_what_is_not_finite_is_nothing_in_a_record():
    scores = {"value": float("nan"), "low": float("inf"), "high": 1.0}
    assert as_record(Score, scores) == Score(None, None, 1.0)

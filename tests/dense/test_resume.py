"""A fit on boxes that was interrupted goes on where it was, to the same model."""

from __future__ import annotations

import pytest

import jeoni
from jeoni.runs.records import RunRecord
from jeoni.runs.typed import read_record
from tests.conftest import TINY
from tests.dense.test_mosaic import save_boxes
from tests.made_interruptions import interrupted_at

OPTIONS = {
    "backbone": TINY,
    "image_size": "64x64",
    "control": False,
    "pictures": False,
    "engine": "torch",
    "quiet": True,
}


@pytest.mark.parametrize("strategy", ["probe", "finetune"])
def test_an_interrupted_fit_on_boxes_ends_with_the_same_weights(tmp_path, monkeypatch, strategy):
    monkeypatch.setenv("JEONI_CACHE", str(tmp_path / "cache"))
    root = save_boxes(tmp_path / "boxes")
    options = {**OPTIONS, "strategy": strategy, "steps": 12, "views": 2, "folds": 2}
    whole = jeoni.fit(root, out=tmp_path / "whole", **options)
    with interrupted_at(20):
        jeoni.fit(root, out=tmp_path / "run", **options)
    resumed = jeoni.resume(tmp_path / "run", quiet=True)
    record = read_record(RunRecord, resumed.run / "run.json")
    assert record.calls == 2
    files = [(one.run / "model" / "model.safetensors").read_bytes() for one in (whole, resumed)]
    assert files[0] == files[1]
    assert resumed.metrics == whole.metrics

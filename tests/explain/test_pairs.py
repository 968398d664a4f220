from __future__ import annotations

import json

import numpy as np
from PIL import Image

from jeoni.data.items import ArrayItems
from jeoni.explain.pairs import write_pairs
from jeoni.modalities.inputs.image import ImageInput
from jeoni.runs import RunFolder
from jeoni.types import Dataset, Finding
from tests.made_tasks import classes

INPUT = ImageInput(32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def wide_pictures(n: int) -> Dataset:
    pixels = np.random.default_rng(0).integers(0, 255, (n, 30, 90), dtype=np.uint8)
    labels = np.arange(n) % 2
    return Dataset("wide", ArrayItems(pixels, [f"w/{k}.png" for k in range(n)]), labels, classes(["0", "1"]))


def test_pairs_are_written_with_undistorted_thumbnails_what_needs_a_look_first(tmp_path):
    run, data = RunFolder.create(tmp_path / "run"), wide_pictures(4)
    findings = [
        Finding("duplicate", "w/2.png", "identical to w/0.png", "kept in one fold", "w/0.png"),
        Finding("label_conflict", "w/3.png", "identical to w/2.png", "skipped", "w/2.png"),
        Finding("imbalance", "", "3 items of 0, 1 of 1", "kept"),
    ]
    write_pairs(run, data, findings, INPUT)
    found = json.loads((run.path / "figures" / "pairs.json").read_text())
    sides = [(p["kind"], p["left"]["path"], p["right"]["path"]) for p in found["pairs"]]
    assert sides == [("label_conflict", "w/3.png", "w/2.png"), ("duplicate", "w/2.png", "w/0.png")]
    assert found["pairs"][0]["left"]["label"] == "1" and found["rest"] == 0
    with Image.open(run.path / "figures" / found["pairs"][0]["left"]["thumb"]) as thumb:
        assert thumb.width == 3 * thumb.height


def test_of_many_pairs_some_are_shown_and_the_others_counted(tmp_path):
    run, data = RunFolder.create(tmp_path / "run"), wide_pictures(40)
    findings = [Finding("duplicate", f"w/{k}.png", "identical", "kept", "w/0.png") for k in range(1, 40)]
    write_pairs(run, data, findings, INPUT)
    found = json.loads((run.path / "figures" / "pairs.json").read_text())
    assert len(found["pairs"]) == 24 and found["rest"] == 15


def test_nothing_is_written_where_no_two_items_are_alike(tmp_path):
    run = RunFolder.create(tmp_path / "run")
    write_pairs(run, wide_pictures(2), [Finding("imbalance", "", "unequal", "kept")], INPUT)
    assert not (run.path / "figures" / "pairs.json").exists()

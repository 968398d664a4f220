from __future__ import annotations

import json
from pathlib import Path

import pytest

import jeoni
from tests.conftest import TINY
from tests.made_scans import NAME, NUMBER, make_ramp, make_scan, save_scans

pytest.importorskip("pydicom")

FAST = {"backbone": TINY, "control": False, "folds": 2, "repeats": 1}


def files_below(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def scan_run(tmp_path_factory) -> Path:
    """A run on scans, two bad ones and one of several frames among them; the cache and the scans beside it."""
    root = tmp_path_factory.mktemp("medical")
    scans = save_scans(root / "scans", each=12)
    (scans / "class_0" / "report.dcm").write_bytes(make_scan(make_ramp(), "99", PixelData=None))
    (scans / "class_1" / "short.dcm").write_bytes(make_scan(make_ramp(), "98")[:-100])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEONI_CACHE", str(root / "cache"))
        jeoni.fit(scans, out=root / "run", quiet=True, **FAST)
    return root


def test_a_run_on_scans_learns_and_lists_what_cannot_be_read(scan_run):
    metrics = json.loads((scan_run / "run" / "metrics.json").read_text())
    assert metrics[metrics["estimate"]]["accuracy"]["value"] > 0.9
    issues = (scan_run / "run" / "issues.csv").read_text()
    assert "class_0/report.dcm holds no pixels: it is a DICOM file of the kind 'CT Image Storage'" in issues
    assert "class_1/short.dcm is truncated" in issues
    assert "the headers of 26 DICOM files name 14 patients" in issues


def test_no_patient_is_named_in_any_file_of_the_run_or_the_cache(scan_run):
    found = files_below(scan_run / "run", scan_run / "cache")
    assert len(found) > 10
    marks = [NAME.encode(), NUMBER.encode(), b"19700101", NAME.encode("utf-16-le")]
    guilty = [path.name for path in found if any(mark in path.read_bytes() for mark in marks)]
    assert guilty == []
    assert any(NAME.encode() in path.read_bytes() for path in files_below(scan_run / "scans"))  # the search can find


def test_folds_never_split_a_patient(scan_run):
    import csv

    with open(scan_run / "run" / "predictions.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    fold = {row["path"]: row["fold"] for row in rows}
    assert len(fold) == 24
    for kind in (0, 1):
        for k in range(0, 12, 2):
            assert fold[f"class_{kind}/{k:03d}.dcm"] == fold[f"class_{kind}/{k + 1:03d}.dcm"]


def test_predict_and_evaluate_take_scans(scan_run):
    found = jeoni.predict(scan_run / "run" / "model", scan_run / "scans" / "class_1", quiet=True)
    assert len(found.labels) == 12 and "short.dcm" in found.errors
    scores = jeoni.evaluate(scan_run / "run" / "model", scan_run / "scans", quiet=True)
    assert scores.metrics["accuracy"].value > 0.9


def test_a_window_is_kept_with_the_model(tmp_path):
    run = jeoni.fit(
        save_scans(tmp_path / "scans", each=6, WindowCenter=0, WindowWidth=10), out=tmp_path / "run", window="0/1200",
        pictures=False, quiet=True, **FAST,
    )  # fmt: skip
    spec = jeoni.load_model(tmp_path / "run" / "model").backbone.input
    assert (spec.window, spec.own_window) == ((-600, 600), False)
    assert run.model.backbone.input == spec


def test_every_frame_is_an_example_when_asked_for(tmp_path):
    import numpy as np

    from tests.made_scans import make_stripes

    for kind in (0, 1):
        (tmp_path / "scans" / f"class_{kind}").mkdir(parents=True)
        for k in range(4):
            frames = np.stack([make_stripes(kind, 3 * k + f) for f in range(3)])
            raw = make_scan(frames, f"{kind}{k}", NumberOfFrames=3)
            (tmp_path / "scans" / f"class_{kind}" / f"{k}.dcm").write_bytes(raw)
    run = jeoni.fit(tmp_path / "scans", out=tmp_path / "run", frames="all", pictures=False, quiet=True, **FAST)
    assert run.counts["items"] == 24
    found = jeoni.predict(run.model, tmp_path / "scans" / "class_0", frames="all", quiet=True)
    assert len(found.labels) == 12 and found.names[1] == "0.dcm#frame 2"

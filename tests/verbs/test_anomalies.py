from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import jeoni
from jeoni.data.annotations import Heat
from jeoni.dense.written import columns_of, rows_of
from jeoni.errors import ConfigError
from tests.conftest import TINY, make_picture
from tests.made_scans import NAME, NUMBER, make_scan, make_stripes

FAST = {"backbone": TINY, "pictures": False, "quiet": True}


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Stripes in one direction; defects are a patch of the other one, with its mask where MVTec has it."""
    root = tmp_path_factory.mktemp("anomalies") / "parts"
    folders = {"train/good": 24, "test/good": 8, "test/patch": 8}
    for folder, number in folders.items():
        (root / folder).mkdir(parents=True)
        (root / "ground_truth" / "patch").mkdir(parents=True, exist_ok=True)
        for k in range(number):
            picture = make_picture(0, 100 * len(folder) + k, 64)
            if folder.endswith("patch"):
                mask = np.zeros((64, 64), dtype=np.uint8)
                mask[16:48, 20:52] = 255
                picture.paste(make_picture(1, k, 64), mask=Image.fromarray(mask))
                Image.fromarray(mask).save(root / "ground_truth" / "patch" / f"{k:02d}_mask.png")
            picture.save(root / folder / f"{k:02d}.png")
    return root


@pytest.fixture(scope="module")
def run(parts):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEONI_CACHE", str(parts.parent / "cache"))
        return jeoni.fit(parts, out=parts.parent / "run", control=False, set="most=100,candidates=1000", **FAST)


def test_a_folder_of_normal_parts_and_defects_is_fitted_from_nothing_but_its_path(run):
    assert run.metrics["task"] == "anomaly" and run.metrics["n"] == 16
    assert run.counts == {"items": 40, "train": 24, "test": 16, "skipped": 0}
    scores = run.metrics["test"]
    assert scores["image_auroc"]["value"] > 0.9 and scores["pixel_auroc"]["value"] > 0.7
    assert scores["image_auroc"]["low"] <= scores["image_auroc"]["value"] <= scores["image_auroc"]["high"]
    assert [row["name"] for row in run.metrics["rows"]] == ["patch"]


def test_a_saved_model_predicts_the_same_and_says_what_is_defective(run, parts):
    model = jeoni.load_model(parts.parent / "run" / "model")
    assert model.head_id == "patchcore" and len(model.head.held_out) == 24
    ours, theirs = (jeoni.predict(one, parts / "test" / "patch", quiet=True) for one in (run.model, model))
    assert [p.score for p in ours.predictions] == [p.score for p in theirs.predictions]
    assert ours.predictions[0].heat.ndim == 2
    assert columns_of("anomaly") == ["condition", "score"]
    for one in ours.predictions:
        ((condition, score),) = rows_of(one, model.task.names)
        assert (condition == "defective") == (one.score > 1) and float(score) == pytest.approx(one.score, rel=1e-5)
    assert [*rows_of(Heat(0.5), model.task.names)] == [["normal", "0.5"]]


def test_evaluate_tells_what_was_seen_from_what_was_not(run, parts):
    found = jeoni.evaluate(run.model, parts, quiet=True)
    assert found.n == 40 and found.seen == 24
    assert found.unseen.metrics["image_auroc"].value == pytest.approx(run.metrics["test"]["image_auroc"]["value"])


def test_a_folder_of_normal_pictures_alone_tells_of_false_alarms_only(parts, tmp_path):
    found = jeoni.fit(
        parts / "train" / "good", task="anomaly", head="nearest", out=tmp_path / "run", control=False, **FAST
    )
    estimate = found.metrics[found.metrics["estimate"]]
    assert estimate["image_auroc"]["value"] is None or np.isnan(estimate["image_auroc"]["value"])
    assert 0 <= estimate["false_alarms"]["value"] <= 1
    assert "how many defects are found cannot be told" in (tmp_path / "run" / "issues.csv").read_text()
    assert (tmp_path / "run" / "report.html").is_file()


def test_a_head_that_remembers_is_not_fine_tuned(parts, tmp_path):
    with pytest.raises(ConfigError, match="The head patchcore is fitted, not trained: strategy is 'finetune'"):
        jeoni.fit(parts, strategy="finetune", out=tmp_path / "run", control=False, **FAST)


def test_heads_that_remember_are_nothing_to_compare(parts, tmp_path):
    with pytest.raises(ConfigError, match="The head patchcore is fitted to frozen features, so that there is one way"):
        jeoni.compare(parts, backbone=TINY, out=tmp_path / "run", quiet=True)


def test_normal_scans_are_learned_from_patient_by_patient_and_nobody_is_named(tmp_path, monkeypatch):
    pytest.importorskip("pydicom")
    monkeypatch.setenv("JEONI_CACHE", str(tmp_path / "cache"))
    for folder, kind, number in (("good", 0, 24), ("lesion", 1, 6)):
        (tmp_path / "scans" / folder).mkdir(parents=True)
        for k in range(number):
            raw = make_scan(make_stripes(kind, k), f"{kind}{k // 2}")
            (tmp_path / "scans" / folder / f"{k:02d}.dcm").write_bytes(raw)
    found = jeoni.fit(
        tmp_path / "scans",
        task="anomaly",
        head="nearest",
        out=tmp_path / "run",
        control=False,
        backbone=TINY,
        quiet=True,
    )
    assert found.metrics["test"]["image_auroc"]["value"] > 0.9
    issues = found.issues
    (told,) = issues.detail[issues.kind == "split"]
    assert "normal pictures, drawn patient by patient, are for the test" in told and not (issues.kind == "leak").any()
    files = [path for folder in ("run", "cache") for path in (tmp_path / folder).rglob("*") if path.is_file()]
    assert files and not [p.name for p in files if NAME.encode() in p.read_bytes() or NUMBER.encode() in p.read_bytes()]

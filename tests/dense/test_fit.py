"""A dense task from a path to a report, its model saved, loaded, evaluated, and compared."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

import jeoni
from jeoni.cli._app import app
from jeoni.data.annotations import LabelMap
from jeoni.errors import ConfigError, DataError
from tests.conftest import TINY
from tests.dense.made import save_masks

QUICK = {"backbone": TINY, "quiet": True, "seed": 1, "control": False}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return save_masks(tmp_path_factory.mktemp("masks") / "squares", 16)


@pytest.fixture(scope="module")
def fitted(small, tmp_path_factory):
    run = tmp_path_factory.mktemp("fitted") / "run"
    return jeoni.fit(str(small), out=run, folds=2, steps=6, views=1, batch_size=4, **QUICK)


def test_a_fit_leaves_a_run_with_scores_a_model_and_a_report(fitted):
    assert fitted.metrics["task"] == "segmentation"
    assert fitted.metrics["estimate"] == "cv" and fitted.metrics["n"] == 16
    assert 0 <= fitted.metrics.miou.low <= fitted.metrics.miou.value <= fitted.metrics.miou.high <= 1
    assert [row["name"] for row in fitted.metrics["rows"]] == ["ground", "square"]
    record = json.loads((fitted.run / "run.json").read_text())
    assert record["kind"] == "places" and record["training"]["frozen_identical"]
    assert record["training"]["rows"]["cached"] and record["training"]["rows"]["views"] == 1
    assert (fitted.run / "report.html").stat().st_size > 10_000


def test_a_saved_model_predicts_what_it_predicted(fitted, small):
    pictures = small / "images"
    model = jeoni.load_model(fitted.run)
    before, after = fitted.model.predict(pictures), model.predict(pictures)
    assert len(after) == 16 and after.seen.all()
    for one, other in zip(before.predictions, after.predictions, strict=True):
        assert isinstance(one, LabelMap)
        assert (one.labels == other.labels).mean() > 0.999
        assert one.labels.shape == (64, 96)


def test_evaluation_scores_pictures_that_were_seen_apart(fitted, small, tmp_path):
    mixed = save_masks(tmp_path / "mixed", 4, first=12)
    save_masks(mixed, 4, first=40)
    found = jeoni.evaluate(fitted.run, mixed, quiet=True)
    assert found.n == 8 and found.seen == 4
    assert found.unseen is not None and found.unseen.n == 4
    assert set(found.metrics) == {"miou", "dice", "pixel_accuracy"}


@pytest.mark.parametrize("strategy", ["finetune", "scratch"])
def test_stages_above_the_cut_are_trained_and_those_below_are_not(small, tmp_path, strategy):
    result = jeoni.fit(
        str(small), out=tmp_path / "run", folds=2, steps=2, views=1, batch_size=4, strategy=strategy, **QUICK
    )
    states = {s["name"]: s["state"] for s in json.loads((result.run / "run.json").read_text())["cut"]["stages"]}
    assert states["block 3"] == ("trained" if strategy == "finetune" else "new")
    assert states["stem"] == ("frozen" if strategy == "finetune" else "new")
    assert json.loads((result.run / "run.json").read_text())["training"]["frozen_identical"]


def test_the_control_is_the_same_head_on_random_weights(small, tmp_path):
    options = {**QUICK, "control": True}
    result = jeoni.fit(str(small), out=tmp_path / "run", folds=2, steps=2, views=1, batch_size=4, **options)
    control = result.metrics["control"]
    assert control["untrained"]["miou"]["value"] is not None
    gained = result.metrics.miou.value - control["untrained"]["miou"]["value"]
    assert control["difference"]["miou"]["value"] == pytest.approx(gained)


def test_maps_that_do_not_fit_on_the_disk_are_computed_again(small, tmp_path):
    options = {"folds": 2, "steps": 2, "views": 2, "batch_size": 4, "cache_gb": 1e-6}
    result = jeoni.fit(str(small), out=tmp_path / "run", **options, **QUICK)
    rows = json.loads((result.run / "run.json").read_text())["training"]["rows"]
    assert not rows["cached"]


def test_a_comparison_says_whether_transfer_helped(small, tmp_path):
    options = {name: value for name, value in QUICK.items() if name != "control"}
    found = jeoni.compare(
        str(small), out=tmp_path / "run", strategies="probe,scratch", budgets="4,all", repeats=2, folds=2, steps=4,
        views=1, batch_size=4, **options,
    )  # fmt: skip
    assert found.verdict["per"] == "picture" and found.verdict["measure"] == "miou"
    assert {(p.strategy, p.budget) for p in found.points} == {
        ("probe", 4), ("probe", None), ("scratch", 4), ("scratch", None)
    }  # fmt: skip
    assert found.verdict["outcome"] in ("helped", "hurt", "cannot tell")
    with (tmp_path / "run" / "trials.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8 and {"miou", "dice"} <= rows[0].keys()


def test_what_does_not_fit_a_dense_task_is_said(small, tmp_path, fitted):
    with pytest.raises(ConfigError, match="strategy is 'lora'; of segmentation it can be probe, finetune, scratch"):
        jeoni.fit(str(small), out=tmp_path / "a", strategy="lora", **QUICK)
    with pytest.raises(ConfigError, match="holds a model for segmentation"):
        jeoni.adapt(target=str(small / "images"), model=fitted.run, quiet=True)
    with pytest.raises(DataError, match="holds no annotations|is no annotated data"):
        jeoni.evaluate(fitted.run, small / "images", quiet=True)


def test_the_same_seed_gives_the_same_weights(small, tmp_path):
    options = {"folds": 2, "steps": 3, "views": 1, "batch_size": 4}
    one, two = (jeoni.fit(str(small), out=tmp_path / name, **options, **QUICK).model for name in ("a", "b"))
    for (name, a), (_, b) in zip(one.head.state_dict().items(), two.head.state_dict().items(), strict=True):
        assert torch.equal(a, b), name
    assert np.isfinite(one.training["seconds"])


def test_the_size_of_frames_can_be_said(small, tmp_path):
    options = {"folds": 2, "steps": 2, "views": 1, "batch_size": 4}
    result = jeoni.fit(str(small), out=tmp_path / "run", image_size="120", **options, **QUICK)
    assert result.model.backbone.input.size == (128, 64)
    with pytest.raises(ConfigError, match="image_size is '20'; pixels from 32 to 2048 are needed"):
        jeoni.FitSpec(image_size="20")


def test_a_size_of_frames_without_places_is_refused(make_photos, tmp_path):
    with pytest.raises(ConfigError, match="image_size is '640x480'; it is about pictures with boxes"):
        jeoni.fit(str(make_photos("photos", each=4)), out=tmp_path / "run", image_size="640x480", **QUICK)


def test_a_picture_of_an_absolute_path_is_never_the_output(fitted, small, tmp_path):
    picture = tmp_path / "data" / "a.png"
    picture.parent.mkdir()
    picture.write_bytes(next((small / "images").iterdir()).read_bytes())
    before = picture.read_bytes()
    runner = CliRunner()
    done = runner.invoke(app, ["predict", str(fitted.run), str(picture), "--out", str(tmp_path / "said")])
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "said").rglob("*.*")) == ["a.png", "classes.csv"]
    listed = tmp_path / "list.csv"
    listed.write_text(f"image\n{picture}\n", encoding="utf-8")
    done = runner.invoke(app, ["predict", str(fitted.run), str(listed), "--out", str(picture)])
    assert "is a picture or a recording, which would be lost" in str(done.exception)
    assert picture.read_bytes() == before


def test_predictions_are_written_as_the_annotations_came(fitted, small, tmp_path):
    done = CliRunner().invoke(app, ["predict", str(fitted.run), str(small / "images"), "--out", str(tmp_path / "said")])
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "said" / "masks").glob("*.png"))) == 16
    assert jeoni.load_model(fitted.run).annotations == "mask_png"
    table = tmp_path / "said.csv"
    assert (
        CliRunner().invoke(app, ["predict", str(fitted.run), str(small / "images"), "--out", str(table)]).exit_code == 0
    )
    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert {row["class"] for row in rows} <= {"ground", "square"}
    assert sum(float(row["share"]) for row in rows) == pytest.approx(16, abs=0.01)
    whole = tmp_path / "said.json"
    done = CliRunner().invoke(app, ["predict", str(fitted.run), str(small / "images"), "--out", str(whole)])
    assert done.exit_code == 0 and {"images", "categories"} <= json.loads(whole.read_text()).keys()

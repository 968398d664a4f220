"""What ``jeoni predict`` writes for places: numbered as the data are, by way of a fit, a saved model and the command."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

import jeoni
from jeoni.cli._app import app
from jeoni.data.annotations import Detections
from jeoni.dense.model import DenseModel
from jeoni.dense.running import PicturePrediction
from tests.conftest import TINY

TABLE = {7: "zebra", 3: "horse", 20: "ant"}  # categories by id; no horse is marked
BOX = [5, 6, 20, 30]


@pytest.fixture(scope="module")
def annotated(tmp_path_factory):
    """Eight pictures with a zebra or an ant each, and a JSON whose ids follow no order."""
    root = tmp_path_factory.mktemp("coco")
    rng, images, annotations = np.random.default_rng(0), [], []
    for k in range(8):
        Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(root / f"{k}.png")
        images.append({"id": 90 - 7 * k, "file_name": f"{k}.png", "width": 64, "height": 64})
        one = {"id": k + 1, "image_id": 90 - 7 * k, "category_id": 20 if k % 2 else 7, "bbox": BOX}
        annotations.append(one | {"area": BOX[2] * BOX[3], "iscrowd": 0})
    categories = [{"id": id, "name": name} for id, name in TABLE.items()]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (root / "annotations.json").write_text(json.dumps(content), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def run(annotated, tmp_path_factory):
    out = tmp_path_factory.mktemp("fitted") / "run"
    options = {"backbone": TINY, "image_size": "64x64", "control": False, "pictures": False, "folds": 2, "quiet": True}
    jeoni.fit(annotated, out=out, steps=2, views=1, **options)
    return out


@pytest.fixture
def knows_all(monkeypatch):
    """A model that finds what is annotated: what is looked at is how that is written."""

    def predictions(self, items, context):
        for i in range(len(items)):
            label = self.task.names.index("ant" if int(items.name(i)[0]) % 2 else "zebra")
            box = np.array([[BOX[0], BOX[1], BOX[0] + BOX[2], BOX[1] + BOX[3]]], dtype=float)
            found = Detections(box, np.array([label]), np.array([0.9]))
            yield PicturePrediction(i, b"", (64, 64), found)

    monkeypatch.setattr(DenseModel, "predictions", predictions)


def predict(*arguments):
    done = CliRunner().invoke(app, ["predict", *map(str, arguments)])
    assert done.exit_code == 0, (done.output, done.exception)
    return " ".join(done.output.split())


def test_the_model_keeps_order_and_ids_of_the_table(run):
    model = jeoni.load_model(run)
    assert model.task.names == ("zebra", "ant")
    assert model.class_numbers == {"horse": 3, "zebra": 7, "ant": 20}


@pytest.mark.parametrize("asked", ["", "annotations.json"])
def test_predictions_are_scored_against_the_json_that_came_in(asked, annotated, run, knows_all, tmp_path):
    coco = pytest.importorskip("pycocotools.coco")
    evaluate = pytest.importorskip("pycocotools.cocoeval")
    predict(run, annotated / asked, "--out", tmp_path / "found.json")
    found = json.loads((tmp_path / "found.json").read_text())
    with redirect_stdout(StringIO()):
        truth = coco.COCO(str(annotated / "annotations.json"))
        scored = evaluate.COCOeval(truth, truth.loadRes(found["annotations"]), "bbox")
        scored.evaluate()
        scored.accumulate()
        scored.summarize()
    assert scored.stats[0] == pytest.approx(1.0)
    assert {one["id"]: one["name"] for one in found["categories"]} == TABLE


def test_other_pictures_keep_the_ids_of_the_model_s_classes(annotated, run, knows_all, tmp_path):
    (tmp_path / "new").mkdir()
    for name in ("0.png", "1.png"):
        (tmp_path / "new" / name).write_bytes((annotated / name).read_bytes())
    predict(run, tmp_path / "new", "--out", tmp_path / "found.json")
    found = json.loads((tmp_path / "found.json").read_text())
    assert [one["category_id"] for one in found["annotations"]] == [7, 20]
    assert [one["id"] for one in found["images"]] == [1, 2]
    predict(run, tmp_path / "new", "--out", tmp_path / "yolo", "--format", "yolo")
    assert yaml.safe_load((tmp_path / "yolo/data.yaml").read_text())["names"] == {0: "horse", 1: "zebra", 2: "ant"}
    assert [(tmp_path / f"yolo/labels/{k}.txt").read_text()[0] for k in (0, 1)] == ["1", "2"]


def test_a_folder_gets_the_format_that_the_model_learned_from(annotated, run, knows_all, tmp_path):
    model = replace(jeoni.load_model(run), annotations="voc")
    model.save(tmp_path / "of_voc")
    replace(model, annotations="cvat").save(tmp_path / "of_cvat")
    expected = {"of_voc": [f"{k}.xml" for k in range(8)], "of_cvat": ["predictions.json"]}
    for trained, files in [(run, ["predictions.json"]), *((tmp_path / name, own) for name, own in expected.items())]:
        out = tmp_path / f"out_{trained.name}"
        predict(trained, annotated, "--out", out)
        assert sorted(path.name for path in out.rglob("*.*")) == files
    said = predict(tmp_path / "of_cvat", annotated, "--out", tmp_path / "again")
    assert "cvat is not written for detection; predictions are written as coco." in said


def test_pictures_of_one_stem_are_named_and_keep_a_file_each(annotated, run, knows_all, tmp_path):
    (tmp_path / "new").mkdir()
    with Image.open(annotated / "1.png") as image:
        image.save(tmp_path / "new/1.png")
        image.save(tmp_path / "new/1.jpg")
    said = predict(run, tmp_path / "new", "--out", tmp_path / "out", "--format", "yolo")
    assert "1.jpg and 1.png would both be written as 1.txt" in said and "1.png.txt" in said
    assert sorted(path.name for path in (tmp_path / "out/labels").iterdir()) == ["1.jpg.txt", "1.png.txt"]

"""A fit of each dense task leaves tables, pictures, a page and a card."""

from __future__ import annotations

import csv
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import jeoni
from jeoni.runs.contents import foreign_files
from tests.data.annotations.made import voc_file
from tests.dense.made import picture, save_masks

N = 10
QUICK = {"backbone": "untrained:test_resnet", "quiet": True, "seed": 1, "control": False, "folds": 2}
TRAINED = {"steps": 2, "views": 1, "batch_size": 4}


def save_boxes(root):
    for k in range(N):
        pixels, mask = picture(k)
        y, x = np.nonzero(mask)
        box = (int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)
        for folder in ("JPEGImages", "Annotations"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(root / "JPEGImages" / f"{k}.jpg")
        (root / "Annotations" / f"{k}.xml").write_text(voc_file([("square", box, 0)], (96, 64)))
    return root


def save_points(root):
    root.mkdir()
    rows = ["scorer,me,me,me,me", "bodyparts,middle,middle,corner,corner", "coords,x,y,x,y"]
    for k in range(N):
        pixels, mask = picture(k)
        y, x = np.nonzero(mask)
        Image.fromarray(pixels).save(root / f"{k}.png")
        corner = f"{x.min()},{y.min()}" if k % 3 else ","
        rows.append(f"{k}.png,{x.mean()},{y.mean()},{corner}")
    (root / "CollectedData_me.csv").write_text("\n".join(rows) + "\n")
    return root


def save_parts(root):
    for k in range(N):
        pixels, _mask = picture(k)
        folder = root / ("good" if k < 7 else "scratch")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels if k >= 7 else np.full_like(pixels, 80 + k)).save(folder / f"{k}.png")
    return root


MADE = {
    "segmentation": (lambda root: save_masks(root, N), "masks", "pixel_accuracy", "Mean IoU"),
    "detection": (save_boxes, "boxes", "missed", "Average precision"),
    "pose": (save_points, "points", "error:corner", "Root mean squared distance"),
    "anomaly": (save_parts, "heat", "anomaly_score", "ROC-AUC of pictures"),
}


@pytest.fixture(scope="module", params=MADE)
def fitted(request, tmp_path_factory):
    place = tmp_path_factory.mktemp(request.param)
    data = MADE[request.param][0](place / "data")
    options = {} if request.param == "anomaly" else TRAINED
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEONI_CACHE", str(place / "cache"))
        result = jeoni.fit(str(data), task=request.param, out=place / "run", **options, **QUICK)
    return request.param, result


def test_each_picture_has_a_row_with_its_score_and_its_fold(fitted):
    task, result = fitted
    found = result.predictions
    assert len(found) == result.metrics["n"] and found["path"].is_unique
    # defects are never learned from, so that anomalies have a test set
    assert set(found["fold"]) == ({"test"} if task == "anomaly" else {0, 1}) and MADE[task][2] in found.columns
    scored = result.model.task.metrics()[result.metrics["headline"]]
    assert scored.title.startswith(MADE[task][3].split(" (")[0][:12])
    assert isinstance(result.issues, pd.DataFrame)


def test_pictures_of_every_fold_are_shown_by_the_model_that_did_not_see_them(fitted):
    task, result = fitted
    shown = json.loads((result.run / "figures" / "places.json").read_text())
    assert shown["kind"] == MADE[task][1]
    every = [*shown["worst"], *shown["typical"], *shown["best"]]
    scores = result.predictions.set_index("path")["score"]
    assert len({e["path"] for e in every}) == len(every) == int(scores.notna().sum())
    for entry in every:
        assert entry["score"] == pytest.approx(scores[entry["path"]], abs=1e-5)
    worst = [e["score"] for e in shown["worst"]]
    assert worst == sorted(worst) and worst[0] == pytest.approx(scores.min(), abs=1e-5)
    text = (result.run / "report.html").read_text(encoding="utf-8")
    assert text.count('<figure class="place') == len(every)


def test_a_result_says_what_it_is_and_the_model_has_a_card(fitted):
    task, result = fitted
    assert MADE[task][3] in repr(result) and "report.html" in repr(result)
    assert "<" in result._repr_html_() and MADE[task][3] in result._repr_html_()
    card = (result.run / "model" / "README.md").read_text(encoding="utf-8")
    assert 'model.predict("new/")[0].' in card and " nan" not in card
    assert MADE[task][3].split(" (")[0] in card


def test_what_a_card_shows_of_predictions_is_there(fitted):
    _task, result = fitted
    card = (result.run / "model" / "README.md").read_text(encoding="utf-8")
    said = next(line for line in card.splitlines() if line.startswith("print(model.predict"))
    attribute = said.removeprefix('print(model.predict("new/")[0].').removesuffix(")")
    one = result.model.predict(Image.fromarray(picture(3)[0]))
    assert np.isfinite(np.asarray(getattr(one[0], attribute), dtype=np.float64)).all()


def test_every_file_of_a_run_is_its_own_so_that_it_can_be_replaced(fitted):
    _, result = fitted
    assert [str(path) for path in foreign_files(result.run)] == []


def test_the_rows_of_a_table_are_read_by_any_program(fitted):
    _, result = fitted
    with (result.run / "predictions.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert all(len(row) == len(rows[0]) for row in rows)


def test_stages_are_told_at_the_size_of_the_frames_and_what_is_kept_of_each(fitted):
    _, result = fitted
    record = json.loads((result.run / "run.json").read_text())
    spec, model = result.model.backbone.input, result.model
    shapes = {k + 1: stage["output_shape"] for k, stage in enumerate(record["cut"]["stages"])}
    for one in model.maps:
        assert shapes[one.stage][-2:] == [spec.height // one.stride, spec.width // one.stride]
    kept = {k + 1: stage["kept_bytes"] for k, stage in enumerate(record["cut"]["stages"]) if stage["kept_bytes"]}
    assert kept == {one.stage: 2 * one.numbers for one in model.maps}

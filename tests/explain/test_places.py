from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from jeoni.data.annotations import Boxes, Detections, Keypoints, Skeleton
from jeoni.data.annotations.palette import distinct_colours
from jeoni.evaluation.metrics.detection.matching import match
from jeoni.explain.places.boxes import outcomes_of
from jeoni.explain.places.canvas import Canvas
from jeoni.explain.places.heat import heat_scale
from jeoni.explain.places.masks import draw_masks, resized_labels
from jeoni.explain.places.points import draw_points
from jeoni.explain.places.tables import write_place_tables
from jeoni.explain.places.writing import write_places
from jeoni.runs import RunFolder
from jeoni.types import Finding
from tests.made_places import HEIGHT, INPUT, WIDTH, a_pair, draw, made_data


def a_canvas(folder, size=(64, 48)) -> Canvas:
    picture = Image.new("RGB", size, (90, 90, 90))
    return Canvas(picture, size, picture, folder, "00001")


def outcome(boxes, names, ignored, found, labels, scores):
    numbers = np.array(["ab".index(n) for n in names])
    annotation = Boxes(np.array(boxes, dtype=float), tuple(names), np.array(ignored, dtype=bool))
    said = Detections(np.array(found, dtype=float).reshape(-1, 4), np.array(labels), np.array(scores))
    return outcomes_of(annotation, numbers, said)


def test_an_object_is_found_by_one_detection_of_its_class_and_the_surest_chooses_first():
    one, near, far = [0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]
    true, said = outcome([one, far], "ab", [0, 0], [near, one, far], [0, 0, 0], [0.6, 0.9, 0.8])
    assert true == ["found", "missed"]
    assert said == ["false", "hit", "false"]  # the second one is a copy, the third of another class


@pytest.mark.parametrize("seed", range(5))
def test_hits_and_misses_are_those_that_the_scores_are_made_of(seed):
    rng = np.random.default_rng(seed)
    true = rng.uniform(0, 60, (12, 2))
    true = np.concatenate([true, true + rng.uniform(10, 30, (12, 2))], axis=1)
    found = np.concatenate([true, true[:6]]) + rng.normal(0, 3, (18, 4))
    names, labels = rng.integers(0, 2, 12), rng.integers(0, 2, 18)
    ignored, scores = rng.random(12) < 0.2, np.sort(rng.random(18))[::-1]
    annotation = Boxes(true, tuple("ab"[k] for k in names), ignored)
    objects, detections = outcomes_of(annotation, names, Detections(found, labels, scores))
    matches = match(found, labels, scores, true, names, ignored, 2)
    assert [one == "hit" for one in detections] == matches.hits[0].tolist()
    assert [one == "ignored" for one in detections] == matches.ignored[0].tolist()
    assert objects.count("found") == int(matches.hits[0].sum())


def test_what_finds_an_ignored_object_counts_neither_way():
    one = [0, 0, 10, 10]
    true, said = outcome([one], "a", [1], [one, one], [0, 1], [0.9, 0.8])
    assert true == ["ignored"] and said == ["ignored", "false"]


@pytest.mark.parametrize(("right", "expected"), [(20.0, "hit"), (20.1, "false")])
def test_a_box_is_found_from_an_overlap_of_one_half_on(right, expected):
    _, said = outcome([[0, 0, 10, 10]], "a", [0], [[0, 0, right, 10]], [0], [0.9])
    assert said == [expected]


def test_a_picture_without_objects_or_detections_is_drawn():
    nothing = np.zeros((0, 4))
    assert outcome(nothing, "", [], [[0, 0, 5, 5]], [0], [0.5]) == ([], ["false"])
    assert outcome([[0, 0, 5, 5]], "a", [0], nothing, [], []) == (["missed"], [])


def test_layers_hold_each_class_in_its_colour_void_as_stripes_and_errors_in_red(tmp_path):
    (tmp_path / "places").mkdir()
    annotation, prediction = a_pair("masks", 5)
    fields = draw_masks(a_canvas(tmp_path / "places"), annotation, prediction, annotation.names)
    with Image.open(tmp_path / fields["true"]) as layer:
        true = np.asarray(layer.convert("RGBA"))
    sky, tree = ((*tuple(bytes.fromhex(colour[1:])), 255) for colour in distinct_colours(2))
    assert tuple(true[10, 30]) == sky and tuple(true[40, 30]) == tree
    assert {tuple(p)[3] for p in true[:6, :6].reshape(-1, 4)} == {0, 255}
    with Image.open(tmp_path / fields["wrong"]) as layer:
        wrong = np.asarray(layer.convert("RGBA"))
    assert wrong[20:25, 30, 3].min() == 255 and wrong[:20, 30, 3].max() == 0 and wrong[25:, 30, 3].max() == 0


def test_labels_take_the_nearest_place_when_they_are_made_smaller():
    labels = np.repeat(np.array([[3, -1]]), 4, axis=1)
    assert resized_labels(labels, (2, 1)).tolist() == [[3, -1]]


def test_a_close_up_holds_all_points_and_distances_are_of_the_whole_picture(tmp_path):
    (tmp_path / "places").mkdir()
    annotation = Keypoints(np.array([[300.0, 200], [np.nan, np.nan]]), ("nose", "tail"))
    prediction = Skeleton(np.array([[303.0, 204], [330, 220]]), np.ones(2))
    fields = draw_points(a_canvas(tmp_path / "places", (640, 480)), annotation, prediction)
    nose, tail = fields["points"]
    assert nose["off"] == 5.0 and tail["off"] is None and tail["true"] is None
    left, top, right, bottom = fields["frame"]
    assert left < 300 and right > 330 and top < 200 and bottom > 220 and right - left < 160
    scale = fields["close_width"] / (right - left)
    assert nose["true"] == pytest.approx([(300 - left) * scale, (200 - top) * scale], abs=0.1)
    with Image.open(tmp_path / fields["close"]) as close:
        assert close.size == (fields["close_width"], fields["close_height"])


def test_the_heats_of_all_pictures_share_a_scale_that_holds_the_threshold():
    heats = [a_pair("heat", k)[1] for k in (8, 9)]
    low, high = heat_scale(heats, 1.0)
    assert 0 <= low < 0.02 and high == 1.0
    assert heat_scale([], 1.0) is None


@pytest.mark.parametrize("kind", ["boxes", "masks", "points", "heat"])
def test_pictures_of_each_kind_are_written_the_worst_first_with_their_files(tmp_path, kind):
    found = draw(tmp_path / "run", kind)
    assert [e["path"] for e in found["worst"]] == ["p/8.png", "p/7.png", "p/6.png"]
    assert [e["path"] for e in found["best"]] == ["p/0.png", "p/1.png", "p/2.png"]
    for entry in [*found["worst"], *found["typical"], *found["best"]]:
        assert (entry["width"], entry["height"]) == (WIDTH, HEIGHT)
        for field in ("picture", "true", "predicted", "wrong", "close"):
            if entry.get(field):
                with Image.open(tmp_path / "run" / "figures" / entry[field]) as image:
                    image.load()


def test_only_detections_from_the_threshold_on_are_shown(tmp_path):
    every = draw(tmp_path / "all", "boxes")["best"][0]["predicted_boxes"]
    some = draw(tmp_path / "some", "boxes", 0.7)["best"][0]["predicted_boxes"]
    assert [b["score"] for b in every] == [0.9, 0.6] and [b["score"] for b in some] == [0.9]


def test_nothing_is_written_where_no_picture_has_a_score(tmp_path):
    data, shown, scores = made_data("boxes", 3)
    run = RunFolder.create(tmp_path / "run")
    write_places(run, data, ["0"] * 3, None, np.full_like(scores, np.nan), shown, INPUT)
    assert not (run.path / "figures" / "places.json").exists()


class Counting:
    """A task whose evidence is a number."""

    def named_targets(self, targets):
        return ["two cells" for _ in targets]

    def item_scores(self, evidence):
        return np.array(evidence, dtype=np.float64)

    def columns(self, evidence):
        return {"objects": [2 for _ in evidence], "error": [float(one) for one in evidence]}


def test_every_held_out_picture_has_a_row_and_what_is_unknown_is_empty(tmp_path):
    data, _, _ = made_data("boxes", 2)
    run = RunFolder.create(tmp_path / "run")
    findings = [Finding("imbalance", "", "unequal", "kept")]
    write_place_tables(run, data, ["0", "1"], Counting(), [0.25, float("nan")], findings)
    rows = (run.path / "predictions.csv").read_text(encoding="utf-8-sig").splitlines()
    assert rows == [
        "path,label,score,fold,objects,error",
        "p/0.png,two cells,0.250000,0,2,0.25",
        "p/1.png,two cells,,1,2,",
    ]
    assert "imbalance" in (run.path / "issues.csv").read_text(encoding="utf-8-sig")


def test_a_record_that_was_written_names_only_files_in_figures(tmp_path):
    draw(tmp_path / "run", "masks")
    text = (tmp_path / "run" / "figures" / "places.json").read_text()
    assert str(tmp_path) not in text and json.loads(text)["legend"][0]["name"] == "sky"

"""Mosaics: cells cover the canvas, boxes follow them, and only training pictures are mixed."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import jeoni
from jeoni.backbones.catalog import load_backbone
from jeoni.data.annotations import Boxes
from jeoni.dense.frames import with_frame
from jeoni.dense.mosaic import Cell, MosaicItems, composes, draw_mosaic, refuse_mosaic, with_mosaics
from jeoni.dense.tasks.detection import Detection
from jeoni.dense.tasks.pose import Pose
from jeoni.dense.transfer import Transfer, build_dense_head
from jeoni.errors import ConfigError
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.specs import Recipe
from tests.conftest import TINY
from tests.dense.test_end_to_end import SIZE, make_data


def examples_of(data, backbone, context):
    seen = context.extract(data.items, [Request(backbone, ())])
    index = np.arange(len(data))
    return Examples(data, index, seen, index, np.zeros((1, len(data)), dtype=np.int64))


@pytest.mark.parametrize("seed", range(20))
def test_four_parts_cover_the_canvas_and_lie_in_their_pictures(seed):
    rng = np.random.default_rng(seed)
    extents = [(100, 80), (30, 20), (400, 300), (100, 500)]
    cells = draw_mosaic([5, 6, 7, 8], extents, rng)
    covered = np.zeros((80, 100), dtype=int)
    for cell in cells:
        covered[cell.at[1] : cell.at[3], cell.at[0] : cell.at[2]] += 1
        width, height = extents[cell.picture - 5]
        assert (
            cell.part[0] >= 0 and cell.part[1] >= 0 and cell.part[2] <= width + 1e-9 and cell.part[3] <= height + 1e-9
        )
        wide, high = cell.part[2] - cell.part[0], cell.part[3] - cell.part[1]
        assert wide / high == pytest.approx(cell.size[0] / cell.size[1])
        if cell.picture != 6:  # the small one is enlarged
            assert 0.5 <= cell.size[0] / wide <= 1.0
    assert (covered == 1).all() and sorted(cell.picture for cell in cells) == [5, 6, 7, 8]


def test_boxes_follow_their_pixels_and_cut_ones_are_ignored(tmp_path):
    data, task = make_data(tmp_path, "detection", 5)
    backbone = with_frame(load_backbone(TINY), data, 64, SIZE)
    made = with_mosaics(examples_of(data, backbone, Context(workers=1)), task, backbone.input, 0)
    assert len(made) == 10 and len(made.data) == 10 and made.clusters.tolist() == [*range(5)] * 2
    ignored = 0
    for k in range(5, 10):
        pixels, boxes = made.data.items.read(k), made.data.targets[k]
        assert pixels.shape == (64, 64, 3) and set(boxes.names) <= {"square"}
        bright = np.zeros((64, 64), dtype=bool)
        for left, top, right, bottom in boxes.boxes:
            assert right > left and bottom > top
            bright[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))] = True
            inner = pixels[int(np.ceil(top)) + 1 : int(bottom) - 1, int(np.ceil(left)) + 1 : int(right) - 1]
            assert inner.size == 0 or inner.min() > 150
        assert pixels[~bright].max() < 200  # nothing bright lies outside of all boxes
        ignored += int(boxes.ignored.sum())
    assert made.data.targets[0] is data.targets[0] and ignored < 10
    again = with_mosaics(examples_of(data, backbone, Context(workers=1)), task, backbone.input, 0)
    np.testing.assert_array_equal(made.data.items.read(7), again.data.items.read(7))


def test_a_box_of_which_too_little_is_left_is_ignored():
    one = Boxes(np.array([[0.0, 0, 10, 10], [30, 30, 60, 40]]), ("a", "b"))
    cell = Cell(0, (8.0, 0.0, 58.0, 50.0), (20, 30, 45, 55))
    said = Detection(("a", "b")).composed([(one, cell.geometry, cell.at[:2])])
    assert said.names == ("a", "b") and said.ignored.tolist() == [True, False]
    np.testing.assert_allclose(said.boxes, [[20, 30, 21, 35], [31, 45, 45, 50]])


def test_mosaics_read_what_they_are_made_of(tmp_path):
    data, _ = make_data(tmp_path, "detection", 4)
    cells = draw_mosaic([0, 1, 2, 3], [(64, 64)] * 4, np.random.default_rng(0))
    items = MosaicItems(data.items, [cells, cells[::-1]])
    assert len(items) == 2 and items.name(0).startswith("mosaic of ") and items.size(0) == 1
    np.testing.assert_array_equal(items.read(0), items.read(1))
    assert len(items.select([1])) == 1
    at = cells[0]
    part = Image.open(data.items.path(at.picture)).convert("RGB").resize(at.size, Image.Resampling.BICUBIC, box=at.part)
    np.testing.assert_array_equal(items.read(0)[at.at[1] : at.at[3], at.at[0] : at.at[2]], np.asarray(part))


def test_a_training_with_mosaics_is_another_one_and_the_same_each_time(tmp_path):
    data, task = make_data(tmp_path, "detection")
    backbone = with_frame(load_backbone(TINY), data, 64, SIZE)

    def fitted(mosaic):
        plain = Transfer(task, build_dense_head(task, "fcos"), "fcos", "probe", Recipe(steps=4, views=1))
        transfer = replace(plain, mosaic=mosaic)
        context = Context(workers=1)
        seen = context.extract(data.items, [Request(backbone, transfer.taps(backbone, len(data)))])
        index = np.arange(len(data))
        examples = Examples(data, index, seen, index, np.zeros((1, len(data)), dtype=np.int64))
        return transfer.fit(backbone, examples, context)

    first, second, without = fitted(True), fitted(True), fitted(False)
    weights = [model.head.state_dict() for model in (first, second, without)]
    assert all(weights[0][name].equal(weights[1][name]) for name in weights[0])
    assert not all(weights[0][name].equal(weights[2][name]) for name in weights[0])
    assert first.training["steps"] == without.training["steps"] == 4


def test_only_boxes_are_composed():
    assert composes(Detection(("a",))) and not composes(Pose(("a",)))
    refuse_mosaic(Detection(("a",)))
    with pytest.raises(
        ConfigError, match="augment is mosaic, which puts boxes of four pictures together; in .* there are"
    ):
        refuse_mosaic(Pose(("a",)))


def save_boxes(root, count=8):
    rng, images, annotations = np.random.default_rng(0), [], []
    root.mkdir()
    for k in range(count):
        Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(root / f"{k}.png")
        images.append({"id": k, "file_name": f"{k}.png", "width": 64, "height": 64})
        annotations.append({"id": k + 1, "image_id": k, "category_id": 1, "bbox": [5, 6, 20, 30], "iscrowd": 0})
    content = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "thing"}]}
    (root / "a.json").write_text(json.dumps(content), encoding="utf-8")
    return str(root)


def test_the_option_reaches_a_fit_and_is_refused_where_it_means_nothing(tmp_path, make_photos):
    options = {"backbone": TINY, "quiet": True, "augment": "mosaic", "control": False, "pictures": False, "folds": 2}
    root = save_boxes(tmp_path / "boxes")
    result = jeoni.fit(root, out=tmp_path / "run", steps=2, views=1, **options)
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["spec"]["augment"] == "mosaic" and result.model.training["rows"]["policy"] == "scale"
    with pytest.raises(ConfigError, match="--tile takes parts of large pictures, and augment is mosaic"):
        jeoni.fit(root, out=tmp_path / "tiled", tile="64", steps=2, **options)
    with pytest.raises(ConfigError, match="augment is mosaic, which is about boxes in pictures; there are none here"):
        jeoni.fit(str(make_photos()), out=tmp_path / "whole", strategy="finetune", **options)
    data, task = make_data(tmp_path, "detection", 3)
    backbone = with_frame(load_backbone(TINY), data, 64, SIZE)
    with pytest.raises(ConfigError, match="puts four pictures together, and there are 3 to learn from"):
        with_mosaics(examples_of(data, backbone, Context(workers=1)), task, backbone.input, 0)

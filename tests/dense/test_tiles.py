"""Large pictures part by part: where parts lie, what is learned from, and what becomes of a whole picture."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import jeoni
from jeoni.data.annotations import Boxes, Detections, Heat, LabelMap
from jeoni.dense.heads.anomaly.nearest import Nearest
from jeoni.dense.merging.boxes import merged_boxes
from jeoni.dense.merging.maps import merged_heat, merged_labels
from jeoni.dense.merging.tile import Tile
from jeoni.dense.protocol import MapShape
from jeoni.dense.running import predictions_of_pictures
from jeoni.dense.tasks.anomaly import Anomaly
from jeoni.dense.tasks.detection import Detection
from jeoni.dense.tasks.pose import Pose
from jeoni.dense.tasks.segmentation import Segmentation
from jeoni.dense.tiles import merges, tile_count
from jeoni.errors import ConfigError
from jeoni.features.examples import Context
from jeoni.modalities.image.tiles import GRID, tile_grid
from jeoni.modalities.inputs.frame import FrameInput
from jeoni.specs import FitSpec
from tests.conftest import TINY
from tests.dense.made import made_dataset, picture, save_masks

GREY = (0.5,) * 3
TILED = FrameInput(64, 64, GREY, GREY, tiled=True)
WIDE = (160, 64)  # three tiles of 64 with overlap: 0, 48 and 96


def tiles_of(extent, size=(64, 64)):
    return [Tile(*map(round, box), extent) for box in tile_grid(extent, size)]


@pytest.mark.parametrize("extent", [(64, 64), (65, 40), (160, 64), (1000, 777), (30, 300)])
def test_tiles_cover_a_picture_and_overlap_by_a_quarter(extent):
    grid = tile_grid(extent, (64, 64))
    seen = np.zeros(extent[::-1], dtype=int)
    for left, top, right, bottom in grid:
        assert 0 <= left < right <= extent[0] and 0 <= top < bottom <= extent[1]
        seen[top:bottom, left:right] += 1
    assert seen.min() >= 1
    lefts = sorted({box[0] for box in grid})
    assert all(b - a <= 48 for a, b in pairwise(lefts))


def test_a_random_tile_keeps_the_resolution_and_its_geometry_leads_back():
    pixels, _ = picture(3, 200, 150)
    image = Image.fromarray(pixels)
    frame = FrameInput(64, 64, (0.0,) * 3, GREY, interpolation="nearest", tiled=True)
    for number in range(1, 9):
        row, geometry = frame.view(image, "none", b"12345678", number)
        np.testing.assert_array_equal(geometry.matrix, frame.geometry((200, 150), "none", b"12345678", number).matrix)
        np.testing.assert_allclose(geometry.matrix[:2, :2], np.eye(2), atol=1e-9)
        left, top = -geometry.matrix[0, 2], -geometry.matrix[1, 2]
        nearest = pixels[math.floor(top + 0.5) :, math.floor(left + 0.5) :][:64, :64]
        assert (row == nearest).mean() > 0.99
        zoomed = frame.view(image, "scale", b"12345678", number)[1].matrix
        assert 0.8 <= abs(zoomed[0, 0]) <= 1.25


def test_views_of_the_grid_go_over_its_tiles_and_begin_anew():
    image = Image.fromarray(picture(1, *WIDE)[0])
    rows = [TILED.view(image, GRID, b"", k)[0] for k in (1, 2, 3, 4)]
    np.testing.assert_array_equal(rows[0], rows[3])
    np.testing.assert_array_equal(rows[1], np.asarray(image)[:, 48:112])
    assert TILED.geometry(WIDE, GRID, b"", 2).matrix[0, 2] == -48


def test_a_tile_of_a_small_picture_is_filled_up():
    row = TILED.tile_row(Image.fromarray(np.full((40, 30, 3), 7, dtype=np.uint8)), (0, 0, 30, 40))
    assert (row[:40, :30] == 7).all() and (row[40:] == 128).all() and (row[:, 30:] == 128).all()


def found(*boxes, scores=None, labels=None):
    k = len(boxes)
    boxes = np.array(boxes, dtype=float).reshape(-1, 4)
    return Detections(boxes, np.array(labels or [0] * k, dtype=np.int64), np.array(scores or [0.9] * k))


def test_an_object_across_the_border_of_two_tiles_is_found_once():
    first, second, third = tiles_of(WIDE)
    # one object from 40 to 110: pieces in the first two tiles, and its end in the third
    parts = [(found([40, 10, 64, 50]), first), (found([0, 10, 62, 50]), second), (found([0, 10, 14, 50]), third)]
    whole = merged_boxes(parts)
    np.testing.assert_allclose(whole.boxes, [[40, 10, 110, 50]])
    assert whole.scores.tolist() == [0.9]


def test_a_piece_of_an_object_that_another_tile_shows_whole_is_left_out():
    first, second, third = tiles_of(WIDE)
    parts = [(found([50, 10, 64, 30]), first), (found([2, 10, 32, 30], scores=[0.6]), second), (found(), third)]
    whole = merged_boxes(parts)
    np.testing.assert_allclose(whole.boxes, [[50, 10, 80, 30]])


def test_an_object_in_the_overlap_is_found_once_and_its_neighbours_stay():
    first, second, third = tiles_of(WIDE)
    other = found([51, 40, 61, 60], [1, 1, 11, 11], scores=[0.8, 0.7], labels=[1, 0])
    again = found([3, 40, 12, 60], scores=[0.9], labels=[1])
    whole = merged_boxes([(other, first), (again, second), (found(), third)])
    np.testing.assert_allclose(whole.boxes, [[51, 40, 60, 60], [1, 1, 11, 11]])
    assert whole.labels.tolist() == [1, 0] and whole.scores.tolist() == [0.9, 0.7]


def test_boxes_side_by_side_at_an_edge_are_not_put_together_unless_they_agree_along_it():
    first, second, third = tiles_of(WIDE)
    parts = [(found([40, 0, 64, 20]), first), (found([0, 40, 30, 60]), second), (found(), third)]
    assert len(merged_boxes(parts).boxes) == 2
    classes = [(found([40, 10, 64, 50], labels=[0]), first), (found([0, 10, 62, 50], labels=[1]), second)]
    assert len(merged_boxes([*classes, (found(), third)]).boxes) == 2


def test_a_box_that_is_hardly_sure_takes_nothing_from_a_sure_one():
    first, second, third = tiles_of(WIDE)
    # noise across the edge beside a sure piece, and a large unsure box around a sure piece
    parts = [(found([50, 10, 64, 30]), first), (found([0, 10, 30, 30], scores=[0.05]), second), (found(), third)]
    assert [50, 10, 64, 30] in merged_boxes(parts).boxes.tolist()
    around = [(found([50, 10, 64, 30]), first), (found([1, 5, 40, 40], scores=[0.05]), second), (found(), third)]
    assert [50, 10, 64, 30] in merged_boxes(around).boxes.tolist()


def test_nothing_found_is_nothing():
    assert len(merged_boxes([(found(), one) for one in tiles_of(WIDE)]).boxes) == 0


class Constant(nn.Module):
    """A network whose logits for a pixel depend on its colour alone, whatever lies around it."""

    size = (64, 64)

    @property
    def head(self):
        return self

    def forward(self, rows):
        red = rows[..., 0].float() / 255
        return torch.stack([1 - red, red], dim=1) * 8

    def decode(self, outputs, size):
        probs = outputs.softmax(1)
        sure, labels = probs.max(1)
        return [LabelMap(a.numpy(), b.numpy(), c.numpy()) for a, b, c in zip(labels, sure, probs, strict=True)]


def test_a_picture_in_tiles_is_segmented_as_the_whole():
    pixels = np.zeros((150, 200, 3), dtype=np.uint8)
    pixels[:, 70:, 0] = 255
    pixels[100:, :, 0] = 200
    data = replace(made_dataset([None]), items=jeoni.data.items.ArrayItems(pixels[None]))
    network, task = Constant(), Segmentation(("dark", "red"))
    (found,) = predictions_of_pictures(network, task, data.items, TILED, Context(workers=2))
    said = found.prediction
    assert found.extent == (200, 150) and not found.error
    whole = network.decode(network(torch.from_numpy(pixels)[None]), (200, 150))[0]
    np.testing.assert_array_equal(said.labels, whole.labels)
    np.testing.assert_allclose(said.certainty, whole.certainty, atol=2e-3)
    assert said.probabilities is None


def test_maps_without_probabilities_are_blended_by_their_certainty():
    first, second, third = tiles_of(WIDE)
    one = LabelMap(np.zeros((64, 64), dtype=np.int16), np.full((64, 64), 0.9, dtype=np.float16))
    two = LabelMap(np.ones((64, 64), dtype=np.int16), np.full((64, 64), 0.9, dtype=np.float16))
    said = merged_labels([(one, first), (two, second), (two, third)], WIDE, 2)
    assert (said.labels[:, :48] == 0).all() and (said.labels[:, 64:] == 1).all()
    middle = said.labels[0, 48:64]
    assert middle[0] == 0 and middle[-1] == 1 and (np.diff(middle) >= 0).all()


def test_a_picture_is_as_unusual_as_its_least_usual_tile_and_heat_is_blended():
    first, second, third = tiles_of(WIDE)
    heats = [np.full((64, 64), value, dtype=np.float32) for value in (1.0, 1.0, 3.0)]
    parts = [
        (Heat(score, heat), tile)
        for score, heat, tile in zip((0.2, 0.7, 0.4), heats, (first, second, third), strict=True)
    ]
    said = merged_heat(parts, WIDE)
    assert said.score == 0.7 and said.heat.shape == (64, 160)
    np.testing.assert_allclose(said.heat[:, :96], 1.0, rtol=1e-5)
    np.testing.assert_allclose(said.heat[:, 112:], 3.0, rtol=1e-5)
    assert merged_heat([(Heat(0.5), first)], WIDE).heat is None
    large = merged_heat(
        [(Heat(0.5, np.ones((512, 512), dtype=np.float32)), Tile(0, 0, 512, 512, (8192, 512)))], (8192, 512)
    )
    assert large.heat.shape == (64, 1024)


def test_a_threshold_by_pictures_is_that_of_their_least_usual_parts():
    head = Nearest(folds=5, quantile=0.95).build(Anomaly(), [MapShape(4, 8)])
    head.held_out = torch.tensor([1.0, 2.0, 3.0, 6.0, 5.0, 4.0])
    head.threshold_by(np.array([0, 1, 2, 0, 1, 2]))
    assert head.held_out.tolist() == [6.0, 5.0, 4.0] and float(head.threshold) == 6.0


def test_each_task_says_whether_it_merges():
    assert all(merges(task) for task in (Detection, Segmentation, Anomaly)) and not merges(Pose)
    with pytest.raises(ConfigError, match="--tile parts pictures, and predictions of parts mean nothing.*in pose"):
        Pose(("nose",)).merged([], (10, 10))


def test_tiles_are_counted_by_headers():
    data = replace(made_dataset([None]), items=jeoni.data.items.ArrayItems(np.zeros((1, 64, 160, 3), dtype=np.uint8)))
    assert (tile_count(data, TILED).usual, tile_count(data, TILED).most) == (3, 3)
    assert tile_count(data, FrameInput(64, 64, GREY, GREY)).most == 1


@pytest.mark.parametrize("said", ["12", "5000", "large", "-64"])
def test_a_tile_that_is_none_is_refused(said):
    with pytest.raises(ConfigError, match=f"tile is '{said}'; pixels from 64 to 2048 are needed"):
        FitSpec(tile=said)


def test_tiles_and_a_size_exclude_each_other():
    with pytest.raises(ConfigError, match="tile is '512' and image_size '640'.*Say one of them"):
        FitSpec(tile="512", image_size="640")


OPTIONS = {"backbone": TINY, "quiet": True, "control": False, "pictures": False, "folds": 2, "tile": "64"}


def test_a_model_of_tiles_is_fitted_saved_and_asked_again(tmp_path):
    data = save_masks(tmp_path / "masks", 6)
    done = jeoni.fit(str(data), out=tmp_path / "run", steps=2, views=2, batch_size=4, **OPTIONS)
    assert done.model.backbone.input.tiled and done.model.training["rows"]["views"] == 2
    again = jeoni.predict(tmp_path / "run", str(data))
    assert len(again) == 6 and again[0].labels.shape == (64, 96)
    np.testing.assert_array_equal(again[0].labels, done.model.predict(str(data))[0].labels)


def test_a_memory_of_tiles_is_fitted_on_the_grid(tmp_path):
    for k in range(6):
        (tmp_path / "parts" / "good").mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(k)[0]).save(tmp_path / "parts" / "good" / f"{k}.png")
    done = jeoni.fit(str(tmp_path / "parts"), task="anomaly", head="nearest", out=tmp_path / "run", **OPTIONS)
    head = done.model.head
    assert len(head.memory) == 2 * 6 and len(head.held_out) == 6  # two tiles of each picture
    with pytest.raises(ConfigError, match="--tile takes random parts of pictures to learn from, and augment is none"):
        jeoni.fit(str(save_masks(tmp_path / "m", 6)), augment="none", out=tmp_path / "r", **OPTIONS)


def test_boxes_follow_random_tiles():
    task, frame = Detection(("square",)), TILED
    geometry = frame.geometry((200, 150), "none", b"87654321", 1)
    left, top = -geometry.matrix[0, 2], -geometry.matrix[1, 2]
    moved = task.moved(Boxes(np.array([[left + 10, top + 5, left + 20, top + 25]]), ("square",)), geometry)
    np.testing.assert_allclose(moved.boxes, [[10, 5, 20, 25]])

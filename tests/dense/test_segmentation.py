"""Segmentation: masks follow their views, and scores are those of all pixels together."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jeoni.data.annotations import LabelMap, annotation_cells
from jeoni.dense.heads.parts.pixels import pixel_loss
from jeoni.dense.protocol import MapShape
from jeoni.dense.scoring import difference_of, evaluate_evidence
from jeoni.dense.tasks.segmentation import Segmentation
from jeoni.dense.transfer import build_dense_head
from jeoni.errors import ConfigError, DataError
from jeoni.modalities.geometry import Geometry
from jeoni.modalities.inputs.frame import FrameInput
from jeoni.tasks import Unreadable
from tests.dense.made import MadeMask, picture

TASK = Segmentation(("a", "b", "c"))
GREY = (0.5, 0.5, 0.5)


def by_definition(tables):
    """IoU of each class, from its definition."""
    table = np.sum(tables, axis=0)
    return [table[k, k] / (table[k].sum() + table[:, k].sum() - table[k, k]) for k in range(len(table))]


def test_evidence_counts_pixels_and_leaves_void_out():
    true = MadeMask(np.array([[0, 1], [2, -1]], dtype=np.int16), ("a", "b", "c"))
    said = LabelMap(np.array([[0, 2], [2, 1]], dtype=np.int16))
    assert TASK.evidence(said, true).tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1]]


def test_scores_are_of_all_pixels_and_weights_repeat_pictures():
    rng = np.random.default_rng(0)
    tables = [rng.integers(0, 50, (3, 3)) for _ in range(4)]
    weights = np.array([[1, 1, 1, 1], [2, 0, 1, 3]], dtype=float)
    scores = TASK.scores(tables, weights)["miou"]
    assert scores[0] == pytest.approx(np.mean(by_definition(tables)))
    repeated = [tables[0], tables[0], tables[2], *[tables[3]] * 3]
    assert scores[1] == pytest.approx(np.mean(by_definition(repeated)))


def test_a_class_that_never_occurs_is_left_out_of_the_mean():
    table = np.array([[4, 0, 0], [0, 4, 0], [0, 0, 0]])
    assert TASK.scores([table], np.ones((1, 1)))["miou"][0] == 1.0
    assert np.isnan(TASK.rows([table], np.ones((1, 1)))[2].scores["iou"][0])


def test_intervals_hold_the_value_and_a_difference_is_paired():
    rng = np.random.default_rng(1)
    good = [np.diag(rng.integers(5, 50, 3)) + rng.integers(0, 3, (3, 3)) for _ in range(30)]
    bad = [t + rng.integers(0, 12, (3, 3)) for t in good]
    found = evaluate_evidence(TASK, good, resamples=200)
    assert found.metrics["miou"].low < found.metrics["miou"].value < found.metrics["miou"].high
    assert [row["class"] for row in found.breakdown] == ["a", "b", "c"]
    difference = difference_of(TASK, good, bad, resamples=200)["miou"]
    assert difference.low > 0
    assert difference_of(TASK, good, good, resamples=50)["miou"].high == 0


def test_a_mask_follows_its_view():
    pixels, mask = picture(3)
    from PIL import Image

    frame = FrameInput(64, 64, (0.0, 0.0, 0.0), GREY)
    made = MadeMask(mask)
    for number in range(1, 8):
        row, geometry = frame.view(Image.fromarray(pixels), "scale", b"digest-8", number)
        moved = Segmentation(made.names).moved(made, geometry)
        bright = row[..., 0].astype(int) - row[..., 2] > 60  # the square is yellow
        assert (bright == (moved == 1)).mean() > 0.95


def test_the_frame_around_a_picture_is_void():
    frame = FrameInput(64, 64, GREY, GREY)
    _, mask = picture(4)
    moved = Segmentation(MadeMask(mask).names).moved(MadeMask(mask), frame.geometry((96, 64)))
    assert (moved[:10] == -1).all() and (moved[-10:] == -1).all() and (moved[12:-12] >= 0).all()


def test_a_prediction_comes_back_to_its_picture():
    frame = FrameInput(64, 64, GREY, GREY)
    _, mask = picture(4)
    task, geometry = Segmentation(MadeMask(mask).names), frame.geometry((96, 64))
    row = task.moved(MadeMask(mask), geometry)
    back = task.returned(LabelMap(row), geometry, (96, 64))
    assert back.labels.shape == (64, 96)
    assert (back.labels == mask).mean() > 0.97


def test_the_loss_is_least_where_the_mask_is_right_and_void_does_not_count():
    mask = np.zeros((8, 8), dtype=np.int16)
    mask[:, 4:] = 1
    right = torch.full((1, 2, 8, 8), -8.0)
    right[0, 0, :, :4], right[0, 1, :, 4:] = 8.0, 8.0
    assert float(pixel_loss(right, [mask])) < 0.05
    assert float(pixel_loss(-right, [mask])) > 4
    void = np.full((8, 8), -1, dtype=np.int16)
    assert float(pixel_loss(-right, [void])) == 0


@pytest.mark.parametrize("head", ["linear", "fpn"])
def test_heads_learn_one_picture(head):
    torch.manual_seed(0)
    maps = [torch.randn(1, 8, 16, 24), torch.randn(1, 16, 8, 12)]
    made = build_dense_head(Segmentation(("a", "b")), head).build(
        Segmentation(("a", "b")), [MapShape(8, 4), MapShape(16, 8)]
    )
    mask = np.zeros((64, 96), dtype=np.int16)
    mask[:32] = 1
    optimizer = torch.optim.Adam(made.parameters(), 0.02)
    losses = []
    for _ in range(60):
        loss = made.loss(made(maps), [mask], (96, 64)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.4 * losses[0]
    (said,) = made.eval().decode(made(maps).detach(), (96, 64))
    assert said.labels.shape == (64, 96) and said.certainty.shape == (64, 96)


def test_masks_of_other_classes_and_sizes_are_named():
    one, other = MadeMask(np.zeros((2, 2), dtype=np.int16), ("a", "b")), MadeMask(np.zeros((2, 2)), ("a", "x"))
    with pytest.raises(Unreadable, match="2 different lists of classes"):
        Segmentation.read([one, other])
    with pytest.raises(Unreadable, match="one class, 'a'"):
        Segmentation.read([MadeMask(np.zeros((2, 2)), ("a",))])
    with pytest.raises(Unreadable, match="'x' is new"):
        Segmentation(("a", "b")).reread([other])
    with pytest.raises(DataError, match="2 x 2 pixels, its picture 3 x 2"):
        Segmentation(("a", "b")).evidence(LabelMap(np.zeros((2, 3), dtype=np.int16)), one)


def test_known_and_saved():
    cells = annotation_cells([None, MadeMask(np.zeros((2, 2)))])
    assert TASK.known(cells).tolist() == [False, True]
    assert Segmentation.restored(TASK.describe()) == TASK


def test_an_unknown_head_names_the_known_ones():
    with pytest.raises(ConfigError, match="of segmentation it can be fpn, linear"):
        build_dense_head(TASK, "unet")


def test_geometry_of_a_whole_row():
    assert isinstance(FrameInput(64, 64, GREY, GREY).geometry((96, 64)), Geometry)

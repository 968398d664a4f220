"""Masks of files, polygons and runs, against closed forms and against pycocotools."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from jeoni.data.annotations.masks import DrawnMask, Legend, MaskFile, Region
from jeoni.data.annotations.palette import palette
from jeoni.data.annotations.polygons import area_of, ellipse, filled
from jeoni.data.annotations.runs import Runs
from jeoni.errors import DataError
from tests.data.annotations.made import save_mask, save_text


def random_mask(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.random((rng.integers(1, 30), rng.integers(1, 30))) < rng.random()


@pytest.mark.parametrize("seed", range(20))
def test_runs_are_those_of_pycocotools(seed):
    coco = pytest.importorskip("pycocotools.mask")
    mask = random_mask(seed)
    theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    ours = Runs.of(mask)
    assert ours.encoded() == theirs["counts"].decode()
    assert ours.area == coco.area(theirs)
    again = Runs.decoded(theirs["counts"].decode(), (mask.shape[1], mask.shape[0]))
    assert (again.mask() == mask).all()
    if mask.any():
        left, top, width, height = coco.toBbox(theirs)
        assert again.bounds == (left, top, left + width, top + height)


@pytest.mark.parametrize("mask", [np.zeros((3, 4), bool), np.ones((3, 4), bool), np.eye(3, dtype=bool)])
def test_runs_of_a_mask_give_it_again(mask):
    assert (Runs.of(mask).mask() == mask).all()
    assert (Runs.decoded(Runs.of(mask).encoded(), Runs.of(mask).extent).mask() == mask).all()


def test_runs_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="runs of 5 pixels for a picture of 2 x 3"):
        Runs(np.array([2, 3]), (2, 3)).mask()
    with pytest.raises(ValueError, match="is no letter of a compressed mask"):
        Runs.decoded("\x7f", (2, 3))
    with pytest.raises(ValueError, match="ends within a number"):
        Runs.decoded("R", (2, 3))
    assert Runs.of(np.zeros((2, 2), bool)).bounds is None


@pytest.mark.parametrize("ring", [[(1, 1), (4, 1), (4, 3), (1, 3)], [(1.4, 0.6), (4.4, 0.6), (4.4, 2.6), (1.4, 2.6)]])
def test_a_rectangle_fills_the_pixels_whose_middle_it_holds(ring):
    expected = np.zeros((5, 6), dtype=bool)
    expected[1:3, 1:4] = True
    assert (filled(np.array(ring), (6, 5)) == expected).all()


def test_a_polygon_fills_what_a_test_of_each_middle_says():
    path = pytest.importorskip("matplotlib.path")
    rng = np.random.default_rng(0)
    for _ in range(10):
        ring = rng.uniform(-5, 25, (7, 2))
        y, x = np.mgrid[:20, :18] + 0.5
        inside = path.Path(np.concatenate([ring, ring[:1]])).contains_points(np.stack([x.ravel(), y.ravel()], axis=1))
        theirs = inside.reshape(20, 18)
        ours = filled(ring, (18, 20))
        assert (ours != theirs).mean() < 0.2  # the rings cross themselves, where rules differ
        hull = ring[np.argsort(np.arctan2(*(ring - ring.mean(axis=0)).T))]  # a star, which does not
        inside = path.Path(np.concatenate([hull, hull[:1]])).contains_points(np.stack([x.ravel(), y.ravel()], axis=1))
        assert (filled(hull, (18, 20)) == inside.reshape(20, 18)).all()


def test_an_ellipse_has_its_area_and_its_turn():
    ring = ellipse(np.array([50.0, 40.0]), 30, 10)
    assert area_of(ring) == pytest.approx(np.pi * 300, rel=0.01)
    turned = ellipse(np.array([50.0, 40.0]), 30, 10, 90)
    assert np.ptp(turned[:, 0]) == pytest.approx(20, abs=0.1) and np.ptp(turned[:, 1]) == pytest.approx(60, abs=0.1)


def test_later_regions_cover_earlier_ones_and_void_is_told():
    whole = np.array([[0, 0], [4, 0], [4, 2], [0, 2]])
    right = np.array([[2, 0], [4, 0], [4, 2], [2, 2]])
    dot = Runs.of(np.array([[1, 0, 0, 0], [0, 0, 0, 0]], bool))
    regions = (Region(1, (whole,)), Region(2, (right,)), Region(-1, runs=dot))
    mask = DrawnMask(("background", "a", "b"), (4, 2), regions)
    assert mask.size() == (4, 2) and mask.read().dtype == np.int16
    assert mask.read().tolist() == [[-1, 1, 2, 2], [1, 1, 2, 2]]


def test_the_palette_is_that_of_pascal_voc():
    assert palette(21)[[0, 1, 2, 3, 15, 20]].tolist() == [
        [0, 0, 0],
        [128, 0, 0],
        [0, 128, 0],
        [128, 128, 0],
        [192, 128, 128],
        [0, 64, 128],
    ]


def test_a_value_without_a_class_is_told_with_its_file(tmp_path):
    legend = Legend(("sky", "road"), {0: 0, 1: 1, 255: -1}, {})
    good = MaskFile(str(save_mask(tmp_path / "a.png", [[0, 1], [255, 1]])), legend)
    assert good.names == ("sky", "road") and good.size() == (2, 2)
    assert good.read().tolist() == [[0, 1], [-1, 1]] and good.read().dtype == np.int16
    bad = MaskFile(str(save_mask(tmp_path / "b.png", [[0, 7]])), legend)
    with pytest.raises(DataError, match=r"b.png holds the value 7, which stands for no class. Known are 0, 1, 255"):
        bad.read()


def test_colours_are_read_exactly_and_from_jpeg_by_the_nearest(tmp_path):
    legend = Legend(("sky", "road"), {}, {(0, 0, 200): 0, (90, 90, 90): 1, (255, 255, 255): -1})
    colours = np.array([[(0, 0, 200), (90, 90, 90)], [(255, 255, 255), (0, 0, 200)]])
    assert MaskFile(str(save_mask(tmp_path / "a.png", colours)), legend).read().tolist() == [[0, 1], [-1, 0]]
    lossy = save_mask(tmp_path / "a.jpg", colours.repeat(16, 0).repeat(16, 1))
    again = MaskFile(str(lossy), legend).read()
    assert again[8, 8] == 0 and again[8, 24] == 1 and again[24, 8] == -1
    with pytest.raises(DataError, match=r"b.png holds the colour \(1, 2, 3\), which stands for no class"):
        MaskFile(str(save_mask(tmp_path / "b.png", [[(1, 2, 3)]])), legend).read()


def test_masks_of_16_bits_and_of_one_are_read(tmp_path):
    Image.fromarray(np.array([[0, 300]], dtype=np.uint16)).save(tmp_path / "a.png")
    assert MaskFile(str(tmp_path / "a.png"), Legend(("x", "y"), {0: 0, 300: 1}, {})).read().tolist() == [[0, 1]]
    Image.fromarray(np.array([[False, True]])).save(tmp_path / "b.png")
    assert MaskFile(str(tmp_path / "b.png"), Legend(("x", "y"), {0: 0, 1: 1}, {})).read().tolist() == [[0, 1]]


def test_a_file_that_is_no_picture_is_told(tmp_path):
    save_text(tmp_path / "a.png", "no picture")
    with pytest.raises(DataError, match=r"a.png cannot be read as a mask"):
        MaskFile(str(tmp_path / "a.png"), Legend(("x",), {0: 0}, {})).read()
    whole = save_mask(tmp_path / "b.png", np.random.default_rng(0).integers(0, 2, (64, 64))).read_bytes()
    (tmp_path / "b.png").write_bytes(whole[:90])
    with pytest.raises(DataError, match=r"b.png cannot be read as a mask"):
        MaskFile(str(tmp_path / "b.png"), Legend(("x",), {0: 0}, {})).read()

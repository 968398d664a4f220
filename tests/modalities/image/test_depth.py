from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from jeoni.backbones.catalog import fitted_to, load_backbone
from jeoni.data.items import ArrayItems
from jeoni.modalities.image.depth import window_of
from jeoni.modalities.inputs.image import ImageInput
from jeoni.tasks import load_data

PLAIN = ImageInput(8, (0.5,) * 3, (0.5,) * 3)


@pytest.fixture
def put_deep(tmp_path, encode):
    """Two classes of deep images of such values; gives the data set."""

    def written(draw, dtype):
        for seed in range(6):
            path = tmp_path / "ab"[seed % 2] / f"{seed}.tif"
            path.parent.mkdir(exist_ok=True)
            values = draw(np.random.default_rng(seed), (20, 20)).astype(dtype)
            path.write_bytes(encode(Image.fromarray(values), "TIFF"))
        return load_data(tmp_path)

    return written


@pytest.mark.parametrize(
    "draw, dtype, low, high",
    [
        (lambda r, s: r.integers(0, 4096, s), np.uint16, 0, 4095),
        (lambda r, s: r.integers(-1000, 1500, s), np.int32, -1000, 1499),
        (lambda r, s: r.uniform(-2, 3, s), np.float32, -2, 3),
        (lambda r, s: r.integers(0, 65_536, s), np.uint16, 0, 65_535),
    ],
)
def test_the_window_is_the_range_of_the_data_and_all_of_the_grey_is_used(put_deep, draw, dtype, low, high):
    data = put_deep(draw, dtype)
    window = window_of(data.items)
    assert window == pytest.approx((low, high), abs=0.01 * (high - low))
    spec = ImageInput(8, (0.5,) * 3, (0.5,) * 3, window=window)
    grey = np.asarray(spec.open(data.items.read(0), "it"))
    assert np.ptp(grey) > 245 and 110 < grey.mean() < 145


def test_one_hot_and_one_infinite_pixel_do_not_decide(put_deep):
    def draw(rng, shape):
        values = rng.uniform(0, 1, shape)
        values[0, :2] = np.inf, 1e30
        return values

    data = put_deep(draw, np.float32)
    low, high = window_of(data.items)
    assert low == pytest.approx(0, abs=0.01) and 1 < high < 2.1
    grey = np.asarray(ImageInput(8, (0.5,) * 3, (0.5,) * 3, window=(low, high)).open(data.items.read(0), "it"))
    assert grey.max() == 255 and grey.mean() > 50


def test_images_of_eight_bits_have_no_window_and_are_kept_under_the_same_keys(put):
    data = load_data(put("a/1.png", "b/2.png"))
    backbone = load_backbone("untrained:resnet18")
    fitted = fitted_to(backbone, data)
    assert window_of(data.items) is None and fitted.input == backbone.input
    assert "window" not in PLAIN.describe() and PLAIN.alike == "grey 32 px"


def test_constant_and_unreadable_images_have_no_window(tmp_path, put_deep):
    data = put_deep(lambda r, s: np.full(s, 7), np.uint16)
    assert window_of(data.items) is None
    for path in tmp_path.rglob("*.tif"):
        path.write_bytes(path.read_bytes()[:60])
    assert window_of(data.items) is None


def test_arrays_of_more_than_eight_bits_are_stretched_too():
    items = ArrayItems(np.random.default_rng(0).integers(0, 4096, (4, 20, 20), dtype=np.uint16))
    spec = ImageInput(8, (0.5,) * 3, (0.5,) * 3, window=window_of(items))
    assert np.asarray(spec.open(items.read(0), "it")).max() > 250
    assert np.asarray(PLAIN.open(items.read(0), "it")).max() < 20


def test_the_window_is_part_of_the_preprocessing_and_kept_with_a_model(put_deep, tmp_path):
    data = put_deep(lambda r, s: r.integers(0, 4096, s), np.uint16)
    spec = fitted_to(load_backbone("untrained:resnet18"), data).input
    plain = load_backbone("untrained:resnet18").input
    assert spec.describe()["window"] == spec.window and spec.describe() != plain.describe()
    assert (spec.alike, spec.opening) != (plain.alike, plain.opening)
    described = {k: list(v) if isinstance(v, tuple) else v for k, v in spec.describe().items()}
    assert ImageInput.restore(described, tmp_path) == spec

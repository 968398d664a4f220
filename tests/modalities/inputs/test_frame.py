"""Whole frames: nothing is cut off, proportions stay, and places follow every view."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from jeoni.modalities.inputs.frame import FrameInput

GREY = (0.5, 0.5, 0.5)


def dots(width=120, height=80):
    """A black picture with three white squares, and the middles of these."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    middles = np.array([[20.0, 20.0], [90.0, 30.0], [60.0, 60.0]])
    for x, y in middles.astype(int):
        pixels[y - 3 : y + 3, x - 3 : x + 3] = 255
    return Image.fromarray(pixels), middles


def brightness_at(row, points):
    values = []
    for x, y in points:
        if 2 <= x < row.shape[1] - 2 and 2 <= y < row.shape[0] - 2:
            values.append(row[int(y), int(x)].mean())
    return values


def test_an_image_keeps_its_proportions_and_the_rest_is_the_mean():
    frame = FrameInput(96, 96, (0.2, 0.4, 0.6), GREY)
    row = frame.row(dots()[0])
    assert row.shape == (96, 96, 3)
    assert (row[0] == np.rint(255 * np.array([0.2, 0.4, 0.6]))).all()
    assert (row[16, :, 0] == 0).mean() > 0.8  # the image begins at (96 - 64) / 2


def test_places_of_the_plain_row_are_where_the_image_shows_them():
    image, middles = dots()
    frame = FrameInput(96, 64, GREY, GREY)
    points = frame.geometry(image.size).points(middles)
    assert min(brightness_at(frame.row(image), points)) > 200


@pytest.mark.parametrize("policy", ["scale", "light", "strong", "medical"])
def test_places_follow_every_view(policy):
    image, middles = dots()
    frame = FrameInput(96, 96, (0.0, 0.0, 0.0), GREY)
    seen = 0
    for number in range(1, 25):
        row, geometry = frame.view(image, policy, b"digest-8", number)
        again = frame.geometry(image.size, policy, b"digest-8", number)
        np.testing.assert_allclose(geometry.matrix, again.matrix)
        values = brightness_at(row, geometry.points(middles))
        seen += len(values)
        assert min(values, default=255) > 100, (policy, number)
    assert seen > 20


def test_a_view_is_the_same_for_the_same_digest_and_number():
    image, _ = dots()
    frame = FrameInput(96, 64, GREY, GREY)
    one, two, other = (frame.view(image, "scale", b"digest-8", n)[0] for n in (1, 1, 2))
    assert (one == two).all()
    assert (one != other).any()


def test_bounds_refuse_a_side_that_is_none():
    described = FrameInput(96, 64, GREY, GREY).describe()
    with pytest.raises(ValueError, match="width"):
        FrameInput.bounds.model_validate({**described, "mean": list(GREY), "std": list(GREY), "width": 0})

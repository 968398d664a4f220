from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from jeoni.errors import ConfigError
from jeoni.modalities.image.augment import POLICIES, augment, find_policy
from jeoni.modalities.inputs.image import ImageInput
from tests.conftest import make_picture

SPEC = ImageInput(32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def varied(picture, policy, digest, view):
    return augment(picture, SPEC.size, SPEC.interpolation, policy, digest, view)[0]


@pytest.mark.parametrize("name", [n for n in POLICIES if n != "none"])
def test_a_view_is_decided_by_content_and_number(name):
    picture, policy = make_picture(0, 0, 60), find_policy(name)
    views = [varied(picture, policy, b"12345678", v) for v in (1, 1, 2)]
    assert np.array_equal(views[0], views[1]) and not np.array_equal(views[0], views[2])
    assert not np.array_equal(views[0], varied(picture, policy, b"87654321", 1))
    assert views[0].shape == (32, 32, 3) and views[0].dtype == np.uint8


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_no_policy_is_the_picture_itself(mode):
    picture = make_picture(1, 0, 60).convert(mode)
    np.testing.assert_array_equal(varied(picture, POLICIES["none"], b"12345678", 1), SPEC.row(picture))


def test_medical_changes_no_colour():
    flat = Image.new("L", (60, 40), 90)
    for view in range(8):
        assert np.unique(varied(flat, POLICIES["medical"], b"12345678", view)).tolist() == [90]
    assert any(len(np.unique(varied(flat, POLICIES["strong"], b"12345678", v))) > 1 for v in range(8))


def test_crops_keep_the_share_that_the_policy_promises():
    ramp = Image.fromarray(np.tile(np.linspace(0, 255, 200).astype(np.uint8), (200, 1)))
    for view in range(20):
        seen = varied(ramp, POLICIES["light"], b"12345678", view)[..., 0].astype(float)
        # width at least sqrt(0.7 / 1.15) of the picture's
        assert seen.max() - seen.min() > 255 * 0.75


def test_an_unknown_policy_lists_the_known_ones():
    with pytest.raises(ConfigError, match="none, light, strong, medical"):
        find_policy("heavy")

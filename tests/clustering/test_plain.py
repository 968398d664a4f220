"""What examples are before any network saw them, and what is said of a gain over it."""

from __future__ import annotations

import numpy as np
import pytest

from jeoni.clustering.outcome import _by_labels
from jeoni.clustering.plain import PLAIN, plain_features
from jeoni.clustering.representations import Representation
from jeoni.data.items import ArrayItems
from jeoni.data.text_items import TextItems
from jeoni.data.vectors import VectorItems
from jeoni.locale import translated
from jeoni.modalities.inputs.image import ImageInput
from jeoni.modalities.inputs.vector import VectorInput
from jeoni.types import Interval


class OfTexts:
    modality = "text"


def test_pictures_are_their_pixels():
    pictures = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    found = plain_features(ArrayItems(pictures), ImageInput(224, (0.5,) * 3, (0.5,) * 3))
    assert found.shape == (3, 3072)
    assert found == pytest.approx(pictures.reshape(3, -1) / 255, abs=1e-6)


def test_texts_with_the_same_words_lie_nearer():
    texts = ["red apples grow", "apples grow red", "dark engines hum", "engines hum darkly"]
    found = plain_features(TextItems(texts), OfTexts())
    distances = np.linalg.norm(found[:, None] - found[None], axis=2)
    assert distances[0, 1] < distances[0, 2] and distances[2, 3] < distances[2, 1]


def test_vectors_are_features_already():
    assert plain_features(VectorItems(np.eye(3)), VectorInput(3)) is None


@pytest.mark.parametrize(
    ("gain", "told"),
    [
        (
            Interval(0.1, 0.05, 0.15),
            "Pretrained features give clusters that are 10.0 points (5.0 to 15.0) more accurate",
        ),
        (
            Interval(-0.1, -0.15, -0.05),
            "Pretrained features did not pay: their clusters are 10.0 points (5.0 to 15.0) less",
        ),
        (Interval(0.01, -0.05, 0.07), "better clusters than raw pixels cannot be told: +1.0 points (-5.0 to 7.0)."),
    ],
)
def test_help_and_harm_are_claimed_only_where_the_interval_leaves_out_zero(gain, told):
    said = _by_labels(gain, Representation("raw", PLAIN["image"], []))
    assert told in said
    assert "원본 픽셀" in translated(said, "ko")

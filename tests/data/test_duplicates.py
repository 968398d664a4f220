from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from sklearn.datasets import load_digits

from jeoni.data.duplicates import ALIKE, BUDGET, clusters, near_pairs
from jeoni.modalities.image.images import open_image, signature


def make_crowd(n, noise, centre):
    rng = np.random.default_rng(n)
    return np.clip(np.rint(centre + rng.normal(0, noise, (n, 1024))), 0, 255).astype(np.uint8)


def correlations(signatures):
    return np.corrcoef(signatures.astype(float))


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(lambda image, encode: open_image(encode(image, "JPEG", quality=60), "copy"), id="jpeg"),
        pytest.param(lambda image, encode: image.resize((140, 105), Image.Resampling.BICUBIC), id="resized"),
        pytest.param(lambda image, encode: ImageEnhance.Brightness(image).enhance(0.9), id="darker"),
    ],
)
def test_a_copy_is_found_among_others(make_image, encode, alter):
    images = [make_image(seed, (200, 150)) for seed in range(20)]
    signatures = np.stack([signature(i) for i in [*images, alter(images[7], encode)]])
    assert near_pairs(signatures).tolist() == [[7, 20]]


def test_distinct_digits_are_not_taken_for_copies():
    signatures = np.stack(
        [signature(Image.fromarray((d * 15).astype(np.uint8)).convert("RGB")) for d in load_digits().images]
    )
    assert len(near_pairs(signatures)) == 0


def test_exactly_the_pairs_above_the_threshold_are_found():
    rng = np.random.default_rng(0)
    base = rng.integers(40, 216, (150, 1024)).astype(float)
    copies = base + rng.normal(0, 1, (150, 1024)) * np.linspace(0.3, 5, 150)[:, None]
    signatures = np.rint(np.concatenate([base, copies])).astype(np.uint8)
    wanted = {(i, j) for i, j in np.argwhere(np.triu(correlations(signatures) >= ALIKE, 1)).tolist()}
    assert 30 < len(wanted) < 120
    assert {(i, j) for i, j in near_pairs(signatures).tolist()} == wanted


def test_flat_images_have_nothing_to_be_recognised_by():
    assert len(near_pairs(make_crowd(50, 1.0, np.full(1024, 128.0)))) == 0
    assert len(near_pairs(np.full((3, 1024), 200, np.uint8))) == 0


@pytest.mark.parametrize("levels, found", [(2, 0), (20, 1)])
def test_blank_images_that_share_a_faint_shade_are_not_copies(levels, found):
    shade = np.rint(200 + levels * np.sin(np.mgrid[:32, :32][0] / 8)).astype(np.uint8).ravel()
    assert len(near_pairs(np.stack([shade, shade]))) == found


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_images_have_no_pairs(n):
    assert near_pairs(np.zeros((n, 1024), np.uint8)).shape == (0, 2)


def test_many_identical_images_are_one_cluster_without_all_pairs():
    centre = np.random.default_rng(1).integers(0, 256, 1024)
    signatures = np.repeat(centre[None].astype(np.uint8), 5000, axis=0)
    pairs = near_pairs(signatures)
    assert clusters(5000, pairs).max() == 0
    assert len(pairs) < 20 * 5000  # all pairs would be 12 million


def test_two_crowds_of_one_picture_are_one_cluster():
    """More copies than are looked at as neighbours: each crowd alone would fill the neighbours of its own."""
    rng = np.random.default_rng(2)
    centre = rng.integers(20, 236, 1024).astype(float)
    near = centre + rng.normal(0, 1.2, 1024)
    signatures = np.concatenate([make_crowd(100, 0.4, centre), make_crowd(101, 0.4, near)])
    between, within = correlations(signatures)[:100, 100:], correlations(signatures)[:100, :100]
    assert ALIKE < between.min() < between.max() < within.min()
    assert clusters(201, near_pairs(signatures)).max() == 0


def test_comparisons_in_a_crowd_that_only_looks_alike_are_bounded(monkeypatch):
    """Fine detail makes them distinct, but it is not in the coefficients by which candidates are found."""
    y, x = np.mgrid[:32, :32]
    rng = np.random.default_rng(3)
    detail = rng.choice([-1.0, 1.0], (400, 32, 32)) * ((x + y) % 2 * 2 - 1)
    coarse = 100 * np.sin(x / 10) * np.cos(y / 9)
    signatures = np.clip(128 + coarse + 5 * detail, 0, 255).astype(np.uint8).reshape(400, -1)
    assert correlations(signatures)[np.triu_indices(400, 1)].max() < ALIKE
    compared = []
    from jeoni.data import duplicates

    whole = duplicates._correlations
    monkeypatch.setattr(duplicates, "_correlations", lambda s, p: compared.append(len(p)) or whole(s, p))
    assert len(near_pairs(signatures)) == 0
    assert 0 < sum(compared) <= (BUDGET + 2 * 16) * 400


def test_clusters_hang_together_through_others():
    found = clusters(6, np.array([[0, 3], [3, 5], [1, 2]]))
    assert found[0] == found[3] == found[5] and found[1] == found[2]
    assert len(set(found.tolist())) == 3
    assert len(set(clusters(4, np.zeros((0, 2), np.int64)).tolist())) == 4

"""Rows of a training tell where places in their examples lie in them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.splits import build_folds
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.modalities.image import images
from jeoni.specs import Recipe
from jeoni.tasks import load_data
from jeoni.training.defaults import resolve_defaults
from jeoni.training.job import Batch
from jeoni.training.rows import ArrayRows, LiveRows, plain_rows, training_rows
from tests.conftest import TINY
from tests.modalities.image.made_dots import centre_of, with_dot

PLACES = np.array([(60.0, 45.0), (50.0, 40.0), (70.0, 50.0), (60.0, 55.0), (65.0, 35.0), (55.0, 45.0)])
TAP = Tap(0, False)


@pytest.fixture
def dots(tmp_path):
    for k, place in enumerate(PLACES):
        folder = tmp_path / f"{'ab'[k % 2]}"
        folder.mkdir(exist_ok=True)
        with_dot(*place, radius=5).save(folder / f"{k}.png")
    backbone = load_backbone(TINY)
    backbone = dataclasses.replace(backbone, input=dataclasses.replace(backbone.input, size=64))
    data, context = load_data(tmp_path), Context(engine="torch")
    seen = context.extract(data.items, [Request(backbone, (TAP,))])
    alone = np.arange(len(data))
    return Examples(data, alone, seen, alone, build_folds(data.targets, alone, 2, 1, 0)), backbone, context


def places_of(examples: Examples) -> np.ndarray:
    """In the order of the data."""
    names = [examples.data.items.name(i) for i in range(len(examples))]
    return np.array([PLACES[int(name.split("/")[-1][0])] for name in names])


def source_of(kind: str, examples, backbone, context):
    if kind == "plain":
        return plain_rows(examples, backbone, TAP, context)
    if kind == "live":
        return LiveRows(examples, backbone, TAP, "medical", context)
    return training_rows(examples, backbone, TAP, resolve_defaults(Recipe(augment="light", views=3), {}, 6), context)[0]


@pytest.mark.parametrize("kind", ["plain", "live", "kept views"])
def test_a_batch_tells_where_dots_lie_in_its_rows(dots, kind, monkeypatch):
    examples = dots[0]
    rows, places, index = source_of(kind, *dots), places_of(examples), np.array([4, 0, 3, 3])
    found = 0
    for epoch in range(6):
        views = np.full(4, epoch)
        pixels = rows.batch(index, views)
        with monkeypatch.context() as patched:
            patched.setattr(images.Image.Image, "resize", lambda *a, **k: pytest.fail("pixels were touched"))
            geometries = Batch(pixels, index, index, views, rows).geometries()
        for row, geometry, number in zip(pixels, geometries, index, strict=True):
            (wanted,) = geometry.points(places[[number]])
            centre = centre_of(row)
            if centre is not None and ((wanted > 8) & (wanted < 56)).all():
                assert np.abs(centre - wanted).max() < 1.5
                found += 1
    assert found > 15


def test_rows_of_an_array_know_of_no_place():
    rows = ArrayRows(np.zeros((3, 2)))
    assert rows.geometries(np.array([0, 2]), np.array([0, 0])) == (None, None)
    assert Batch(rows, np.zeros(1), np.array([1]), np.array([0])).geometries() == (None,)

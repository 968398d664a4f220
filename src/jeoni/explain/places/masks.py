"""Classes of pixels as layers over a picture: what is there, what was predicted, and where the two differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from jeoni.data.annotations import LabelMap, Mask
from jeoni.data.annotations.kinds import VOID
from jeoni.data.annotations.palette import distinct_colours
from jeoni.explain.places.canvas import Canvas
from jeoni.types import Array

__all__ = ["draw_masks", "resized_labels"]

Colour = tuple[int, int, int, int]

HATCH = (165, 165, 165, 255)
WRONG = (214, 40, 40, 255)
CLEAR = (0, 0, 0, 0)
MOST = 240  # colours of a palette that leave room for these
PERIOD, WIDTH = 8, 3  # of the hatching, pixels


def draw_masks(canvas: Canvas, annotation: Mask, prediction: LabelMap, names: tuple[str, ...]) -> dict[str, Any]:
    """The layers ``true``, ``predicted`` and ``wrong`` of a :class:`jeoni.runs.records.ShownPicture`.

    Pixels of which nothing is said are hatched.

    Args:
        canvas: of the picture.
        annotation: what is there.
        prediction: what was predicted.
        names: of the classes.
    """
    true = resized_labels(annotation.read(), canvas.thumb.size)
    predicted = resized_labels(prediction.labels, canvas.thumb.size)
    return {
        "true": canvas.save(_layer(true, len(names)), "-true"),
        "predicted": canvas.save(_layer(predicted, len(names)), "-predicted"),
        "wrong": canvas.save(_differing(true, predicted), "-wrong"),
    }


def resized_labels(labels: Array, size: tuple[int, int]) -> Array:
    """``(h, w)`` labels at a width and height: each place takes the label that lies nearest."""
    image = Image.fromarray(labels.astype(np.int32), mode="I")
    return np.asarray(image.resize(size, Image.Resampling.NEAREST), dtype=np.int16)


def _layer(labels: Array, classes: int) -> Image.Image:
    """Each class in its colour."""
    colours = [_rgba(colour) for colour in distinct_colours(min(classes, MOST))]
    return _painted(np.where(labels == VOID, VOID, labels % MOST), colours)


def _differing(true: Array, predicted: Array) -> Image.Image:
    """Red where the two differ."""
    wrong = (true != predicted).astype(np.int16)
    return _painted(np.where(true == VOID, VOID, wrong), [CLEAR, WRONG])


def _painted(numbers: Array, colours: Sequence[Colour]) -> Image.Image:
    """Numbers ``(h, w)`` in their colours; grey stripes where nothing is said. A palette makes the file small."""
    y, x = np.indices(numbers.shape)
    stripe = (x + y) % PERIOD < WIDTH
    void = np.where(stripe, len(colours), len(colours) + 1)
    image = Image.fromarray(np.where(numbers == VOID, void, numbers).astype(np.uint8), mode="P")
    table = np.array([*colours, HATCH, CLEAR], dtype=np.uint8)
    image.putpalette(table[:, :3].ravel().tolist())
    image.info["transparency"] = table[:, 3].tobytes()
    return image


def _rgba(colour: str) -> Colour:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue, 255

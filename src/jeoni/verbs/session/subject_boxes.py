"""Where the boxes of subjects come from: a detector of jeoni's own, a JSON as COCO has it, or whole pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.data.annotations import Detections
from jeoni.dense.in_boxes import GivenBoxes
from jeoni.dense.model import DenseModel
from jeoni.dense.network import extent_of
from jeoni.errors import ConfigError, DataError
from jeoni.features.examples import Context
from jeoni.locale import Said
from jeoni.models.loading import load_model
from jeoni.types import Items

__all__ = ["LEAST_SURE", "MOST", "WHOLE", "boxes_for"]

WHOLE = "whole"
MOST = 20  # boxes of one picture: as many as the evaluation of keypoints looks at
LEAST_SURE = 0.3  # of a detection, where nothing is scored


def boxes_for(
    said: str, model: DenseModel, pictures: Items, context: Context, least: float = LEAST_SURE
) -> list[GivenBoxes]:
    """The boxes of each picture, the surest first.

    Args:
        said: a model folder or a run of a detection, a JSON file, or ``whole``.
        model: of keypoints.
        pictures: the pictures.
        context: where a detector computes.
        least: the lowest score of boxes that are taken.

    Raises:
        ConfigError: nothing was said, or a model of something else.
        DataError: a file that does not hold boxes, or of none of the pictures.
    """
    if not said:
        raise ConfigError(Said("dense.boxes_needed"))
    if said == WHOLE:
        return [_whole(pictures, i, model) for i in range(len(pictures))]
    path = Path(said)
    if path.suffix.lower() == ".json" and path.is_file():
        given = _from_file(path, pictures, context)
    else:
        given = _detected(said, pictures, context)
    return [_surest(one, least) for one in given]


def _whole(pictures: Items, index: int, model: DenseModel) -> GivenBoxes:
    try:
        width, height = extent_of(pictures, index, model.backbone.input)
    except DataError as error:
        return GivenBoxes.none(str(error))
    return GivenBoxes(np.array([[0.0, 0.0, width, height]]), np.ones(1))


def _surest(one: GivenBoxes, least: float) -> GivenBoxes:
    order = np.argsort(-one.sure, kind="stable")[:MOST]
    kept = order[one.sure[order] >= least]
    return GivenBoxes(one.boxes[kept], one.sure[kept], one.error)


def _detected(said: str, pictures: Items, context: Context) -> list[GivenBoxes]:
    """What a detector finds, of whatever class."""
    detector = load_model(said)
    if not isinstance(detector, DenseModel) or detector.task.family != "detection":
        raise ConfigError(Said("dense.no_detector", path=said, task=detector.task.id))
    given = []
    with context.console.track("Boxes", len(pictures)) as advance:
        for one in detector.predictions(pictures, context):
            advance(1)
            if isinstance(one.prediction, Detections):
                given.append(GivenBoxes(one.prediction.boxes, one.prediction.scores))
            else:
                given.append(GivenBoxes.none(one.error))
    return given


def _from_file(path: Path, pictures: Items, context: Context) -> list[GivenBoxes]:
    """Of each picture what the file says; pictures that it does not name have no boxes, which is told."""
    by_name = _read(path)
    given, unnamed = [], 0
    for i in range(len(pictures)):
        found = next((by_name[key] for key in _keys(pictures.name(i)) if key in by_name), None)
        unnamed += found is None
        boxes = np.array([box for box, _ in found or ()], dtype=np.float64).reshape(-1, 4)
        given.append(GivenBoxes(boxes, np.array([sure for _, sure in found or ()], dtype=np.float64)))
    if unnamed == len(pictures):
        raise DataError(Said("dense.boxes_of_none", path=str(path), name=pictures.name(0)), path=str(path))
    if unnamed:
        context.console.warn(Said("dense.boxes_missing", path=str(path), n=f"{unnamed:,}"))
    return given


def _keys(name: str) -> list[str]:
    """What a file may call a picture: its path, its name, without its ending, or its number."""
    path = Path(name)
    number = [str(int(path.stem))] if path.stem.isdecimal() else []
    return [path.as_posix(), path.name, path.stem, *number]


Found = dict[str, list[tuple[list[float], float]]]


def _read(path: Path) -> Found:
    """Boxes by what a file calls their picture: COCO's results, or its annotations with scores."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content, Mapping):
            names = {one["id"]: str(one["file_name"]) for one in content["images"]}
            found: Found = {name: [] for name in names.values()}
            return _filled(found, content["annotations"], names)
        return _filled({}, content, None)
    except (OSError, ValueError, KeyError, TypeError) as error:
        told = Said("dense.no_boxes_in", path=str(path), reason=f"{type(error).__name__}: {error}"[:160])
        raise DataError(told, path=str(path)) from error


def _filled(found: Found, entries: Sequence[Mapping[str, Any]], names: Mapping[Any, str] | None) -> Found:
    for one in entries:
        name = names[one["image_id"]] if names is not None else str(one["image_id"])
        left, top, width, height = (float(value) for value in one["bbox"])
        if not np.isfinite([left, top, width, height]).all():
            raise ValueError("a box of numbers that are not finite")
        if width > 0 and height > 0:
            box = [left, top, left + width, top + height]
            found.setdefault(name, []).append((box, float(one.get("score", 1.0))))
    return found

"""LabelMe (Russell et al. 2008; Wada 2016), the desktop tool: a JSON of shapes beside each picture.

Coordinates are continuous, from 0 at the left edge of the first pixel. Later shapes cover earlier ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, ClassVar

import numpy as np

from jeoni.data.annotations.kinds import Detections, Prediction, Skeleton, Skeletons
from jeoni.data.annotations.notes import Fault, Notes, understood
from jeoni.data.annotations.outputs import output_files
from jeoni.data.annotations.pictures import NONE_OF_ITS_NAME, by_stem, part_folders, pictures_in, subfolders
from jeoni.data.annotations.polygons import ellipse
from jeoni.data.annotations.protocol import Predicted, ReadOptions
from jeoni.data.annotations.shapes import Drawn, Shape, Shaped, dataset_of_shapes, offered
from jeoni.data.annotations.sources import begins_with, read_json, stated_side
from jeoni.data.files import list_folder, walk
from jeoni.data.kinds import composed
from jeoni.errors import ConfigError, DataError
from jeoni.locale import Said
from jeoni.types import Dataset

__all__ = ["LabelMe"]

PICTURES = ("images", "image", "imgs", "img", "jpegimages")
FILES = ("annotations", "annotation", "labels", "label", "json", "jsons")
VERSION = "5.0.1"  # of the tool whose files are alike
FIRST = 3  # files that are looked at, to recognise the format
OTHER = Fault(
    "other_shape",
    "a shape is a line or a mask, which are not read",
    "{n} shapes are lines or masks, which are not read",
    "left out",
)


@dataclass(frozen=True)
class LabelMe:
    """Polygons, rectangles, circles and points, in a JSON of the same name as the picture."""

    title: ClassVar[str] = "LabelMe"
    tasks: ClassVar[tuple[str, ...]] = ("segmentation", "detection", "pose")
    writes: ClassVar[tuple[str, ...]] = ("detection", "pose")
    needs: ClassVar[str] = "a .json file with shapes beside each picture"
    by_request: ClassVar[bool] = False

    def recognises(self, root: Path) -> bool:
        """Whether a JSON begins as LabelMe's do."""
        return root.is_dir() and any(_is_labelme(files) for _, files, _ in _places(root))

    def read(self, root: Path, options: ReadOptions) -> Dataset:
        """See :class:`jeoni.data.annotations.protocol.Format`."""
        options.refuse_classes(self.title)
        notes = Notes()
        pictures: list[Shaped] = []
        for folder, files_folder, part in _places(root):
            files = by_stem((f for f in walk(files_folder, root).files if f.suffix.lower() == ".json"), files_folder)
            for stem, path in by_stem(pictures_in(folder, root, notes), folder, root, notes).items():
                name = composed(path.relative_to(root).as_posix())
                pictures.append(_picture(path, name, files.pop(stem, None), part, notes))
            for path in files.values():
                notes.add(NONE_OF_ITS_NAME, path.relative_to(root).as_posix())
        there = offered(pictures) or self.tasks
        return dataset_of_shapes(root, pictures, Drawn(in_order=True), options.wanted or there[0], options, notes)

    def write(self, folder: Path, predicted: Predicted) -> list[Path]:
        """Write a JSON for each picture, to be laid beside it: rectangles or points, each with how sure it is.

        Raises:
            ConfigError: keypoints of several subjects, of which single points do not say whose they are.
        """
        if any(isinstance(one, Skeletons) for one in predicted.predictions):
            raise ConfigError(Said("dense.one_skeleton", title=self.title))
        files = output_files(folder, predicted.names, ".json", predicted.notes)
        everything = zip(files, predicted.names, predicted.sizes, predicted.predictions, strict=True)
        for path, name, size, prediction in everything:
            content = _written(PurePath(name).name, size, _shapes_of(prediction, predicted.vocabulary))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")
        return files


def _written(name: str, size: tuple[int, int], shapes: list[dict[str, Any]]) -> dict[str, Any]:
    """The content of a file as the tool opens it: the picture itself is not in it."""
    picture = {"imagePath": name, "imageData": None, "imageHeight": size[1], "imageWidth": size[0]}
    return {"version": VERSION, "flags": {}, "shapes": shapes, **picture}


def _shapes_of(prediction: Prediction, names: Sequence[str]) -> list[dict[str, Any]]:
    if isinstance(prediction, Detections):
        corners = prediction.boxes.reshape(-1, 2, 2).tolist()
        found = zip(prediction.labels.tolist(), corners, prediction.scores.tolist(), strict=True)
        return [_drawn(names[label], points, "rectangle", score) for label, points, score in found]
    assert isinstance(prediction, Skeleton)
    singles = zip(names, prediction.points.tolist(), prediction.scores.tolist(), strict=True)
    return [_drawn(name, [point], "point", score) for name, point, score in singles if np.isfinite(point).all()]


def _drawn(label: str, points: list[list[float]], kind: str, score: float) -> dict[str, Any]:
    return {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}, "score": score}


def _places(root: Path) -> list[tuple[Path, Path, str]]:
    """Folders of pictures, folders of their files, and the part that both are."""
    parts = part_folders(root)
    if parts:
        return [(*(_pair(folder) or (folder, folder)), part) for part, folder in parts.items()]
    return [(*(_pair(root) or (root, root)), "")]


def _pair(folder: Path) -> tuple[Path, Path] | None:
    below = subfolders(folder)
    pictures = next((below[name] for name in PICTURES if name in below), None)
    files = next((below[name] for name in FILES if name in below), None)
    return None if pictures is None or files is None else (pictures, files)


def _is_labelme(folder: Path) -> bool:
    files = [path for path in list_folder(folder) if path.suffix.lower() == ".json"][:FIRST]
    begins = [begins_with(path) for path in files]
    return any(text.startswith("{") and '"shapes"' in text for text in begins)


def _picture(path: Path, name: str, file: Path | None, part: str, notes: Notes) -> Shaped:
    if file is None:
        return Shaped(path, name, None, part)
    found = understood(lambda: _shapes(file), name, file.name, notes)
    if found is None:
        return Shaped(path, name, None, part)
    shapes, size = found
    for number, shape in enumerate(shapes, start=1):
        if shape is None:
            notes.add(OTHER, name, f"shape {number} of {file.name}")
    return Shaped(path, name, [shape for shape in shapes if shape is not None], part, size)


def _shapes(file: Path) -> tuple[list[Shape | None], tuple[float, float]]:
    """The shapes of a file, and the size of the picture that it states; None for those that are not read."""
    content = _content(file)
    shapes = [_shape(one, f"shape {k} of {file.name}", file) for k, one in enumerate(content["shapes"], start=1)]
    return shapes, (stated_side(content.get("imageWidth")), stated_side(content.get("imageHeight")))


def _content(file: Path) -> Mapping[str, Any]:
    content = read_json(file)
    shapes = content.get("shapes") if isinstance(content, dict) else None
    if not isinstance(shapes, list) or not all(isinstance(one, dict) for one in shapes):
        raise DataError(f"{file} holds no list of shapes. Needed: a file of LabelMe.", path=str(file))
    checked: Mapping[str, Any] = content
    return checked


def _shape(one: Mapping[str, Any], place: str, file: Path) -> Shape | None:
    """A shape; None of a kind that is not read."""
    label = composed(str(one.get("label") or "").strip())
    if not label:
        raise DataError(f"{file}: {place} has no label.", path=str(file))
    try:
        points = np.asarray(one.get("points"), dtype=np.float64).reshape(-1, 2)
    except (ValueError, TypeError):
        points = np.full((1, 2), np.nan)
    if not len(points) or not np.isfinite(points).all():
        raise DataError(f"{file}: {place} has points that are no numbers. Needed: pairs of x and y.", path=str(file))
    kind = one.get("shape_type") or "polygon"
    if kind == "polygon" and len(points) > 2:
        return Shape(label, place, rings=(points,))
    if kind == "rectangle" and len(points) > 1:
        left, top = points.min(axis=0).tolist()
        right, bottom = points.max(axis=0).tolist()
        return Shape(label, place, (left, top, right, bottom))
    if kind == "circle" and len(points) == 2:
        radius = float(np.hypot(*(points[1] - points[0])))
        return Shape(label, place, rings=(ellipse(points[0], radius, radius),))
    if kind == "point":
        x, y = points[0].tolist()
        return Shape(label, place, point=(x, y))
    return None

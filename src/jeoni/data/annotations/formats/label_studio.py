"""Label Studio (Tkachenko et al. 2020): its JSON export, a list of tasks with their results.

Coordinates are hundredths of a picture's width and height. Of several annotators the first is taken. What was painted
with the brush is in a format of its own: export that as COCO, or as PNG.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from jeoni.data.annotations.notes import Fault, Notes, understood
from jeoni.data.annotations.pictures import (
    NO_PICTURE,
    SIZE_NOT_KNOWN,
    folder_of,
    only_file,
    picture_size,
    pictures_in,
)
from jeoni.data.annotations.polygons import ellipse
from jeoni.data.annotations.protocol import ReadOptions
from jeoni.data.annotations.shapes import Drawn, Shape, Shaped, dataset_of_shapes, offered
from jeoni.data.annotations.sources import begins_with, ends_with, read_json, stated_side
from jeoni.data.annotations.written_paths import PicturesByPath
from jeoni.data.kinds import SUFFIXES, composed
from jeoni.errors import DataError
from jeoni.types import Dataset, FloatArray

__all__ = ["LabelStudio"]

UPLOAD = r"^[0-9a-f]{8}-"  # what an upload puts before a file's name
HUNDREDTHS = 100.0
BRUSH = "brushlabels"
SIGNS = (("annotations", "data"), ("completions", "data"), ("annotation_id", "annotator"))
KINDS = ("rectanglelabels", "polygonlabels", "keypointlabels", "ellipselabels")
SEVERAL = Fault(
    "several_annotators", "more than one person annotated it", "more than one person annotated it", "the first is taken"
)
UNCERTAIN = Fault(
    "uncertain_picture",
    "the export does not say which picture of this name it means",
    "the export does not say which picture of this name it means",
    "left out",
)
NOT_NAMED = Fault("unlabelled", "the export does not name it", "the export does not name it", "left out")
OTHER = Fault(
    "other_shape", "a result is of a kind that is not read", "{n} results are of kinds that are not read", "left out"
)


@dataclass(frozen=True)
class LabelStudio:
    """Rectangles, polygons, ellipses and keypoints of the JSON export."""

    title: ClassVar[str] = "Label Studio"
    tasks: ClassVar[tuple[str, ...]] = ("detection", "segmentation", "pose")
    needs: ClassVar[str] = "the JSON export (not JSON-MIN) beside the pictures"
    by_request: ClassVar[bool] = False

    def recognises(self, root: Path) -> bool:
        """Whether a JSON begins as a list of tasks."""
        return _file_of(root) is not None

    def read(self, root: Path, options: ReadOptions) -> Dataset:
        """See :class:`jeoni.data.annotations.protocol.Format`."""
        options.refuse_classes(self.title)
        notes = Notes()
        file = _file_of(root)
        assert file is not None
        folder = folder_of(root)
        found = pictures_in(folder, folder, notes)
        tasks = _tasks(file)
        places = [f"task {task.get('id', number)}" for number, task in enumerate(tasks, start=1)]
        paths = _paths_of(tasks, places, found, folder, notes)
        pictures = [
            _picture(task, place, path, folder, file, notes)
            for task, place, path in zip(tasks, places, paths, strict=True)
            if path is not None
        ]
        there = offered(pictures) or self.tasks
        return dataset_of_shapes(root, pictures, Drawn(), options.wanted or there[0], options, notes)


def _file_of(root: Path) -> Path | None:
    return only_file(root, ".json", _is_export)


def _is_export(path: Path) -> bool:
    """Whether a file begins as a list of tasks, or of what JSON-MIN makes of them."""
    begins = begins_with(path)
    if not re.match(r'\[\s*\{\s*"', begins):
        return False
    both = begins + ends_with(path)
    return any(all(f'"{sign}"' in both for sign in signs) for signs in SIGNS)


def _tasks(file: Path) -> list[Mapping[str, Any]]:
    content = read_json(file)
    if not isinstance(content, list) or not all(isinstance(one, dict) and "data" in one for one in content):
        raise DataError(
            f"{file} is no JSON export of Label Studio with its tasks and results. Export it as JSON, not as "
            "JSON-MIN; or as COCO.",
            path=str(file),
        )
    return content


def _paths_of(
    tasks: Sequence[Mapping[str, Any]], places: Sequence[str], found: Sequence[Path], folder: Path, notes: Notes
) -> list[Path | None]:
    """The picture of each task, None where there is none that is certain; pictures that no task means are told."""
    pictures = PicturesByPath(found, folder, UPLOAD)
    written = [_written_path(task, pictures) for task in tasks]
    matches = pictures.match_all(written)
    for place, own, match in zip(places, written, matches, strict=True):
        if not match.paths:
            notes.add(NO_PICTURE, own.name or place)
        elif match.path is None:
            notes.add(UNCERTAIN, str(own), ", ".join(path.relative_to(folder).as_posix() for path in match.paths))
    possible = {path for match in matches for path in match.paths}
    for path in found:
        if path not in possible:
            notes.add(NOT_NAMED, path.relative_to(folder).as_posix())
    return [match.path for match in matches]


def _picture(task: Mapping[str, Any], place: str, path: Path, folder: Path, file: Path, notes: Notes) -> Shaped:
    name = composed(path.relative_to(folder).as_posix())
    where = f"{place} of {file.name}"
    results = understood(lambda: _results(task, name, notes), name, where, notes)
    if results is None:
        return Shaped(path, name, None)
    _refuse_painted(results, place, file)
    shapes = understood(lambda: _shapes(results, place, path, name, file, notes), name, where, notes)
    return Shaped(path, name, shapes, stated=_stated(results))


def _results(task: Mapping[str, Any], name: str, notes: Notes) -> list[Mapping[str, Any]] | None:
    """What the first annotator drew; None where nobody did."""
    done = [one for one in task.get("annotations") or task.get("completions") or () if not one.get("was_cancelled")]
    if len(done) > 1:
        notes.add(SEVERAL, name)
    if not done:
        return None
    results = list(done[0].get("result") or ())
    if not all(isinstance(one, dict) for one in results):
        raise TypeError("a result")
    return results


def _refuse_painted(results: Sequence[Mapping[str, Any]], place: str, file: Path) -> None:
    if any(one.get("type") == BRUSH for one in results):
        raise DataError(
            f"{file} holds regions that were painted with the brush ({place}), in a format of Label Studio's own. "
            "Export it as COCO, or as PNG, and give that.",
            path=str(file),
        )


def _written_path(task: Mapping[str, Any], pictures: PicturesByPath) -> PurePosixPath:
    """The file's path in a task's data: a path, an address, or a local file after ``?d=``; empty where none is."""
    data = task.get("data")
    values = [value for value in data.values() if isinstance(value, str)] if isinstance(data, dict) else []
    paths = [_path_in(value) for value in values]
    known = [path for path in paths if path.suffix.lower() in SUFFIXES["image"] or pictures.holds(path.name)]
    return known[0] if known else PurePosixPath()


def _path_in(value: str) -> PurePosixPath:
    try:
        address = urlsplit(value.replace("\\", "/"))
    except ValueError:  # a text that is no address
        return PurePosixPath()
    local = parse_qs(address.query).get("d")
    return PurePosixPath(composed(unquote(local[0] if local else address.path)))


def _stated(results: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    first = next((one for one in results if "original_width" in one), {})
    return stated_side(first.get("original_width")), stated_side(first.get("original_height"))


def _shapes(
    results: Sequence[Mapping[str, Any]], place: str, path: Path, name: str, file: Path, notes: Notes
) -> list[Shape] | None:
    """The shapes in pixels; None where the size of the picture is not known."""
    size = picture_size(path) or _stated(results)
    if not all(size):
        notes.add(SIZE_NOT_KNOWN, name)
        return None
    extent = np.array(size, dtype=np.float64)
    shapes: list[Shape] = []
    for number, one in enumerate(results, start=1):
        kind = str(one.get("type", ""))
        if kind not in KINDS:
            notes.add(OTHER, name, f"{place}, result {number}: {kind}")
            continue
        shapes.append(_shape(kind, one["value"], extent, f"{place}, result {number}", file))
    return shapes


def _shape(kind: str, value: Mapping[str, Any], extent: FloatArray, place: str, file: Path) -> Shape:
    labels = value[kind]
    label = composed(str(labels[0]).strip()) if labels else ""
    if not label:
        raise DataError(f"{file}: {place} has no label.", path=str(file))
    scale = extent / HUNDREDTHS
    if kind == "polygonlabels":
        return Shape(label, place, rings=(_finite(value["points"]).reshape(-1, 2) * scale,))
    corner = _finite([value["x"], value["y"]]) * scale
    if kind == "keypointlabels":
        x, y = corner.tolist()
        return Shape(label, place, point=(x, y))
    turned = float(value.get("rotation") or 0)
    if kind == "ellipselabels":
        across, down = (_finite([value["radiusX"], value["radiusY"]]) * scale).tolist()
        return Shape(label, place, rings=(ellipse(corner, across, down, turned),))
    width, height = (_finite([value["width"], value["height"]]) * scale).tolist()
    if not turned:
        left, top = corner.tolist()
        return Shape(label, place, (left, top, left + width, top + height))
    angle = np.deg2rad(turned)  # clockwise, about the left upper corner
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])
    return Shape(label, place, rings=(corners @ turn + corner,))


def _finite(written: Any) -> FloatArray:
    numbers = np.asarray(written, dtype=np.float64)
    if not numbers.size or not np.isfinite(numbers).all():
        raise ValueError("numbers")
    return numbers

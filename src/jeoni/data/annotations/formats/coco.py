"""COCO (Lin et al. 2014): boxes, polygons, runs of pixels and keypoints of many pictures in one JSON.

Boxes are ``x, y, width, height``, continuous from 0 at the left edge of the first pixel. Keypoints are numbers of
pixels, whose middle is meant: half a pixel is added. A keypoint of visibility 0 is not annotated; one of 1, hidden, is
kept where it was put. Crowds are ignored in detection; in a mask their pixels are of their class.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from jeoni.data.annotations.coco_categories import agreed_classes, edges_of, is_id, named_categories
from jeoni.data.annotations.coco_writing import MIDDLE, written_coco
from jeoni.data.annotations.notes import DAMAGED, Fault, Notes
from jeoni.data.annotations.numbering import Numbering, agreed
from jeoni.data.annotations.outputs import new_file
from jeoni.data.annotations.pictures import NO_PICTURE, part_folders, pictures_in, subfolders
from jeoni.data.annotations.protocol import Predicted, ReadOptions
from jeoni.data.annotations.runs import Runs
from jeoni.data.annotations.shapes import Drawn, Shape, Shaped, dataset_of_shapes, offered
from jeoni.data.annotations.sources import begins_with, ends_with, read_json, stated_side
from jeoni.data.columns import PARTS
from jeoni.data.files import list_folder
from jeoni.data.kinds import composed, spelled
from jeoni.errors import DataError
from jeoni.types import Dataset, FloatArray

__all__ = ["COCO"]

KEYS = "info|licenses|images|annotations|categories|type"
SIGNS = ("images", "annotations", "categories", "file_name", "image_id", "category_id")
FOLDERS = ("annotations", "annotation", "labels")
OTHERS = ("captions", "panoptic", "stuff", "image_info")  # files of COCO that are about something else
FEWEST = 6  # numbers of a polygon
MOST_ID = 1 << 31  # of a category that is kept
NO_IMAGE = Fault(
    "unknown_picture",
    "an annotation is of an image that does not exist",
    "{n} annotations are of images that do not exist",
    "left out",
)
NO_CLASS = Fault(
    "unknown_class",
    "an annotation is of a category that does not exist",
    "{n} annotations are of categories that do not exist",
    "left out",
)
NO_SHAPE = Fault(
    "unreadable_shape",
    "an annotation has no shape that can be read",
    "{n} annotations have no shape that can be read",
    "left out",
)
TWO_IMAGES = Fault(
    "duplicate_id",
    "another picture has its id, and nothing says whose the annotations are",
    "{n} other pictures have its id, and nothing says whose the annotations are",
    "left out",
)
NOT_NAMED = Fault("in_no_split", "no JSON names it", "no JSON names it", "left out")


@dataclass(frozen=True)
class COCO:
    """One JSON for all pictures, or one for each part."""

    title: ClassVar[str] = "COCO"
    tasks: ClassVar[tuple[str, ...]] = ("detection", "segmentation", "pose")
    writes: ClassVar[tuple[str, ...]] = ("detection", "segmentation", "pose")
    needs: ClassVar[str] = "a JSON with images, annotations and categories, beside the pictures or in annotations/"
    by_request: ClassVar[bool] = False

    def recognises(self, root: Path) -> bool:
        """Whether a JSON begins as COCO's do."""
        return bool(_files(root))

    def read(self, root: Path, options: ReadOptions) -> Dataset:
        """See :class:`jeoni.data.annotations.protocol.Format`."""
        options.refuse_classes(self.title)
        notes = Notes()
        pictures: list[Shaped] = []
        classes_by_id: list[tuple[str, int]] = []
        subjects: list[tuple[str, int]] = []
        edges: tuple[tuple[int, int], ...] = ()
        drawn = Drawn()
        files = _meant(_files(root), options.wanted)
        places = _Places(_base(root), notes)
        for path, part in files:
            content = _Content.of(path)
            if drawn.keypoints and content.keypoints and drawn.keypoints != content.keypoints:
                raise DataError(
                    f"{path} is of the keypoints {', '.join(content.keypoints)}, another file of "
                    f"{', '.join(drawn.keypoints)}. All must be of the same.",
                    path=str(path),
                )
            names = tuple(content.categories.values())
            classes = dict.fromkeys((*drawn.classes, *names))
            drawn = Drawn(tuple(classes), drawn.keypoints or content.keypoints)
            classes_by_id += content.numbers("").items()
            edges = edges or content.edges
            subjects += content.numbers("pose").items()
            pictures.extend(_pictures(content, path, part, places, notes))
        places.tell_unnamed(pictures)
        there = offered(pictures) or self.tasks
        first = "pose" if "pose" in there else "detection"
        task = options.wanted or first
        numbers = agreed_classes(subjects if task == "pose" else classes_by_id, notes)
        data = dataset_of_shapes(root, pictures, drawn, task, options, notes)
        return replace(data, class_numbers=numbers, edges=edges if task == "pose" else ())

    def numbering(self, root: Path, task: str, notes: Notes) -> Numbering:
        """The ids of images and of categories; none where files contradict each other, which is told."""
        places = _Places(_base(root), Notes())
        classes: list[tuple[str, int]] = []
        pictures: list[tuple[str, Any]] = []
        for path, _ in _meant(_files(root), task):
            content = _Content.of(path)
            classes += content.numbers(task).items()
            usable = [one for one in content.images if is_id(one.get("id"))]
            pictures += [(composed(name), one["id"]) for one in usable if (name := places.name(one, path))]
        ids = agreed(pictures)
        if ids is None:
            notes.tell("image_ids", "", "the JSON files give images different ids", "predictions get new ones")
        return Numbering(agreed_classes(classes, notes), "coco", ids or {})

    def write(self, folder: Path, predicted: Predicted) -> list[Path]:
        """Write ``predictions.json``: images, categories, and annotations with their scores."""
        folder.mkdir(parents=True, exist_ok=True)
        path = new_file(folder / "predictions.json")
        content = written_coco(predicted)
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return [path]


@dataclass(frozen=True)
class _Content:
    images: Sequence[Mapping[str, Any]]
    annotations: Sequence[Mapping[str, Any]]
    categories: Mapping[Any, str]  # by id
    keypoints: tuple[str, ...]
    subjects: tuple[Any, ...]  # ids of categories that have keypoints
    edges: tuple[tuple[int, int], ...]  # between keypoints, by their numbers

    def numbers(self, task: str) -> dict[str, int]:
        """Whole ids of categories by name; of two that are called the same, the one of more annotations."""
        counts = Counter(one["category_id"] for one in self.annotations if is_id(one.get("category_id")))
        found: dict[str, int] = {}
        for id in self.subjects if task == "pose" else self.categories:
            name = self.categories[id]
            whole = isinstance(id, int) and 0 <= id < MOST_ID
            if whole and (name not in found or counts[id] > counts[found[name]]):
                found[name] = id
        return found

    @classmethod
    def of(cls, path: Path) -> _Content:
        content = read_json(path)
        lists = []
        for key in ("images", "annotations", "categories"):
            own = content.get(key) if isinstance(content, dict) else None
            if not isinstance(own, list) or not all(isinstance(one, dict) for one in own):
                raise DataError(
                    f"{path} holds no list of {key}. Needed: COCO's JSON of instances or keypoints.", path=str(path)
                )
            lists.append(own)
        images, annotations, categories = lists
        named = named_categories(categories, path)
        subjects = [one for one in categories if one.get("keypoints")]
        first: Mapping[str, Any] = subjects[0] if subjects else {}
        keypoints = tuple(composed(str(point)) for point in first.get("keypoints", ()))
        edges = edges_of(first.get("skeleton"), len(keypoints))
        return cls(images, annotations, named, keypoints, tuple(one["id"] for one in subjects), edges)


@dataclass
class _Places:
    """Where pictures lie."""

    root: Path
    notes: Notes
    _by_name: dict[str, list[Path]] | None = field(default=None)

    def find(self, written: str, json_file: Path) -> Path | None:
        """The file of a picture as a JSON names it."""
        suffix = re.sub(r"^[a-z_]*?_", "", json_file.stem)  # instances_train2017: its pictures lie in train2017
        own = json_file.parent
        folders = (
            own,
            self.root,
            own / "images",
            self.root / "images",
            self.root / suffix,
            self.root / "images" / suffix,
        )
        for folder in folders:
            path = Path(spelled(folder / written))
            if path.is_file():
                return path
        alike = self.by_name.get(composed(Path(written).name), [])
        return alike[0] if len(alike) == 1 else None

    def name(self, image: Mapping[str, Any], json_file: Path) -> str:
        """What to call a picture; empty where it is not there."""
        written = image.get("file_name")
        file = self.find(written, json_file) if isinstance(written, str) else None
        return "" if file is None else self.called(file)

    def called(self, file: Path) -> str:
        """Its path below the root."""
        return composed(file.relative_to(self.root).as_posix()) if file.is_relative_to(self.root) else str(file)

    @property
    def by_name(self) -> dict[str, list[Path]]:
        """All pictures below the root, by their names."""
        if self._by_name is None:
            self._by_name = {}
            for path in pictures_in(self.root, self.root, self.notes):
                self._by_name.setdefault(composed(path.name), []).append(path)
        return self._by_name

    def tell_unnamed(self, pictures: Sequence[Shaped]) -> None:
        """Tell of the pictures that lie there and that no JSON names."""
        named = {picture.path.resolve() for picture in pictures}
        for paths in self.by_name.values():
            for path in paths:
                if path.resolve() not in named:
                    self.notes.add(NOT_NAMED, path.relative_to(self.root).as_posix())


def _files(root: Path) -> list[tuple[Path, str]]:
    """The JSON files of a folder, and the part of each."""
    if root.is_file():
        return [(root, _part_in(root.stem))] if root.suffix.lower() == ".json" and _is_coco(root) else []
    if not root.is_dir():
        return []
    below = subfolders(root)
    folders = [(root, ""), *((below[name], "") for name in FOLDERS if name in below)]
    folders += [(folder, part) for part, folder in part_folders(root).items()]
    found = []
    for folder, part in folders:
        for path in list_folder(folder):
            if path.suffix.lower() == ".json" and _is_coco(path):
                found.append((path, part or _part_in(path.stem)))
    return found


def _base(root: Path) -> Path:
    """The folder below which pictures lie: of a JSON in ``annotations``, the one above."""
    if root.is_dir():
        return root
    return root.parent.parent if root.parent.name.lower() in FOLDERS else root.parent


def _is_coco(path: Path) -> bool:
    begins = begins_with(path)
    if not re.match(rf'\{{\s*"({KEYS})"', begins) or '"shapes"' in begins:
        return False
    both = begins + ends_with(path)
    return sum(f'"{sign}"' in both for sign in SIGNS) > 1


def _part_in(stem: str) -> str:
    """The part that a file's name speaks of: ``instances_train2017``."""
    words = re.split(r"[^a-z]+", stem.lower())
    return next((PARTS[word] for word in words if word in PARTS), "")


def _meant(files: list[tuple[Path, str]], wanted: str) -> list[tuple[Path, str]]:
    """Those of the files that are about the task: COCO has one for instances, one for keypoints, and others."""
    files = [one for one in files if not any(other in one[0].stem for other in OTHERS)] or files
    keypoints = [one for one in files if "keypoints" in one[0].stem]
    instances = [one for one in files if "keypoints" not in one[0].stem]
    if not keypoints or not instances:
        return files
    return keypoints if wanted == "pose" else instances


def _pictures(content: _Content, path: Path, part: str, places: _Places, notes: Notes) -> list[Shaped]:
    shapes: dict[Any, list[Shape]] = {}
    for number, image in enumerate(content.images):
        if not is_id(image.get("id")) or not isinstance(image.get("file_name"), str):
            raise DataError(f"{path}: images[{number}] has no id or no file_name.", path=str(path))
        shapes[image["id"]] = []
    for number, one in enumerate(content.annotations):
        place = f"annotation {one.get('id', number)}"
        if not is_id(one.get("image_id")) or one["image_id"] not in shapes:
            notes.add(NO_IMAGE, path.name, f"{place}: image {one.get('image_id')}")
        elif not is_id(one.get("category_id")) or one["category_id"] not in content.categories:
            notes.add(NO_CLASS, path.name, f"{place}: category {one.get('category_id')}")
        else:
            shape = _shape(one, content, place)
            if shape is None:
                notes.add(NO_SHAPE, path.name, place)
            else:
                shapes[one["image_id"]].append(shape)
    shared = _shared_ids(content.images)
    pictures = []
    for image in content.images:
        file = places.find(image["file_name"], path)
        if file is None:
            notes.add(NO_PICTURE, image["file_name"])
            continue
        name = places.called(file)
        if image["id"] in shared:
            notes.add(TWO_IMAGES, name)
            pictures.append(Shaped(file, name, None, part))
            continue
        stated = (stated_side(image.get("width")), stated_side(image.get("height")))
        pictures.append(Shaped(file, name, shapes[image["id"]], part, stated))
    return pictures


def _shared_ids(images: Sequence[Mapping[str, Any]]) -> set[Any]:
    """Ids that several pictures have; the same picture twice is one."""
    names: dict[Any, set[str]] = {}
    for image in images:
        names.setdefault(image["id"], set()).add(image["file_name"])
    return {id for id, own in names.items() if len(own) > 1}


def _shape(one: Mapping[str, Any], content: _Content, place: str) -> Shape | None:
    """An annotation as a shape; None where nothing in it can be read."""
    try:
        box = _box(one.get("bbox"))
        rings, runs = _region(one.get("segmentation"))
        points = _points(one.get("keypoints"), len(content.keypoints))
    except DAMAGED:
        return None
    if box is None and not rings and runs is None and points is None:
        return None
    name = content.categories[one["category_id"]]
    ignored, area = bool(one.get("iscrowd", 0)), stated_side(one.get("area"))
    return Shape(name, place, box, rings, runs, points=points, ignored=ignored, stated_area=max(0.0, area))


def _box(written: Any) -> tuple[float, float, float, float] | None:
    if not written:
        return None
    x, y, width, height = np.asarray(written, dtype=np.float64).tolist()
    if not np.isfinite([x, y, width, height]).all():
        raise ValueError("a box of numbers that are not finite")
    return x, y, x + width, y + height


def _region(written: Any) -> tuple[tuple[FloatArray, ...], Runs | None]:
    """Polygons, or runs of pixels, compressed or not."""
    if not written:
        return (), None
    if isinstance(written, dict):
        height, width = (int(side) for side in written["size"])
        counts = written["counts"]
        if isinstance(counts, str):
            runs = Runs.decoded(counts, (width, height))
        else:
            runs = Runs(np.asarray(counts, dtype=np.int64), (width, height))
        runs.check()
        return (), runs
    rings = []
    for ring in written:
        corners = np.asarray(ring, dtype=np.float64)
        if len(corners) < FEWEST or not np.isfinite(corners).all():
            raise ValueError("a polygon of fewer than three corners")
        rings.append(corners.reshape(-1, 2))
    return tuple(rings), None


def _points(written: Any, count: int) -> FloatArray | None:
    if not written or not count:
        return None
    triples = np.asarray(written, dtype=np.float64).reshape(count, 3)
    points: FloatArray = triples[:, :2] + MIDDLE
    points[triples[:, 2] == 0] = np.nan
    return points

"""Shapes that were drawn on pictures, made into boxes, masks or keypoints: what most labelling tools write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from jeoni.data.annotations.checks import BAD_SIZE, checked_boxes, checked_points, same_size
from jeoni.data.annotations.class_tables import VOID_NAMES
from jeoni.data.annotations.kinds import VOID, Annotation, Boxes, Keypoints, Subjects
from jeoni.data.annotations.masks import DrawnMask, Region
from jeoni.data.annotations.notes import Fault, Notes
from jeoni.data.annotations.pictures import SIZE_NOT_KNOWN, Picture, dataset_of_pictures, picture_size
from jeoni.data.annotations.polygons import area_of, bounds_of
from jeoni.data.annotations.protocol import ReadOptions
from jeoni.data.annotations.runs import Runs
from jeoni.data.annotations.subjects import subject_box, subjects_from
from jeoni.errors import DataError
from jeoni.types import Dataset, FloatArray

__all__ = ["GROUND", "Drawn", "Shape", "Shaped", "dataset_of_shapes", "offered", "subjects_of"]

GROUND = "background"
NOT_MEANT = Fault(
    "other_shape",
    "a shape is of another kind than the task takes",
    "{n} shapes are of other kinds than the task takes",
    "left out",
)
SEVERAL = Fault(
    "several_subjects",
    "points of one name are there twice, and nothing says which belong together",
    "points of one name are there twice, and nothing says which belong together",
    "skipped",
)
NO_BOX = Fault(
    "subject_without_box",
    "a subject has neither a box nor two points",
    "{n} subjects have neither a box nor two points",
    "left out",
)

RUNS_SIZE = Fault(
    "size_mismatch",
    "the runs of a mask are of a picture of another size",
    "the runs of {n} masks are of a picture of another size",
    "left out",
)


@dataclass(frozen=True, eq=False)
class Shape:
    """One thing that was drawn.

    Attributes:
        name: of its class; of a single point, of the keypoint.
        place: the line or the id where it stands.
        box: left, top, right, bottom; None where it has none of its own.
        rings: polygons ``(k, 2)``, of which it is made together.
        runs: where its pixels were written as runs.
        point: one keypoint; the picture's points together are its subject.
        points: ``(k, 2)`` all keypoints of one subject, NaN where not annotated.
        ignored: neither to be found nor a false alarm.
        stated_area: pixels that it covers, as its annotation says; 0 where that says nothing.
    """

    name: str
    place: str
    box: tuple[float, float, float, float] | None = None
    rings: tuple[FloatArray, ...] = ()
    runs: Runs | None = None
    point: tuple[float, float] | None = None
    points: FloatArray | None = None
    ignored: bool = False
    stated_area: float = 0.0

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """The box, or the one around its polygons or its pixels; None of what has no extent."""
        if self.box is not None:
            return self.box
        if self.rings:
            left, top, right, bottom = bounds_of(self.rings).tolist()
            return left, top, right, bottom
        return None if self.runs is None else self.runs.bounds

    @property
    def area(self) -> float:
        """Pixels that its polygons or its runs cover."""
        return float(self.runs.area) if self.runs is not None else sum(area_of(ring) for ring in self.rings)


@dataclass(frozen=True, eq=False)
class Shaped:
    """A picture and the shapes on it.

    Attributes:
        path: where it lies.
        name: what to call it.
        shapes: none where it holds no object; None where nobody annotated it.
        part: train, val or test; empty where nothing says so.
        stated: width and height that its annotations say; zeros where they do not.
    """

    path: Path
    name: str
    shapes: Sequence[Shape] | None
    part: str = ""
    stated: tuple[float, float] = (0, 0)


@dataclass(frozen=True)
class Drawn:
    """What a format says of all its shapes.

    Attributes:
        classes: names in the order of their numbers; empty: in that of the alphabet.
        keypoints: names of the keypoints of a subject; empty: those of single points.
        partners: of the keypoints in a mirrored picture, by their numbers; empty: by their names.
        in_order: shapes cover those before them; else smaller ones cover larger ones.
    """

    classes: tuple[str, ...] = ()
    keypoints: tuple[str, ...] = ()
    partners: tuple[int, ...] = ()
    in_order: bool = False


def offered(pictures: Sequence[Shaped]) -> tuple[str, ...]:
    """The tasks that shapes can be read for, that of most of them first."""
    counts: Counter[str] = Counter()
    for shape in _all_shapes(pictures):
        if shape.point is not None or shape.points is not None:
            counts["pose"] += 1
        elif shape.box is None:
            counts["segmentation"] += 1
        else:
            counts["detection"] += 1
        if shape.box is not None and (shape.rings or shape.runs is not None):
            counts["segmentation"] += 1
    tasks = [task for task, _ in counts.most_common()]
    if "segmentation" in tasks and "detection" not in tasks:
        tasks.append("detection")  # by the boxes around the polygons
    boxed = any(shape.points is not None and shape.box is not None for shape in _all_shapes(pictures))
    if boxed and "detection" not in tasks:
        tasks.append("detection")  # of the subjects, for whose keypoints a detector gives boxes
    return tuple(tasks)


def dataset_of_shapes(
    root: Path, pictures: Sequence[Shaped], drawn: Drawn, task: str, options: ReadOptions, notes: Notes
) -> Dataset:
    """Make annotations for a task of shapes, and a dataset of all.

    Args:
        root: the folder or the file that they were read from.
        pictures: with their shapes.
        drawn: what the format says of all of them.
        task: detection, segmentation or pose.
        options: of the user.
        notes: is told of each fault.

    Raises:
        DataError: there are no shapes that the task takes.
        ConfigError: a class to be void that does not exist.
    """
    tasks = offered(pictures)
    if tasks and task not in tasks:
        raise DataError(
            f"{root} holds no shapes for {task}. It holds some for {' and '.join(tasks)}: say --task {tasks[0]}.",
            path=str(root),
        )
    used = {shape.name for shape in _all_shapes(pictures) if shape.name}
    if task != "pose":
        options.check_void(sorted({*used, *drawn.classes}))
    named = _named(drawn, used, task, options)
    several = task == "pose" and any(len(subjects_of(picture.shapes or ())) > 1 for picture in pictures)
    found: list[Picture] = []
    for picture in pictures:
        annotation = None
        if picture.shapes is not None:
            annotation = _annotation(picture, task, named, drawn, options, notes, several)
        found.append(Picture(picture.path, picture.name, annotation, picture.part))
    return dataset_of_pictures(root, found, options, notes)


def _all_shapes(pictures: Sequence[Shaped]) -> list[Shape]:
    return [shape for picture in pictures for shape in picture.shapes or ()]


def is_void(name: str, options: ReadOptions) -> bool:
    """Whether nothing is to be learned of a class, by its name or because the user says so."""
    return name in options.void or name.lower() in VOID_NAMES


def _named(drawn: Drawn, used: set[str], task: str, options: ReadOptions) -> tuple[str, ...]:
    """The classes of masks, or the keypoints, in order."""
    if task == "pose":
        return drawn.keypoints or tuple(sorted(used))
    ordered = [name for name in drawn.classes if name in used] or sorted(used)
    counting = [name for name in ordered if not is_void(name, options) and name != GROUND]
    return (GROUND, *counting)


def _annotation(
    picture: Shaped,
    task: str,
    named: tuple[str, ...],
    drawn: Drawn,
    options: ReadOptions,
    notes: Notes,
    several: bool,
) -> Annotation | None:
    size = picture_size(picture.path)
    if not same_size(picture.stated, size):
        width, height = picture.stated
        notes.add(BAD_SIZE, picture.name, f"it says {width:g} x {height:g}")
        return None
    shapes = picture.shapes or ()
    stated = round(picture.stated[0]), round(picture.stated[1])
    extent = size or (stated if all(stated) else None)
    foreign = [shape for shape in shapes if shape.runs is not None and not same_size(shape.runs.extent, extent)]
    for shape in foreign:
        notes.add(RUNS_SIZE, picture.name, shape.place)
    if foreign:  # without them the picture would teach that nothing is there
        return None
    if task == "detection":
        return _boxes(shapes, size, picture.name, options, notes)
    if task == "pose":
        if several:
            return replace(_subjects(shapes, named, size, picture.name, notes), partners=drawn.partners)
        found = _keypoints(shapes, named, bool(drawn.keypoints), size, picture.name, notes)
        return None if found is None else replace(found, partners=drawn.partners)
    if extent is None:
        notes.add(SIZE_NOT_KNOWN, picture.name)
        return None
    return _mask(shapes, named, extent, drawn.in_order, picture.name, options, notes)


def _boxes(
    shapes: Sequence[Shape], size: tuple[int, int] | None, name: str, options: ReadOptions, notes: Notes
) -> Boxes:
    bounded = [(shape, shape.bounds) for shape in shapes if shape.bounds is not None]
    for shape in shapes:
        if shape.bounds is None:
            notes.add(NOT_MEANT, name, shape.place)
    return checked_boxes(
        np.array([bounds for _, bounds in bounded], dtype=np.float64),
        [shape.name for shape, _ in bounded],
        [shape.ignored or is_void(shape.name, options) for shape, _ in bounded],
        size,
        notes,
        name,
        [shape.place for shape, _ in bounded],
    )


def _mask(
    shapes: Sequence[Shape],
    named: tuple[str, ...],
    extent: tuple[int, int],
    in_order: bool,
    name: str,
    options: ReadOptions,
    notes: Notes,
) -> DrawnMask:
    number: Mapping[str, int] = {one: k for k, one in enumerate(named)}
    meant: list[Shape] = []
    for shape in shapes:
        if not shape.rings and shape.runs is None:
            notes.add(NOT_MEANT, name, shape.place)
        else:
            meant.append(shape)
    if not in_order:
        meant.sort(key=lambda shape: -shape.area)
    regions = tuple(
        Region(VOID if is_void(shape.name, options) else number[shape.name], shape.rings, shape.runs) for shape in meant
    )
    return DrawnMask(named, extent, regions)


def subjects_of(shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes that are subjects to be found, each with keypoints of its own."""
    return [shape for shape in shapes if shape.points is not None and not shape.ignored]


def _subjects(
    shapes: Sequence[Shape], named: tuple[str, ...], size: tuple[int, int] | None, name: str, notes: Notes
) -> Subjects:
    """All subjects of a picture; a box that is not drawn is that around the points."""
    found = []
    for shape in shapes:
        if shape.points is None and not shape.ignored:
            notes.add(NOT_MEANT, name, shape.place)
            continue
        drawn = np.full((len(named), 2), np.nan) if shape.points is None else shape.points  # a crowd may have none
        points = checked_points(drawn, named, size, notes, name)
        box = subject_box(points, shape.bounds, size)
        if box is None:
            notes.add(NO_BOX, name, shape.place)
            continue
        found.append((points, box, shape.stated_area or shape.area, shape.ignored))
    return subjects_from(named, found)


def _keypoints(
    shapes: Sequence[Shape],
    named: tuple[str, ...],
    together: bool,
    size: tuple[int, int] | None,
    name: str,
    notes: Notes,
) -> Keypoints | None:
    """The points of the one subject; None where points of one name are there twice, and nothing says whose they are."""
    points = np.full((len(named), 2), np.nan)
    box, several = None, False
    if together:
        subjects = subjects_of(shapes)
        if subjects and subjects[0].points is not None:
            points, box = subjects[0].points, subjects[0].box
    else:
        single = [shape for shape in shapes if shape.point is not None]
        several = len({shape.name for shape in single}) < len(single)
        for shape in single:
            if shape.point is not None:
                points[named.index(shape.name)] = shape.point
    for shape in shapes:
        if shape.point is None and shape.points is None:
            notes.add(NOT_MEANT, name, shape.place)
    if several:
        notes.add(SEVERAL, name)
        return None
    return Keypoints(checked_points(points, named, size, notes, name), named, box)

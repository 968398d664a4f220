"""Subjects cut out of their pictures: each part is a picture of one subject, so that all that follows is about one.

Top-down pose (He et al. ICCV 2017; Xiao et al. ECCV 2018): a box is given, or comes from a detector; it is grown by a
margin, what lies in it is a picture, and the points that are found there are moved back.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from jeoni.data.annotations import Keypoints, Subjects, annotation_cells
from jeoni.data.annotations.subjects import as_subjects
from jeoni.errors import DataError
from jeoni.locale import Said
from jeoni.modalities.image.images import open_image
from jeoni.types import Array, Dataset, FloatArray, IntArray, Items

__all__ = ["MARGIN", "CropItems", "Subject", "crop_box", "cut_out"]

MARGIN = 0.125  # of a box's sides, at each of its edges: 1.25 times the box, as is usual
_opened = threading.local()  # the picture that a thread cut from last: its subjects follow each other


@dataclass(frozen=True, eq=False)
class Subject(Keypoints):
    """The keypoints of one of several subjects, in the coordinates of the part that was cut out.

    Attributes:
        picture: the name of the picture.
        corner: left and top of the part in it, pixels.
        whole: all subjects of the picture.
    """

    picture: str = ""
    corner: tuple[int, int] = (0, 0)
    whole: Subjects | None = field(default=None, repr=False)


class CropItems:
    """Parts of pictures as examples of their own; a picture is decoded when one of its parts is read.

    Args:
        pictures: the pictures.
        index: ``(n,)`` the picture of each part.
        boxes: ``(n, 4)`` left, top, right, bottom in whole pixels; what lies outside the picture is left out.
    """

    def __init__(self, pictures: Items, index: IntArray, boxes: IntArray) -> None:
        self.pictures, self.index, self.boxes = pictures, index, boxes
        self._numbers = _numbers(index)

    def __len__(self) -> int:
        return len(self.index)

    def name(self, index: int) -> str:
        """The picture's name, and which of its parts it is."""
        return f"{self.pictures.name(int(self.index[index]))}#{int(self._numbers[index])}"

    def read(self, index: int) -> Array:
        """``(h, w, 3)`` uint8.

        Raises:
            DataError: the picture cannot be read, or the box lies beside it.
        """
        pixels = _pixels(self.pictures, int(self.index[index]))
        left, top, right, bottom = self.boxes[index].tolist()
        part: Array = pixels[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
        if not part.size:
            name = self.name(index)
            raise DataError(Said("dense.box_beside", name=name), path=name)
        return part

    def size(self, index: int) -> int:
        """Pixels of the box."""
        left, top, right, bottom = self.boxes[index].tolist()
        return int((right - left) * (bottom - top))

    def select(self, indices: Sequence[int] | IntArray) -> CropItems:
        """The same parts, fewer or in another order."""
        chosen = np.asarray(indices, dtype=np.int64)
        found = CropItems(self.pictures, self.index[chosen], self.boxes[chosen])
        found._numbers = self._numbers[chosen]
        return found


def _numbers(index: IntArray) -> IntArray:
    """``(n,)`` the how manieth of its picture each part is, from 1 on."""
    counts: dict[int, int] = {}
    found = np.zeros(len(index), dtype=np.int64)
    for k, i in enumerate(index.tolist()):
        counts[i] = found[k] = counts.get(i, 0) + 1
    return found


def _pixels(pictures: Items, index: int) -> Array:
    """``(h, w, 3)`` of a whole picture; the one that this thread decoded last is not decoded again."""
    if getattr(_opened, "key", None) != (id(pictures), index):
        _opened.key = None
        opened = open_image(pictures.read(index), pictures.name(index))
        # the picture itself is kept beside, so that its id stays taken
        _opened.pictures, _opened.pixels = pictures, np.asarray(opened.convert("RGB"))
        _opened.key = (id(pictures), index)
    pixels: Array = _opened.pixels
    return pixels


def crop_box(box: FloatArray, margin: float = MARGIN) -> IntArray:
    """``(4,)`` a box grown at each edge by a share of its sides, in whole pixels; left and top are in the picture.

    Example:
        >>> crop_box(np.array([10.0, 10.0, 30.0, 50.0])).tolist()
        [7, 5, 33, 55]
    """
    wide, high = box[2] - box[0], box[3] - box[1]
    low = np.floor(box[:2] - margin * np.array([wide, high])).clip(min=0)
    high_corner = np.ceil(box[2:] + margin * np.array([wide, high]))
    return np.concatenate([low, high_corner]).astype(np.int64)


def cut_out(data: Dataset) -> Dataset:
    """Each subject that has a visible point as an example of its own; those of one picture are a group.

    Args:
        data: pictures whose targets are keypoints of one or several subjects; parts that were cut out stay.
    """
    if any(isinstance(one, Subject) for one in data.targets):
        return data
    index: list[int] = []
    boxes: list[IntArray] = []
    targets: list[Subject] = []
    for i, one in enumerate(data.targets):
        if one is None:
            continue
        whole = as_subjects(one)
        visible: Array = ~np.isnan(whole.points.sum(axis=2))
        for k in np.flatnonzero(visible.any(axis=1) & ~whole.ignored):
            box = crop_box(whole.boxes[k])
            left, top = int(box[0]), int(box[1])
            own = (whole.boxes[k] - np.array([left, top, left, top])).tolist()
            points = whole.points[k] - np.array([left, top])
            corners = (own[0], own[1], own[2], own[3])
            part = Subject(points, whole.names, corners, data.items.name(i), (left, top), whole)
            targets.append(replace(part, partners=whole.partners))
            index.append(i)
            boxes.append(box)
    which = np.array(index, dtype=np.int64)
    groups = which if data.groups is None else data.groups[which]
    return replace(
        data,
        items=CropItems(data.items, which, np.array(boxes, dtype=np.int64).reshape(-1, 4)),
        targets=annotation_cells(targets),
        groups=groups,
        part=data.part[which] if len(data.part) else data.part,
    )

"""What is annotated in one picture, and what is predicted of one.

Coordinates are those of :class:`jeoni.modalities.geometry.Geometry`: of the upright picture in pixels, continuous,
``x`` to the right and ``y`` down; the first pixel reaches from 0 to 1, so that its middle is 0.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from jeoni.types import Array, FloatArray

__all__ = [
    "Annotation",
    "Boxes",
    "Condition",
    "Detections",
    "Heat",
    "Keypoints",
    "LabelMap",
    "Mask",
    "Prediction",
    "Skeleton",
    "Skeletons",
    "Subjects",
    "annotation_cells",
    "are_annotations",
    "target_bytes",
]

VOID = -1


@dataclass(frozen=True, eq=False)
class Boxes:
    """The objects of one picture; none of them is an annotation too.

    Attributes:
        boxes: ``(k, 4)`` left, top, right, bottom.
        names: ``(k,)`` of their classes.
        ignored: ``(k,)`` bool: neither an object to be found nor a false alarm where one is found: VOC's *difficult*,
            COCO's *iscrowd*.
    """

    boxes: FloatArray
    names: tuple[str, ...]
    ignored: Array = field(default_factory=lambda: np.zeros(0, dtype=bool))

    def __post_init__(self) -> None:
        object.__setattr__(self, "boxes", np.asarray(self.boxes, dtype=np.float64).reshape(-1, 4))
        if len(self.ignored) != len(self.boxes):
            object.__setattr__(self, "ignored", np.zeros(len(self.boxes), dtype=bool))

    def tobytes(self) -> bytes:
        """The same for the same content."""
        return self.boxes.tobytes() + "\n".join(self.names).encode() + np.asarray(self.ignored).tobytes()


class Mask(Protocol):
    """The class of every pixel of one picture; read when it is asked for, so that memory stays flat."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes that its numbers stand for; all masks of a data set share them."""

    def read(self) -> Array:
        """``(h, w)`` int16: a number of :attr:`names`, or -1 where nothing is said of a pixel (*void*).

        Raises:
            DataError: the file cannot be read, or holds a value that stands for nothing; the message names it.
        """

    def size(self) -> tuple[int, int]:
        """Width and height, pixels; nothing but a header is read.

        Raises:
            DataError: as :meth:`read`.
        """


@dataclass(frozen=True, eq=False)
class Keypoints:
    """The keypoints of the one subject of a picture.

    Attributes:
        points: ``(k, 2)`` x and y; NaN where a point is not visible or was not annotated.
        names: ``(k,)``, the same ones in every picture of a data set.
        box: left, top, right, bottom of the subject where that is known.
        partners: ``(k,)`` the number of the point that each becomes in a mirrored picture; empty: by their names.
    """

    points: FloatArray
    names: tuple[str, ...]
    box: tuple[float, float, float, float] | None = None
    partners: tuple[int, ...] = field(default=(), kw_only=True)

    def tobytes(self) -> bytes:
        """The same for the same content."""
        return np.asarray(self.points, dtype=np.float64).tobytes() + _named_bytes(self)


@dataclass(frozen=True, eq=False)
class Subjects:
    """The keypoints of all subjects of one picture.

    Attributes:
        points: ``(s, k, 2)`` x and y; NaN where a point was not annotated.
        names: ``(k,)``, the same ones in every picture of a data set.
        boxes: ``(s, 4)`` left, top, right, bottom.
        areas: ``(s,)`` pixels that each covers: by these distances are judged (OKS); of its box where nothing is said.
        ignored: ``(s,)`` bool: neither to be found nor a false alarm where one is found, such as a crowd.
        partners: as those of :class:`Keypoints`.
    """

    points: FloatArray
    names: tuple[str, ...]
    boxes: FloatArray
    areas: FloatArray
    ignored: Array
    partners: tuple[int, ...] = field(default=(), kw_only=True)

    def __len__(self) -> int:
        return len(self.points)

    def tobytes(self) -> bytes:
        """The same for the same content."""
        return b"".join((self.points.tobytes(), self.boxes.tobytes(), _named_bytes(self)))


def _named_bytes(one: Keypoints | Subjects) -> bytes:
    """Names of keypoints, and their partners where those are not told by the names."""
    return "\n".join(one.names).encode() + (repr(one.partners).encode() if one.partners else b"")


@dataclass(frozen=True, eq=False)
class Condition:
    """Whether a picture shows a defect.

    Attributes:
        defective: False of a normal example.
        mask: where the defect is, with the classes ``normal`` and ``defect``; None where that is not known.
        kind: the name of the defect, such as its folder's; empty where there is none.
    """

    defective: bool
    mask: Mask | None = None
    kind: str = ""

    def tobytes(self) -> bytes:
        """The same for the same content."""
        return repr((self.defective, self.kind)).encode() + target_bytes(self.mask)


Annotation = Boxes | Mask | Keypoints | Subjects | Condition


@dataclass(frozen=True, eq=False)
class Detections:
    """Objects that were found in one picture, the surest first.

    Attributes:
        boxes: ``(k, 4)`` left, top, right, bottom.
        labels: ``(k,)`` int64, numbers of the task's classes.
        scores: ``(k,)`` 0 … 1.
    """

    boxes: FloatArray
    labels: Array
    scores: FloatArray


@dataclass(frozen=True, eq=False)
class LabelMap:
    """The class of every pixel of one picture.

    Attributes:
        labels: ``(h, w)`` uint8 or int16, numbers of the task's classes.
        certainty: ``(h, w)`` float16 probability of that class; None where it was not kept.
        probabilities: ``(classes, h, w)`` float16 of all classes, as a head gives them to what merges parts of a
            picture; None of whole pictures.
    """

    labels: Array
    certainty: Array | None = None
    probabilities: Array | None = None


@dataclass(frozen=True, eq=False)
class Skeleton:
    """The keypoints that were found in one picture.

    Attributes:
        points: ``(k, 2)`` x and y.
        scores: ``(k,)`` 0 … 1, how sure each is.
    """

    points: FloatArray
    scores: FloatArray


@dataclass(frozen=True, eq=False)
class Skeletons:
    """The keypoints that were found of several subjects of one picture, each in a box that was given.

    Attributes:
        points: ``(s, k, 2)`` x and y.
        scores: ``(s, k)`` 0 … 1, how sure each point is.
        boxes: ``(s, 4)`` left, top, right, bottom of the subjects.
        sure: ``(s,)`` 0 … 1, how sure each box is.
    """

    points: FloatArray
    scores: FloatArray
    boxes: FloatArray
    sure: FloatArray

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True, eq=False)
class Heat:
    """How unusual one picture is.

    Attributes:
        score: of the whole picture; higher is less usual.
        heat: ``(h, w)`` float32 of places, in the picture's proportions; None where only the whole was looked at.
    """

    score: float
    heat: Array | None = None


Prediction = Detections | LabelMap | Skeleton | Skeletons | Heat


def annotation_cells(annotations: Sequence[Annotation | None]) -> Array:
    """``(n,)`` annotations as the targets of a dataset whose task has not been read yet.

    Example:
        >>> annotation_cells([None, Condition(False)]).shape
        (2,)
    """
    cells = np.empty(len(annotations), dtype=object)
    for k, one in enumerate(annotations):  # numpy would take a sequence of arrays apart
        cells[k] = one
    return cells


def target_bytes(target: Any) -> bytes:
    """The same for targets of the same content; a mask is read for it.

    Example:
        >>> target_bytes(None), target_bytes(np.int8(1))
        (b'', b'\\x01')
    """
    if target is None:
        return b""
    content: bytes = target.tobytes() if hasattr(target, "tobytes") else target.read().tobytes()
    return content


def are_annotations(targets: Array) -> bool:
    """Whether cells are annotations of places in pictures.

    Example:
        >>> are_annotations(annotation_cells([None, Condition(False)]))
        True
        >>> are_annotations(np.array([["a"]], dtype=object))
        False
    """
    if targets.dtype != object or targets.ndim != 1:
        return False
    first = next((one for one in targets if one is not None), None)
    return first is not None and (isinstance(first, (Boxes, Keypoints, Subjects, Condition)) or hasattr(first, "read"))

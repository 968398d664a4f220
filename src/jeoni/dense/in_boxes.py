"""Keypoints of subjects in boxes that are given: each box is cut out, and what is found in it is moved back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from jeoni.data.annotations import Skeleton, Skeletons
from jeoni.dense.crops import CropItems, crop_box
from jeoni.dense.model import DenseModel
from jeoni.features.examples import Context
from jeoni.types import FloatArray, Items

__all__ = ["GivenBoxes", "InPicture", "subjects_in_boxes"]


@dataclass(frozen=True, eq=False)
class GivenBoxes:
    """The boxes of one picture.

    Attributes:
        boxes: ``(s, 4)`` left, top, right, bottom, pixels.
        sure: ``(s,)`` 0 … 1, how sure each is.
        error: why the picture has none, where it cannot be read.
    """

    boxes: FloatArray
    sure: FloatArray
    error: str = ""

    @classmethod
    def none(cls, error: str = "") -> GivenBoxes:
        """No box."""
        return cls(np.zeros((0, 4)), np.zeros(0), error)


@dataclass(eq=False)
class InPicture:
    """What was found in the boxes of one picture.

    Attributes:
        found: by the number of the box, a skeleton in the picture's coordinates.
        error: why it cannot be read; empty where it can.
    """

    found: dict[int, Skeleton] = field(default_factory=dict)
    error: str = ""

    def skeletons(self, given: GivenBoxes, points: int) -> Skeletons:
        """All of them, in the order of the boxes; what a box beside the picture holds is left out."""
        kept = sorted(self.found)
        some = [self.found[k] for k in kept]
        return Skeletons(
            points=np.array([one.points for one in some], dtype=np.float64).reshape(-1, points, 2),
            scores=np.array([one.scores for one in some], dtype=np.float64).reshape(-1, points),
            boxes=given.boxes[kept],
            sure=given.sure[kept],
        )


def subjects_in_boxes(
    model: DenseModel, pictures: Items, given: Sequence[GivenBoxes], context: Context
) -> list[InPicture]:
    """Predict keypoints of the subjects of pictures.

    Args:
        model: of keypoints.
        pictures: the pictures.
        given: ``(n,)`` the boxes of each.
        context: engine, who decodes, and how many at a time.

    Raises:
        DataError: ``context.strict``, and a picture cannot be read.
    """
    made = [InPicture(error=one.error) for one in given]
    places = list(_places(given))
    if not places:
        return made
    index = np.array([i for i, _ in places], dtype=np.int64)
    boxes = np.stack([crop_box(given[i].boxes[k]) for i, k in places])
    crops = CropItems(pictures, index, boxes)
    with context.console.track("Predicting", len(crops)) as advance:
        for one in model.predictions(crops, context):
            advance(1)
            i, k = places[one.index]
            if isinstance(one.prediction, Skeleton):
                corner = boxes[one.index, :2].astype(np.float64)
                made[i].found[k] = Skeleton(one.prediction.points + corner, one.prediction.scores)
            else:
                made[i].error = made[i].error or one.error
    return made


def _places(given: Sequence[GivenBoxes]) -> Iterator[tuple[int, int]]:
    """Picture and number of each box."""
    for i, one in enumerate(given):
        for k in range(len(one.boxes)):
            yield i, k

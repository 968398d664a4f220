"""Annotations of two data sets in one vocabulary: masks that number classes otherwise, keypoints in another order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jeoni.data.annotations.kinds import VOID, Keypoints, Mask, Subjects, annotation_cells, are_annotations
from jeoni.types import Array

__all__ = ["RenumberedMask", "in_vocabulary", "joined_annotations"]


@dataclass(frozen=True, eq=False)
class RenumberedMask:
    """A mask whose classes have the numbers of another vocabulary.

    Attributes:
        mask: as it was read.
        names: of the classes, among them all that the mask names.
    """

    mask: Mask
    names: tuple[str, ...]

    def read(self) -> Array:
        """See :class:`jeoni.data.annotations.Mask`."""
        numbers = np.array([*(self.names.index(name) for name in self.mask.names), VOID], dtype=np.int16)
        renumbered: Array = numbers[self.mask.read()]  # void is -1, the last of them
        return renumbered

    def size(self) -> tuple[int, int]:
        """See :class:`jeoni.data.annotations.Mask`."""
        return self.mask.size()


def in_vocabulary(targets: Array, names: Sequence[str]) -> Array:
    """``(n,)`` annotations in a vocabulary that is known, such as a model's; what names something else stays as it is.

    Args:
        targets: ``(n,)`` annotations, None where there is none.
        names: of classes or of keypoints, in order.
    """
    return annotation_cells([_in_vocabulary(one, tuple(names)) for one in targets])


def _in_vocabulary(one: Any, names: tuple[str, ...]) -> Any:
    if isinstance(one, (Keypoints, Subjects)) and one.names != names and sorted(one.names) == sorted(names):
        order = [one.names.index(name) for name in names]
        partners = tuple(order.index(one.partners[k]) for k in order) if one.partners else ()
        return replace(one, points=one.points[..., order, :], names=names, partners=partners)
    if _is_mask(one) and one.names != names and set(one.names) <= set(names):
        return RenumberedMask(one, names)
    return one


def joined_annotations(first: Array, second: Array) -> tuple[Array, Array]:
    """Targets of two data sets, both in the vocabulary of the first and of what only the second names.

    Cells that are no annotations stay as they are.
    """
    if not are_annotations(first) or not are_annotations(second):
        return first, second
    named = [_names_of(first), _names_of(second)]
    if named[0] == named[1]:
        return first, second
    names = tuple(dict.fromkeys((*named[0], *named[1])))
    return in_vocabulary(first, names), in_vocabulary(second, names)


def _names_of(targets: Array) -> tuple[str, ...]:
    """Of the first mask, or of the first keypoints."""
    return next((tuple(one.names) for one in targets if _is_mask(one) or isinstance(one, (Keypoints, Subjects))), ())


def _is_mask(one: Any) -> bool:
    return hasattr(one, "read") and hasattr(one, "names")

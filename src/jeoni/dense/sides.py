"""Left and right by name: which keypoints a mirrored picture exchanges."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from jeoni.types import IntArray

__all__ = ["partners"]

# each pair of spellings, and where in a name it may stand
_PAIRS = (
    (r"left", "right"),
    (r"(?<![^\W_])l(?![^\W_])", "r"),
    (r"왼", "오른"),
    (r"좌", "우"),
)


def partners(names: Sequence[str]) -> IntArray:
    """``(k,)`` the number of the keypoint of the other side; its own where there is none.

    Known are ``left`` and ``right`` anywhere in a name, ``l`` and ``r`` as words of their own, as in ``l_ear`` or
    ``ear_l``, and 왼 and 오른, 좌 and 우. Capitals do not matter. A name whose counterpart is missing stays.

    Example:
        >>> partners(["snout", "leftear", "rightear", "l_paw"]).tolist()
        [0, 2, 1, 3]
    """
    known = {name.casefold(): k for k, name in enumerate(names)}
    found = np.arange(len(names), dtype=np.int64)
    for k, name in enumerate(names):
        for other in _counterparts(name.casefold()):
            there = known.get(other, k)
            found[k], found[there] = there, k
    return found


def _counterparts(name: str) -> list[str]:
    """What the same place of the right side would be called, of a name of the left one."""
    return [re.sub(left, right, name) for left, right in _PAIRS if re.search(left, name)]

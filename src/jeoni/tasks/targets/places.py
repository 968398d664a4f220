"""Where the parts of something lie that stand side by side."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, pairwise

__all__ = ["places"]


def places(widths: Iterable[int]) -> list[slice]:
    """The columns of parts of these widths, one after the other.

    Example:
        >>> places([2, 1])
        [slice(0, 2, None), slice(2, 3, None)]
    """
    return [slice(start, end) for start, end in pairwise(accumulate(widths, initial=0))]

"""k-means++ seeding (Arthur & Vassilvitskii SODA 2007) where rows are outer products that need not be written out."""

from __future__ import annotations

import numpy as np

from jeoni.types import FloatArray, IntArray

__all__ = ["seed_products"]


def seed_products(left: FloatArray, right: FloatArray, count: int, seed: int) -> IntArray:
    """Rows far from each other: the longest first, then each by chance, by its squared distance to those drawn.

    Row ``i`` is the outer product of ``left[i]`` and ``right[i]``, whose inner products are products of inner products.

    Args:
        left: ``(n, k)``.
        right: ``(n, d)``.
        count: how many rows, ``n`` at most.
        seed: of the draws.

    Returns:
        ``(count,)`` numbers of rows, each once.
    """
    rng = np.random.default_rng(seed)
    squares = np.square(left).sum(1) * np.square(right).sum(1)
    first = int(squares.argmax())
    drawn = [first]
    nearest = _distances(left, right, squares, first)
    while len(drawn) < count:
        nearest[drawn] = 0.0
        total = nearest.sum()
        if total <= 0:  # all others lie where drawn ones do
            rest = np.setdiff1d(np.arange(len(left)), drawn)
            drawn += rng.permutation(rest)[: count - len(drawn)].tolist()
            break
        following = int(rng.choice(len(left), p=nearest / total))
        drawn.append(following)
        nearest = np.minimum(nearest, _distances(left, right, squares, following))
    return np.array(drawn, dtype=np.int64)


def _distances(left: FloatArray, right: FloatArray, squares: FloatArray, to: int) -> FloatArray:
    """``(n,)`` squared distances of all rows to one."""
    inner = (left @ left[to]) * (right @ right[to])
    found: FloatArray = np.maximum(squares + squares[to] - 2 * inner, 0.0)
    return found

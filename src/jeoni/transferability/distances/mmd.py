"""MMD (Gretton et al. JMLR 2012, jmlr.org/papers/v13/gretton12a.html): how far two samples' kernel means are apart.

The unbiased estimate of the square, which may fall below 0, under a Gaussian kernel as wide as the median distance, and
the permutation test. Ours can take the mean of kernels of several widths, so that it sees shape and not only place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from jeoni.transferability.samples import median_distance, paired, squared_distances, thinned
from jeoni.types import Array, FloatArray

__all__ = ["MMD"]


class Tested(NamedTuple):
    """The squared distance, and how often chance alone makes it so large."""

    value: float
    p: float


@dataclass(frozen=True)
class MMD:
    """The squared maximum mean discrepancy; 0 on average where both samples are of one distribution.

    Attributes:
        widths: of the Gaussian kernels ``exp(-|x - y|² / (2 width²))`` whose mean is taken, in median distances
            between two rows of both samples together.
        permutations: for the p-value; it is never below ``1 / (permutations + 1)``.
        most: rows of each sample that are used; of more, as many are drawn. The kernel takes ``32 most²`` bytes.
        seed: of the draw and of the permutations.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> near = MMD().test(rng.normal(size=(200, 3)), rng.normal(size=(200, 3)))
        >>> far = MMD().test(rng.normal(size=(200, 3)), rng.normal(0.5, size=(200, 3)))
        >>> near.value < far.value, near.p > 0.05, far.p < 0.01
        (True, True, True)
    """

    widths: tuple[float, ...] = (1.0,)
    permutations: int = 500
    most: int = 2000
    seed: int = 0

    def __call__(self, Xs: Any, Xt: Any) -> float:
        """The distance of samples ``(ns, d)`` and ``(nt, d)``.

        Raises:
            ValueError: not two matrices with the same number of columns and two rows at least, or NaN.
        """
        K, ns = self._kernel(*paired(Xs, Xt))
        return float(_squared(K, (np.arange(len(K)) < ns)[:, None].astype(float))[0])

    def test(self, Xs: Any, Xt: Any) -> Tested:
        """The distance and its p-value: the share of random divisions of all rows that are as far apart.

        Raises:
            ValueError: as above.
        """
        K, ns = self._kernel(*paired(Xs, Xt))
        n = len(K)
        few = min(ns, n - ns)  # either sample may be called the source: the same divisions are drawn
        first = np.arange(n) < ns
        rng = np.random.default_rng(self.seed)
        drawn = np.empty((n, self.permutations + 1))
        drawn[:, 0] = first if ns == few else ~first
        for k in range(self.permutations):
            drawn[:, k + 1] = rng.permutation(n) < few
        values = _squared(K, drawn)
        above = int((values[1:] >= values[0] - 1e-12 * abs(values[0])).sum())
        return Tested(float(values[0]), (above + 1) / (self.permutations + 1))

    def _kernel(self, Xs: Array, Xt: Array) -> tuple[FloatArray, int]:
        """Of all rows ``(n, n)``, the diagonal left out, and how many belong to the source."""
        rows = [thinned(X, self.most, self.seed) for X in (Xs, Xt)]
        pooled = np.concatenate(rows)
        squared = squared_distances(pooled, pooled)
        middle = median_distance(squared)
        K = np.zeros_like(squared)
        for width in self.widths:
            K += np.exp(squared * (-0.5 / (width * middle) ** 2))
        K /= len(self.widths)
        np.fill_diagonal(K, 0)
        return K, len(rows[0])


def _squared(K: FloatArray, first: FloatArray) -> FloatArray:
    """Unbiased estimates ``(B,)`` for ``B`` divisions of the rows, ``(n, B)`` ones and zeros."""
    n, ns = len(K), first[:, 0].sum()
    nt = n - ns
    sums = K.sum(1)
    ss = np.einsum("ib,ib->b", first, K @ first)
    both = sums @ first - ss
    tt = sums.sum() - 2 * both - ss
    found: FloatArray = ss / (ns * (ns - 1)) + tt / (nt * (nt - 1)) - 2 * both / (ns * nt)
    return found

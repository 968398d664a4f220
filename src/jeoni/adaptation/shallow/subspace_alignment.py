"""Subspace alignment (Fernando et al. ICCV 2013, doi.org/10.1109/ICCV.2013.368): axes turned to the target's.

Both domains are described by their own principal axes; the source's are aligned with the target's by ``Ps' Pt``. Each
domain is centred on its own mean. Ours takes by default as many axes as hold 90 % of each domain's variance, where the
paper tunes their number by cross-validation.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from jeoni.adaptation.adapter import Adapter
from jeoni.adaptation.covariance import axes, moments
from jeoni.heads.fitting.maps import Affine, Move
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["SubspaceAlignment"]

VARIANCE = 0.9


class SubspaceAlignment(Adapter):
    """Moves both domains into the target's subspace.

    Args:
        components: axes that are kept; 0 keeps as many as hold 90 % of the variance in either domain. At most as many
            as both domains have.

    Attributes:
        source_axes_, target_axes_: ``(d, k)`` each, orthonormal.
        components_: ``k``.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(50, 4)), rng.normal(size=(40, 4))
        >>> SubspaceAlignment(2).fit(Xs, None, Xt).transform(Xt).shape
        (40, 2)
    """

    scaled: ClassVar[bool] = True

    def __init__(self, components: int = 0) -> None:
        self.components = components

    def moves(self) -> tuple[Move, ...]:
        """See :class:`Adapter`: onto the target's axes."""
        return (Affine(self.target_axes_, -self._means[False] @ self.target_axes_),)

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        if self.components < 0:
            raise ValueError(f"components is {self.components}; a number from 1, or 0 to let the data decide.")
        ms, Ps, vs = _axes(Xs)
        mt, Pt, vt = _axes(Xt)
        k = self.components_ = min(self.components or max(_enough(vs), _enough(vt)), len(vs), len(vt))
        self._means = {True: ms, False: mt}
        self.source_axes_, self.target_axes_ = Ps[:, :k], Pt[:, :k]
        self._aligned = self.source_axes_ @ (self.source_axes_.T @ self.target_axes_)

    def _map(self, X: Array, source: bool) -> Array:
        onto = self._aligned if source else self.target_axes_
        found: Array = (X - self._means[source].astype(X.dtype)) @ onto.astype(X.dtype)
        return found


def _axes(X: Array) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean ``(d,)``, principal axes ``(d, r)`` with variances ``(r,)``, largest first; the axes' signs are fixed."""
    if len(X) > X.shape[1]:
        mean, cov = moments(X)
        variances, found = axes(cov, X.dtype)
    else:
        mean = X.mean(0, dtype=np.float64)
        _, sizes, rows = np.linalg.svd((X - mean).astype(np.float64, copy=False), full_matrices=False)
        there = sizes > 1e-6 * max(float(sizes[0]), np.finfo(np.float64).tiny)
        variances, found = sizes[there] ** 2 / max(1, len(X) - 1), rows[there].T
    if not variances.size:
        raise ValueError("A domain does not vary: it has no axes to align.")
    return mean, found * np.sign(found[np.abs(found).argmax(0), np.arange(found.shape[1])]), variances


def _enough(variances: FloatArray) -> int:
    """Axes that hold most of the variance."""
    return int(np.searchsorted(np.cumsum(variances), VARIANCE * variances.sum()) + 1)

"""Subspace alignment (Fernando et al. ICCV 2013, doi.org/10.1109/ICCV.2013.368): axes turned to the target's.

Both domains are described by their own principal axes; the source's are aligned with the target's by ``Ps' Pt``. Each
domain is centred on its own mean. Ours takes by default the axes that hold 90 % of the smaller domain's variance, where
the paper tunes their number by cross-validation.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from jeoni.adaptation.shallow._adapter import Adapter
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["SubspaceAlignment"]

VARIANCE = 0.9


class SubspaceAlignment(Adapter):
    """Moves both domains into the target's subspace.

    Args:
        components: axes that are kept; 0 keeps what holds 90 % of both domains' variance. At most as many as both
            domains have.

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

    def affine(self) -> tuple[Array, Array]:
        """See :class:`Adapter`: onto the target's axes."""
        return self.target_axes_, -self._means[False] @ self.target_axes_

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        if self.components < 0:
            raise ValueError(f"components is {self.components}; a number from 1, or 0 to let the data decide.")
        ms, Ps, vs = _axes(Xs)
        mt, Pt, vt = _axes(Xt)
        there = min(len(vs), len(vt))
        if not there:
            raise ValueError("A domain does not vary: it has no axes to align.")
        wanted = self.components or max(_enough(vs), _enough(vt))
        k = self.components_ = min(wanted, there)
        self._means = {True: ms, False: mt}
        self.source_axes_, self.target_axes_ = Ps[:, :k], Pt[:, :k]
        self._aligned = self.source_axes_ @ (self.source_axes_.T @ self.target_axes_)

    def _map(self, X: Array, source: bool) -> Array:
        axes = self._aligned if source else self.target_axes_
        found: Array = (X - self._means[source].astype(X.dtype)) @ axes.astype(X.dtype)
        return found


def _axes(X: Array) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean ``(d,)``, principal axes ``(d, r)`` with variances ``(r,)``, largest first; the axes' signs are fixed."""
    mean = X.mean(0, dtype=np.float64)
    centred = X - mean.astype(X.dtype)
    if len(X) <= X.shape[1]:
        _, sizes, rows = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
        variances, axes = sizes**2, rows.T
    else:
        values, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
        variances, axes = values[::-1], vectors[:, ::-1]
    there = variances > 1e-10 * max(float(variances[0]), np.finfo(np.float64).tiny)
    axes = axes[:, there]
    signs = np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])]) if axes.size else np.ones(0)
    return mean, axes * signs, variances[there] / max(1, len(X) - 1)


def _enough(variances: FloatArray) -> int:
    """Axes that hold most of the variance."""
    return int(np.searchsorted(np.cumsum(variances), VARIANCE * variances.sum()) + 1)

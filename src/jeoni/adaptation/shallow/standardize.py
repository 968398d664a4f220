"""Standardisation per domain: each domain's features get mean 0 and variance 1 of their own.

The first step of most published pipelines (Sun, Feng & Saenko AAAI 2016, arXiv:1511.05547, section 4), and often the
better part of them. Ours can be followed by another adapter: ``Standardize(CORAL())`` is the paper's CORAL.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from sklearn.base import clone

from jeoni.adaptation.adapter import Adapter, Remedy
from jeoni.heads.fitting.maps import Affine, Move, joined
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["Standardize"]


class Standardize(Adapter):
    """Moves both domains.

    Args:
        then: the adapter that follows, on standardised rows.

    Attributes:
        then_: its fitted copy.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(50, 2)), 5 + 3 * rng.normal(size=(50, 2))
        >>> float(abs(Standardize().fit(Xs, None, Xt).transform(Xt).mean(0)).max().round(6))
        0.0
    """

    remedies: ClassVar[tuple[Remedy, ...]] = (Remedy("subspace", rank=1),)

    def __init__(self, then: Adapter | None = None) -> None:
        self.then = then

    def moves(self) -> tuple[Move, ...]:
        """See :class:`Adapter`: scaled, then as what follows."""
        mean, scale = self._moments[False]
        scaled = Affine(np.diag(1 / scale), -mean / scale)
        return joined((scaled, *(() if self.then_ is None else self.then_.moves())))

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        self._moments = {True: _moments(Xs), False: _moments(Xt)}
        self.then_ = None
        if self.then is not None:
            self.then_ = clone(self.then).fit(self._scaled(Xs, True), ys, self._scaled(Xt, False))
            if hasattr(self.then_, "weights_"):
                self._weigh(self.then_.weights_)

    def _map(self, X: Array, source: bool) -> Array:
        scaled = self._scaled(X, source)
        return scaled if self.then_ is None else self.then_.transform(scaled, source=source)

    def _scaled(self, X: Array, source: bool) -> Array:
        mean, scale = self._moments[source]
        found: Array = (X - mean.astype(X.dtype)) / scale.astype(X.dtype)
        return found


def _moments(X: Array) -> tuple[FloatArray, FloatArray]:
    """Means, and deviations; a column that does not vary is left as wide as it is."""
    mean, scale = X.mean(0, dtype=np.float64), X.std(0, dtype=np.float64)
    return mean, np.where(scale > 1e-12 * np.maximum(1.0, np.abs(mean)), scale, 1.0)

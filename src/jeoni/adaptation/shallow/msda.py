"""mSDA, marginalised stacked denoising autoencoders (Chen et al. ICML 2012, arXiv:1206.4683), in closed form.

Each layer undoes random deletion of features, in expectation over all deletions, on both domains' rows together, then
``tanh``. The result is the input beside all layers. The paper's high-dimensional shortcut is not here: a layer solves a
system as wide as the features.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from jeoni.adaptation.adapter import Adapter, Remedy
from jeoni.heads.fitting.maps import Denoise, Move
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["MSDA"]

RIDGE = 1e-5
LAYERED = 2 * 10**8  # numbers in the layers of both domains: 1.6 GB in double precision
SOLVED = 6000  # columns above which the systems take more than two minutes


class MSDA(Adapter):
    """Moves both domains alike.

    Args:
        layers: how many.
        noise: probability that a feature is deleted.
        keep: give the input and every layer; False gives the last layer only.

    Attributes:
        matrices_: ``(d, d + 1)`` of each layer, the bias last.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(50, 4)), rng.normal(size=(40, 4))
        >>> MSDA(layers=2).fit(Xs, None, Xt).transform(Xt).shape
        (40, 12)
    """

    shared: ClassVar[bool] = True
    remedies: ClassVar[tuple[Remedy, ...]] = tuple(
        Remedy(shift, rank=9) for shift in ("covariate", "subspace", "label and subspace")
    )

    def __init__(self, layers: int = 5, *, noise: float = 0.5, keep: bool = True) -> None:
        self.layers = layers
        self.noise = noise
        self.keep = keep

    def too_large(self, ns: int, nt: int, d: int) -> str:
        """See :class:`Adapter`."""
        if d > SOLVED:
            return f"not tried on more than {SOLVED:,} columns"
        if (ns + nt) * d * (self.layers + 1) > LAYERED:
            return f"not tried where it makes more than {LAYERED:,} numbers"
        return ""

    def moves(self) -> tuple[Move, ...]:
        """See :class:`Adapter`."""
        return (Denoise(np.stack(self.matrices_), self.keep),)

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        if self.layers < 1 or not 0 <= self.noise < 1:
            raise ValueError(f"layers is {self.layers} and noise {self.noise}; from 1, and from 0 to below 1.")
        hidden = np.concatenate([Xs, Xt])
        self.matrices_: list[Array] = []
        for _ in range(self.layers):
            self.matrices_.append(_denoising(hidden, self.noise).astype(hidden.dtype))
            hidden = _through(hidden, self.matrices_[-1])

    def _map(self, X: Array, source: bool) -> Array:
        found = [X]
        for matrix in self.matrices_:
            found.append(_through(found[-1], matrix))
        return np.concatenate(found, 1) if self.keep else found[-1]


def _through(X: Array, matrix: Array) -> Array:
    found: Array = np.tanh(X @ matrix[:, :-1].T + matrix[:, -1])
    return found


def _denoising(X: Array, noise: float) -> FloatArray:
    """``W = E[P] E[Q]^-1``, ``(d, d + 1)``: from deleted rows with a one behind them back to whole ones."""
    d = X.shape[1]
    S = np.empty((d + 1, d + 1))
    S[:d, :d] = X.T @ X
    S[d, :d] = S[:d, d] = X.sum(0, dtype=np.float64)
    S[d, d] = len(X)
    stays = np.append(np.full(d, 1 - noise), 1.0)
    P = S[:d] * stays
    Q = S * np.outer(stays, stays)
    np.fill_diagonal(Q, stays * np.diag(S))
    Q[np.diag_indices(d + 1)] += RIDGE
    found: FloatArray = cho_solve(cho_factor(Q), P.T).T
    return found

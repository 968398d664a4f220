"""Transfer component analysis (Pan et al. TNN 2011, doi.org/10.1109/TNN.2010.2091281): what domains agree on.

Components of a kernel space with large variance and a small discrepancy (MMD) of the domains' means. Ours solves the
eigenproblem symmetrically, so that components are real, divides the linear kernel by its mean diagonal, so that ``mu``
means the same at every scale, takes the median distance as width of the Gaussian kernel, and above ``exact`` rows spans
the space by landmarks from both domains (Nyström), so that memory does not grow with the square. By name, rows
are scaled per domain before a Gaussian kernel only: a linear one would see equal means, and give plain PCA.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh

from jeoni.adaptation.adapter import Adapter
from jeoni.adaptation.kernels import median_distance, rbf, spread
from jeoni.heads.fitting.maps import Affine, Move, RBFFeatures
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["TCA"]

BLOCK = 4096  # rows whose kernel is in memory at a time


class TCA(Adapter):
    """Moves both domains onto common components.

    Args:
        components: how many; fewer where the kernel has fewer.
        kernel: ``linear`` or ``rbf``.
        mu: weight of the components' size against the discrepancy.
        width: of the Gaussian kernel ``exp(-|x - y|² / (2 width²))``; None takes the median distance.
        exact: rows of both domains together up to which all of them span the space.
        landmarks: rows that span it above that, half of each domain.
        seed: of the direction along which landmarks are spread.

    Attributes:
        landmarks_: ``(m, d)`` rows that span the space.
        approximate_: whether they are fewer than all.
        components_: ``(m, k)`` of their kernel values.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(50, 4)), rng.normal(1, 1, size=(40, 4))
        >>> TCA(2).fit(Xs, None, Xt).transform(Xt).shape
        (40, 2)
    """

    def __init__(
        self,
        components: int = 20,
        *,
        kernel: str = "linear",
        mu: float = 1.0,
        width: float | None = None,
        exact: int = 2000,
        landmarks: int = 500,
        seed: int = 0,
    ) -> None:
        self.components = components
        self.kernel = kernel
        self.mu = mu
        self.width = width
        self.exact = exact
        self.landmarks = landmarks
        self.seed = seed

    @property
    def scaled(self) -> bool:  # type: ignore[override]  # here it hangs on the kernel
        """See :class:`Adapter`."""
        return self.kernel == "rbf"

    def moves(self) -> tuple[Move, ...]:
        """See :class:`Adapter`."""
        onto, shift = self.components_, np.zeros(self.components_.shape[1])
        if self.kernel == "rbf":
            return RBFFeatures(self.landmarks_, self.width_), Affine(onto, shift)
        return (Affine(self.landmarks_.T @ onto / self.scale_, shift),)

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        if self.kernel not in ("linear", "rbf") or self.components < 1 or self.mu <= 0:
            raise ValueError(
                f"kernel is {self.kernel!r}, components {self.components}, mu {self.mu}; needed are linear or rbf, a "
                "number from 1, and one above 0."
            )
        n = len(Xs) + len(Xt)
        self.approximate_ = n > self.exact
        most = max(1, self.landmarks // 2) if self.approximate_ else n
        self.landmarks_ = np.concatenate([X[spread(X, most, self.seed)] for X in (Xs, Xt)]).astype(np.float64)
        self.width_ = self.width or median_distance(Xs, Xt)
        self.scale_ = max(float((self.landmarks_**2).sum(1).mean()), 1e-300)
        gap, scatter = self._moments(Xs, Xt)
        m = len(gap)
        # scatter w = lambda (gap gap' + mu I) w; m coefficients are n / m times as large as n would be
        penalty = np.outer(gap, gap) + self.mu * m / n * np.eye(m)
        values, vectors = eigh(scatter, penalty, subset_by_index=[max(0, m - self.components), m - 1])
        there = values > 1e-10 * max(float(values[-1]), 1e-300)
        if not there.any():
            raise ValueError("The rows do not vary: there are no components.")
        found = vectors[:, there][:, ::-1]
        self.components_ = found * np.sign(found[np.abs(found).argmax(0), np.arange(found.shape[1])])

    def _moments(self, Xs: Array, Xt: Array) -> tuple[FloatArray, FloatArray]:
        """Of kernel values with landmarks: the difference of domain means ``(m,)``, and the scatter ``(m, m)``."""
        near = self._kernel(self.landmarks_).mean(0)  # subtracted first, so that no digits are lost
        means, scatter = [], np.zeros((len(near), len(near)))
        for X in (Xs, Xt):
            total = np.zeros(len(near))
            for start in range(0, len(X), BLOCK):
                K = self._kernel(X[start : start + BLOCK]) - near
                total += K.sum(0)
                scatter += K.T @ K
            means.append(total / len(X))
        n = len(Xs) + len(Xt)
        middle = (len(Xs) * means[0] + len(Xt) * means[1]) / n
        return means[0] - means[1], scatter - n * np.outer(middle, middle)

    def _map(self, X: Array, source: bool) -> Array:
        found: Array = (self._kernel(X) @ self.components_).astype(X.dtype)
        return found

    def _kernel(self, X: Array) -> FloatArray:
        if self.kernel == "rbf":
            return rbf(X, self.landmarks_, self.width_)
        found: FloatArray = X @ self.landmarks_.T / self.scale_
        return found

"""Transfer component analysis (Pan et al. TNN 2011, doi.org/10.1109/TNN.2010.2091281): what domains agree on.

Components of a kernel space with large variance and a small discrepancy (MMD) of the domains' means. Ours solves the
eigenproblem symmetrically, so that components are real, divides the linear kernel by its mean diagonal, so that ``mu``
means the same at every scale, takes the median distance as width of the Gaussian kernel, and above ``exact`` rows spans
the space by landmarks from both domains, so that memory does not grow with the square.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.linalg import eigh

from jeoni.adaptation.shallow._adapter import Adapter
from jeoni.adaptation.shallow._kernels import median_distance, rbf, spread
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["TCA"]


class TCA(Adapter):
    """Moves both domains onto common components.

    Args:
        components: how many; fewer where the kernel has fewer.
        kernel: ``linear`` or ``rbf``.
        mu: weight of the components' size against the discrepancy.
        width: of the Gaussian kernel ``exp(-|x - y|² / (2 width²))``; None takes the median distance.
        exact: rows of both domains together up to which all of them span the space.
        landmarks: rows that span it above that.

    Attributes:
        landmarks_: ``(m, d)`` rows that span the space.
        components_: ``(m, k)`` of their kernel values.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(50, 4)), rng.normal(1, 1, size=(40, 4))
        >>> TCA(2).fit(Xs, None, Xt).transform(Xt).shape
        (40, 2)
    """

    scaled: ClassVar[bool] = True

    def __init__(
        self,
        components: int = 20,
        *,
        kernel: str = "linear",
        mu: float = 1.0,
        width: float | None = None,
        exact: int = 2000,
        landmarks: int = 500,
    ) -> None:
        self.components = components
        self.kernel = kernel
        self.mu = mu
        self.width = width
        self.exact = exact
        self.landmarks = landmarks

    def affine(self) -> tuple[Array, Array]:
        """See :class:`Adapter`; with the linear kernel only.

        Raises:
            ValueError: with another kernel.
        """
        if self.kernel != "linear":
            raise ValueError(f"With kernel={self.kernel!r} the map is not affine; kernel='linear' is.")
        return self.landmarks_.T @ self.components_ / self.scale_, np.zeros(self.components_.shape[1])

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        if self.kernel not in ("linear", "rbf") or self.components < 1 or self.mu <= 0:
            raise ValueError(
                f"kernel is {self.kernel!r}, components {self.components}, mu {self.mu}; needed are linear or rbf, a "
                "number from 1, and one above 0."
            )
        ns, nt = len(Xs), len(Xt)
        both = np.concatenate([Xs, Xt]).astype(np.float64)
        few = self.landmarks // 2
        halves = (Xs, Xt) if ns + nt <= self.exact else (Xs[spread(Xs, few)], Xt[spread(Xt, few)])
        self.landmarks_ = np.concatenate(halves).astype(np.float64)
        self.width_ = self.width or median_distance(Xs, Xt)
        self.scale_ = max(float((self.landmarks_**2).sum(1).mean()), 1e-300)
        K = self._kernel(both)
        mean = K[:ns].mean(0) - K[ns:].mean(0)
        centred = K - K.mean(0)
        # (K L K + mu I) w = 1/lambda K H K w, with K L K = mean mean'
        scatter = centred.T @ centred
        sizes = np.outer(mean, mean) + self.mu * np.eye(len(mean))
        k = min(self.components, len(mean))
        values, vectors = eigh(scatter, sizes, subset_by_index=[len(mean) - k, len(mean) - 1])
        there = values > 1e-10 * max(float(values[-1]), 1e-300)
        found = vectors[:, there][:, ::-1]
        signs = np.sign((centred @ found)[np.abs(centred @ found).argmax(0), np.arange(found.shape[1])])
        self.components_ = found * signs

    def _map(self, X: Array, source: bool) -> Array:
        found: Array = (self._kernel(X) @ self.components_).astype(X.dtype)
        return found

    def _kernel(self, X: Array) -> FloatArray:
        if self.kernel == "rbf":
            return rbf(X, self.landmarks_, self.width_)
        found: FloatArray = X @ self.landmarks_.T / self.scale_
        return found

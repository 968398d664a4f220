"""Proxy A-distance (Ben-David et al. NIPS 2006; Glorot, Bordes & Bengio ICML 2011): how well a line parts two samples.

``2 (1 - 2 err)`` with the error of a linear classifier of the domain. The papers take a support vector machine and half
of the rows; ours takes logistic regression, the cross-validated error with both domains counting alike, and chooses the
penalty inside each fold: the smallest *test* error among several penalties, as found in public code, is too good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jeoni.transferability.samples import folds, paired, thinned
from jeoni.types import Array, IntArray

__all__ = ["ProxyADistance"]


@dataclass(frozen=True)
class ProxyADistance:
    """From 0, where a linear classifier can only guess the domain, to 2, where it always knows.

    Attributes:
        strengths: inverse penalties on standardised features to choose from.
        parts: folds outside, and folds inside these for the choice.
        most: rows of each sample that are used; of more, as many are drawn.
        seed: of the folds and the draw.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Xs = rng.normal(size=(100, 2))
        >>> ProxyADistance()(Xs, Xs + 9)
        2.0
    """

    strengths: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
    parts: int = 5
    most: int = 2000
    seed: int = 0

    def __call__(self, Xs: Any, Xt: Any) -> float:
        """The distance of samples ``(ns, d)`` and ``(nt, d)``.

        Raises:
            ValueError: not two matrices with the same number of columns and four rows at least, or NaN.
        """
        Xs, Xt = (thinned(X, self.most, self.seed) for X in paired(Xs, Xt))
        few = min(len(Xs), len(Xt))
        if few < 4:
            raise ValueError(f"One sample has {few} rows; 4 at least are needed to learn on some and test on others.")
        X, domain = np.concatenate([Xs, Xt]), np.repeat([0, 1], [len(Xs), len(Xt)])
        wrong = np.empty(len(X))
        fold = self._folds(domain, min(self.parts, few // 2), self.seed)
        for k in range(fold.max() + 1):
            known = fold != k
            linear = _linear(self._strength(X[known], domain[known]))
            model = make_pipeline(StandardScaler(), linear).fit(X[known], domain[known])
            wrong[~known] = model.predict(X[~known]) != domain[~known]
        error = (wrong[domain == 0].mean() + wrong[domain == 1].mean()) / 2
        return float(np.clip(2 * (1 - 2 * error), 0, 2))

    def _strength(self, X: Array, domain: IntArray) -> float:
        """The one of the least log-loss on rows held out inside a fold, both domains counting alike."""
        counts = np.bincount(domain)
        fold = self._folds(domain, min(3, int(counts.min())), self.seed + 1)
        losses = np.zeros(len(self.strengths))
        for k in range(fold.max() + 1):
            known, asked = fold != k, np.flatnonzero(fold == k)
            scale = StandardScaler().fit(X[known])
            for i, strength in enumerate(self.strengths):
                model = _linear(strength).fit(scale.transform(X[known]), domain[known])
                sure = model.predict_log_proba(scale.transform(X[asked]))
                losses[i] -= (sure[np.arange(len(asked)), domain[asked]] / counts[domain[asked]]).sum()
        return self.strengths[int(losses.argmin())]

    def _folds(self, domain: IntArray, parts: int, seed: int) -> IntArray:
        return np.concatenate([folds(n, parts, seed) for n in np.bincount(domain)])


def _linear(strength: float) -> Any:
    return LogisticRegression(C=strength, class_weight="balanced", max_iter=500, tol=1e-3)

"""Discriminative weights (Bickel, Brückner & Scheffer ICML 2007, doi.org/10.1145/1273496.1273507): odds of the domain.

A classifier of the domain gives ``(ns / nt) p(target | x) / p(source | x)``. Ours asks each row of a classifier that
has not seen it, calibrates by one temperature, and may clip or flatten (Shimodaira 2000) the weights.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from jeoni.adaptation.adapter import Adapter, Remedy
from jeoni.adaptation.posteriors import cross_fitted
from jeoni.evaluation.calibration import temperature
from jeoni.types import Array, IntArray

__all__ = ["Discriminative"]

FARTHEST = 50.0  # of log-weights: exp(50) is finite, and more than any example is worth


class Discriminative(Adapter):
    """Weights the source by how a classifier tells it from the target.

    Args:
        estimator: any classifier with ``predict_proba``; standardised logistic regression if left out. It sees 0 for
            the source and 1 for the target, in the proportions given.
        clip: quantile above which weights are cut; 1 cuts none.
        flatten: power of the weights from 0, which makes them equal, to 1.
        seed: of the folds.
        least_effective: the smallest share of the source that the weights may rest on.

    Attributes:
        temperature_: what the classifier's log-odds were divided by; above 1 where it was too certain.

    Raises:
        ValueError: in ``fit``, if ``clip`` or ``flatten`` is out of range, a domain has one row, or the weights rest on
            too few examples: source and target are then so easily told apart that no weights help.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(300, 1)), rng.normal(1, 0.5, size=(200, 1))
        >>> weights = Discriminative().fit(Xs, None, Xt).weights_
        >>> bool(weights[Xs[:, 0] > 0].mean() > 1.5)
        True
    """

    remedies: ClassVar[tuple[Remedy, ...]] = (Remedy("covariate", rank=2),)

    def __init__(
        self,
        estimator: Any = None,
        *,
        clip: float = 0.99,
        flatten: float = 1.0,
        seed: int = 0,
        least_effective: float = 0.05,
    ) -> None:
        self.estimator = estimator
        self.clip = clip
        self.flatten = flatten
        self.seed = seed
        self.least_effective = least_effective

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        if not (0 < self.clip <= 1 and 0 <= self.flatten <= 1):
            raise ValueError(f"clip is {self.clip} and flatten {self.flatten}; clip is above 0, both are 1 at most.")
        ns, nt = len(Xs), len(Xt)
        domain = np.repeat([0, 1], [ns, nt])
        names = np.array(["source", "target"])
        said, _ = cross_fitted(self.estimator, np.concatenate([Xs, Xt]), domain, Xt[:1], self.seed, names)
        said -= np.log([ns, nt])
        self.temperature_ = temperature(said, domain, 1 / np.array([ns, nt])[domain])
        likeness = (said[:ns, 1] - said[:ns, 0]) / self.temperature_ * self.flatten
        weights = np.exp(np.clip(likeness - np.quantile(likeness, self.clip), -FARTHEST, FARTHEST))
        # equal weights for all above the quantile, which is 1 here
        self._weigh(np.minimum(weights, 1.0), self.least_effective)

"""DAP, direct attribute prediction (Lampert, Nickisch & Harmeling CVPR 2009; PAMI 2014): attributes, then classes.

A classifier for each attribute, learned on seen classes; then ``p(c | x) ~ prod_m p(a_m^c | x) / p(a_m^c)``, with the
prior of an attribute its mean over the seen classes. Theirs are support vector machines with Platt's scaling; ours are
logistic regressions (scikit-learn), whose log-odds are linear, so that the log of the product is linear too: ``sum_m
a_m^c (w_m x + b_m - logit p(a_m))`` but for a term that all classes share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from scipy.special import logit

from jeoni.types import FloatArray, IntArray
from jeoni.zero_shot_learning.semantics.protocol import Compatibility, Setting

__all__ = ["DAP"]

STRENGTHS = (1.0, 0.1, 10.0, 0.01, 100.0)
LEAST = 0.05  # of a prior: an attribute that few seen classes have is no certainty against it


@dataclass(frozen=True)
class DAP:
    """The product of attribute classifiers.

    Attributes:
        strength: scikit-learn's ``C`` of each of them; None lets folds over classes choose.
    """

    space: ClassVar[Literal["seen"]] = "seen"
    attributes: ClassVar[bool] = True

    strength: float | None = None

    def settings(self) -> list[Setting]:
        """The strengths."""
        return [{"C": c} for c in (STRENGTHS if self.strength is None else (self.strength,))]

    def candidates(
        self, features: FloatArray, labels: IntArray, vectors: FloatArray, settings: list[Setting], seed: int
    ) -> Iterator[Compatibility]:
        """See :class:`jeoni.zero_shot_learning.semantics.protocol.SeenMethod`; class vectors hold 0 and 1."""
        prior = logit(np.clip(vectors.mean(0), LEAST, 1 - LEAST))
        for setting in settings:
            made = [_classifier(features, vectors[labels, m], setting["C"]) for m in range(vectors.shape[1])]
            matrix = np.array([weights for weights, _ in made])
            offset = np.array([bias for _, bias in made])
            yield Compatibility(matrix, np.where(matrix.any(1), offset - prior, 0.0))


def _classifier(features: FloatArray, has: FloatArray, strength: float) -> tuple[FloatArray, float]:
    """Weights and bias; zeros where all the examples have the attribute, or none."""
    from sklearn.linear_model import LogisticRegression

    if has.min() == has.max():
        return np.zeros(features.shape[1]), 0.0
    fitted = LogisticRegression(C=strength, max_iter=500).fit(features, has > 0.5)
    return fitted.coef_[0], float(fitted.intercept_[0])

"""BBSE (Lipton, Wang & Smola ICML 2018, arXiv:1802.03916): class weights out of a classifier's predictions.

Solves ``C w = mu``: confusions held out in the source, predictions in the target. Ours takes both from cross-fitted
classifiers instead of a split, cuts negative weights to 0 and brings the shares that follow to sum 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jeoni.adaptation.posteriors import Confusion, LabelShift, confusion
from jeoni.types import FloatArray, IntArray

__all__ = ["BBSE"]

SINGULAR = 1e-6  # smallest over largest singular value


class BBSE(LabelShift):
    """Weights the classes, where the target has other shares of them but the same examples within each.

    Args:
        estimator: any classifier with ``predict_proba``; standardised logistic regression if left out.
        soft: use mean probabilities in place of counts of the likeliest class.
        seed: of the folds.

    Attributes:
        class_weights_: ``(classes,)``: ``p_target(y) / p_source(y)``, in the order of ``classes_``.
        priors_: ``(classes,)``: the target's class shares.

    Raises:
        ValueError: in ``fit``, if a class has one example, or the confusions cannot be solved for: the classifier never
            says a class, or does not tell two apart.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> ys = np.repeat([0, 1], 200)
        >>> Xs, Xt = rng.normal(size=(400, 1)) + 3 * ys[:, None], rng.normal(size=(100, 1))
        >>> BBSE().fit(Xs, ys, Xt).priors_.round(1)
        array([1., 0.])
    """

    def __init__(self, estimator: Any = None, *, soft: bool = False, seed: int = 0) -> None:
        super().__init__(estimator, seed=seed)
        self.soft = soft

    def _class_weights(self, held: FloatArray, ys: IntArray, target: FloatArray) -> FloatArray:
        return np.maximum(0, _solved(confusion(held, ys, target, self.soft)))


def _solved(seen: Confusion) -> FloatArray:
    """The weights, negative ones too."""
    sizes = np.linalg.svd(seen.joint, compute_uv=False)
    if sizes[-1] < SINGULAR * sizes[0]:
        raise ValueError(
            "The confusion matrix is singular: the classifier never says some class, or cannot tell two apart. Use "
            "RLLS or EM, soft=True, a better estimator, or merge classes."
        )
    return np.asarray(np.linalg.solve(seen.joint, seen.said), dtype=np.float64)

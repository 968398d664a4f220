"""RLLS (Azizzadenesheli et al. ICLR 2019, arXiv:1903.09734): BBSE's weights, held near 1 as far as the data are few.

``theta = argmin |C theta - (mu - nu)| + Delta |theta|`` for ``theta >= -1``; ``w = 1 + gamma theta``; the paper's
``Delta``. Ours follows the path of ridge solutions, on which the optimum lies, instead of calling a cone solver, and
takes confusions from cross-fitted classifiers instead of a split.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar, nnls

from jeoni.adaptation.posteriors import LabelShift, confusion
from jeoni.types import FloatArray, IntArray

__all__ = ["RLLS"]

DOUBT = 0.05  # the bound behind Delta fails with this probability
WEAKEST, STRONGEST = -30.0, 12.0  # log of the ridge, over the largest squared singular value


class RLLS(LabelShift):
    """Weights the classes, where the target has other shares of them but the same examples within each.

    Args:
        estimator: any classifier with ``predict_proba``; standardised logistic regression if left out.
        alpha: factor of the penalty; 0 leaves none.
        gamma: share of the shift that is believed, from 0 to 1.
        soft: use mean probabilities in place of counts of the likeliest class.
        seed: of the folds.

    Attributes:
        class_weights_: ``(classes,)``: ``p_target(y) / p_source(y)``, in the order of ``classes_``.
        priors_: ``(classes,)``: the target's class shares.

    Raises:
        ValueError: in ``fit``, if a class has one example, or ``alpha`` or ``gamma`` is out of range.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> ys = np.repeat([0, 1], 200)
        >>> Xs, Xt = rng.normal(size=(400, 1)) + 3 * ys[:, None], rng.normal(size=(100, 1))
        >>> RLLS().fit(Xs, ys, Xt).priors_.round(1)
        array([1., 0.])
    """

    def __init__(
        self, estimator: Any = None, *, alpha: float = 0.01, gamma: float = 1.0, soft: bool = False, seed: int = 0
    ) -> None:
        super().__init__(estimator, seed=seed)
        self.alpha = alpha
        self.gamma = gamma
        self.soft = soft

    def _class_weights(self, held: FloatArray, ys: IntArray, target: FloatArray) -> FloatArray:
        if self.alpha < 0 or not 0 <= self.gamma <= 1:
            raise ValueError(f"alpha is {self.alpha} and gamma {self.gamma}; alpha from 0, gamma from 0 to 1.")
        seen = confusion(held, ys, target, self.soft)
        C, b = seen.joint, seen.said - seen.joint.sum(1)
        return 1 + self.gamma * _nearest(C, b, self.alpha * _penalty(len(ys), len(C)))


def _penalty(n: int, K: int) -> float:
    """The bound of the confusions' error that holds with probability 0.95: ``n`` examples, ``K`` classes."""
    spread = np.log(2 * K / DOUBT)
    return float(3 * (2 * spread / (3 * n) + np.sqrt(2 * spread / n)))


def _nearest(C: FloatArray, b: FloatArray, penalty: float) -> FloatArray:
    """``argmin |C theta - b| + penalty |theta|`` for ``theta >= -1``.

    Both norms fall and rise along the ridge solutions, whose pairs of norms form a convex curve; so the sum has one
    valley there.
    """
    unit = float(np.linalg.norm(C, 2)) ** 2

    def solved(log_ridge: float) -> FloatArray:
        root = np.sqrt(unit * np.exp(log_ridge))
        rows = np.concatenate([C, root * np.eye(len(C))])
        aim = np.concatenate([b + C.sum(1), np.full(len(C), root)])
        found: FloatArray = nnls(rows, aim)[0] - 1
        return found

    def cost(theta: FloatArray) -> float:
        return float(np.linalg.norm(C @ theta - b) + penalty * np.linalg.norm(theta))

    if penalty == 0:
        return solved(WEAKEST)
    best = minimize_scalar(lambda at: cost(solved(at)), bounds=(WEAKEST, STRONGEST), method="bounded")
    return min((solved(best.x), solved(WEAKEST), np.zeros(len(C))), key=cost)

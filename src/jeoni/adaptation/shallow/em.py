"""EM (Saerens, Latinne & Decaestecker 2002, doi.org/10.1162/089976602753284446): likeliest class shares.

On calibrated probabilities, as Alexandari, Kundaje & Shrikumar (ICML 2020, arXiv:1901.06852) advise: a temperature and
a bias for each class. The source's shares are the mean held-out probabilities, so that no shift stays no shift.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from jeoni.adaptation.adapter import Remedy
from jeoni.adaptation.posteriors import LabelShift, calibrated
from jeoni.types import FloatArray, IntArray

__all__ = ["EM"]

ROUNDS = 2000
STILL = 1e-7  # no share moves more


class EM(LabelShift):
    """Weights the classes, where the target has other shares of them but the same examples within each.

    Args:
        estimator: any classifier with ``predict_proba``; standardised logistic regression if left out.
        calibration: of its probabilities: ``"bcts"``, ``"temperature"`` or None.
        seed: of the folds.

    Attributes:
        class_weights_: ``(classes,)``: ``p_target(y) / p_source(y)``, in the order of ``classes_``.
        priors_: ``(classes,)``: the target's class shares.

    Raises:
        ValueError: in ``fit``, if a class has one example, or ``calibration`` has another name.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> ys = np.repeat([0, 1], 200)
        >>> Xs, Xt = rng.normal(size=(400, 1)) + 3 * ys[:, None], rng.normal(size=(100, 1))
        >>> EM().fit(Xs, ys, Xt).priors_.round(1)
        array([1., 0.])
    """

    remedies: ClassVar[tuple[Remedy, ...]] = (
        Remedy("label", rank=1),
        Remedy("label and subspace", rank=2, standardized=True),
    )

    def __init__(self, estimator: Any = None, *, calibration: str | None = "bcts", seed: int = 0) -> None:
        super().__init__(estimator, seed=seed)
        self.calibration = calibration

    def _class_weights(self, held: FloatArray, ys: IntArray, target: FloatArray) -> FloatArray:
        held, target = calibrated(held, ys, target, self.calibration)
        before: FloatArray = np.exp(held).mean(0)
        weights: FloatArray = _likeliest(target, before) / before
        return weights


def _likeliest(target: FloatArray, before: FloatArray) -> FloatArray:
    """The shares ``(K,)`` under which the target's rows are most likely; each round makes them likelier.

    Args:
        target: ``(m, K)`` log-probabilities where the shares are ``before``.
        before: ``(K,)``.
    """
    like = target - np.log(before)
    like = np.exp(like - like.max(1, keepdims=True))
    shares = before
    for _ in range(ROUNDS):
        now = _round(like, shares)
        if np.abs(now - shares).max() < STILL:
            return now
        shares = now
    return shares


def _round(like: FloatArray, shares: FloatArray) -> FloatArray:
    """Mean probabilities of the classes, given their shares; ``like`` ``(m, K)`` is in proportion to densities."""
    found: FloatArray = shares * ((1 / (like @ shares)) @ like) / len(like)
    return found

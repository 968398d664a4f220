"""Which adapter, if any: what suits the diagnosed shift is tried, and the source model kept where helping is in doubt.

No target label is seen. Musgrave, Belongie & Lim 2021 (arXiv:2111.15672) found that validators alone choose worse than
no adaptation at all; so ours asks two kinds of witnesses. The diagnosis says, on rows it was not fitted on, what brings
the domains together. Then the adapted classifier must be surer of the target than the source model (entropy),
of more classes (information maximisation), and find the way back (circular validation), by the margins of ``MARGINS``.
Where the domains hardly overlap the source model only extrapolates, and being sure means nothing: there the other two
must be convinced the more.
These were set on shifted digits and simulated shifts of other seeds and sizes than any benchmark of this project.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from jeoni import plugins
from jeoni.adaptation.diagnosis import Diagnosis, diagnose
from jeoni.adaptation.shallow._adapter import Adapter
from jeoni.adaptation.shallow.standardize import Standardize
from jeoni.adaptation.trying import Tried, probabilities, try_adapter
from jeoni.types import Array, FloatArray

__all__ = ["AutoAdaptedClassifier"]

FOLDER = "jeoni.adaptation.shallow"
SOURCE_ONLY = "source_only"
# by kind of shift, what is tried: the simple before the elaborate
REMEDIES = {
    "label": ("em",),
    "covariate": ("kmm", "discriminative"),
    "subspace": ("standardize", "coral", "optimal_transport", "msda"),
    "label and subspace": ("coral", "standardize+em"),
}
SETTINGS: dict[str, dict[str, Any]] = {"optimal_transport": {"method": "linear"}}
OVERLAP = 0.1
WIDE = 2000  # columns above which methods that turn full covariances take minutes
JUDGES = ("entropy", "information_maximization", "circular")
# the least gain over the source alone that every judge must see; entropies in shares of the largest there can be
MARGINS = {
    "moves": {"entropy": 0.02, "information_maximization": 0.1, "circular": -0.02},
    "moves far": {"information_maximization": 0.1, "circular": 0.1},
    "weighs classes": {"entropy": -0.15, "circular": -0.15},
    "weighs rows": {"entropy": 0.02, "circular": -0.1},
}


class AutoAdaptedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier that is adapted where that helps, as far as can be told without target labels.

    Args:
        estimator: any scikit-learn classifier; logistic regression if left out.
        random_state: seed of folds and permutations.

    Attributes:
        chosen_: the method's name, ``source_only`` where none is trusted.
        why_: in words.
        diagnosis_: what the domains differ in; None where there are too few rows to tell.
        tried_: the source alone and all candidates, with the validators' scores.
        gains_: by name, what each validator gives it more than the source alone; entropies in shares of ``log K``.
        classifier_: the fitted :class:`AdaptedClassifier` that predicts.
        classes_: the source's classes.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> ys = np.arange(200) % 2
        >>> Xs, Xt = (rng.normal(size=(200, 3)) + 2 * ys[:, None] for _ in range(2))
        >>> AutoAdaptedClassifier().fit(Xs, ys, Xt).chosen_
        'source_only'
    """

    def __init__(self, estimator: Any = None, *, random_state: int = 0) -> None:
        self.estimator = estimator
        self.random_state = random_state

    def fit(self, Xs: Any, ys: Any, Xt: Any) -> Self:
        """Diagnose, try, and choose.

        Args:
            Xs: ``(ns, d)`` source rows.
            ys: ``(ns,)`` their labels.
            Xt: ``(nt, d)`` target rows.

        Raises:
            ValueError: rows or labels that cannot be used.
        """
        estimator = self.estimator if self.estimator is not None else LogisticRegression(max_iter=1000)
        Xs, Xt = np.asarray(Xs), np.asarray(Xt)
        self.classes_, labels = np.unique(np.asarray(ys), return_inverse=True)
        labels = labels.astype(np.int64)
        few = min(len(Xs), len(Xt)) < 20
        self.diagnosis_: Diagnosis | None = None if few else diagnose(Xs, labels, Xt, seed=self.random_state)
        kind = "" if self.diagnosis_ is None else " and ".join(k for k in self.diagnosis_.kinds if k != "concept")
        out = {"optimal_transport"} if Xs.shape[1] > WIDE else set()
        adapters = {name: _made(name) for name in REMEDIES.get(kind, ()) if name not in out}
        judges = JUDGES if adapters else ()
        self.tried_ = [
            try_adapter(name, adapter, estimator, Xs, labels, Xt, judges, self.random_state)
            for name, adapter in {SOURCE_ONLY: None, **adapters}.items()
        ]
        alone, *others = self.tried_
        self.gains_ = {t.name: _gains(t, alone, len(self.classes_)) for t in others if t.fitted}
        far = self.diagnosis_ is not None and self.diagnosis_.overlap < OVERLAP
        trusted = [t for t in others if t.fitted and _convincing(t, self.gains_[t.name], far)]
        chosen = max(trusted, key=lambda t: sum(self.gains_[t.name].values()), default=alone)
        self.chosen_ = chosen.name
        self.classifier_: Any = chosen.fitted
        if self.classifier_ is None:
            raise ValueError(f"The source cannot be learned: {alone.note}.")
        self.why_ = self._why(len(trusted))
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """``(n, classes)``, where the classifier has probabilities; else a softmax of what it decides by."""
        check_is_fitted(self, "classifier_")
        X = np.asarray(X)
        adapter = self.classifier_.adapter_
        return probabilities(self.classifier_.estimator_, X if adapter is None else adapter.transform(X))

    def predict(self, X: Any) -> Array:
        """The class of each target row, ``(n,)``."""
        check_is_fitted(self, "classifier_")
        return np.asarray(self.classes_[self.classifier_.predict(X)])

    def _why(self, trusted: int) -> str:
        if self.diagnosis_ is None:
            return "there are too few rows to tell how the domains differ"
        if len(self.tried_) == 1:
            return "no shift is seen that an adapter could mend"
        if not self.gains_:
            return "none of the methods for this shift could be fitted"
        tried = f"{len(self.gains_)} method{'s' if len(self.gains_) > 1 else ''}"
        if not trusted:
            return f"of {tried} for this shift none convinces the validators"
        return f"of {tried} for this shift {trusted} convince{'s' if trusted == 1 else ''} the validators"


def _gains(tried: Tried, alone: Tried, classes: int) -> dict[str, float]:
    """What validators give more than to the source alone."""
    most = {"circular": 1.0}
    return {j: (tried.scores[j] - alone.scores[j]) / most.get(j, float(np.log(classes))) for j in JUDGES}


def _convincing(tried: Tried, gains: dict[str, float], far: bool) -> bool:
    """Whether the validators are convinced; ``far``: the domains hardly overlap."""
    assert tried.fitted is not None
    adapter = tried.fitted.adapter_
    kinds = ["moves", "moves far"] if far else ["moves"]
    if not isinstance(adapter, Standardize) and getattr(adapter, "weights_", None) is not None:
        kinds = ["weighs classes" if hasattr(adapter, "class_weights_") else "weighs rows"]
    return any(all(gains[judge] >= least for judge, least in MARGINS[kind].items()) for kind in kinds)


def _made(name: str) -> Adapter:
    first, _, then = name.partition("+")
    adapter: Adapter = plugins.load(FOLDER, first)(**SETTINGS.get(first, {}))
    if then:
        return Standardize(_made(then))
    return Standardize(adapter) if adapter.scaled else adapter

"""Learning from a labelled source and a few labelled target rows, as one classifier."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_array, check_is_fitted

from jeoni import plugins
from jeoni.adaptation.adapter import source_labels
from jeoni.adaptation.few_labels import FewLabelAdapter, Tuned, tuned
from jeoni.adaptation.few_labels_task import Learner, Source, Task, Unlabelled
from jeoni.adaptation.stacked_rows import Rows, sum_of_squares
from jeoni.errors import did_you_mean
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["FewLabels", "chosen", "is_open"]

FOLDER = "jeoni.adaptation.few"
SOURCE, TARGET = "source_only", "target_only"


class FewLabels(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Learns from a source and from the few rows of the target that have labels.

    All that is chosen is chosen by log-loss on folds of the labelled target rows; one row costs 6.9 at most.
    The strength of the source's own classifier is chosen on folds of the source.

    Args:
        method: a file of ``few/``: ``source_only``, ``target_only``, ``all``, ``weighted``, ``pred``, ``linint``,
            ``prior``, ``easyadapt`` or ``easyadapt_unlabelled``; or ``auto``, the best of these on the same folds.
            ``auto`` leaves both kinds of EasyAdapt out where ``source_only`` does no worse than ``target_only``.
        estimator: any classifier with ``predict_proba``, used as it is; logistic regression of tuned strength if left
            out. ``weighted`` needs one that takes ``sample_weight``; ``prior`` and ``easyadapt_unlabelled`` take none.
        strengths: of logistic regression, to choose from: ``C`` times the mean squared length of a row.
        seed: of the folds, which do not depend on the order of rows.

    Attributes:
        classes_: the source's classes.
        method_: what was used.
        setting_: what was chosen for it.
        losses_: mean log-loss on held-out labelled target rows by method; empty where nothing was tried.

    Example:
        >>> from jeoni.adaptation import FewLabels
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(60, 2)), rng.normal(size=(40, 2))
        >>> yt = np.full(40, -1)
        >>> yt[:4] = Xt[:4, 0] > 0
        >>> FewLabels("all").fit(Xs, (Xs[:, 0] > 0).astype(int), Xt, yt).predict([[3.0, 0.0], [-3.0, 0.0]])
        array([1, 0])
    """

    def __init__(
        self,
        method: str = "easyadapt",
        estimator: Any = None,
        *,
        strengths: tuple[float, ...] = (0.1, 1.0, 10.0, 100.0),
        seed: int = 0,
    ) -> None:
        self.method = method
        self.estimator = estimator
        self.strengths = strengths
        self.seed = seed

    def fit(self, Xs: Any, ys: Any, Xt: Any, yt: Any) -> Self:
        """Choose the settings, and the method where that is ``auto``, then learn from everything.

        Args:
            Xs: ``(ns, d)`` source rows, an array or a sparse matrix.
            ys: ``(ns,)`` their labels, numbers or words.
            Xt: ``(nt, d)`` target rows, those without a label too.
            yt: ``(nt,)`` their labels. A row without one is marked -1 where labels are numbers, None where words.

        Raises:
            ValueError: an unknown method, one that cannot use the estimator, matrices that do not fit together, fewer
                than two labelled target rows (``source_only`` needs none), or a class that the source lacks.
        """
        ways = self._ways()
        Xs, Xt = _rows(Xs, "Xs"), _rows(Xt, "Xt")
        if Xs.shape[1] != Xt.shape[1]:
            raise ValueError(f"The source has {Xs.shape[1]} features and the target {Xt.shape[1]}; both need the same.")
        self.n_features_in_ = Xs.shape[1]
        self.classes_, labels = _source_labels(ys, Xs.shape[0])
        known_labels = _target_labels(yt, Xt.shape[0], self.classes_)
        if (n := int((known_labels >= 0).sum())) < 2 and list(ways) != [SOURCE]:
            raise ValueError(
                f"yt labels {n} rows of the target; {self.method!r} needs two at least, to learn from one and to test "
                "on another. Without labels use 'source_only' or jeoni.adaptation.AdaptedClassifier."
            )
        self._learn(ways, Xs, labels, Xt.astype(Xs.dtype, copy=False), known_labels)
        return self

    def predict(self, X: Any) -> Array:
        """The class of each target row, ``(n,)``."""
        found: Array = self.classes_[self.predict_proba(X).argmax(1)]
        return found

    def predict_proba(self, X: Any) -> FloatArray:
        """``(n, classes)`` of target rows.

        Raises:
            NotFittedError: before ``fit``.
            ValueError: other columns than in ``fit``, NaN.
        """
        check_is_fitted(self, "way_")
        X = _rows(X, "X")
        if X.shape[1] != self.n_features_in_:
            raise ValueError(f"X has {X.shape[1]} features; FewLabels was fitted on {self.n_features_in_}.")
        found: FloatArray = self.way_.probs(X)
        return found

    def _ways(self) -> dict[str, type[FewLabelAdapter]]:
        """The adapters to choose from, by name."""
        known = plugins.names(FOLDER)
        if self.method not in (*known, "auto"):
            near = did_you_mean(self.method, known)
            raise ValueError(f"{self.method!r} is no method.{near} Known: auto, {', '.join(known)}.")
        if self.estimator is not None and not hasattr(self.estimator, "predict_proba"):
            raise ValueError(f"{type(self.estimator).__name__} has no predict_proba; probabilities are needed.")
        if self.method != "auto":
            way: type[FewLabelAdapter] = plugins.load(FOLDER, self.method)
            if reason := way.refuses(self.estimator):
                raise ValueError(reason)
            return {self.method: way}
        ways = {name: plugins.load(FOLDER, name) for name in known}
        return {name: way for name, way in ways.items() if not way.refuses(self.estimator)}

    def _learn(
        self, ways: dict[str, type[FewLabelAdapter]], Xs: Rows, ys: IntArray, Xt: Rows, known_labels: IntArray
    ) -> None:
        strengths = tuple(sorted(self.strengths)) if self.estimator is None else (1.0,)
        scale = (sum_of_squares(Xs) + sum_of_squares(Xt)) / (Xs.shape[0] + Xt.shape[0]) or 1.0
        learner = Learner(len(self.classes_), scale, strengths, self.estimator, self.seed)
        known = known_labels >= 0
        unlabelled = Unlabelled(Xt[~known], learner.unit)
        task = Task(Source(Xs, ys, learner), Xt[known], known_labels[known], unlabelled)
        found: dict[str, Tuned] = {}
        if list(ways) == [SOURCE]:
            self.method_, self.setting_ = SOURCE, {}
        else:
            self.method_, found = chosen(ways, task)
            self.setting_ = found[self.method_].setting
        self.losses_ = {name: one.loss for name, one in found.items()}
        self.way_ = ways[self.method_](**self.setting_).fit(task)


def chosen(ways: dict[str, type[FewLabelAdapter]], task: Task) -> tuple[str, dict[str, Tuned]]:
    """The best of several ways, and what was found of each that was tried.

    Args:
        ways: by name.
        task: with two labelled target rows or more.
    """
    found = {name: tuned(way, task) for name, way in ways.items() if not way.gated or len(ways) == 1}
    if is_open(found):
        found |= {name: tuned(way, task) for name, way in ways.items() if name not in found}
    return min(found, key=lambda name: found[name].loss), found


def is_open(found: dict[str, Tuned]) -> bool:
    """Whether a gated way is worth a try: the target alone does better than the source alone, as far as was tried."""
    return not (SOURCE in found and TARGET in found and found[SOURCE].loss <= found[TARGET].loss)


def _rows(X: Any, name: str) -> Rows:
    return check_array(X, accept_sparse="csr", dtype=[np.float64, np.float32], input_name=name)


def _source_labels(ys: Any, n: int) -> tuple[Array, IntArray]:
    """Classes, and the number of each row's."""
    classes, labels = np.unique(source_labels(ys, n), return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"FewLabels needs two classes or more; ys holds one: {classes.tolist()[0]!r}.")
    if -1 in classes.tolist():
        raise ValueError("ys holds -1, which marks rows without a label; every source row needs one.")
    return classes, labels.astype(np.int64)


def _target_labels(yt: Any, n: int, classes: Array) -> IntArray:
    """``(n,)`` numbers of classes, -1 for none."""
    given = np.asarray(yt, dtype=object)
    if given.shape != (n,):
        raise ValueError(f"yt has shape {given.shape}; ({n},) is needed, a label or a mark for every row of Xt.")
    number = {name: k for k, name in enumerate(classes.tolist())}
    mark: Any = None if classes.dtype.kind in "OUS" else -1
    number[mark] = -1
    strange = next((name for name in given.tolist() if name not in number), mark)
    if strange is not mark:
        raise ValueError(
            f"yt holds {strange!r}, which is no class of the source: {', '.join(map(repr, classes.tolist()))}. Mark "
            f"rows without a label with {mark}; for a new class add examples to the source."
        )
    return np.array([number[name] for name in given.tolist()], dtype=np.int64)

"""The labelled source and target rows, and the classifier that learns from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from jeoni.adaptation.classifier import fit_weighted
from jeoni.adaptation.stacked_rows import Rows, with_constant
from jeoni.transferability.samples import line_up
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["LEAST", "Fitted", "Learner", "Source", "Task", "Unlabelled", "losses", "parted"]

FOLDS = 5
OUT_OF_REACH = -1e4  # log-odds of a class that no row was of
LEAST = 1e-3  # probability in a loss: one row costs 6.9 nats at most


@dataclass(frozen=True)
class Fitted:
    """A classifier that may know fewer classes than there are.

    Attributes:
        model: with ``predict_proba``; None where ``known`` holds one class.
        known: the classes it has seen.
        classes: how many there are.
    """

    model: Any
    known: IntArray
    classes: int

    def probs(self, X: Rows) -> FloatArray:
        """``(n, classes)``, 0 for what it has not seen."""
        found = np.zeros((X.shape[0], self.classes))
        found[:, self.known] = 1.0 if self.model is None else self.model.predict_proba(X)
        return found

    def affine(self) -> tuple[FloatArray, FloatArray]:
        """Weights ``(classes, d)`` and biases ``(classes,)`` of a linear model; an unseen class is out of reach.

        Raises:
            ValueError: one class only, or a model that is not linear.
        """
        if not hasattr(self.model, "coef_"):
            what = "one class" if self.model is None else type(self.model).__name__
            raise ValueError(f"{what} has no linear weights.")
        coef, bias = np.atleast_2d(self.model.coef_), np.atleast_1d(self.model.intercept_)
        if len(coef) == 1:
            coef, bias = np.concatenate([-coef / 2, coef / 2]), np.concatenate([-bias / 2, bias / 2])
        weights = np.zeros((self.classes, coef.shape[1]))
        biases = np.full(self.classes, OUT_OF_REACH)
        weights[self.known], biases[self.known] = coef, bias
        return weights, biases


@dataclass(frozen=True)
class Learner:
    """Makes classifiers.

    Attributes:
        classes: how many there are.
        scale: mean squared length of a row; strengths are in its units.
        strengths: of logistic regression, to choose from: ``C`` times ``scale``. With an estimator: one, not used.
        estimator: what learns in its place, with settings of its own.
        seed: of folds.
    """

    classes: int
    scale: float
    strengths: tuple[float, ...]
    estimator: Any = None
    seed: int = 0

    @property
    def unit(self) -> float:
        """The factor by which a column of ones becomes as long as a row."""
        return float(np.sqrt(self.scale))

    def fit(self, X: Rows, y: IntArray, strength: float, weights: FloatArray | None = None) -> Fitted:
        """Learn from rows of at least one class."""
        known = np.unique(y)
        if len(known) == 1:
            return Fitted(None, known, self.classes)
        # slopes shrink with the rows
        tol = 1e-4 * min(1.0, self.unit)
        model = LogisticRegression(C=strength / self.scale, max_iter=1000, tol=tol)
        model = model if self.estimator is None else clone(self.estimator)
        fit_weighted(model, X, y, weights)
        return Fitted(model, known, self.classes)


@dataclass(frozen=True)
class Source:
    """The labelled source: ``rows (ns, d)`` and ``labels (ns,)`` from 0 to ``learner.classes - 1``, each there."""

    rows: Rows
    labels: IntArray
    learner: Learner

    @cached_property
    def wide(self) -> Rows:
        """Rows with a constant."""
        return with_constant(self.rows, self.learner.unit)

    @cached_property
    def model(self) -> Fitted:
        """A classifier of the source alone; its strength is the best on folds of the source."""
        return self.learner.fit(self.rows, self.labels, self.strength)

    @cached_property
    def with_chosen_strength(self) -> Source:
        """The same with that strength alone to choose from."""
        return replace(self, learner=replace(self.learner, strengths=(self.strength,)))

    @cached_property
    def strength(self) -> float:
        """The best on folds of the source, of those to choose from."""
        strengths = self.learner.strengths
        if len(strengths) == 1:
            return strengths[0]
        fold = parted(self.rows, self.labels, self.learner.seed)
        found = np.zeros(len(strengths))
        for held in range(fold.max() + 1):
            X, y = self.rows[fold != held], self.labels[fold != held]
            asked = self.rows[fold == held], self.labels[fold == held]
            for k, strength in enumerate(strengths):
                found[k] += losses(self.learner.fit(X, y, strength).probs(asked[0]), asked[1]).sum()
        return strengths[int(found.argmin())]


@dataclass(frozen=True)
class Unlabelled:
    """``rows (m, d)`` of the target; ``unit`` is the learner's."""

    rows: Rows
    unit: float

    @cached_property
    def root(self) -> Rows:
        """Rows with a constant; where they are many, ``d + 1`` others with the same sum of squares for any weights."""
        rows = with_constant(self.rows, self.unit)
        many = not sparse.issparse(rows) and rows.shape[0] > rows.shape[1]
        return np.linalg.qr(rows, mode="r") if many else rows


@dataclass(frozen=True)
class Task:
    """Both domains.

    Attributes:
        source: all of it.
        rows: ``(n, d)`` labelled target rows.
        labels: ``(n,)`` of the same classes; some may be missing.
        unlabelled: the other target rows.
    """

    source: Source
    rows: Rows
    labels: IntArray
    unlabelled: Unlabelled

    @property
    def learner(self) -> Learner:
        """The source's."""
        return self.source.learner

    @property
    def all_labels(self) -> IntArray:
        """The source's, then the target's."""
        return np.concatenate([self.source.labels, self.labels])

    def only(self, chosen: Array) -> Task:
        """The same with fewer labelled target rows; what the source taught by itself is kept."""
        return replace(self, rows=self.rows[chosen], labels=self.labels[chosen])


def parted(X: Rows, y: IntArray, seed: int) -> IntArray:
    """The fold of each row, ``(n,)``: every class is dealt out evenly, whatever order the rows are in.

    Example:
        >>> parted(np.zeros((4, 1)), np.array([0, 1, 1, 0]), 0)
        array([0, 2, 3, 1])
    """
    order = line_up(X, seed)
    order = order[np.argsort(y[order], kind="stable")]
    fold = np.empty(len(y), dtype=np.int64)
    fold[order] = np.arange(len(y)) % FOLDS
    return fold


def losses(probs: FloatArray, y: IntArray) -> FloatArray:
    """The log-loss of each row, ``(n,)``, cut where a classifier is all too sure."""
    found: FloatArray = -np.log(np.maximum(probs[np.arange(len(y)), y], LEAST))
    return found

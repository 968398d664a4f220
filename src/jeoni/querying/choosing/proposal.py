"""From features and the labels there are to a list of what to label next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoni import plugins
from jeoni.errors import ConfigError, did_you_mean
from jeoni.querying.choosing.learner import Learner, fit_learner
from jeoni.querying.choosing.pool import Pool, Querier
from jeoni.specs.settings import configured
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["AUTO", "FOLDER", "Proposal", "build_querier", "method_for", "propose"]

FOLDER = "jeoni.querying"
AUTO, COLD, WARM = "auto", "kmeans", "dropquery"  # what arXiv:2401.14555 found best on frozen features


@dataclass(frozen=True)
class Proposal:
    """Items to label next, in order.

    Attributes:
        method: that chose them.
        score: what the method's scores are.
        index: ``(b,)`` rows.
        scores: ``(b,)``; NaN where the method has none.
        suggested: ``(b,)`` the class that the head takes each for; -1 where there is no head.
        confidence: ``(b,)`` its probability; NaN where there is no head.
    """

    method: str
    score: str
    index: IntArray
    scores: FloatArray
    suggested: IntArray
    confidence: FloatArray


def build_querier(name: str, settings: Mapping[str, Any] | None = None) -> Querier:
    """A query method by its name.

    Raises:
        ConfigError: an unknown name or setting, with the known ones.
    """
    known = plugins.names(FOLDER)
    if name not in known:
        near = did_you_mean(name, (AUTO, *known))
        raise ConfigError(f"{name!r} is no query method.{near} Known: {AUTO}, {', '.join(known)}.")
    made: Querier = configured(name, plugins.load(FOLDER, name), dict(settings or {}))
    return made


def method_for(name: str, classes: int) -> str:
    """The method that a name stands for where labels of so many classes are there.

    ``auto`` is k-means centroids until two classes have a label, then DropQuery.

    Raises:
        ConfigError: a method that needs labels of two classes, of which there are fewer.
    """
    if name == AUTO:
        return COLD if classes < 2 else WARM
    if build_querier(name).needs_labels and classes < 2:
        have = "there are no labels" if classes == 0 else "the labels are of one class only"
        raise ConfigError(
            f"{name} goes by a classifier, which needs labels of two classes; {have}. Give some with --labelled, or "
            f"take a method that needs none: --method {COLD}, typiclust or probcover."
        )
    return name


def propose(
    rows: Array,
    labels: IntArray,
    budget: int,
    *,
    method: str = AUTO,
    head: str = "gda",
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    able: Array | None = None,
    learner: Learner | None = None,
) -> Proposal:
    """Choose what to label next.

    Args:
        rows: ``(n, d)`` frozen features of all items.
        labels: ``(n,)`` classes; -1 for those without a label.
        budget: how many to choose.
        method: a file of ``querying/``, or ``auto``.
        head: learns from the labelled items.
        seed: of random choices.
        settings: hyper-parameters of the method.
        able: ``(n,)`` bool: what may be chosen; all without a label if left out.
        learner: fitted on the labelled rows; fitted here if left out.

    Raises:
        ConfigError: a budget that is larger than the pool, or a method that needs labels that are not there.

    Example:
        >>> rows = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
        >>> propose(rows, np.array([-1, -1, -1]), 2, method="kmeans").index.tolist()
        [0, 2]
    """
    known = labels >= 0
    free = np.flatnonzero(~known if able is None else able & ~known)
    if not 1 <= budget <= len(free):
        raise ConfigError(
            f"The budget is {budget:,} and the pool holds {len(free):,} items without a label; at least 1 and at most "
            f"as many as there are can be asked for."
        )
    method = method_for(method, len(np.unique(labels[known])))
    querier = build_querier(method, settings)
    learner = learner or fit_learner(rows[known], labels[known], head, seed)
    pool = Pool(rows[free], rows[known], labels[known], learner, seed)
    chosen = querier(pool, budget)
    suggested, confidence = np.full(budget, -1, dtype=np.int64), np.full(budget, np.nan)
    if learner is not None:
        probs = learner.probs(rows[free[chosen.index]])
        suggested, confidence = learner.known[probs.argmax(1)], probs.max(1)
    return Proposal(method, querier.score, free[chosen.index], chosen.scores, suggested, confidence)

"""Calibrated stacking (Chao et al. ECCV 2016, arXiv:1605.04253): seen classes among the candidates, at a handicap.

Scores of seen classes are lowered by ``gamma``, since a method that learned on them prefers them. As theirs, ``gamma``
is found on seen classes only, some of which play the unseen ones; ours takes the one with the best harmonic mean (Xian
et al. PAMI 2019), theirs the area under the curve to compare methods, and a point on it where one must be chosen. Ours
is never below 0: with few classes left to learn from, folds can prefer the held-out ones, and a bonus for seen classes
would undo it.
"""

from __future__ import annotations

import numpy as np

from jeoni.types import Array, FloatArray, IntArray
from jeoni.zero_shot_learning.semantics.choice import Learned, Standard, class_folds
from jeoni.zero_shot_learning.semantics.protocol import SeenMethod

__all__ = ["choose_handicap", "harmonic_mean", "per_class_accuracy"]

HELD = 0.2  # of the items of classes that are learned: they play the items of seen classes
STEPS = 201


def harmonic_mean(seen: float, unseen: float) -> float:
    """Of two accuracies; 0 where either is.

    Example:
        >>> round(harmonic_mean(0.9, 0.45), 3)
        0.6
    """
    return 0.0 if seen + unseen == 0 else 2 * seen * unseen / (seen + unseen)


def per_class_accuracy(right: Array, labels: IntArray) -> float:
    """The mean over classes of the share of their items that is right; NaN without items."""
    return float(np.mean([right[labels == k].mean() for k in np.unique(labels)])) if len(labels) else float("nan")


def choose_handicap(
    method: SeenMethod, learned: Learned, features: Array, labels: IntArray, vectors: FloatArray, unseen: int, seed: int
) -> float:
    """``gamma``: what to take from the scores of seen classes; 0 where there are too few classes to tell.

    Args:
        method: how it was learned.
        learned: with which hyper-parameters.
        features: ``(n, d)`` of seen classes.
        labels: ``(n,)``.
        vectors: ``(seen, a)``.
        unseen: how many unseen classes there are.
        seed: of random choices.
    """
    folds = class_folds(len(vectors), unseen, seed)
    curves = [_margins(method, learned, features, labels, vectors, fold, seed) for fold in folds]
    if not curves:
        return 0.0
    ahead = np.concatenate([curve[0] for curve in curves])
    gammas = np.concatenate([[0.0], np.quantile(ahead, np.linspace(0, 1, STEPS)).clip(min=0.0)])
    means = [np.mean([_harmonic(curve, gamma) for curve in curves]) for gamma in gammas]
    return float(gammas[int(np.argmax(means))])


Curve = tuple[FloatArray, Array, Array, Array, IntArray]


def _margins(
    method: SeenMethod,
    learned: Learned,
    features: Array,
    labels: IntArray,
    vectors: FloatArray,
    fold: IntArray,
    seed: int,
) -> Curve:
    """Of held-out items: how far the best seen class is ahead, which of both bests are right, and their classes."""
    played = np.isin(labels, fold)
    drawn = np.random.default_rng(seed).random(len(labels)) < HELD
    taught, tested = ~played & ~drawn, played | drawn
    kept = np.setdiff1d(np.arange(len(vectors)), fold)
    standard = Standard.of(features[taught])
    own = np.searchsorted(kept, labels[taught])
    (made,) = method.candidates(standard(features[taught]), own, vectors[kept], [learned.setting], seed)
    rows, true = standard(features[tested]), labels[tested]
    of_seen, of_unseen = made.scores_of(vectors[kept])(rows), made.scores_of(vectors[fold])(rows)
    return (
        of_seen.max(1) - of_unseen.max(1),
        kept[of_seen.argmax(1)] == true,
        fold[of_unseen.argmax(1)] == true,
        played[tested],
        true,
    )


def _harmonic(curve: Curve, gamma: float) -> float:
    ahead, seen_right, unseen_right, unseen, labels = curve
    right = np.where(ahead > gamma, seen_right, unseen_right)
    return harmonic_mean(
        per_class_accuracy(right[~unseen], labels[~unseen]), per_class_accuracy(right[unseen], labels[unseen])
    )

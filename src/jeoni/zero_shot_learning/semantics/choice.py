"""Choices that only seen classes decide: folds over classes, whose held-out classes play the unseen ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.evaluation.calibration import temperature
from jeoni.types import Array, FloatArray, IntArray
from jeoni.zero_shot_learning.semantics.linear import LinearScores
from jeoni.zero_shot_learning.semantics.protocol import Compatibility, SeenMethod, Setting

__all__ = ["Learned", "Standard", "class_folds", "learn"]

MOST_FOLDS = 5


@dataclass(frozen=True)
class Standard:
    """Features with mean 0 and deviation 1 in each column, divided by the root of their number.

    Attributes:
        mean: ``(d,)``.
        scale: ``(d,)`` what a centred column is multiplied by; 0 for a constant one.
    """

    mean: FloatArray
    scale: FloatArray

    @classmethod
    def of(cls, features: Array) -> Standard:
        """From rows ``(n, d)``."""
        rows = np.asarray(features, dtype=np.float64)
        deviation = rows.std(0)
        scale = np.where(deviation > 1e-12, 1 / np.maximum(deviation, 1e-12), 0.0)
        return cls(rows.mean(0), scale / np.sqrt(rows.shape[1]))

    def __call__(self, features: Array) -> FloatArray:
        """``(n, d)`` standardised."""
        found: FloatArray = (np.asarray(features, dtype=np.float64) - self.mean) * self.scale
        return found

    def before(self, scores: LinearScores) -> LinearScores:
        """The same scores for rows that are not standardised."""
        weight = scores.weight * self.scale
        return LinearScores(weight, scores.bias - weight @ self.mean)


@dataclass(frozen=True)
class Learned:
    """What was learned of the seen classes.

    Attributes:
        compatibility: of standardised features and class vectors.
        standard: how features are standardised.
        setting: hyper-parameters.
        temperature: what scores are divided by so that probabilities of held-out classes are believable.
        folds: over classes that decided; 0 where there are too few classes, and nothing was chosen.
        accuracy: mean of held-out classes in these folds, and of guessing among as many; NaN without folds.
    """

    compatibility: Compatibility
    standard: Standard
    setting: Setting
    temperature: float
    folds: int
    accuracy: tuple[float, float]

    def scores_of(self, vectors: Array) -> LinearScores:
        """The scores of classes with vectors ``(k, a)``, for features as they are."""
        return self.standard.before(self.compatibility.scores_of(vectors))


def class_folds(seen: int, unseen: int, seed: int) -> list[IntArray]:
    """Seen classes to hold out, fold by fold: about as many at a time as there are unseen ones, never more than half.

    Args:
        seen: how many classes were seen.
        unseen: how many were not.
        seed: of the order in which they are drawn.

    Returns:
        Their numbers; nothing where there are fewer than four, of which two could not be held out.

    Example:
        >>> [len(fold) for fold in class_folds(8, 2, 0)]
        [2, 2, 2, 2]
    """
    if seen < 4:
        return []
    held = min(max(2, unseen), seen // 2)
    number = min(MOST_FOLDS, seen // held)
    order = np.random.default_rng(seed).permutation(seen)
    return [np.sort(part) for part in np.array_split(order, number)]


def learn(
    method: SeenMethod, features: Array, labels: IntArray, vectors: FloatArray, unseen: int, seed: int
) -> Learned:
    """Choose hyper-parameters on folds over the seen classes, then learn on all of them.

    Args:
        method: how.
        features: ``(n, d)`` of seen classes.
        labels: ``(n,)`` numbers of these.
        vectors: ``(seen, a)``.
        unseen: how many classes there are to tell later.
        seed: of random choices.
    """
    settings = method.settings()
    folds = class_folds(len(vectors), unseen, seed)
    tried = [_tried(method, settings, features, labels, vectors, fold, seed) for fold in folds]
    best, warmth, accuracy = 0, 1.0, (float("nan"), float("nan"))
    if tried:
        means = np.mean([[_class_accuracy(s, y) for s in scores] for scores, y in tried], axis=0)
        best = int(means.argmax())
        warmth = float(np.exp(np.mean([np.log(_temperature(scores[best], y)) for scores, y in tried])))
        accuracy = float(means[best]), float(np.mean([1 / len(fold) for fold in folds]))
    standard = Standard.of(features)
    (final,) = method.candidates(standard(features), labels, vectors, [settings[best]], seed)
    return Learned(final, standard, settings[best], warmth, len(folds), accuracy)


def _tried(
    method: SeenMethod,
    settings: list[Setting],
    features: Array,
    labels: IntArray,
    vectors: FloatArray,
    fold: IntArray,
    seed: int,
) -> tuple[list[FloatArray], IntArray]:
    """Of one fold the held-out classes' scores with each setting, and their labels from 0 on."""
    out = np.isin(labels, fold)
    kept = np.setdiff1d(np.arange(len(vectors)), fold)
    standard = Standard.of(features[~out])
    rows, own = standard(features[~out]), np.searchsorted(kept, labels[~out])
    held = standard(features[out])
    made = method.candidates(rows, own, vectors[kept], settings, seed)
    return [one.scores_of(vectors[fold])(held) for one in made], np.searchsorted(fold, labels[out])


def _class_accuracy(scores: FloatArray, labels: IntArray) -> float:
    """The mean over classes of the share of their items that is right."""
    right = scores.argmax(1) == labels
    return float(np.mean([right[labels == k].mean() for k in np.unique(labels)]))


def _temperature(scores: FloatArray, labels: IntArray) -> float:
    """What to divide scores by; they are brought to a usual size first, whatever unit a method has."""
    size = float(np.sqrt(np.square(scores - scores.mean(1, keepdims=True)).mean()))
    return size * temperature(scores / size, labels) if size > 1e-12 else 1.0

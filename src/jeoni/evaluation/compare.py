"""Did it help? The paired difference between two predictions of the same items, in numbers and in a sentence."""

from __future__ import annotations

import numpy as np

from jeoni.errors import ConfigError
from jeoni.evaluation.evaluate import checked, score_resamples
from jeoni.evaluation.intervals import Weights, percentile_interval, resample_weights
from jeoni.types import Array, FloatArray, IntArray, Interval

__all__ = ["majority_probs", "paired_difference", "sentence"]


def paired_difference(
    labels: IntArray,
    probs_a: Array,
    probs_b: Array,
    groups: IntArray | None = None,
    seed: int = 0,
    resamples: int = 2000,
) -> dict[str, Interval]:
    """Each metric of a minus that of b, with its interval over the same resamples of the items.

    Args:
        labels: ``(n,)`` true classes, 0 to K - 1.
        probs_a: ``(n, K)`` or, for repeated predictions, ``(R, n, K)``.
        probs_b: the same for b; the number of repeats may differ.
        groups: ``(n,)`` groups that are resampled whole; None resamples items.
        seed: of the resamples.
        resamples: how many.

    Raises:
        ConfigError: shapes that do not match, labels outside the classes, probabilities that are none.

    Example:
        >>> right, wrong = np.array([[0.9, 0.1]] * 4), np.array([[0.2, 0.8]] * 4)
        >>> paired_difference(np.zeros(4, dtype=int), right, wrong)["accuracy"]
        Interval(value=1.0, low=1.0, high=1.0)
    """
    true, a = checked(labels, probs_a)
    _, b = checked(labels, probs_b)
    if a.shape[2] != b.shape[2]:
        raise ConfigError(f"a speaks of {a.shape[2]} classes and b of {b.shape[2]}; the same classes are needed.")

    def difference(weights: Weights) -> dict[str, FloatArray]:
        scores_a, scores_b = score_resamples(true, a, weights), score_resamples(true, b, weights)
        return {name: scores_a[name] - scores_b[name] for name in scores_a}

    whole = difference(np.ones((1, len(true)), dtype=np.float32))
    chunks = [difference(weights) for weights in resample_weights(len(true), groups, resamples, seed)]
    return {
        name: percentile_interval(float(value[0]), np.concatenate([chunk[name] for chunk in chunks]))
        for name, value in whole.items()
    }


def majority_probs(train_labels: IntArray, n: int, K: int) -> FloatArray:
    """What one predicts without looking: the class shares of training, for every item.

    Args:
        train_labels: classes of the training items.
        n: number of items to predict.
        K: number of classes.

    Returns:
        ``(n, K)``, all rows alike; the largest share is the majority class.

    Raises:
        ConfigError: no training labels, or labels outside the classes.

    Example:
        >>> majority_probs(np.array([0, 0, 0, 1]), n=1, K=2)
        array([[0.75, 0.25]])
    """
    train = np.asarray(train_labels)
    if not train.size or train.min() < 0 or train.max() >= K:
        raise ConfigError(
            f"There are {train.size} training labels for {K} classes; at least one is needed, from 0 to {K - 1}. "
            "Leave items without a label out."
        )
    shares = np.bincount(train.astype(np.int64), minlength=K) / train.size
    return np.tile(shares, (n, 1))


WHO = {
    "pretrained": ("Pretrained features add", "Pretrained features cost", "Whether pretrained features help"),
    "training": (
        "Training beyond the linear probe adds",
        "Training beyond the linear probe costs",
        "Whether training beyond the linear probe helps",
    ),
}


def sentence(difference: Interval, what: str = "accuracy", *, n: int, who: str = "pretrained") -> str:
    """The verdict in words; help or harm is claimed only where the interval leaves out zero.

    Args:
        difference: ours minus the control, of a share that is better when higher (0.098 is 9.8 points).
        what: the metric's name in a sentence.
        n: number of test items.
        who: ``pretrained``: against the untrained control; ``training``: against the linear probe.

    Example:
        >>> sentence(Interval(0.098, 0.071, 0.124), n=525)
        'Pretrained features add 9.8 points of accuracy (95 % interval 7.1 to 12.4).'
    """
    adds, costs, whether = WHO[who]
    value, low, high = difference.points()
    if difference.low > 0:
        return f"{adds} {value:.1f} points of {what} (95 % interval {low:.1f} to {high:.1f})."
    if difference.high < 0:
        return f"{costs} {-value:.1f} points of {what} (95 % interval {-high:.1f} to {-low:.1f})."
    items = "this one test item" if n == 1 else f"these {n:,} test items"
    doubt = f"{whether} cannot be told from {items}"
    if np.isnan(difference.low) or np.isnan(difference.high):
        return f"{doubt}: the difference in {what} has no interval there."
    return f"{doubt}: the difference in {what} is {value:+.1f} points (95 % interval {low:.1f} to {high:.1f})."

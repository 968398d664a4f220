"""Did it help? The paired difference between two predictions of the same items, in numbers and in a sentence."""

from __future__ import annotations

import numpy as np

from jeoni.evaluation.evaluate import Judge, score_resamples
from jeoni.evaluation.intervals import Weights, percentile_interval, resample_weights
from jeoni.evaluation.metrics.protocol import Metric
from jeoni.types import Array, FloatArray, IntArray, Interval

__all__ = ["paired_difference", "sentence"]


def paired_difference(
    task: Judge,
    targets: Array,
    predictions_a: Array,
    predictions_b: Array,
    groups: IntArray | None = None,
    seed: int = 0,
    resamples: int = 2000,
) -> dict[str, Interval]:
    """Each metric of a minus that of b, with its interval over the same resamples of the items.

    Args:
        task: what was predicted.
        targets: ``(n, …)``.
        predictions_a: ``(n, p)`` or, for repeated predictions, ``(R, n, p)``.
        predictions_b: the same for b; the number of repeats may differ.
        groups: ``(n,)`` groups that are resampled whole; None resamples items.
        seed: of the resamples.
        resamples: how many.

    Raises:
        ConfigError: shapes that do not match, or values that the task does not know.

    Example:
        >>> from jeoni.tasks.classification import Classification
        >>> right, wrong = np.array([[0.9, 0.1]] * 4), np.array([[0.2, 0.8]] * 4)
        >>> paired_difference(Classification(("a", "b")), np.zeros(4, dtype=int), right, wrong)["accuracy"]
        Interval(value=1.0, low=1.0, high=1.0)
    """
    true, a = task.checked(targets, predictions_a)
    _, b = task.checked(targets, predictions_b)

    def difference(weights: Weights) -> dict[str, FloatArray]:
        scores_a, scores_b = score_resamples(task, true, a, weights), score_resamples(task, true, b, weights)
        return {name: scores_a[name] - scores_b[name] for name in scores_a}

    whole = difference(np.ones((1, len(true)), dtype=np.float32))
    chunks = [difference(weights) for weights in resample_weights(len(true), groups, resamples, seed)]
    return {
        name: percentile_interval(float(value[0]), np.concatenate([chunk[name] for chunk in chunks]))
        for name, value in whole.items()
    }


WHO = {
    "pretrained": (
        "Pretrained features add",
        "Pretrained features cost",
        "Pretrained features lower",
        "Pretrained features raise",
        "Whether pretrained features help",
    ),
    "training": (
        "Training beyond the linear probe adds",
        "Training beyond the linear probe costs",
        "Training beyond the linear probe lowers",
        "Training beyond the linear probe raises",
        "Whether training beyond the linear probe helps",
    ),
    "sharing": (
        "Sharing one network adds",
        "Sharing one network costs (negative sharing)",
        "Sharing one network lowers",
        "Sharing one network (negative sharing) raises",
        "Whether sharing one network helps",
    ),
}


def sentence(difference: Interval, measure: Metric | None = None, *, n: int, who: str = "pretrained") -> str:
    """The verdict in words; help or harm is claimed only where the interval leaves out zero.

    Args:
        difference: ours minus the control, of one metric.
        measure: the metric; None is accuracy.
        n: number of test items.
        who: ``pretrained``: against the untrained control; ``training``: against the linear probe; ``sharing``: against
            each task alone.

    Example:
        >>> sentence(Interval(0.098, 0.071, 0.124), n=525)
        'Pretrained features add 9.8 points of accuracy (95 % interval 7.1 to 12.4).'
    """
    adds, costs, lowers, raises, whether = WHO[who]
    name = "accuracy" if measure is None else _in_sentence(measure.title)
    higher = measure is None or measure.higher_is_better
    for verb, error_verb, change in ((adds, raises, difference), (costs, lowers, _negative(difference))):
        if change.low > 0:
            value, low, high, unit = _said(change, measure)
            if not higher:
                return f"{error_verb} the {name} by {value}{unit} (95 % interval {low} to {high})."
            return f"{verb} {value}{unit} of {name} (95 % interval {low} to {high})."
    items = "this one test item" if n == 1 else f"these {n:,} test items"
    doubt = f"{whether} cannot be told from {items}"
    if np.isnan(difference.low) or np.isnan(difference.high):
        return f"{doubt}: the difference in {name} has no interval there."
    value, low, high, unit = _said(difference, measure, signed=True)
    return f"{doubt}: the difference in {name} is {value}{unit} (95 % interval {low} to {high})."


def _negative(interval: Interval) -> Interval:
    return Interval(-interval.value, -interval.high, -interval.low)


def _in_sentence(title: str) -> str:
    """
    >>> _in_sentence("Macro F1"), _in_sentence("ROC-AUC")
    ('macro F1', 'ROC-AUC')
    """
    return title[0].lower() + title[1:] if title[1:2].islower() else title


def _said(interval: Interval, measure: Metric | None, signed: bool = False) -> tuple[str, str, str, str]:
    """Value, low and high as sentences say them, and the unit with a space before it."""
    sign = "+" if signed else ""
    if measure is None or measure.unit == "%":
        value, low, high = interval.points()
        return f"{value:{sign}.1f}", f"{low:.1f}", f"{high:.1f}", " points"
    unit = f" {measure.unit}" if measure.unit else ""
    return f"{interval.value + 0.0:{sign}.3g}", f"{interval.low + 0.0:.3g}", f"{interval.high + 0.0:.3g}", unit

"""Did it help? The paired difference between two predictions of the same items, in numbers and in a sentence."""

from __future__ import annotations

import numpy as np

from jeoni.evaluation.amounts import amount_of, in_sentence
from jeoni.evaluation.evaluate import Judge, score_resamples
from jeoni.evaluation.intervals import Weights, bootstrap_interval, resample_weights, units_of
from jeoni.evaluation.measures import Measure
from jeoni.evaluation.metrics.protocol import Metric
from jeoni.locale import Said
from jeoni.types import Array, FloatArray, IntArray, Interval

__all__ = ["WHO", "paired_difference", "sentence"]


def paired_difference(
    task: Judge,
    targets: Array,
    predictions_a: Array,
    predictions_b: Array,
    groups: IntArray | None = None,
    seed: int = 0,
    resamples: int = 2000,
    level: float = 0.95,
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
        level: of the intervals.

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
    units = units_of(len(true), groups)
    return {
        name: bootstrap_interval(float(value[0]), np.concatenate([chunk[name] for chunk in chunks]), units, level)
        for name, value in whole.items()
    }


WHO = ("pretrained", "training", "sharing")


def sentence(difference: Interval, measure: Metric | Measure | None = None, *, who: str = "pretrained") -> Said:
    """The verdict in words; help or harm is claimed only where the interval leaves out zero.

    Args:
        difference: ours minus the control, of one metric.
        measure: the metric; None is accuracy.
        who: ``pretrained``: against the untrained control; ``training``: against the linear probe; ``sharing``: against
            each task alone.

    Example:
        >>> sentence(Interval(0.098, 0.071, 0.124))
        'Transfer added 9.8 points (7.1 to 12.4) over an untrained backbone.'
    """
    title, unit = ("Accuracy", "%") if measure is None else (measure.title, measure.unit)
    rises, falls = ("added", "cost") if measure is None or measure.higher_is_better else ("raised", "lowered")
    for verb, change in ((rises, difference), (falls, -difference)):
        if change.low > 0:
            amount = amount_of(change, title, unit, named=verb in ("added", "cost"))
            return Said(f"{who}.{verb}", measure=in_sentence(title), amount=amount)
    return Said(f"{who}.unclear", amount=amount_of(difference, title, unit, signed=True))

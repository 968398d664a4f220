"""Choosing among candidate heads by their held-out logits: the same rules for every head."""

from __future__ import annotations

from typing import Any

import numpy as np

from jeoni.evaluation.calibration import softmax, temperature
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["choose", "example_weights", "weight_options"]

IMBALANCE = 1.5


def weight_options(labels: IntArray, classes: int, wanted: str) -> list[str]:
    """The class weights to try: what was asked for, or both where the classes are unequal."""
    counts = np.bincount(labels, minlength=classes)
    if wanted != "auto":
        return [wanted]
    return ["none", "balanced"] if counts.max() >= IMBALANCE * max(1, counts.min()) else ["none"]


def example_weights(labels: IntArray, classes: int, option: str, used: Array) -> FloatArray:
    """``(n,)``: zero where not used, else one, or the inverse frequency of the class among those used."""
    if option == "none":
        return used.astype(np.float64)
    counts = np.bincount(labels[used], minlength=classes)
    return np.where(used, used.sum() / (classes * np.maximum(counts, 1))[labels], 0.0)


def choose(
    held_out: Array,
    settings: list[dict[str, Any]],
    options: list[str],
    labels: IntArray,
    classes: int,
    folds: IntArray,
    each: FloatArray | None = None,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Fold scores of every candidate, and the best.

    The log-loss decides; balanced class weights only where macro-F1 is clearly better with them.

    Args:
        held_out: ``(repeats, options, settings, n, classes)`` logits of models that did not see the row; without any
            repeat, as where every class has one example, nothing is decided and the middle setting is taken.
        settings: what distinguishes the candidates.
        options: class weights.
        labels: ``(n,)``.
        classes: how many.
        folds: ``(repeats, n)``.
        each: ``(n,)`` what every row counts in the log-loss and the temperature; None: all alike.

    Returns:
        One record per candidate, and the best with its ``class_weights`` and ``temperature``.
    """
    if not len(held_out):
        return [], {**settings[len(settings) // 2], "class_weights": options[0], "temperature": 1.0}
    candidates, by_option = [], dict[str, tuple[dict[str, Any], Array]]()
    for o, option in enumerate(options):
        weights = example_weights(labels, classes, option, np.ones(len(labels), dtype=bool))
        weights = weights if each is None else weights * each
        for s, setting in enumerate(settings):
            logits = held_out[:, o, s]
            record = {**setting, "class_weights": option, **_scores(logits, labels, weights, each)}
            record["balanced_accuracy"] = float(np.mean([_recalls(z, labels, classes) for z in logits]))
            candidates.append(record)
            if option not in by_option or record["log_loss"] < by_option[option][0]["log_loss"]:
                by_option[option] = record, logits
    best = by_option[options[0]]
    if len(options) == 2:
        gains = _macro_f1_gains(by_option["balanced"][1], best[1], labels, classes, folds)
        if _clearly_positive(gains, len(np.unique(folds[0]))):
            best = by_option["balanced"]
    return candidates, {k: best[0][k] for k in (*settings[0], "class_weights", "temperature")}


def _scores(logits: Array, labels: IntArray, weights: FloatArray, each: FloatArray | None) -> dict[str, float]:
    """Temperature over all repeats, and the log-loss it leaves."""
    flat, repeated = logits.reshape(-1, logits.shape[-1]), np.tile(labels, len(logits))
    shares = None if each is None else np.tile(each, len(logits))
    divisor = temperature(flat, repeated, shares, doubt=1 / (len(labels) + 2))
    probs = softmax(flat / divisor)[np.arange(len(repeated)), repeated]
    loss = np.average(-np.log(np.maximum(probs, 1e-12)), weights=np.tile(weights, len(logits)))
    return {"log_loss": float(loss), "temperature": divisor}


def _recalls(logits: Array, labels: IntArray, classes: int) -> float:
    right = logits.argmax(1) == labels
    counts = np.bincount(labels, minlength=classes)
    return float((np.bincount(labels, weights=right, minlength=classes)[counts > 0] / counts[counts > 0]).mean())


def _macro_f1_gains(ours: Array, theirs: Array, labels: IntArray, classes: int, folds: IntArray) -> FloatArray:
    """Macro-F1 of one minus that of the other, fold by fold."""
    gains = [
        _macro_f1(ours[r][fold == f], labels[fold == f], classes)
        - _macro_f1(theirs[r][fold == f], labels[fold == f], classes)
        for r, fold in enumerate(folds)
        for f in np.unique(fold)
    ]
    return np.array(gains)


def _clearly_positive(gains: FloatArray, folds: int) -> bool:
    """Whether the mean gain exceeds two standard errors, corrected for folds that share examples.

    Nadeau & Bengio 2003: the variance of the mean is ``(1/J + n_test/n_train)`` times that of a single fold.
    """
    error = gains.std(ddof=1) * np.sqrt(1 / len(gains) + 1 / (folds - 1))
    return bool(gains.mean() > 2 * error)


def _macro_f1(logits: Array, labels: IntArray, classes: int) -> float:
    predicted = logits.argmax(1)
    hits = np.bincount(labels[predicted == labels], minlength=classes)
    total = np.bincount(predicted, minlength=classes) + np.bincount(labels, minlength=classes)
    return float((2 * hits[total > 0] / total[total > 0]).mean())

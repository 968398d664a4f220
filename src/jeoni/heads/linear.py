"""Multinomial logistic regression on standardised features (the linear probe), temperature-scaled (Guo et al. 2017).

Strength and class weights are chosen on folds. Ours differs from scikit-learn's only in speed: all folds and strengths
are solved side by side, see :mod:`jeoni.heads._logistic`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.evaluation.calibration import softmax, temperature
from jeoni.heads._logistic import Rows, rows_from, solve
from jeoni.heads._protocol import FittedHead
from jeoni.types import Array, FloatArray, IntArray, RowsLike

__all__ = ["Linear"]

SELECTION_ROWS = 20_000
SELECTION_TOLERANCE = 1e-3
IMBALANCE = 1.5


class LinearModule(nn.Module):
    """``(n, d)`` features to ``(n, classes)`` calibrated logits."""

    temperature: Tensor

    def __init__(self, dim: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(classes, dim))
        self.bias = nn.Parameter(torch.zeros(classes))
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, features: Tensor) -> Tensor:
        """Divide by the temperature, so that a softmax gives calibrated probabilities."""
        return nn.functional.linear(features, self.weight, self.bias) / self.temperature


@dataclass(frozen=True)
class Linear:
    """The linear probe.

    Attributes:
        strengths: inverse penalties to choose from; features are standardised and divided by the root of their
            number, so that the same grid serves all backbones. Larger means less regularised.
    """

    strengths: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)

    def build(self, dim: int, classes: int) -> nn.Module:
        """The empty module."""
        return LinearModule(dim, classes)

    def fit(
        self, features: RowsLike, labels: IntArray, classes: int, folds: IntArray, class_weights: str
    ) -> FittedHead:
        """Choose on the folds, then fit on all rows.

        Args:
            features: ``(n, d)``, an array or anything with ``shape`` and row slices.
            labels: ``(n,)`` in ``0 … classes - 1``.
            classes: how many there are.
            folds: ``(repeats, n)``: the fold in which each row is held out.
            class_weights: ``auto``, ``balanced`` or ``none``.
        """
        n = len(labels)
        some = _subset(labels, SELECTION_ROWS)
        chosen_rows = rows_from(features) if len(some) == n else rows_from(_Picked(features, some))
        options = _weight_options(labels, classes, class_weights)
        candidates, best = self._select(chosen_rows, labels[some], classes, folds[:, some], options)
        rows = chosen_rows if len(some) == n else rows_from(features)
        counts = _example_weights(labels, classes, best["class_weights"], np.ones(n, dtype=bool))
        solution = solve(
            rows, labels, counts[:, None], np.array([1.0 / (best["strength"] * n)]), classes, tolerance=1e-5, steps=500
        )
        module = LinearModule(features.shape[1], classes)
        weight, bias = solution.raw(0)
        with torch.no_grad():
            module.weight.copy_(weight)
            module.bias.copy_(bias)
            module.temperature.fill_(best["temperature"])
        return FittedHead(module.eval(), best, candidates)

    def _select(
        self, rows: Rows, labels: IntArray, classes: int, folds: IntArray, options: Sequence[str]
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Fold scores of every (class weights, strength), and the best."""
        held_out = _held_out_logits(rows, labels, classes, folds, options, self.strengths)
        candidates, by_option = [], dict[str, tuple[dict[str, Any], Array]]()
        for o, option in enumerate(options):
            weights = _example_weights(labels, classes, option, np.ones(len(labels), dtype=bool))
            for s, strength in enumerate(self.strengths):
                logits = held_out[:, o, s]
                record = {"strength": strength, "class_weights": option, **_scores(logits, labels, weights)}
                record["balanced_accuracy"] = float(np.mean([_recalls(z, labels, classes) for z in logits]))
                candidates.append(record)
                if option not in by_option or record["log_loss"] < by_option[option][0]["log_loss"]:
                    by_option[option] = record, logits
        best = by_option[options[0]]
        if len(options) == 2:
            gains = _macro_f1_gains(by_option["balanced"][1], best[1], labels, classes, folds)
            if _clearly_positive(gains, len(np.unique(folds[0]))):
                best = by_option["balanced"]
        return candidates, {k: best[0][k] for k in ("strength", "class_weights", "temperature")}


class _Picked:
    """Some rows of features, read when they are asked for."""

    def __init__(self, features: RowsLike, index: IntArray) -> None:
        self._features, self._index = features, index
        self.shape: tuple[int, ...] = (len(index), features.shape[1])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, part: Any) -> Array:
        return np.asarray(self._features[self._index[part]])


def _subset(labels: IntArray, most: int) -> IntArray:
    """At most ``most`` rows, every class in its share: enough to choose a strength on."""
    if len(labels) <= most:
        return np.arange(len(labels))
    order = np.argsort(labels, kind="stable")
    return np.sort(order[np.linspace(0, len(labels) - 1, most).astype(np.int64)])


def _weight_options(labels: IntArray, classes: int, wanted: str) -> list[str]:
    counts = np.bincount(labels, minlength=classes)
    if wanted != "auto":
        return [wanted]
    return ["none", "balanced"] if counts.max() >= IMBALANCE * max(1, counts.min()) else ["none"]


def _example_weights(labels: IntArray, classes: int, option: str, used: Array) -> FloatArray:
    """``(n,)``: zero where not used, else one, or the inverse frequency of the class among those used."""
    if option == "none":
        return used.astype(np.float64)
    counts = np.bincount(labels[used], minlength=classes)
    return np.where(used, used.sum() / (classes * np.maximum(counts, 1))[labels], 0.0)


def _held_out_logits(
    rows: Rows, labels: IntArray, classes: int, folds: IntArray, options: Sequence[str], strengths: Sequence[float]
) -> Array:
    """``(repeats, options, strengths, n, classes)``: every row scored by the model that did not see it."""
    repeats, n = folds.shape
    trials = [(r, o, f) for r in range(repeats) for o in range(len(options)) for f in np.unique(folds[r])]
    weights = [_example_weights(labels, classes, options[o], folds[r] != f) for r, o, f in trials]
    sizes = np.array([(folds[r] != f).sum() for r, _, f in trials])
    penalties = 1.0 / np.outer(sizes, strengths)
    shares = np.repeat(np.stack(weights, 1), len(strengths), axis=1)
    solution = solve(rows, labels, shares, penalties.ravel(), classes, tolerance=SELECTION_TOLERANCE)
    out = np.zeros((repeats, len(options), len(strengths), n, classes), dtype=np.float32)
    for part, logits in solution.logits():
        by_trial = logits.reshape(len(logits), classes, len(trials), len(strengths)).numpy()
        for t, (r, o, f) in enumerate(trials):
            held = np.flatnonzero(folds[r][part] == f)
            out[r, o, :, part.start + held] = by_trial[held, :, t].transpose(0, 2, 1)
    return out


def _scores(logits: Array, labels: IntArray, weights: FloatArray) -> dict[str, float]:
    """Temperature over all repeats, and the log-loss it leaves."""
    flat, repeated = logits.reshape(-1, logits.shape[-1]), np.tile(labels, len(logits))
    heat = temperature(flat, repeated)
    probs = softmax(flat / heat)[np.arange(len(repeated)), repeated]
    loss = np.average(-np.log(np.maximum(probs, 1e-12)), weights=np.tile(weights, len(logits)))
    return {"log_loss": float(loss), "temperature": heat}


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

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

from jeoni.heads._choice import choose, example_weights, weight_options
from jeoni.heads._logistic import Rows, rows_from, solve
from jeoni.heads._protocol import FittedHead
from jeoni.types import Array, FloatArray, IntArray, RowsLike

__all__ = ["Linear"]

SELECTION_ROWS = 20_000
SELECTION_TOLERANCE = 1e-3


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
        self,
        features: RowsLike,
        labels: IntArray,
        classes: int,
        folds: IntArray,
        class_weights: str,
        weights: FloatArray | None = None,
    ) -> FittedHead:
        """Choose on the folds, then fit on all rows.

        Args:
            features: ``(n, d)``, an array or anything with ``shape`` and row slices.
            labels: ``(n,)`` in ``0 … classes - 1``.
            classes: how many there are.
            folds: ``(repeats, n)``: the fold in which each row is held out.
            class_weights: ``auto``, ``balanced`` or ``none``.
            weights: ``(n,)`` of each row, such as a density ratio; in the fit and in what the folds decide. None: all
                rows count alike. They say how frequent each class is where the head will work, so ``auto`` does not
                balance classes beside them.
        """
        n = len(labels)
        each = np.ones(n) if weights is None else weights / weights.mean()
        some = _subset(labels, SELECTION_ROWS)
        chosen_rows = rows_from(features) if len(some) == n else rows_from(_Picked(features, some))
        undisturbed = class_weights == "auto" and weights is not None
        options = weight_options(labels, classes, "none" if undisturbed else class_weights)
        candidates, best = self._select(chosen_rows, labels[some], classes, folds[:, some], options, each[some])
        rows = chosen_rows if len(some) == n else rows_from(features)
        counts = each * example_weights(labels, classes, best["class_weights"], np.ones(n, dtype=bool))
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
        self,
        rows: Rows,
        labels: IntArray,
        classes: int,
        folds: IntArray,
        options: Sequence[str],
        each: FloatArray,
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Fold scores of every (class weights, strength), and the best."""
        held_out = held_out_logits(rows, labels, classes, folds, options, self.strengths, each)
        settings = [{"strength": v} for v in self.strengths]
        return choose(held_out, settings, list(options), labels, classes, folds, each)


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


def held_out_logits(
    rows: Rows,
    labels: IntArray,
    classes: int,
    folds: IntArray,
    options: Sequence[str],
    strengths: Sequence[float],
    each: FloatArray,
) -> Array:
    """``(repeats, options, strengths, n, classes)``: every row scored by the model that did not see it."""
    repeats, n = folds.shape
    trials = [(r, o, f) for r in range(repeats) for o in range(len(options)) for f in np.unique(folds[r])]
    weights = [each * example_weights(labels, classes, options[o], folds[r] != f) for r, o, f in trials]
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

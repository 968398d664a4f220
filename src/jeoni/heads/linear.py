"""Linear probe: logistic or ridge regression on standardised features, temperature-scaled (Guo et al. 2017).

Strength and class weights are chosen on folds. Ours differs from scikit-learn's only in speed: all folds and strengths
are solved side by side, see :mod:`jeoni.heads.fitting.logistic` and :mod:`jeoni.heads.fitting.ridge`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.data.splits import build_folds
from jeoni.errors import ConfigError
from jeoni.heads.fitting.affine import AffineModule
from jeoni.heads.fitting.choice import choose, example_weights, weight_options
from jeoni.heads.fitting.logistic import Rows, rows_from, solve
from jeoni.heads.fitting.protocol import FittedHead
from jeoni.heads.fitting.ridge import fit_ridge
from jeoni.tasks import LossOptions, Task
from jeoni.tasks.classification import Classification
from jeoni.types import Array, FloatArray, IntArray, RowsLike

__all__ = ["Linear"]

SELECTION_ROWS = 20_000
SELECTION_TOLERANCE = 1e-3
BINARY = Classification(("without", "with"))  # one label of several


@dataclass(frozen=True)
class Linear:
    """The linear probe.

    Attributes:
        strengths: inverse penalties to choose from; features are standardised and divided by the root of their
            number, so that the same grid serves all backbones. Larger means less regularised.
    """

    strengths: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)

    def build(self, dim: int, width: int) -> nn.Module:
        """The empty module."""
        return AffineModule(dim, width)

    def fit(
        self,
        features: RowsLike,
        targets: Array,
        task: Task,
        folds: IntArray,
        class_weights: str,
        clusters: IntArray | None = None,
        *,
        weights: FloatArray | None = None,
    ) -> FittedHead:
        """Choose on the folds, then fit on all rows.

        Args:
            features: ``(n, d)``, an array or anything with ``shape`` and row slices.
            targets: ``(n, …)`` of the task; every row has one, at least in part.
            task: what is predicted.
            folds: ``(repeats, n)``: the fold in which each row is held out.
            class_weights: ``auto``, ``balanced`` or ``none``.
            clusters: ``(n,)``: rows of one number stay together where folds must be drawn anew for a rare label.
            weights: ``(n,)`` of each row, such as a density ratio; in the fit and in what the folds decide. None: all
                rows count alike. They say how frequent each class is where the head will work, so ``auto`` does not
                balance classes beside them. With classes only.
        """
        if task.parts:
            fitted = self._fit_parts(features, targets, task, folds, class_weights, clusters)
        elif task.link == "softmax":
            fitted = self._fit_classes(features, targets, task, folds, class_weights, weights)
        elif task.link == "sigmoid":
            fitted = self._fit_labels(features, targets, task, folds, class_weights, clusters)
        elif task.link == "identity":
            fitted = self._fit_numbers(features, targets, task, folds, class_weights)
        else:
            raise ConfigError(
                f"The head linear cannot be fitted to the task {task.id}; take one that is trained, such as --head mlp."
            )
        module = AffineModule(features.shape[1], task.width)
        with torch.no_grad():
            module.weight.copy_(fitted.weight)
            module.bias.copy_(fitted.bias)
            module.temperature.fill_(fitted.temperature)
        whole = fitted.held is not None and len(fitted.held.index) == len(targets)
        kept = fitted.held.logits if fitted.held is not None and whole else None
        return FittedHead(module.eval(), fitted.choice, fitted.task, fitted.candidates, held_out=kept)

    def _fit_classes(
        self,
        features: RowsLike,
        targets: Array,
        task: Task,
        folds: IntArray,
        class_weights: str,
        weights: FloatArray | None = None,
    ) -> _Fitted:
        """Multinomial logistic regression."""
        labels, classes, n = targets, task.width, len(targets)
        each = np.ones(n) if weights is None else weights / weights.mean()
        some = _subset(labels, SELECTION_ROWS)
        chosen_rows = rows_from(features) if len(some) == n else rows_from(Picked(features, some))
        undisturbed = class_weights == "auto" and weights is not None
        options = weight_options(labels, classes, "none" if undisturbed else class_weights)
        held_out = np.zeros((0, len(options), len(self.strengths), len(some), classes), dtype=np.float32)
        if len(folds):
            held_out = held_out_logits(
                chosen_rows, labels[some], classes, folds[:, some], options, self.strengths, each[some]
            )
        settings = [{"strength": v} for v in self.strengths]
        candidates, best = choose(held_out, settings, list(options), labels[some], classes, folds[:, some], each[some])
        rows = chosen_rows if len(some) == n else rows_from(features)
        counts = each * example_weights(labels, classes, best["class_weights"], np.ones(n, dtype=bool))
        solution = solve(
            rows, labels, counts[:, None], np.array([1.0 / (best["strength"] * n)]), classes, tolerance=1e-5, steps=500
        )
        weight, bias = solution.raw(0)
        place = options.index(best["class_weights"]), self.strengths.index(best["strength"])
        held = Held(some, held_out[:, place[0], place[1]])
        return _Fitted(weight, bias, best, task, candidates, best["temperature"], held)

    def _fit_numbers(
        self, features: RowsLike, targets: Array, task: Task, folds: IntArray, class_weights: str
    ) -> _Fitted:
        """Ridge regression, each number with a strength of its own."""
        task.criterion(targets, LossOptions(balanced=class_weights == "balanced"))  # refuses what it cannot have
        encoded = task.standardised(targets)  # type: ignore[attr-defined]  # what the link `identity` stands for
        weight, bias, candidates, chosen = fit_ridge(features, encoded, folds, self.strengths)
        choice = {"strength": chosen[0] if len(chosen) == 1 else chosen, "class_weights": "none", "temperature": 1.0}
        return _Fitted(weight, bias, choice, task, candidates)

    def _fit_labels(
        self,
        features: RowsLike,
        targets: Array,
        task: Task,
        folds: IntArray,
        class_weights: str,
        clusters: IntArray | None,
    ) -> _Fitted:
        """A logistic regression for each label; its temperature goes into its weights, its threshold into the task."""
        weights, biases, held_out = [], [], np.full(targets.shape, np.nan)
        strengths: list[float] = []
        for k in range(task.width):
            known = np.flatnonzero(~np.isnan(targets[:, k]))
            labels = targets[known, k].astype(np.int64)
            inner = _own_folds(folds[:, known], labels, _some_of(clusters, known))
            one = self._fit_classes(Picked(features, known), labels, BINARY, inner, class_weights)
            weights.append((one.weight[1] - one.weight[0]) / one.temperature)
            biases.append((one.bias[1] - one.bias[0]) / one.temperature)
            strengths.append(one.choice["strength"])
            assert one.held is not None
            logits = one.held.logits.mean(0) / one.temperature
            held_out[known[one.held.index], k] = logits[:, 1] - logits[:, 0]
        decided = task.with_thresholds(held_out, targets)  # type: ignore[attr-defined]  # what `sigmoid` stands for
        choice = {"strength": strengths, "class_weights": class_weights, "temperature": 1.0}
        return _Fitted(torch.stack(weights), torch.stack(biases), choice, decided, [])

    def _fit_parts(
        self,
        features: RowsLike,
        targets: Array,
        task: Task,
        folds: IntArray,
        class_weights: str,
        clusters: IntArray | None,
    ) -> _Fitted:
        """Each part by itself, on the rows that have its label: on frozen features nothing is shared but these."""
        weights, biases, choices, tasks = [], [], {}, []
        for name, part in task.parts.items():
            known = np.flatnonzero(part.known(targets[name]))
            own = targets[name][known]
            own_clusters = _some_of(clusters, known)
            inner = _own_folds(folds[:, known], part.strata(own), own_clusters)
            balance = "none" if part.link == "identity" else class_weights  # numbers have no classes to balance
            fitted = self.fit(Picked(features, known), own, part, inner, balance, own_clusters)
            module = fitted.module
            assert isinstance(module, AffineModule)
            weights.append(module.weight.detach() / module.temperature)
            biases.append(module.bias.detach() / module.temperature)
            choices[name] = fitted.choice
            tasks.append((name, fitted.task))
        choice = {"parts": choices, "class_weights": class_weights, "temperature": 1.0}
        decided = replace(task, tasks=tuple(tasks))  # type: ignore[type-var]  # a dataclass made of parts
        return _Fitted(torch.cat(weights), torch.cat(biases), choice, decided, [])


@dataclass(frozen=True)
class Held:
    """Logits ``(repeats, m, classes)`` of the ``(m,)`` rows at ``index``, by heads that did not see them."""

    index: IntArray
    logits: Array


@dataclass(frozen=True)
class _Fitted:
    """A linear map ``(width, d)`` and ``(width,)``, and what the folds decided."""

    weight: Tensor
    bias: Tensor
    choice: dict[str, Any]
    task: Task
    candidates: list[dict[str, Any]]
    temperature: float = 1.0
    held: Held | None = None


def _some_of(clusters: IntArray | None, rows: IntArray) -> IntArray | None:
    return None if clusters is None else clusters[rows]


def _own_folds(folds: IntArray, strata: IntArray, clusters: IntArray | None) -> IntArray:
    """The folds of some rows; drawn anew where a fold's others would not hold what is to be learned.

    A rare label may lie in one fold only, by chance or by its missing rows. Clusters stay whole, unless all rows of a
    label are in one: then no folds of whole clusters could teach it.
    """
    found = folds.copy()
    for r, fold in enumerate(folds):
        if _teach_all(fold, strata):
            continue
        count = max(2, len(np.unique(fold)))
        found[r] = _dealt(strata, count, r)
        if clusters is not None and 1 < len(np.unique(clusters)) < len(clusters):
            whole = build_folds(strata, clusters, count, 1, r)[0]
            found[r] = whole if _teach_all(whole, strata) else found[r]
    return found


def _teach_all(fold: IntArray, strata: IntArray) -> bool:
    """Whether there are two folds at least, and the others of each hold all strata."""
    numbers, there = np.unique(fold), len(np.unique(strata))
    return len(numbers) > 1 and all(len(np.unique(strata[fold != f])) == there for f in numbers)


def _dealt(strata: IntArray, folds: int, seed: int) -> IntArray:
    """``(n,)`` folds, the rows of each stratum dealt out in turn."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    fold = np.empty(len(strata), dtype=np.int64)
    fold[order] = np.arange(len(strata)) % folds
    return fold


class Picked:
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

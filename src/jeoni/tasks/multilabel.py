"""Multi-label classification: any number of labels for each example; binary cross-entropy of each label.

A label is decided by a threshold of its own, which maximises its F1 on held-out folds (Lipton, Elkan & Narayanaswamy
2014, arXiv:1402.1892: the best threshold is not 0.5). Predictions hold both: ``L`` probabilities, then ``L`` decisions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.special import expit
from torch import Tensor, nn

from jeoni import plugins
from jeoni.data.columns import is_missing
from jeoni.data.kinds import composed
from jeoni.errors import ConfigError, DataError
from jeoni.evaluation.measures import Measure
from jeoni.evaluation.metrics.columns import average_precision, halves, label_counts
from jeoni.evaluation.metrics.counts import mean_of_defined, ratio
from jeoni.evaluation.metrics.protocol import Metric
from jeoni.tasks import Criterion, LossOptions, Task, Unreadable, distinct_names, finite_numbers
from jeoni.tasks.targets.numbers import as_floats
from jeoni.types import Array, Dataset, Finding, FloatArray, IntArray

__all__ = ["Multilabel"]

METRICS = "jeoni.evaluation.metrics.multilabel"
SEPARATORS = (";", "|")
SAME = 0.05  # log-odds
MEMORISED = 0.1  # binary cross-entropy
LEAST = 1e-12
HEAVIEST = 20.0  # the most that a rare label's examples count


@dataclass(frozen=True)
class Multilabel:
    """A set of labels for each example. Targets are ``(n, L)`` float64 of 0 and 1; NaN where it is not known.

    Attributes:
        label_names: in the order of the outputs.
        thresholds: the probability from which on each label is given.

    Example:
        >>> task, targets, _ = Multilabel.read({"defects": ["crack;dirt", "dirt", ""]})
        >>> task.label_names, targets.tolist()
        (('crack', 'dirt'), [[1.0, 1.0], [0.0, 1.0], [nan, nan]])
    """

    id: ClassVar[str] = "multilabel"
    link: ClassVar[str] = "sigmoid"

    label_names: tuple[str, ...]
    thresholds: tuple[float, ...] = ()

    @property
    def headline(self) -> str:
        """Mean average precision: it needs no threshold."""
        return "mean_average_precision"

    @property
    def width(self) -> int:
        """One output per label."""
        return len(self.label_names)

    @property
    def parts(self) -> Mapping[str, Task]:
        """It is one task."""
        return {}

    @classmethod
    def read(cls, columns: Mapping[str, Sequence[Any]]) -> tuple[Self, Array, list[Finding]]:
        """From cells such as ``a;b`` or lists in one column, or from several columns of 0 and 1.

        An empty cell is not known; a cell ``-`` or an empty list has no label.

        Raises:
            Unreadable: columns that hold other things than 0 and 1; one label only.
        """
        if len(columns) > 1:
            targets = np.stack([_zero_one(cells, column) for column, cells in columns.items()], axis=1)
            return cls(tuple(columns)), targets, []
        ((column, cells),) = columns.items()
        sets = [_labels_in(cell) for cell in cells]
        names = tuple(sorted({name for some in sets if some is not None for name in some}))
        if len(names) < 2:
            raise Unreadable(
                f"The cells of {column!r} hold {'one label' if names else 'no labels'} only"
                f"{f' ({names[0]})' if names else ''}; for several labels in a cell, part them with ; or |, such as "
                f"crack;dirt. For example the first cell says {str(next(iter(cells), ''))[:40]!r}."
            )
        return cls(names), _matrix(sets, names), _loners(sets, column)

    def reread(self, columns: Mapping[str, Sequence[Any]]) -> Array:
        """See :class:`Task`."""
        if len(columns) > 1:
            missing = [name for name in self.label_names if name not in columns]
            if missing:
                raise Unreadable(f"no column {', '.join(missing[:5])}; the model's labels are columns of 0 and 1.")
            return np.stack([_zero_one(columns[name], name) for name in self.label_names], axis=1)
        (cells,) = columns.values()
        sets = [_labels_in(cell) for cell in cells]
        strangers = sorted({n for some in sets if some for n in some} - set(self.label_names))
        if strangers:
            raise Unreadable(
                f"unknown labels: {', '.join(strangers[:5])}. Known are {', '.join(self.label_names[:20])}."
            )
        return _matrix(sets, self.label_names)

    def cells(self, targets: Array) -> dict[str, list[Any]]:
        """Tuples of labels."""
        known = self.known(targets)
        return {"labels": [self._said(row > 0) if there else None for row, there in zip(targets, known, strict=True)]}

    def known(self, targets: Array) -> Array:
        """At least one label is known to be there or not."""
        return np.asarray(~np.isnan(targets).all(1))

    def strata(self, targets: Array) -> IntArray:
        """The rarest label of each example, so that rare ones are spread over folds (after Sechidis et al. 2011)."""
        counts = np.nansum(targets, axis=0)
        order = np.argsort(counts, kind="stable")
        has = np.nan_to_num(targets[:, order]) > 0
        first = np.where(has.any(1), order[has.argmax(1)], self.width)
        return np.where(self.known(targets), first, -1).astype(np.int64)

    def check(self, data: Dataset) -> list[Finding]:
        """See :class:`Task`."""
        training = data.targets[data.part != "test"]
        counts, known = np.nansum(training, axis=0), (~np.isnan(training)).sum(0)
        if not known.any():
            raise DataError(f"{data.origin or data.name} holds no labelled items; jeoni fit needs labels.")
        if not ((counts > 0) & (counts < known)).any():
            raise DataError(
                f"Every label of {data.origin or data.name} is given to all items or to none: nothing can be learned."
            )
        text = "the label {} is given to {} items; it cannot be learned or tested well"
        return [
            Finding("small_class", "", text.format(name, int(k)), "kept")
            for name, k, of in zip(self.label_names, counts, known, strict=True)
            if min(k, of - k) < 2
        ]

    def without_lost(self, data: Dataset, usable: Array) -> tuple[Dataset, Array, list[Finding]]:
        """Without the labels that no usable training example has, or all have."""
        training = data.targets[usable & (data.part != "test")]
        counts, known = np.nansum(training, axis=0), (~np.isnan(training)).sum(0)
        kept = np.flatnonzero((counts > 0) & (counts < known))
        if not len(kept):
            raise DataError("After the checks no label is left that some usable training examples have and others not.")
        if len(kept) == self.width:
            return data, usable, []
        lost = [name for k, name in enumerate(self.label_names) if k not in kept]
        text = "the label {} is given to no usable training item, or to all"
        findings = [Finding("empty_class", "", text.format(name), "left out") for name in lost]
        task = replace(self, label_names=tuple(self.label_names[k] for k in kept), thresholds=())
        targets = data.targets[:, kept]
        return replace(data, targets=targets, task=task), usable & task.known(targets), findings

    def criterion(self, targets: Array, options: LossOptions) -> Criterion:
        """Binary cross-entropy, the mean over the known labels; balanced, a rare label's examples count more."""
        if options.adjustment:
            raise ConfigError("logit_adjustment is about one class of several; labels have none. Leave it out.")
        positive, known = np.nansum(targets, axis=0), (~np.isnan(targets)).sum(0)
        rarity = np.clip((known - positive) / np.maximum(positive, 1), 1 / HEAVIEST, HEAVIEST)
        weights = torch.from_numpy(rarity.astype(np.float32)) if options.balanced else None

        def loss(outputs: Tensor, targets: Array) -> Tensor:
            wanted = torch.from_numpy(targets.astype(np.float32)).to(outputs.device, non_blocking=True)
            there = ~wanted.isnan()
            soft = wanted.nan_to_num() * (1 - options.smoothing) + options.smoothing / 2
            each = None if weights is None else weights.to(outputs.device, non_blocking=True)
            found = nn.functional.binary_cross_entropy_with_logits(outputs, soft, reduction="none", pos_weight=each)
            return (found * there).sum(1) / there.sum(1).clamp(min=1)

        return loss

    def temperature(self, outputs: Array, targets: Array, doubt: float = 0.0) -> FloatArray:
        """One number for all labels; the log-loss is least with it."""
        known = ~np.isnan(targets)
        wanted = np.clip(targets[known], doubt, 1 - doubt)
        given = np.asarray(outputs, dtype=np.float64)[known]

        def loss(log_temperature: float) -> float:
            z = given * np.exp(-log_temperature)
            return float((np.logaddexp(0, z) - wanted * z).mean())

        found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded", options={"xatol": 1e-6})
        return np.asarray(np.exp(found.x) if found.fun < loss(0.0) else 1.0)

    def decode(self, outputs: Array) -> FloatArray:
        """Probabilities, then decisions."""
        probs = expit(np.asarray(outputs, dtype=np.float64))
        limits = np.array(self.thresholds or (0.5,) * self.width)
        return np.concatenate([probs, (probs >= limits).astype(np.float64)], axis=1)

    def with_thresholds(self, outputs: Array, targets: Array) -> Self:
        """The same task, each label's threshold the one whose F1 is best on these held-out outputs."""
        probs = expit(np.asarray(outputs, dtype=np.float64))
        limits = [best_threshold(probs[:, k], targets[:, k]) for k in range(self.width)]
        return replace(self, thresholds=tuple(limits))

    def losses(self, predictions: FloatArray, targets: Array) -> FloatArray:
        """Binary log-losses, the mean over the known labels."""
        probs = np.clip(halves(predictions)[0], LEAST, 1 - LEAST)
        return mean_of_defined(-(targets * np.log(probs) + (1 - targets) * np.log(1 - probs)), axis=1)

    def memorised(self, losses: FloatArray, tolerance: float = 1.0) -> bool:
        """See :class:`Task`."""
        return float(losses.mean()) <= tolerance * MEMORISED

    def constant(self, outputs: Array) -> bool:
        """The log-odds hardly differ between examples."""
        return bool(np.asarray(outputs).std(0).max() < SAME)

    def uninformed(self, targets: Array) -> FloatArray:
        """The labels' shares, and whether that is half."""
        share = np.nan_to_num(np.nanmean(targets, axis=0))
        return np.concatenate([share, (share >= 0.5).astype(np.float64)])

    def scores(self, predictions: FloatArray, targets: Array) -> FloatArray:
        """The share of the known labels that is decided right."""
        right = np.where(np.isnan(targets), np.nan, halves(predictions)[1] == (targets > 0))
        return mean_of_defined(right, axis=1)

    @property
    def measure(self) -> Measure:
        """The share of labels that are right."""
        return Measure("labels_right", "labels decided right")

    def metrics(self) -> Mapping[str, Metric]:
        """Every file of the folder."""
        return {name: plugins.load(METRICS, name)() for name in plugins.names(METRICS)}

    def checked(self, targets: Array, predictions: Array) -> tuple[Array, FloatArray]:
        """See :class:`Task`."""
        true, given = np.asarray(targets, dtype=np.float64), np.asarray(predictions, dtype=np.float64)
        repeats = given[None] if given.ndim == 2 else given
        if true.ndim != 2 or not len(true) or repeats.shape[1:] != (len(true), 2 * true.shape[1]):
            raise ConfigError(
                f"Targets have shape {true.shape} and predictions {given.shape}; (n, L) and (n, 2 L) or (R, n, 2 L) "
                "are needed, with at least one item."
            )
        if not np.isfinite(repeats).all() or repeats.min() < 0 or repeats.max() > 1:
            raise ConfigError("Some predictions are no probabilities; numbers from 0 to 1 are needed.")
        return true, repeats

    def breakdown(self, targets: Array, predictions: FloatArray, weights: Array) -> dict[str, FloatArray]:
        """Average precision, precision, recall and F1 of each label."""
        ranked = np.stack(
            [
                np.stack([average_precision(targets[:, k], p[:, k], weights) for k in range(self.width)], axis=1)
                for p in predictions
            ]
        )
        counts = [label_counts(targets, p, weights) for p in predictions]
        every = {
            "average_precision": ranked,
            "precision": np.stack([ratio(c.hits, c.predicted) for c in counts]),
            "recall": np.stack([ratio(c.hits, c.support) for c in counts]),
            "f1": np.stack([ratio(2 * c.hits, c.support + c.predicted) for c in counts]),
        }
        return {name: mean_of_defined(values, axis=0) for name, values in every.items()}

    def rows(self, targets: Array) -> list[tuple[str, int]]:
        """The labels, and how many items have each."""
        return [(name, int(k)) for name, k in zip(self.label_names, np.nansum(targets, axis=0), strict=True)]

    def details(self, targets: Array, predictions: FloatArray) -> dict[str, Any]:
        """The labels' names."""
        return {"label_names": list(self.label_names)}

    def named(self, predictions: FloatArray) -> list[Any]:
        """Tuples of labels, which may be empty."""
        return [self._said(row) for row in halves(predictions)[1]]

    def named_targets(self, targets: Array) -> list[Any]:
        """The same."""
        known = self.known(targets)
        return [self._said(row > 0) if there else "" for row, there in zip(targets, known, strict=True)]

    def _said(self, given: Array) -> tuple[str, ...]:
        return tuple(name for name, there in zip(self.label_names, given, strict=True) if there)

    @property
    def columns(self) -> tuple[str, ...]:
        """Probabilities, then decisions."""
        return (*(f"prob:{name}" for name in self.label_names), *(f"has:{name}" for name in self.label_names))

    def certainty(self, predictions: FloatArray) -> FloatArray:
        """The least sure decision: its probability of being right."""
        probs, decided = halves(predictions)
        return np.asarray(np.where(decided, probs, 1 - probs).min(1))

    def describe(self) -> dict[str, Any]:
        """See :class:`Task`."""
        return {"label_names": list(self.label_names), "thresholds": list(self.thresholds)}

    @classmethod
    def restored(cls, described: Mapping[str, Any]) -> Self:
        """From what :meth:`describe` gave."""
        names, limits = distinct_names(described["label_names"]), described["thresholds"]
        return cls(names, finite_numbers(limits, len(names), 0, 1) if limits else ())


def best_threshold(probs: FloatArray, targets: FloatArray) -> float:
    """Half-way between the two probabilities that the best F1 parts; 0.5 where no target is known to be 1.

    Example:
        >>> round(best_threshold(np.array([0.1, 0.2, 0.4]), np.array([0.0, 1.0, 1.0])), 3)
        0.15
    """
    known = ~np.isnan(targets)
    order = np.argsort(-probs[known], kind="stable")
    ranked, true = probs[known][order], targets[known][order]
    if not true.sum():
        return 0.5
    hits, given = np.cumsum(true), np.arange(1, len(true) + 1)
    ends = np.append(np.diff(ranked) != 0, True)
    f1 = np.where(ends, 2 * hits / (given + true.sum()), -1.0)
    best = int(f1.argmax())
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return float((ranked[best] + below) / 2)


def _labels_in(cell: Any) -> tuple[str, ...] | None:
    """The labels that a cell holds; None where it is empty and so nothing is known."""
    if isinstance(cell, (list, tuple, set, frozenset, np.ndarray)):
        return tuple(dict.fromkeys(composed(str(c).strip()) for c in cell))
    if is_missing(cell) or not str(cell).strip():
        return None
    text = composed(str(cell).strip())
    if text == "-":
        return ()
    pattern = "[" + re.escape("".join(SEPARATORS)) + "]"
    return tuple(dict.fromkeys(p.strip() for p in re.split(pattern, text) if p.strip()))


def _matrix(sets: Sequence[tuple[str, ...] | None], names: tuple[str, ...]) -> FloatArray:
    number = {name: k for k, name in enumerate(names)}
    found = np.full((len(sets), len(names)), np.nan)
    for row, some in enumerate(sets):
        if some is not None:
            found[row] = 0.0
            found[row, [number[name] for name in some]] = 1.0
    return found


def _zero_one(cells: Sequence[Any], column: str) -> FloatArray:
    said = {"true": 1, "false": 0, "yes": 1, "no": 0}
    plain = [said.get(str(c).strip().lower(), c) for c in cells]
    values = as_floats(plain, column)
    odd = np.flatnonzero(~np.isnan(values) & ~np.isin(values, (0.0, 1.0)))
    if len(odd):
        raise Unreadable(
            f"The column {column!r} is to hold 0 and 1, and row {int(odd[0]) + 1} says {values[odd[0]]:g}. "
            "For several kinds of labels say --task multitask."
        )
    return values


def _loners(sets: Sequence[tuple[str, ...] | None], column: str) -> list[Finding]:
    """Labels that hold a comma: it may have been meant to part two labels."""
    odd = sorted({name for some in sets if some for name in some if "," in name})
    if not odd:
        return []
    text = f"the label {odd[0]!r} of the column {column!r} holds a comma; labels are parted by ; or |"
    return [Finding("labels", "", text, "kept as one label")]

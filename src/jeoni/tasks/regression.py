"""Regression: one number or several for each example, each with its unit; Huber's loss (Huber 1964).

The network gives standardised numbers; decoding brings them back to their units. Centre and scale are those of the
labels that were read: they only say in which numbers the network computes, and no score depends on them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from jeoni import plugins
from jeoni.errors import ConfigError, DataError
from jeoni.evaluation.measures import Measure
from jeoni.evaluation.metrics.counts import mean_of_defined
from jeoni.evaluation.metrics.protocol import Metric
from jeoni.tasks import Criterion, LossOptions, Task, Unreadable, distinct_names, finite_numbers
from jeoni.tasks.targets.numbers import as_floats
from jeoni.types import Array, Dataset, Finding, FloatArray, IntArray

__all__ = ["Regression"]

METRICS = "jeoni.evaluation.metrics.regression"
SAME = 0.05  # standard deviations of the targets
MEMORISED = 0.02  # mean squared standardised error
BINS = 5
LEAST = 4
SCATTER = 2000


@dataclass(frozen=True)
class Regression:
    """Numbers with units. Targets are ``(n, k)`` float64 in their units; NaN where there is none.

    Attributes:
        names: of the ``k`` numbers.
        units: of each; empty where none is known.
        center: what a network's output of 0 stands for.
        scale: what an output of 1 adds to it.

    Example:
        >>> task, targets, _ = Regression.read({"width (mm)": ["1.5", "2.5", ""]})
        >>> task.names, task.units, targets.ravel().tolist()
        (('width',), ('mm',), [1.5, 2.5, nan])
    """

    id: ClassVar[str] = "regression"
    link: ClassVar[str] = "identity"

    names: tuple[str, ...]
    units: tuple[str, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]

    @property
    def headline(self) -> str:
        """The absolute error of one number, the mean share of explained variance of several."""
        return "mae" if len(self.names) == 1 else "r2"

    @property
    def width(self) -> int:
        """One output per number."""
        return len(self.names)

    @property
    def parts(self) -> Mapping[str, Task]:
        """It is one task."""
        return {}

    @classmethod
    def read(cls, columns: Mapping[str, Sequence[Any]]) -> tuple[Self, Array, list[Finding]]:
        """Numbers, of one column or of several; a unit in brackets at the end of a column's name is taken.

        Raises:
            Unreadable: a cell that is no finite number, or a column without any.
        """
        targets = np.stack([as_floats(cells, column) for column, cells in columns.items()], axis=1)
        for column, values in zip(columns, targets.T, strict=True):
            if np.isnan(values).all():
                raise Unreadable(f"The column {column!r} holds no numbers; all its cells are empty.")
        named = [_with_unit(column) for column in columns]
        spread = np.nanstd(targets, axis=0)
        task = cls(
            names=tuple(name for name, _ in named),
            units=tuple(unit for _, unit in named),
            center=tuple(np.nanmean(targets, axis=0).tolist()),
            scale=tuple(np.where(spread > 0, spread, 1.0).tolist()),
        )
        return task, targets, []

    def reread(self, columns: Mapping[str, Sequence[Any]]) -> Array:
        """Numbers; see :class:`Task`."""
        targets = np.stack([as_floats(cells, column) for column, cells in columns.items()], axis=1)
        if targets.shape[1] != self.width:
            raise Unreadable(f"{targets.shape[1]} columns of numbers where {self.width} are needed.")
        return targets

    def cells(self, targets: Array) -> dict[str, list[Any]]:
        """Numbers."""
        columns = [n if not u else f"{n} ({u})" for n, u in zip(self.names, self.units, strict=True)]
        return {c: [None if v != v else float(v) for v in targets[:, k]] for k, c in enumerate(columns)}

    def known(self, targets: Array) -> Array:
        """At least one number is there."""
        return np.asarray(~np.isnan(targets).all(1))

    def strata(self, targets: Array) -> IntArray:
        """Fifths of the examples by the mean of their standardised numbers: every fold has high and low ones."""
        known = np.flatnonzero(self.known(targets))
        found = np.full(len(targets), -1, dtype=np.int64)
        level = np.nanmean(self.standardised(targets[known]), axis=1)
        bins = max(1, min(BINS, len(known) // BINS))
        # equal numbers stay together, so there may be fewer bins
        edges = np.unique(np.quantile(level, np.arange(1, bins) / bins, method="higher")) if len(known) else level
        _, found[known] = np.unique(np.searchsorted(edges, level, side="right"), return_inverse=True)
        return found

    def check(self, data: Dataset) -> list[Finding]:
        """See :class:`Task`."""
        training = data.targets[data.part != "test"]
        for name, values in zip(self.names, training.T, strict=True):
            there = values[~np.isnan(values)]
            if len(there) < LEAST:
                raise DataError(
                    f"{data.origin or data.name} holds {len(there)} examples with a number {name!r} to learn from; at "
                    f"least {LEAST} are needed, and better some dozens."
                )
            if (there == there[0]).all():
                raise DataError(
                    f"All numbers {name!r} to learn from are {there[0]:g}; there is nothing to learn. Needed: numbers "
                    "that differ. Is another label column meant? Name it with --label-column."
                )
        return [f for k, name in enumerate(self.names) for f in _far_off(name, training[:, k])]

    def without_lost(self, data: Dataset, usable: Array) -> tuple[Dataset, Array, list[Finding]]:
        """Nothing is left out; too little may be left."""
        self.check(data.select(np.flatnonzero(usable)))
        return data, usable, []

    def standardised(self, targets: Array) -> FloatArray:
        """``(n, k)`` as the network computes them."""
        found: FloatArray = (targets - np.array(self.center)) / np.array(self.scale)
        return found

    def criterion(self, targets: Array, options: LossOptions) -> Criterion:
        """Huber's loss of the standardised numbers, the mean over those that are known."""
        if options.adjustment or options.smoothing:
            name = "label_smoothing" if options.smoothing else "logit_adjustment"
            raise ConfigError(f"{name} is about classes; a regression has none. Leave it out.")
        if options.balanced:
            raise ConfigError("class_weights is 'balanced'; a regression has no classes. Leave it out.")

        def loss(outputs: Tensor, targets: Array) -> Tensor:
            wanted = torch.from_numpy(self.standardised(targets).astype(np.float32)).to(
                outputs.device, non_blocking=True
            )
            known = ~wanted.isnan()
            each = nn.functional.smooth_l1_loss(outputs, wanted.nan_to_num(), reduction="none") * known
            return each.sum(1) / known.sum(1).clamp(min=1)

        return loss

    def temperature(self, outputs: Array, targets: Array, doubt: float = 0.0) -> FloatArray:
        """Numbers have none: 1."""
        return np.ones(())

    def decode(self, outputs: Array) -> FloatArray:
        """Numbers in their units."""
        found: FloatArray = np.asarray(outputs, dtype=np.float64) * np.array(self.scale) + np.array(self.center)
        return found

    def losses(self, predictions: FloatArray, targets: Array) -> FloatArray:
        """Squared standardised errors, the mean over the known numbers."""
        errors = ((predictions - targets) / np.array(self.scale)) ** 2
        return mean_of_defined(errors, axis=1)

    def memorised(self, losses: FloatArray, tolerance: float = 1.0) -> bool:
        """A fiftieth of the variance is left."""
        return float(losses.mean()) <= tolerance * MEMORISED

    def constant(self, outputs: Array) -> bool:
        """Outputs hardly differ beside the targets' spread."""
        return bool(np.asarray(outputs).std(0).max() < SAME)

    def uninformed(self, targets: Array) -> FloatArray:
        """The means."""
        found: FloatArray = np.nanmean(targets, axis=0)
        return found

    def scores(self, predictions: FloatArray, targets: Array) -> FloatArray:
        """Minus the absolute error, in standard deviations of the targets, the mean over the known numbers."""
        return -mean_of_defined(np.abs(predictions - targets) / np.array(self.scale), axis=1)

    @property
    def measure(self) -> Measure:
        """The mean absolute error: of one number in its unit, of several in standard deviations of the targets."""
        if self.width == 1:
            return Measure("mae", "mean absolute error", self.units[0], False, self.scale[0])
        return Measure("mae", "mean absolute error", "standard deviations", False)

    def metrics(self) -> Mapping[str, Metric]:
        """Every file of the folder; of several numbers each by its name, after their mean R²."""
        kinds = {name: plugins.load(METRICS, name)() for name in plugins.names(METRICS)}
        if self.width == 1:
            return {name: _OfColumn(kind, 0, self.units[0]) for name, kind in kinds.items()}
        each: dict[str, Metric] = {
            f"{column}.{name}": _OfColumn(kind, k, self.units[k], column)
            for k, column in enumerate(self.names)
            for name, kind in kinds.items()
        }
        return {"r2": _MeanOf([m for name, m in each.items() if name.endswith(".r2")]), **each}

    def checked(self, targets: Array, predictions: Array) -> tuple[Array, FloatArray]:
        """See :class:`Task`."""
        true, given = np.asarray(targets, dtype=np.float64), np.asarray(predictions, dtype=np.float64)
        repeats = given[None] if given.ndim == 2 else given
        if true.ndim != 2 or repeats.ndim != 3 or repeats.shape[1:] != true.shape or not len(true):
            raise ConfigError(
                f"Targets have shape {true.shape} and predictions {given.shape}; (n, k) and (n, k) or (R, n, k) are "
                "needed, with at least one item."
            )
        if not np.isfinite(repeats).all():
            raise ConfigError("Some predictions are NaN or infinite; finite numbers are needed.")
        return true, repeats

    def breakdown(self, targets: Array, predictions: FloatArray, weights: Array) -> dict[str, FloatArray]:
        """The absolute error in each fifth of the true values, of one number only."""
        if self.width > 1:
            return {}
        error = np.abs(predictions[..., 0] - targets[:, 0]).mean(0)
        strata = self.strata(targets)
        found = []
        for k in range(int(strata.max()) + 1):
            inside = strata == k
            total = weights[:, inside].sum(axis=1).astype(np.float64)
            found.append(np.where(total > 0, weights[:, inside] @ error[inside] / np.maximum(total, 1e-12), np.nan))
        return {"mae": np.stack(found, axis=1)}

    def rows(self, targets: Array) -> list[tuple[str, int]]:
        """The fifths, named by their range."""
        if self.width > 1:
            return []
        strata = self.strata(targets)
        found = []
        for k in range(int(strata.max()) + 1):
            values = targets[strata == k, 0]
            unit = f" {self.units[0]}" if self.units[0] else ""
            low, high = f"{values.min():.4g}", f"{values.max():.4g}"
            found.append((f"{low}{unit}" if low == high else f"{low} to {high}{unit}", len(values)))
        return found

    def details(self, targets: Array, predictions: FloatArray) -> dict[str, Any]:
        """Predicted against true, of at most some thousands."""
        mean = predictions.mean(0)
        some = np.unique(np.linspace(0, len(targets) - 1, min(SCATTER, len(targets))).astype(np.int64))
        numbers = [
            {
                "name": name,
                "unit": unit,
                "points": _pairs(targets[some, k], mean[some, k]),
            }
            for k, (name, unit) in enumerate(zip(self.names, self.units, strict=True))
        ]
        return {"numbers": numbers}

    def named(self, predictions: FloatArray) -> list[Any]:
        """A number, or a tuple of them."""
        return _plain(predictions)

    def named_targets(self, targets: Array) -> list[Any]:
        """The same."""
        return _plain(targets)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names with their units."""
        return tuple(f"{n} ({u})" if u else n for n, u in zip(self.names, self.units, strict=True))

    def certainty(self, predictions: FloatArray) -> FloatArray:
        """It cannot tell."""
        return np.full(len(predictions), np.nan)

    def describe(self) -> dict[str, Any]:
        """See :class:`Task`."""
        return {k: list(getattr(self, k)) for k in ("names", "units", "center", "scale")}

    @classmethod
    def restored(cls, described: Mapping[str, Any]) -> Self:
        """From what :meth:`describe` gave."""
        names = distinct_names(described["names"])
        units = described["units"]
        if not isinstance(units, list) or len(units) != len(names) or not all(isinstance(u, str) for u in units):
            raise ValueError("a unit for each number is needed")
        center = finite_numbers(described["center"], len(names))
        scale = finite_numbers(described["scale"], len(names), low=1e-300)
        return cls(names, tuple(u[:100] for u in units), center, scale)


class _OfColumn:
    """A metric of one of several numbers, where it is known."""

    def __init__(self, metric: Metric, column: int, unit: str, name: str = "") -> None:
        self._metric, self._column = metric, column
        self.title = f"{metric.title}, {name}" if name else metric.title
        self.unit = unit if metric.unit == "target" else metric.unit
        self.higher_is_better = metric.higher_is_better

    def __call__(self, targets: Array, predictions: FloatArray, weights: Array) -> FloatArray:
        known = ~np.isnan(targets[:, self._column])
        return self._metric(
            targets[known, self._column], predictions[known, self._column], weights[:, known].astype(np.float64)
        )


class _MeanOf:
    """The mean of several metrics."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics
        self.title, self.unit, self.higher_is_better = "Mean R²", "", True

    def __call__(self, targets: Array, predictions: FloatArray, weights: Array) -> FloatArray:
        return mean_of_defined(np.stack([m(targets, predictions, weights) for m in self._metrics]), axis=0)


def _with_unit(column: str) -> tuple[str, str]:
    """
    >>> _with_unit("weight [kg]"), _with_unit("age")
    (('weight', 'kg'), ('age', ''))
    """
    found = re.fullmatch(r"(.*\S)\s*[(\[]([^()\[\]]{1,20})[)\]]", column.strip())
    return (found[1], found[2].strip()) if found else (column.strip(), "")


def _far_off(name: str, values: FloatArray) -> list[Finding]:
    """Numbers so far from all others that they may be errors of typing."""
    there = values[~np.isnan(values)]
    low, middle, high = np.percentile(there, [25, 50, 75])
    far = np.abs(there - middle) > 20 * (high - low) if high > low else np.zeros(len(there), dtype=bool)
    if not far.any():
        return []
    text = (
        f"{int(far.sum())} of the numbers {name!r} lie far from all others, such as {there[far][0]:g} beside {middle:g}"
    )
    return [Finding("labels", "", text, "kept")]


def _pairs(true: FloatArray, predicted: FloatArray) -> list[list[float]]:
    known = ~np.isnan(true)
    return [[float(a), float(b)] for a, b in zip(true[known], predicted[known], strict=True)]


def _plain(numbers: Array) -> list[Any]:
    if numbers.shape[1] == 1:
        return ["" if v != v else float(v) for v in numbers[:, 0]]
    return [tuple("" if v != v else float(v) for v in row) for row in numbers]

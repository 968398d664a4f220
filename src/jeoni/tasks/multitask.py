"""Several tasks at once on one backbone (Caruana 1997, Multitask Learning): a record of labels for each example.

Losses are balanced by what knowing nothing costs: each part's loss is divided by that of its best constant prediction,
so that all begin at about one whatever their units or classes; and by the share of examples that have its label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from jeoni.errors import ConfigError, DataError
from jeoni.evaluation.measures import Measure
from jeoni.evaluation.metrics.counts import mean_of_defined
from jeoni.evaluation.metrics.protocol import Metric
from jeoni.tasks import Criterion, LossOptions, Task, Unreadable, distinct_names
from jeoni.tasks.targets.places import places
from jeoni.types import Array, Dataset, Finding, FloatArray, IntArray

__all__ = ["Multitask"]

RARE = 5  # examples of one combination of labels below which folds keep the first label in proportion only


@dataclass(frozen=True)
class Multitask:
    """Several labels for each example, some of which may be missing.

    Targets are a structured array ``(n,)``: the field of each part holds that part's own targets.

    Attributes:
        tasks: the parts by name, in the order of their outputs.

    Example:
        >>> task, targets, _ = Multitask.read({"digit": ["0", "1"], "speaker": ["ann", None]})
        >>> targets["digit"].tolist(), targets["speaker"].tolist(), task.width
        ([0, 1], [0, -1], 3)
    """

    id: ClassVar[str] = "multitask"
    link: ClassVar[str] = "parts"

    tasks: tuple[tuple[str, Task], ...]

    @property
    def headline(self) -> str:
        """That of the first part."""
        name, task = self.tasks[0]
        return f"{name}.{task.headline}"

    @property
    def width(self) -> int:
        """The parts' widths together."""
        return sum(task.width for _, task in self.tasks)

    @property
    def parts(self) -> Mapping[str, Task]:
        """By name."""
        return dict(self.tasks)

    @classmethod
    def read(cls, columns: Mapping[str, Sequence[Any]]) -> tuple[Self, Array, list[Finding]]:
        """Each column by itself, as what it looks like.

        Raises:
            Unreadable: one column only, or two that hold the same.
        """
        from jeoni.tasks.targets.choose import choose_task, read_column  # it loads tasks, this one among them

        if len(columns) < 2:
            raise Unreadable(
                f"Several tasks need several columns of labels, and {', '.join(columns) or 'none'} is one. "
                "Name them with --label-column first,second."
            )
        tasks: list[tuple[str, Task]] = []
        arrays: dict[str, Array] = {}
        findings: list[Finding] = []
        for column, cells in columns.items():
            wanted, said = choose_task({column: cells})
            task, targets, more = read_column(wanted, {column: cells})
            tasks.append((column, task))
            arrays[column] = targets
            findings += [*said, *more]
        _refuse_twins(arrays)
        return cls(tuple(tasks)), _record(arrays), findings

    def reread(self, columns: Mapping[str, Sequence[Any]]) -> Array:
        """See :class:`Task`."""
        arrays = {}
        for name, task in self.tasks:
            if name not in columns:
                raise Unreadable(f"no column {name!r}; the columns are {', '.join(columns)}.")
            arrays[name] = task.reread({name: columns[name]})
        return _record(arrays)

    def cells(self, targets: Array) -> dict[str, list[Any]]:
        """Those of each part under its name."""
        return {name: next(iter(task.cells(targets[name]).values())) for name, task in self.tasks}

    def known(self, targets: Array) -> Array:
        """At least one part has a label."""
        found: Array = np.logical_or.reduce([task.known(targets[name]) for name, task in self.tasks])
        return found

    def strata(self, targets: Array) -> IntArray:
        """Combinations of the parts' strata; where one is rare, the stratum of the first part alone."""
        each = np.stack([task.strata(targets[name]) for name, task in self.tasks], axis=1)
        _, combined, counts = np.unique(each, axis=0, return_inverse=True, return_counts=True)
        combined = combined.reshape(-1)
        rare = counts[combined] < RARE
        found = np.where(rare, len(counts) + 1 + each[:, 0], combined)
        _, numbers = np.unique(found, return_inverse=True)
        return np.where(self.known(targets), numbers.reshape(-1), -1).astype(np.int64)

    def check(self, data: Dataset) -> list[Finding]:
        """That of every part, on the examples that have its label."""
        found: list[Finding] = []
        for name, task in self.tasks:
            try:
                remarks = task.check(replace(data, targets=data.targets[name], task=task))
            except DataError as error:
                raise DataError(f"Of the label {name!r}: {error}", path=error.path) from error
            found += [replace(f, detail=f"{name}: {f.detail}") for f in remarks]
        return found

    def without_lost(self, data: Dataset, usable: Array) -> tuple[Dataset, Array, list[Finding]]:
        """Every part without the classes or labels that none is left of."""
        tasks, arrays, findings = [], {}, list[Finding]()
        for name, task in self.tasks:
            own = replace(data, targets=data.targets[name], task=task)
            kept, _, more = task.without_lost(own, usable & task.known(own.targets))
            assert kept.task is not None
            tasks.append((name, kept.task))
            arrays[name] = kept.targets
            findings += [replace(f, detail=f"{name}: {f.detail}") for f in more]
        remaining = Multitask(tuple(tasks))
        targets = _record(arrays)
        return replace(data, targets=targets, task=remaining), usable & remaining.known(targets), findings

    def criterion(self, targets: Array, options: LossOptions) -> Criterion:
        """The mean of the parts' losses, balanced."""
        scaled: list[tuple[str, slice, Criterion, float]] = []
        for (name, task), place in zip(self.tasks, self._outputs(), strict=True):
            own = targets[name]
            known = task.known(own)
            if not known.any():
                continue
            loss = task.criterion(own[known], _for(task, options))
            scaled.append((name, place, loss, 1 / (_of_nothing(task, own[known]) * known.mean())))

        def total(outputs: Tensor, targets: Array) -> Tensor:
            found = [share * loss(outputs[:, place], targets[name]) for name, place, loss, share in scaled]
            return torch.stack(found).mean(0)

        return total

    def temperature(self, outputs: Array, targets: Array, doubt: float = 0.0) -> FloatArray:
        """``(width,)``: each part's own."""
        found = np.ones(self.width)
        for (name, task), place in zip(self.tasks, self._outputs(), strict=True):
            known = task.known(targets[name])
            if known.any():
                found[place] = task.temperature(np.asarray(outputs)[known][:, place], targets[name][known], doubt)
        return found

    def decode(self, outputs: Array) -> FloatArray:
        """The parts' predictions side by side."""
        given = np.asarray(outputs)
        pairs = zip(self.tasks, self._outputs(), strict=True)
        return np.concatenate([task.decode(given[:, place]) for (_, task), place in pairs], axis=1)

    def losses(self, predictions: FloatArray, targets: Array) -> FloatArray:
        """The mean of the parts' losses, each divided by that of its best constant prediction."""
        found = self._over_parts(predictions, targets, lambda task, p, t: task.losses(p, t) / _constant_loss(task, t))
        return mean_of_defined(found, axis=1)

    def memorised(self, losses: FloatArray, tolerance: float = 1.0) -> bool:
        """A fifth of what knowing nothing costs."""
        return float(losses.mean()) <= tolerance * 0.2

    def constant(self, outputs: Array) -> bool:
        """All parts are."""
        given = np.asarray(outputs)
        return all(task.constant(given[:, place]) for (_, task), place in zip(self.tasks, self._outputs(), strict=True))

    def uninformed(self, targets: Array) -> FloatArray:
        """The parts' side by side."""
        found = [task.uninformed(targets[name][task.known(targets[name])]) for name, task in self.tasks]
        return np.concatenate(found)

    def scores(self, predictions: FloatArray, targets: Array) -> FloatArray:
        """The mean of the known parts' scores."""
        return mean_of_defined(self._over_parts(predictions, targets, lambda task, p, t: task.scores(p, t)), axis=1)

    @property
    def measure(self) -> Measure:
        """The mean of the parts' scores; a share where all of them are."""
        share = all(task.measure.is_share for _, task in self.tasks)
        return Measure("mean_score", "mean score of the tasks", "%" if share else "")

    def metrics(self) -> Mapping[str, Metric]:
        """``part.metric``."""
        found: dict[str, Metric] = {}
        for (name, task), place in zip(self.tasks, self.predictions, strict=True):
            for metric_id, metric in task.metrics().items():
                found[f"{name}.{metric_id}"] = _OfPart(name, task, place, metric)
        return found

    def checked(self, targets: Array, predictions: Array) -> tuple[Array, FloatArray]:
        """See :class:`Task`."""
        given = np.asarray(predictions, dtype=np.float64)
        repeats = given[None] if given.ndim == 2 else given
        width = self.predictions[-1].stop
        if repeats.ndim != 3 or repeats.shape[1:] != (len(targets), width) or not len(targets):
            raise ConfigError(f"predictions have shape {given.shape}; ({len(targets)}, {width}) is needed.")
        for (name, task), place in zip(self.tasks, self.predictions, strict=True):
            known = task.known(targets[name])
            task.checked(targets[name][known], repeats[:, known, place])
        return targets, repeats

    def breakdown(self, targets: Array, predictions: FloatArray, weights: Array) -> dict[str, FloatArray]:
        """Nothing: each part has a table of its own, in :meth:`details`."""
        return {}

    def rows(self, targets: Array) -> list[tuple[str, int]]:
        """See :meth:`breakdown`."""
        return []

    def details(self, targets: Array, predictions: FloatArray) -> dict[str, Any]:
        """Those of each part."""
        found = {}
        for (name, task), place in zip(self.tasks, self.predictions, strict=True):
            known = task.known(targets[name])
            found[name] = {
                "task": task.id,
                "n": int(known.sum()),
                "headline": task.headline,
                **task.details(targets[name][known], predictions[:, known, place]),
            }
        return {"parts": found}

    def named(self, predictions: FloatArray) -> list[Any]:
        """Records by part."""
        each = [
            task.named(predictions[:, place]) for (_, task), place in zip(self.tasks, self.predictions, strict=True)
        ]
        return [dict(zip(self.parts, row, strict=True)) for row in zip(*each, strict=True)]

    def named_targets(self, targets: Array) -> list[Any]:
        """The same."""
        each = [task.named_targets(targets[name]) for name, task in self.tasks]
        return [dict(zip(self.parts, row, strict=True)) for row in zip(*each, strict=True)]

    @property
    def columns(self) -> tuple[str, ...]:
        """``part.column``."""
        return tuple(f"{name}.{column}" for name, task in self.tasks for column in task.columns)

    def certainty(self, predictions: FloatArray) -> FloatArray:
        """The least of those that can tell."""
        each = [
            task.certainty(predictions[:, place]) for (_, task), place in zip(self.tasks, self.predictions, strict=True)
        ]
        lowest = np.where(np.isnan(each), np.inf, each).min(0)
        return np.where(np.isinf(lowest), np.nan, lowest)

    def describe(self) -> dict[str, Any]:
        """See :class:`Task`."""
        return {"tasks": [{"name": name, "id": task.id, **task.describe()} for name, task in self.tasks]}

    @classmethod
    def restored(cls, described: Mapping[str, Any]) -> Self:
        """From what :meth:`describe` gave."""
        from jeoni.tasks.targets.saved import restore  # it loads tasks, this one among them

        saved = described["tasks"]
        names = distinct_names([d["name"] for d in saved])
        tasks = [restore({k: v for k, v in d.items() if k != "name"}) for d in saved if d["id"] != cls.id]
        return cls(tuple(zip(names, tasks, strict=True)))

    @property
    def predictions(self) -> list[slice]:
        """Where each part's predictions are."""
        return places(len(task.columns) for _, task in self.tasks)

    def _outputs(self) -> list[slice]:
        return places(task.width for _, task in self.tasks)

    def _over_parts(
        self, predictions: FloatArray, targets: Array, measure: Callable[[Task, FloatArray, Array], FloatArray]
    ) -> FloatArray:
        """``(n, parts)``; NaN where a part has no label."""
        found = np.full((len(targets), len(self.tasks)), np.nan)
        for k, ((name, task), place) in enumerate(zip(self.tasks, self.predictions, strict=True)):
            known = task.known(targets[name])
            if known.any():
                found[known, k] = measure(task, predictions[known][:, place], targets[name][known])
        return found


class _OfPart:
    """A metric of one part, on the examples that have its label."""

    def __init__(self, name: str, task: Task, place: slice, metric: Metric) -> None:
        self._name, self._task, self._place, self._metric = name, task, place, metric
        self.title, self.unit = f"{metric.title} of {name}", metric.unit
        self.higher_is_better = metric.higher_is_better

    def __call__(self, targets: Array, predictions: FloatArray, weights: Array) -> FloatArray:
        known = self._task.known(targets[self._name])
        return self._metric(targets[self._name][known], predictions[known][:, self._place], weights[:, known])


def _record(arrays: Mapping[str, Array]) -> Array:
    """One structured array ``(n,)`` of arrays ``(n, …)``."""
    kinds = [(name, a.dtype, a.shape[1:]) for name, a in arrays.items()]
    found = np.zeros(len(next(iter(arrays.values()))), dtype=kinds)
    for name, values in arrays.items():
        found[name] = values
    return found


def _refuse_twins(arrays: Mapping[str, Array]) -> None:
    """
    Raises:
        Unreadable: two columns that say the same of every example.
    """
    names = list(arrays)
    for k, one in enumerate(names):
        for other in names[k + 1 :]:
            a, b = arrays[one], arrays[other]
            if a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
                raise Unreadable(
                    f"The label columns {one!r} and {other!r} say the same of every example; one of them is enough."
                )


def _for(task: Task, options: LossOptions) -> LossOptions:
    """Those options that the part can have."""
    if task.link == "identity":
        return LossOptions()
    return options if task.link == "softmax" else replace(options, adjustment=0.0)


def _of_nothing(task: Task, targets: Array) -> float:
    """The training loss of the best constant outputs, found by a few steps of gradient descent."""
    criterion = task.criterion(targets, LossOptions())
    outputs = torch.zeros(1, task.width, requires_grad=True)
    optimizer = torch.optim.LBFGS([outputs], max_iter=25)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = criterion(outputs.expand(len(targets), -1), targets).mean()
        torch.autograd.backward(loss)
        return loss

    with torch.enable_grad():
        optimizer.step(closure)  # type: ignore[no-untyped-call]  # torch's stubs
        return max(1e-3, float(closure().detach()))


def _constant_loss(task: Task, targets: Array) -> float:
    """The loss of the best constant prediction on these targets."""
    predictions = np.tile(task.uninformed(targets), (len(targets), 1))
    return max(1e-3, float(task.losses(predictions, targets).mean()))

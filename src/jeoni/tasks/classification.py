"""Classification: one of several classes for each example; cross-entropy, temperature scaling (Guo et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from jeoni import plugins
from jeoni.data.class_names import odd_classes
from jeoni.data.columns import class_numbers
from jeoni.errors import ConfigError, DataError
from jeoni.evaluation.calibration import softmax, temperature
from jeoni.evaluation.classes import class_scores, confusion, reliability, thresholds
from jeoni.evaluation.measures import ACCURACY, Measure
from jeoni.evaluation.metrics.protocol import Metric
from jeoni.locale import Said
from jeoni.tasks import Criterion, LossOptions, Task, Unreadable, distinct_names
from jeoni.types import Array, Dataset, Finding, FloatArray, IntArray

__all__ = ["Classification", "class_names_of"]

METRICS = "jeoni.evaluation.metrics.classification"
IMBALANCE = 3.0
SAME = 0.05  # log-odds
MEMORISED = 0.2  # log-loss: the right classes have four fifths of the probability
LEAST = 1e-12


@dataclass(frozen=True)
class Classification:
    """One class for each example. Targets are ``(n,)`` int64 numbers of classes; -1 where there is none.

    Attributes:
        class_names: in the order of the outputs.

    Example:
        >>> task, targets, _ = Classification.read({"label": ["cat", "dog", None]})
        >>> task.class_names, targets.tolist()
        (('cat', 'dog'), [0, 1, -1])
    """

    id: ClassVar[str] = "classification"
    link: ClassVar[str] = "softmax"

    class_names: tuple[str, ...]

    @property
    def headline(self) -> str:
        """Accuracy."""
        return "accuracy"

    @property
    def width(self) -> int:
        """One output per class."""
        return len(self.class_names)

    @property
    def parts(self) -> Mapping[str, Task]:
        """It is one task."""
        return {}

    @classmethod
    def read(cls, columns: Mapping[str, Sequence[Any]]) -> tuple[Self, Array, list[Finding]]:
        """Classes in sorted order, so that the same data always give the same numbers.

        Raises:
            Unreadable: several columns.
        """
        if len(columns) > 1:
            raise Unreadable(
                f"Classification takes one column of labels, and {len(columns)} are named: {', '.join(columns)}. "
                "For several say --task multitask, or for several 0/1 columns --task multilabel."
            )
        (cells,) = columns.values()
        numbers, names = class_numbers(cells)
        return cls(names), numbers, []

    def reread(self, columns: Mapping[str, Sequence[Any]]) -> Array:
        """Numbers of the known classes.

        Raises:
            Unreadable: another class.
        """
        (cells,) = columns.values()
        numbers, names = class_numbers(cells)
        strangers = sorted(set(names) - set(self.class_names))
        if strangers:
            raise Unreadable(
                f"unknown classes: {', '.join(strangers[:5])}. Known are {', '.join(self.class_names[:20])}."
            )
        number = {name: k for k, name in enumerate(self.class_names)}
        own = np.array([*(number[name] for name in names), -1], dtype=np.int64)
        return own[numbers]

    def cells(self, targets: Array) -> dict[str, list[Any]]:
        """Class names."""
        names = (*self.class_names, None)
        return {"label": [names[k] for k in targets]}

    def known(self, targets: Array) -> Array:
        """Numbers from 0 on."""
        return np.asarray(targets >= 0)

    def strata(self, targets: Array) -> IntArray:
        """The classes."""
        return targets

    def check(self, data: Dataset) -> list[Finding]:
        """See :class:`Task`."""
        training = data.targets[(data.part != "test") & (data.targets >= 0)]
        counts = np.bincount(training, minlength=self.width)
        if len(training):
            self._refuse_strangers(data, counts)
        if not len(training):
            raise DataError(Said("error.no_labelled_items", data=data.origin or data.name))
        if (counts > 0).sum() < 2:
            only = self.class_names[int(counts.argmax())]
            raise DataError(Said("error.one_class", data=data.origin or data.name, only=only))
        if counts.max() < 2 and not (data.part == "test").any():
            raise DataError(Said("error.one_item_each"))
        named = odd_classes([name for name, k in zip(self.class_names, counts, strict=True) if k])
        return [*self._of_size(counts), *named, *self._unequal(counts)]

    def _refuse_strangers(self, data: Dataset, counts: IntArray) -> None:
        tested = np.bincount(data.targets[(data.part == "test") & (data.targets >= 0)], minlength=self.width)
        strangers = [c for c, k, t in zip(self.class_names, counts, tested, strict=True) if t and not k]
        if strangers:
            known = [c for c, k in zip(self.class_names, counts, strict=True) if k]
            listed = {"strangers": ", ".join(strangers[:5]), "known": ", ".join(known[:20])}
            raise DataError(Said("error.strangers", **listed))

    def _of_size(self, counts: IntArray) -> list[Finding]:
        pairs = list(zip(self.class_names, counts, strict=True))
        empty = [Finding("empty_class", "", f"the class {c} has no items", "left out") for c, k in pairs if k == 0]
        text = "the class {} has one item only; it cannot be tested"
        return empty + [Finding("small_class", "", text.format(c), "kept") for c, k in pairs if k == 1]

    def _unequal(self, counts: IntArray) -> list[Finding]:
        present = counts[counts > 0]
        if present.max() < IMBALANCE * present.min():
            return []
        most = self.class_names[int(counts.argmax())]
        least = self.class_names[int(np.where(counts, counts, 1 << 60).argmin())]
        counted = {"most": f"{present.max()}", "larger": most, "least": f"{present.min()}", "smaller": least}
        text = Said("finding.unequal", **counted)
        return [Finding("imbalance", "", text, "class weights are decided by folds")]

    def without_lost(self, data: Dataset, usable: Array) -> tuple[Dataset, Array, list[Finding]]:
        """Without the classes of which no usable training example is left; their other examples are not used either."""
        training = usable & (data.part != "test") & (data.targets >= 0)
        counts = np.bincount(data.targets[training], minlength=self.width)
        if (counts > 0).all():
            return data, usable, []
        lost = [name for name, k in zip(self.class_names, counts, strict=True) if not k]
        if (counts > 0).sum() < 2:
            raise DataError(
                f"After the checks no usable training example is left of: {', '.join(lost[:5])}; a classifier needs "
                "two classes at least.",
                path=data.origin,
            )
        text = "of the class {} no training item can be used"
        findings = [Finding("empty_class", "", text.format(name), "left out") for name in lost]
        number = np.append(np.where(counts > 0, np.cumsum(counts > 0) - 1, -1), -1)
        kept = Classification(tuple(c for c, k in zip(self.class_names, counts, strict=True) if k))
        remaining = usable & ~((data.targets >= 0) & (number[data.targets] < 0))
        return replace(data, targets=number[data.targets], task=kept), remaining, findings

    def criterion(self, targets: Array, options: LossOptions) -> Criterion:
        """Cross-entropy with class weights, label smoothing and logit adjustment (Menon et al. 2021)."""
        counts = np.bincount(targets[targets >= 0], minlength=self.width).astype(np.float32)
        prior = torch.from_numpy(np.log(np.maximum(counts, 1) / max(1, counts.sum())))
        weights = torch.from_numpy(counts.sum() / (self.width * np.maximum(counts, 1))) if options.balanced else None

        def loss(outputs: Tensor, targets: Array) -> Tensor:
            labels = torch.from_numpy(targets).to(outputs.device, non_blocking=True)
            if options.adjustment:
                outputs = outputs + options.adjustment * prior.to(outputs.device, non_blocking=True)
            each = None if weights is None else weights.to(outputs.device, non_blocking=True)
            return nn.functional.cross_entropy(
                outputs, one_hot(labels, self.width), each, reduction="none", label_smoothing=options.smoothing
            ) * (labels >= 0)

        return loss

    def temperature(self, outputs: Array, targets: Array, doubt: float = 0.0) -> FloatArray:
        """One number for all classes."""
        return np.asarray(temperature(outputs, targets, doubt=doubt))

    def decode(self, outputs: Array) -> FloatArray:
        """Probabilities."""
        return softmax(outputs)

    def losses(self, predictions: FloatArray, targets: Array) -> FloatArray:
        """Log-losses."""
        right: FloatArray = predictions[np.arange(len(targets)), targets]
        return np.asarray(-np.log(np.maximum(right, LEAST)))

    def memorised(self, losses: FloatArray, tolerance: float = 1.0) -> bool:
        """The right classes have most of the probability."""
        return float(losses.mean()) <= tolerance * MEMORISED

    def constant(self, outputs: Array) -> bool:
        """The log-odds hardly differ between examples."""
        return bool((outputs - outputs.mean(1, keepdims=True)).std(0).max() < SAME)

    def uninformed(self, targets: Array) -> FloatArray:
        """The classes' shares."""
        counts = np.bincount(targets[targets >= 0], minlength=self.width).astype(np.float64)
        return np.asarray(counts / counts.sum())

    def scores(self, predictions: FloatArray, targets: Array) -> FloatArray:
        """1 where the most probable class is right."""
        return np.asarray(predictions.argmax(1) == targets, dtype=np.float64)

    @property
    def measure(self) -> Measure:
        """Accuracy."""
        return ACCURACY

    def metrics(self) -> Mapping[str, Metric]:
        """Every file of the folder."""
        return {name: plugins.load(METRICS, name)() for name in plugins.names(METRICS)}

    def checked(self, targets: Array, predictions: Array) -> tuple[Array, FloatArray]:
        """Classes and probabilities; see :class:`Task`."""
        return checked_probs(targets, predictions, self.class_names)

    def breakdown(self, targets: Array, predictions: FloatArray, weights: Array) -> dict[str, FloatArray]:
        """Precision, recall and F1 of each class."""
        return class_scores(targets, predictions, weights)

    def rows(self, targets: Array) -> list[tuple[str, int]]:
        """The classes."""
        support = np.bincount(targets, minlength=self.width)
        return [(name, int(k)) for name, k in zip(self.class_names, support, strict=True)]

    def details(self, targets: Array, predictions: FloatArray) -> dict[str, Any]:
        """The confusion matrix, the reliability of the confidence and, of two classes, every threshold."""
        return {
            "class_names": list(self.class_names),
            "confusion": confusion(targets, predictions),
            "reliability": reliability(targets, predictions),
            "thresholds": thresholds(targets, predictions, self.class_names),
        }

    def named(self, predictions: FloatArray) -> list[Any]:
        """The most probable class."""
        return [self.class_names[k] for k in predictions.argmax(1)]

    def named_targets(self, targets: Array) -> list[Any]:
        """Class names."""
        names = (*self.class_names, "")
        return [names[k] for k in targets]

    @property
    def columns(self) -> tuple[str, ...]:
        """``prob:CLASS``."""
        return tuple(f"prob:{name}" for name in self.class_names)

    def certainty(self, predictions: FloatArray) -> FloatArray:
        """The highest probability."""
        return np.asarray(predictions.max(1))

    def describe(self) -> dict[str, Any]:
        """See :class:`Task`."""
        return {"class_names": list(self.class_names)}

    @classmethod
    def restored(cls, described: Mapping[str, Any]) -> Self:
        """From what :meth:`describe` gave; names composed, as readers give them."""
        return cls(distinct_names(described["class_names"]))


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """``(b, classes)`` floats; zeros where there is no label (-1)."""
    return nn.functional.one_hot(labels.clamp(min=0), classes).float() * (labels >= 0)[:, None]


def class_names_of(data: Dataset, verb: str = "this") -> tuple[str, ...]:
    """The class names of data for classification.

    Raises:
        ConfigError: the data are for another task.
    """
    if not isinstance(data.task, Classification):
        kind = "not known yet" if data.task is None else data.task.id
        raise ConfigError(f"{verb} works with classes; the task of {data.name} is {kind}. Say --task classification.")
    return data.task.class_names


def checked_probs(labels: Array, probs: Array, names: Sequence[str]) -> tuple[IntArray, FloatArray]:
    """Labels ``(n,)`` and probabilities as ``(R, n, K)``.

    Raises:
        ConfigError: shapes that do not match, labels outside the classes, probabilities that are none.
    """
    true, given = np.asarray(labels), np.asarray(probs, dtype=np.float64)
    repeats = given[None] if given.ndim == 2 else given
    if repeats.ndim != 3 or true.ndim != 1 or repeats.shape[1] != len(true) or not len(repeats):
        raise ConfigError(
            f"labels have shape {true.shape} and probs {given.shape}; (n,) and (n, K) or (R, n, K) are needed."
        )
    if not len(true):
        raise ConfigError("There are no items to score; at least one labelled item is needed.")
    classes = repeats.shape[2]
    if classes < 2:
        raise ConfigError(f"probs have {classes} column(s); one for each of two or more classes is needed.")
    if len(names) != classes:
        raise ConfigError(f"There are {len(names)} class names for {classes} columns; one each is needed.")
    if not np.issubdtype(true.dtype, np.integer) or true.min() < 0 or true.max() >= classes:
        raise ConfigError(
            f"Labels go from {true.min()} to {true.max()} ({true.dtype}); whole numbers from 0 to {classes - 1} are "
            "needed. Leave items without a label out."
        )
    if not np.isfinite(repeats).all() or repeats.min() < -1e-6 or np.abs(repeats.sum(axis=2) - 1).max() > 1e-3:
        raise ConfigError(
            "probs hold rows that are no probabilities (not finite, negative, or with another sum than 1); "
            "each row needs a sum of 1. Apply softmax to logits."
        )
    return true.astype(np.int64), repeats

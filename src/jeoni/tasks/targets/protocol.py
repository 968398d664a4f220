"""The protocol of tasks, and the options of their losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from torch import Tensor

from jeoni.evaluation.measures import Measure
from jeoni.evaluation.metrics.protocol import Metric
from jeoni.types import Array, Dataset, Finding, FloatArray, IntArray

__all__ = ["Criterion", "LossOptions", "Task", "Unreadable"]

Criterion = Callable[[Tensor, Array], Tensor]
"""Outputs ``(b, width)`` and targets ``(b, …)`` to losses ``(b,)``; zero for an example without a target."""


class Unreadable(Exception):  # noqa: N818 - says what happened
    """Label cells that this task cannot be made of; the message says which and why."""


@dataclass(frozen=True)
class LossOptions:
    """The options of a training loss, in every task that can have it.

    Attributes:
        balanced: classes count alike, whatever their number of examples.
        smoothing: probability that is spread over all classes.
        adjustment: strength of the logit adjustment (Menon et al. 2021); 0 is none.
    """

    balanced: bool = False
    smoothing: float = 0.0
    adjustment: float = 0.0


class Task(Protocol):
    """A frozen dataclass whose fields are its vocabulary: class names, or columns with their units.

    ``targets`` are an array ``(n, …)`` that only the task understands; ``outputs (n, width)`` are what the network
    gives, ``predictions (n, p)`` what they are decoded to: probabilities, decisions, or numbers in their unit.

    Attributes:
        id: the file's name.
        link: how outputs become predictions: ``softmax``, ``sigmoid``, ``identity``, or ``parts`` where the task is
            made of others. A head with a closed-form fit knows it by this.
        headline: the id of the metric that leads.
    """

    id: ClassVar[str]
    link: ClassVar[str]

    @property
    def headline(self) -> str:
        """The id of the metric that leads."""

    @property
    def width(self) -> int:
        """How many numbers the network gives for an example."""

    @property
    def parts(self) -> Mapping[str, Task]:
        """The tasks it is made of, by name, in the order of their outputs; empty where it is one."""

    @classmethod
    def read(cls, columns: Mapping[str, Sequence[Any]]) -> tuple[Self, Array, list[Finding]]:
        """The task that label cells make, the targets, and what is remarked.

        Args:
            columns: cells ``(n,)`` by the name of their column; an empty cell is None.

        Raises:
            Unreadable: they cannot be targets of this task.
        """

    def reread(self, columns: Mapping[str, Sequence[Any]]) -> Array:
        """Targets of other examples, in this task's vocabulary.

        Raises:
            Unreadable: cells that the vocabulary does not hold, such as another class.
        """

    def cells(self, targets: Array) -> dict[str, list[Any]]:
        """Label cells by column that :meth:`read` makes these targets of; None where there is none."""

    def known(self, targets: Array) -> Array:
        """``(n,)`` bool: which examples have a target, at least in part."""

    def strata(self, targets: Array) -> IntArray:
        """``(n,)``: what folds keep in proportion; -1 where there is no target."""

    def check(self, data: Dataset) -> list[Finding]:
        """Check the targets without reading an example.

        Raises:
            DataError: nothing can be learned from them.
        """

    def without_lost(self, data: Dataset, usable: Array) -> tuple[Dataset, Array, list[Finding]]:
        """The data, which ``(n,)`` are usable, and what is remarked, once usable examples are known.

        A task with classes leaves out those of which no usable training example is left.

        Raises:
            DataError: too little is left to learn from.
        """

    def criterion(self, targets: Array, options: LossOptions) -> Criterion:
        """The loss of a training on these targets."""

    def temperature(self, outputs: Array, targets: Array, doubt: float = 0.0) -> FloatArray:
        """The divisor of outputs before decoding, fitted on examples not trained on; ``()`` or ``(width,)``."""

    def decode(self, outputs: Array) -> FloatArray:
        """Predictions ``(n, p)`` of outputs."""

    def losses(self, predictions: FloatArray, targets: Array) -> FloatArray:
        """``(n,)``: what choices on held-out examples are decided by; lower is better."""

    def memorised(self, losses: FloatArray, tolerance: float = 1.0) -> bool:
        """Whether such losses on training examples leave nothing to learn from them."""

    def constant(self, outputs: Array) -> bool:
        """Whether outputs hardly differ between examples: nothing was learned."""

    def uninformed(self, targets: Array) -> FloatArray:
        """``(p,)``: the best prediction that does not look at the example."""

    def scores(self, predictions: FloatArray, targets: Array) -> FloatArray:
        """``(n,)``: what paired comparisons are about, higher is better; its mean is the headline's kind of score."""

    @property
    def measure(self) -> Measure:
        """The measure that the mean of :meth:`scores` is, and its unit."""

    def metrics(self) -> Mapping[str, Metric]:
        """Metrics by id."""

    def checked(self, targets: Array, predictions: Array) -> tuple[Array, FloatArray]:
        """Targets and predictions ``(repeats, n, p)``, or an error that says what is wrong with them.

        Raises:
            ConfigError: shapes that do not match, or values that cannot be.
        """

    def breakdown(self, targets: Array, predictions: FloatArray, weights: Array) -> dict[str, FloatArray]:
        """Scores ``(B, rows)`` of single classes, labels or columns, for resample weights ``(B, n)``."""

    def rows(self, targets: Array) -> list[tuple[str, int]]:
        """Name and number of examples of each row of :meth:`breakdown`."""

    def details(self, targets: Array, predictions: FloatArray) -> dict[str, Any]:
        """Further details of the report on predictions ``(repeats, n, p)``, for JSON."""

    def named(self, predictions: FloatArray) -> list[Any]:
        """``(n,)`` predictions as a user says them: a class's name, a number, a tuple of labels."""

    def named_targets(self, targets: Array) -> list[Any]:
        """``(n,)`` the same of targets; an empty text where there is none."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the ``p`` columns of predictions in a table."""

    def certainty(self, predictions: FloatArray) -> FloatArray:
        """``(n,)``: how sure a prediction is, 0 … 1; NaN where the task cannot tell."""

    def describe(self) -> dict[str, Any]:
        """The fields, for JSON."""

    @classmethod
    def restored(cls, described: Mapping[str, Any]) -> Self:
        """From what :meth:`describe` gave; nothing in it is trusted.

        Raises:
            ValueError: values that cannot be.
        """

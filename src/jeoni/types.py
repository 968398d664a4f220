"""The frozen records that flow from reader to report. No torch here, and nothing that knows a modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from jeoni.tasks import Task

__all__ = [
    "Array",
    "Console",
    "Dataset",
    "Finding",
    "FloatArray",
    "IntArray",
    "Interval",
    "Items",
    "Quiet",
    "Recording",
    "RowsLike",
]

Array = npt.NDArray[Any]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class RowsLike(Protocol):
    """``(n, …)`` rows that are read when they are asked for: an array, or features in the store."""

    @property
    def shape(self) -> tuple[int, ...]:
        """``(n, …)``."""

    def __len__(self) -> int:
        """``n``."""

    def __getitem__(self, index: Any, /) -> Array:
        """The rows at a slice, or at an array of numbers."""


class Items(Protocol):
    """Examples that are read one at a time, so that memory stays flat."""

    def __len__(self) -> int:
        """How many there are."""

    def name(self, index: int) -> str:
        """What to call an example in a report: its path as the user wrote it, or ``row 12``."""

    def read(self, index: int) -> bytes | Array:
        """The encoded content of a file, or a decoded array.

        Raises:
            DataError: the file cannot be read; the message names it.
        """

    def size(self, index: int) -> int:
        """How much there is of an example, in any unit: those of like size are computed together. Nothing is read."""

    def select(self, indices: Sequence[int] | IntArray) -> Items:
        """The same items, fewer or in another order; nothing is read."""


@dataclass(frozen=True)
class Dataset:
    """Examples with their labels; nothing is decoded to make one.

    Attributes:
        name: short name, used for the run folder.
        items: the examples.
        targets: ``(n, …)`` what is to be predicted, as the task has it; cells ``(n,)`` or ``(n, columns)`` as they were
            read where no task has read them yet, None where there is no label.
        task: what the targets mean; None where they are cells.
        groups: ``(n,)`` group numbers (patient, panel, video) or None.
        part: ``(n,)`` of ``""``, ``"train"``, ``"val"`` or ``"test"``: the split that came with the data.
        origin: where it was read from.
        modality: ``image``, ``text``, ``audio`` or ``vector``.
        findings: what its reader has to tell.
        column: of the table it was read from, the one that holds the examples; empty where there is none.
        label_columns: those that hold the labels.
        format: the id of the format of annotations that it was read from; empty where it was none.
        class_numbers: what that format numbers classes by, by their names, also those that no example has.
        edges: numbers of the two keypoints of each line that the format draws between them.
        lines: ``(n,)`` the line of the file in which each example stands, from 1 as an editor counts, 0 where there is
            none; None where no table was read.
    """

    name: str
    items: Items
    targets: Array
    task: Task | None = None
    groups: IntArray | None = None
    part: Array = field(default_factory=lambda: np.zeros(0, dtype="<U5"))
    origin: str = ""
    modality: str = "image"
    findings: tuple[Finding, ...] = ()
    column: str = ""
    label_columns: tuple[str, ...] = ()
    lines: IntArray | None = None
    format: str = ""
    class_numbers: Mapping[str, int] = field(default_factory=dict)
    edges: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if self.part.size == 0:
            object.__setattr__(self, "part", np.full(len(self.items), "", dtype="<U5"))

    def __len__(self) -> int:
        return len(self.items)

    def select(self, indices: Sequence[int] | IntArray) -> Dataset:
        """The examples at ``indices`` (whole numbers), targets and groups with them."""
        index = np.asarray(indices, dtype=np.int64)
        return replace(
            self,
            items=self.items.select(index),
            targets=self.targets[index],
            groups=None if self.groups is None else self.groups[index],
            part=self.part[index],
            lines=None if self.lines is None else self.lines[index],
        )


@dataclass(frozen=True)
class Finding:
    """One thing the checks found about one example; a row of ``issues.csv``.

    Attributes:
        kind: ``unreadable``, ``unlabelled``, ``duplicate``, ``near_duplicate``, ``label_conflict``,
            ``leak``, ``label_suspect``, ``small_class``, ``empty_class``, ``imbalance``.
        path: the example's name; empty where a finding is about a class.
        detail: one sentence for the user.
        action: what was done: ``skipped``, ``kept in one fold``, ``removed from training``, ``kept``.
        other: the other example, where there is one.
    """

    kind: str
    path: str
    detail: str
    action: str
    other: str = ""


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """For JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}

    def __neg__(self) -> Interval:
        """The interval of the opposite difference.

        Example:
            >>> -Interval(2.0, 1.0, 4.0)
            Interval(value=-2.0, low=-4.0, high=-1.0)
        """
        return Interval(-self.value, -self.high, -self.low)

    def points(self) -> tuple[float, float, float]:
        """Value, low and high times 100, to one decimal, as sentences tell them; never minus zero.

        Example:
            >>> Interval(0.0614, -0.0002, 0.082).points()
            (6.1, 0.0, 8.2)
        """
        value, low, high = (round(100 * v, 1) + 0.0 for v in (self.value, self.low, self.high))  # -0.0 becomes 0.0
        return value, low, high


class Console(Protocol):
    """Whoever listens: a terminal, a notebook, a log, or nobody."""

    def say(self, text: str) -> None:
        """Something worth knowing."""

    def warn(self, text: str) -> None:
        """Something the user should act on."""

    def status(self, text: str) -> AbstractContextManager[None]:
        """A context manager around what takes a while and has no steps to count."""

    def track(self, title: str, total: int, expected_s: float | None = None) -> AbstractContextManager[Any]:
        """A context manager whose value is called with the number of steps just done.

        Args:
            title: what is done.
            total: the number of steps.
            expected_s: seconds that all of them are expected to take, where they differ from each other; the value is
                then called with the steps and the seconds that these were expected to take.
        """


class Quiet:
    """The console that says nothing."""

    def say(self, text: str) -> None:
        """Ignored."""

    def warn(self, text: str) -> None:
        """Ignored."""

    def status(self, text: str) -> AbstractContextManager[None]:
        """Shown to nobody."""
        return nullcontext()

    def track(self, title: str, total: int, expected_s: float | None = None) -> AbstractContextManager[Any]:
        """Counts for nobody."""
        return nullcontext(lambda steps, seconds=0.0: None)


class Recording:
    """A console that passes all on, and keeps the warnings for the record of a run.

    Attributes:
        warnings: in order, each once.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self.warnings: list[str] = []

    def say(self, text: str) -> None:
        """Passed on."""
        self._console.say(text)

    def warn(self, text: str) -> None:
        """Kept, and passed on."""
        if text not in self.warnings:
            self.warnings.append(text)
        self._console.warn(text)

    def status(self, text: str) -> AbstractContextManager[None]:
        """Passed on."""
        return self._console.status(text)

    def track(self, title: str, total: int, expected_s: float | None = None) -> AbstractContextManager[Any]:
        """Passed on."""
        if expected_s is None:
            return self._console.track(title, total)
        return self._console.track(title, total, expected_s)

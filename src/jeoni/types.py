"""The frozen records that flow from reader to report. No torch here, and nothing that knows a modality."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from jeoni.errors import ConfigError, did_you_mean

__all__ = [
    "Array",
    "Console",
    "Dataset",
    "Finding",
    "FitSpec",
    "FloatArray",
    "IntArray",
    "Interval",
    "Items",
    "Quiet",
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

    def select(self, indices: Sequence[int] | IntArray) -> Items:
        """The same items, fewer or in another order; nothing is read."""


@dataclass(frozen=True)
class Dataset:
    """Examples with their labels; nothing is decoded to make one.

    Attributes:
        name: short name, used for the run folder.
        items: the examples.
        labels: ``(n,)`` index into ``class_names``; -1 where there is no label.
        class_names: in sorted order, so that the same data always give the same numbers.
        groups: ``(n,)`` group numbers (patient, panel, video) or None.
        part: ``(n,)`` of ``""``, ``"train"``, ``"val"`` or ``"test"``: the split that came with the data.
        origin: where it was read from.
        modality: ``"image"``.
    """

    name: str
    items: Items
    labels: IntArray
    class_names: tuple[str, ...]
    groups: IntArray | None = None
    part: Array = field(default_factory=lambda: np.zeros(0, dtype="<U5"))
    origin: str = ""
    modality: str = "image"

    def __post_init__(self) -> None:
        if self.part.size == 0:
            object.__setattr__(self, "part", np.full(len(self.items), "", dtype="<U5"))

    def __len__(self) -> int:
        return len(self.items)

    def select(self, indices: Sequence[int] | IntArray) -> Dataset:
        """The examples at ``indices`` (whole numbers), labels and groups with them."""
        index = np.asarray(indices, dtype=np.int64)
        return replace(
            self,
            items=self.items.select(index),
            labels=self.labels[index],
            groups=None if self.groups is None else self.groups[index],
            part=self.part[index],
        )

    @property
    def counts(self) -> dict[str, int]:
        """Examples per class, in class order."""
        return {c: int((self.labels == k).sum()) for k, c in enumerate(self.class_names)}


@dataclass(frozen=True)
class Finding:
    """One thing the checks found about one example; a row of ``issues.csv``.

    Attributes:
        kind: ``unreadable``, ``unlabelled``, ``duplicate``, ``near_duplicate``, ``label_conflict``,
            ``leak``, ``small_class``, ``empty_class``, ``imbalance``.
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


class Console(Protocol):
    """Whoever listens: a terminal, a notebook, a log, or nobody."""

    def say(self, text: str) -> None:
        """Something worth knowing."""

    def warn(self, text: str) -> None:
        """Something the user should act on."""

    def track(self, title: str, total: int) -> AbstractContextManager[Any]:
        """A context manager whose value is called with the number of steps just done."""


class Quiet:
    """The console that says nothing."""

    def say(self, text: str) -> None:
        """Ignored."""

    def warn(self, text: str) -> None:
        """Ignored."""

    def track(self, title: str, total: int) -> AbstractContextManager[Any]:
        """Counts for nobody."""
        return nullcontext(lambda steps: None)


def _option(default: Any, help_text: str, choices: Sequence[str] = ()) -> Any:
    return field(default=default, metadata={"help": help_text, "choices": tuple(choices)})


@dataclass(frozen=True)
class FitSpec:
    """Everything that decides a run. The command line's options, ``run.json`` and the report's table come from here.

    Example:
        >>> FitSpec(backbone="efficientnet_lite1").seed
        0
    """

    backbone: str = _option(
        "efficientnet_lite0", "What to transfer from: a name from `jeoni list backbones`, or source:name."
    )
    weights: str = _option("", "A local weights file for the backbone (safetensors, or a plain state dict).")
    strategy: str = _option("probe", "How to transfer; see `jeoni list strategies`.")
    head: str = _option("linear", "What is put on top; see `jeoni list heads`.")
    test: str = _option("", "An own test set: a folder or table like the data.")
    image_column: str = _option("", "The column that holds the image paths (recognised if left out).")
    label_column: str = _option("", "The column that holds the labels (recognised if left out).")
    group_column: str = _option("", "A column whose groups (patient, panel, video) are never split.")
    test_fraction: float = _option(0.2, "The share kept as test set when none is given.")
    folds: int = _option(5, "Folds of the training part that decide every choice.")
    repeats: int = _option(0, "How often the folds are drawn anew; 0 lets the data's size decide.")
    class_weights: str = _option("auto", "Weights against imbalance.", ("auto", "balanced", "none"))
    crop: str = _option(
        "squash", "How an image becomes a square: whole but squashed, or its centre.", ("squash", "center")
    )
    engine: str = _option("auto", "What runs the frozen stages; see `jeoni doctor`.")
    control: bool = _option(True, "Also measure an untrained backbone on the same folds.")
    strict: bool = _option(False, "Stop at the first bad item instead of skipping it.")
    keep_leaks: bool = _option(False, "Keep training items that are also in the test set.")
    seed: int = _option(0, "The seed of all random choices.")
    workers: int = _option(0, "Threads that read and decode; 0 is one per core.")

    def __post_init__(self) -> None:
        for f in fields(self):
            choices = f.metadata.get("choices")
            value = getattr(self, f.name)
            if choices and value not in choices:
                raise ConfigError(f"{f.name} is {value!r}; it can be {', '.join(choices)}.")
        if not 0 < self.test_fraction < 1:
            raise ConfigError(f"test_fraction is {self.test_fraction}; it is a share between 0 and 1.")
        if self.folds < 2:
            raise ConfigError(f"folds is {self.folds}; at least 2 are needed.")

    def changed(self, **changes: Any) -> FitSpec:
        """A copy with some fields changed.

        Raises:
            ConfigError: a field that does not exist, with the nearest names.
        """
        known = [f.name for f in fields(self)]
        for name in changes:
            if name not in known:
                raise ConfigError(f"fit has no option {name!r}.{did_you_mean(name, known)}")
        given: dict[str, Any] = {k: str(v) if isinstance(v, Path) else v for k, v in changes.items()}
        return replace(self, **given)

"""The protocol of validators, and the adapted classifier that they judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from jeoni.types import Array, FloatArray, IntArray

__all__ = ["REPAIRS", "Candidate", "JudgingValidator", "Validator"]

# kinds of repair that a validator can have a margin for
REPAIRS = ("moves", "moves far", "weighs classes", "weighs rows", "represents")


@dataclass(frozen=True)
class Candidate:
    """An adapted classifier as seen from both domains, without the target's labels.

    Attributes:
        name: what it is called in a comparison.
        source: ``(ns, k)`` rows after adaptation.
        target: ``(nt, k)`` rows after adaptation.
        labels: ``(ns,)`` classes ``0 … K - 1`` of the source.
        source_probs: ``(ns, K)``: every row is predicted by a classifier that has not learned from it.
        target_probs: ``(nt, K)``.
        reverse: takes pseudo labels ``(nt,)`` of the target, adapts the other way round and gives the classes ``(ns,)``
            it then sees in the source; None where nobody needs it.

    Raises:
        ValueError: shapes that do not fit together, labels out of range, or numbers that are no probabilities.
    """

    name: str
    source: Array
    target: Array
    labels: IntArray
    source_probs: FloatArray
    target_probs: FloatArray
    reverse: Callable[[IntArray], IntArray] | None = None

    def __post_init__(self) -> None:
        (ns, k), (nt, classes) = self.source.shape, self.target_probs.shape
        shapes = {"target": (nt, k), "labels": (ns,), "source_probs": (ns, classes)}
        for name, needed in shapes.items():
            if (came := getattr(self, name).shape) != needed:
                raise ValueError(f"{name} of {self.name!r} has shape {came}; {needed} fits the other arrays.")
        if ns and not 0 <= self.labels.min() <= self.labels.max() < classes:
            raise ValueError(
                f"labels of {self.name!r} go from {self.labels.min()} to {self.labels.max()}; there are columns for "
                f"0 to {classes - 1}."
            )
        for name in ("source_probs", "target_probs"):
            rows = getattr(self, name)
            # NaN fails this too
            if not (rows.min(initial=0) >= 0 and np.abs(rows.sum(1) - 1).max(initial=0) <= 1e-3):
                raise ValueError(f"{name} of {self.name!r} are no probabilities: rows from 0 up that sum to 1.")


class Validator(Protocol):
    """A score of an adapted classifier that needs no target label. A file offers one: a frozen dataclass.

    Attributes:
        blind_to: the failures that it cannot see, as the contract test names them.
    """

    blind_to: ClassVar[tuple[str, ...]]

    def __call__(self, candidate: Candidate) -> float:
        """Higher is better.

        Raises:
            ValueError: a candidate that it cannot score.
        """


class JudgingValidator(Validator, Protocol):
    """A validator that takes part in ``auto``: one that declares margins. The others are not run there.

    Attributes:
        margins: by kind of repair, how much more than the source alone it must give a candidate. ``moves``: the
            adapter moves rows; ``moves far``: another way to be trusted where the domains hardly overlap; ``weighs
            classes`` and ``weighs rows``: it weights the source; ``represents``: it maps both domains alike. A kind
            that is left out is decided without this validator.
        in_nats: whether its scores are entropies, whose gains are then taken in shares of ``log K``; False if left out.
    """

    margins: ClassVar[Mapping[str, float]]

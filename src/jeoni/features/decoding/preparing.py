"""What is made of an example when it is read: its digest, rows, a signature, remarks. No torch: workers load this."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np

from jeoni.modalities.inputs import Input
from jeoni.types import Array

__all__ = ["Lacking", "Plan", "Preparation", "Prepared", "Wanted", "prepare"]

ANYTHING = 64  # pixels that are enough where an example is opened only to be compared

Wanted = list[list[int]]
"""For each preparation of a plan, the views to be made; 0 is the plain row."""

Lacking = Callable[[int, bytes], Wanted | None]
"""From an example's place among those that were asked for, and the digest of its content, to what has to be made of it;
None where there is nothing to do."""


@dataclass(frozen=True)
class Preparation:
    """How an example becomes rows of one backbone.

    Attributes:
        input: what the backbone expects.
        described: its description: preparations that agree in it share rows.
        policy: of random views.
        varied: whether any will be asked for, so that an example must be opened large enough.
    """

    input: Input
    described: str
    policy: str = ""
    varied: bool = False

    @property
    def at_least(self) -> int:
        """How much of an example must survive its opening."""
        return self.input.at_least(self.policy if self.varied else "")


@dataclass(frozen=True)
class Plan:
    """All that is made of each example.

    Attributes:
        preparations: one for each backbone.
        beside: whether its signature and the remarks on it are wanted, too.
    """

    preparations: tuple[Preparation, ...]
    beside: bool = True


@dataclass(frozen=True)
class Prepared:
    """What was made of an example.

    Attributes:
        digest: of its content.
        rows: by the number of the preparation and of the view.
        signature: ``(1024,)`` uint8; None where nothing was asked for.
        remarks: lines of UTF-8, uint8; None where the input makes none.
        opened: whether it was decoded at all.
    """

    digest: bytes
    rows: dict[tuple[int, int], Array] = field(default_factory=dict)
    signature: Array | None = None
    remarks: Array | None = None
    opened: bool = False


def prepare(raw: bytes | Array, name: str, digest: bytes, plan: Plan, wanted: Wanted) -> Prepared:
    """Decode once, and make every row that is wanted.

    Raises:
        DataError: it cannot be decoded; the message names it.
    """
    opened = _open(raw, name, plan, wanted)
    shared: dict[tuple[str, str, int], Array] = {}
    rows: dict[tuple[int, int], Array] = {}
    for number, (one, views) in enumerate(zip(plan.preparations, wanted, strict=True)):
        for view in views:
            key = (one.described, one.policy if view else "", view)
            if key not in shared:
                shared[key] = _row(one, opened[one.input.opening], digest, view)
            rows[number, view] = shared[key]
    if not plan.beside:
        return Prepared(digest, rows, opened=True)
    first = plan.preparations[0].input
    seen = opened[first.opening]
    return Prepared(digest, rows, first.signature(seen), _remarks(first, seen), opened=True)


def _open(raw: bytes | Array, name: str, plan: Plan, wanted: Wanted) -> dict[Hashable, object]:
    """The example as each kind of opening gives it, as large as the most demanding preparation needs it."""
    least: dict[Hashable, int] = {}
    for one, views in zip(plan.preparations, wanted, strict=True):
        needed = one.at_least if views else ANYTHING
        least[one.input.opening] = max(least.get(one.input.opening, 0), needed)
    openers = {one.input.opening: one.input for one in reversed(plan.preparations)}
    return {opening: spec.open(raw, name, least[opening]) for opening, spec in openers.items()}


def _row(one: Preparation, opened: object, digest: bytes, view: int) -> Array:
    return one.input.view(opened, one.policy, digest, view)[0] if view else one.input.row(opened)


def _remarks(spec: Input, opened: object) -> Array | None:
    if not spec.remarkable:
        return None
    said = "\n".join(spec.remarks(opened))
    return np.frombuffer(f"{said}\n".encode(), dtype=np.uint8)

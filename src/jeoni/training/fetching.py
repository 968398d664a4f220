"""Batches of the next steps, fetched while the present one is computed.

Where the network is on a GPU, a batch is laid into pinned memory by the thread that fetched it: then it travels while
the GPU still computes the step before, and nobody waits.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from jeoni.features.ahead import ahead
from jeoni.training.order import DomainBalancedSampler
from jeoni.training.rows import LiveRows, Rows
from jeoni.types import Array, IntArray

__all__ = ["Fetched", "Parts", "at_once", "fetch_steps", "halves", "pinned"]

T = TypeVar("T")
Parts = Sequence[tuple[IntArray, Array | Tensor]]
GPU_DEPTH = 2  # steps ahead where a GPU must not wait


@dataclass(frozen=True)
class Fetched:
    """This process's share of a step's examples.

    Attributes:
        index: ``(b,)`` their numbers; may be empty: a small batch, many processes.
        views: ``(b,)`` the epoch of each.
        parts: which of them go through the network together, and their rows.
        total: how many examples all processes have together.
    """

    index: IntArray
    views: IntArray
    parts: Parts
    total: int


def fetch_steps(
    rows: Rows,
    order: DomainBalancedSampler,
    first: int,
    share: slice,
    split: Callable[[Array], Parts],
    device: torch.device,
) -> Generator[Fetched, None, None]:
    """The steps' examples, without an end; close the iterator when enough were made.

    Args:
        rows: where they come from.
        order: which a step takes.
        first: the step to begin with.
        share: which of a step's examples are this process's.
        split: a step's rows into parts that go through the network together.
        device: that the network is on.
    """

    def fetch(index: IntArray, views: IntArray, total: int) -> Fetched:
        parts = split(rows.batch(index, views)) if len(index) else []
        return Fetched(index, views, [(which, pinned(part, device)) for which, part in parts], total)

    def steps() -> Iterator[Callable[[], Fetched]]:
        step = first
        while True:
            index, epoch = order.at(step)
            yield _bound(fetch, index[share], epoch[share], len(index))
            step += 1

    threads = at_once(rows)
    return ahead(steps(), threads, max(threads, GPU_DEPTH if device.type != "cpu" else 1))


def _bound(
    fetch: Callable[[IntArray, IntArray, int], Fetched], index: IntArray, views: IntArray, total: int
) -> Callable[[], Fetched]:
    return lambda: fetch(index, views, total)


def at_once(rows: Rows) -> int:
    """How many batches may be asked for at the same time: several where worker processes decode them."""
    return rows.at_once if isinstance(rows, LiveRows) else 1


def pinned(rows: Array | Tensor, device: torch.device) -> Array | Tensor:
    """The rows where a GPU can fetch them by itself; as they are where there is none."""
    return torch.as_tensor(rows).contiguous().pin_memory() if device.type == "cuda" else rows


def halves(parts: Parts) -> Parts:
    """Each part as two; one of a single example stays.

    Example:
        >>> [part.tolist() for part, _ in halves([(np.arange(3), np.zeros(3)), (np.array([3]), np.zeros(1))])]
        [[0, 1], [2], [3]]
    """
    found: list[tuple[IntArray, Array | Tensor]] = []
    for index, rows in parts:
        middle = len(index) - len(index) // 2
        found += [(index[:middle], rows[:middle]), (index[middle:], rows[middle:])]
    return [(index, rows) for index, rows in found if len(index)]

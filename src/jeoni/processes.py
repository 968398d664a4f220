"""Several processes at one run, started by ``torchrun`` or ``accelerate launch``: who writes, what all agree on.

Every process goes through the same program; extraction and the steps of a training are shared, all else is done by
each. Decisions are those of the first process, so that a rounding cannot part them; only the first one writes a run.
Alone, nothing here does anything.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar

__all__ = [
    "add_up",
    "agree",
    "alike",
    "average",
    "cores",
    "count",
    "first",
    "join",
    "neighbours",
    "rank",
    "state",
    "total",
    "wait",
]

T = TypeVar("T")


def count() -> int:
    """How many there are."""
    return int(os.environ.get("WORLD_SIZE", "1")) if {"RANK", "MASTER_ADDR"} <= os.environ.keys() else 1


def rank() -> int:
    """The number of this one, 0 … count - 1."""
    return int(os.environ["RANK"]) if count() > 1 else 0


def neighbours() -> int:
    """How many share this machine, this one among them."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if count() > 1 else 1


def cores() -> int:
    """The cores this process may use: its share, where several run on this machine."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, there // neighbours())


def first() -> bool:
    """Whether this is the one that writes and speaks."""
    return rank() == 0


def join() -> None:
    """Meet the others; called again, it does nothing."""
    if count() > 1:
        state()


def wait() -> None:
    """Until all are here."""
    if count() > 1:
        state().wait_for_everyone()


def agree(value: T) -> T:
    """The first process's value, in all of them."""
    if count() == 1:
        return value
    import torch.distributed as dist

    state()
    held: list[Any] = [value]
    dist.broadcast_object_list(held, src=0)
    agreed: T = held[0]
    return agreed


def total(number: int) -> int:
    """The sum over all processes."""
    if count() == 1:
        return number
    import torch.distributed as dist

    state()
    found: list[Any] = [None] * count()
    dist.all_gather_object(found, number)
    return int(sum(found))


def alike(tensors: Iterable[Any]) -> None:
    """Give all processes the first one's tensors, in place."""
    if count() == 1:
        return
    import torch.distributed as dist

    state()
    for tensor in tensors:
        flat = tensor.contiguous()  # channels may lie last
        dist.broadcast(flat, src=0)
        tensor.copy_(flat)


def average(tensors: Iterable[Any]) -> None:
    """Give all processes the mean of their tensors, in place."""
    if count() == 1:
        return
    for tensor in tensors:
        tensor.copy_(add_up(tensor.contiguous().clone()) / count())


def add_up(tensor: Any) -> Any:
    """Sum a contiguous tensor over all processes, in place."""
    import torch.distributed as dist

    dist.all_reduce(tensor)
    return tensor


def state() -> Any:
    """accelerate's view of device and processes."""
    import torch
    from accelerate import PartialState

    found = PartialState(cpu=not torch.cuda.is_available())  # else several processes without GPUs go unnoticed
    if count() > 1:
        _part_at_the_end()
    return found


@cache
def _part_at_the_end() -> None:
    """As torch asks: the connection ends before the interpreter does."""
    import torch.distributed as dist

    atexit.register(lambda: dist.destroy_process_group() if dist.is_initialized() else None)

"""Several processes at one run, started by ``torchrun`` or ``accelerate launch``: who writes, and what is shared.

Every process goes through the same program; extraction and the steps of a training are shared, all else is done by
each. Decisions are those of the first process, so that a rounding cannot part them; only the first one writes a run.
Alone, nothing here does anything.
"""

from __future__ import annotations

import atexit
import os
import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from jeoni.errors import ConfigError

if TYPE_CHECKING:
    import torch

__all__ = [
    "all_reduce",
    "average",
    "barrier",
    "broadcast",
    "broadcast_object",
    "cores",
    "device",
    "init",
    "is_main_process",
    "local_world_size",
    "rank",
    "select_device",
    "selected_device",
    "state",
    "sum_over_processes",
    "world_size",
]

T = TypeVar("T")
DEVICES = re.compile(r"auto|cpu|mps|cuda(?::\d+)?")
_selected = "auto"


def select_device(name: str) -> None:
    """Let this process compute on a device, until another one is selected.

    Args:
        name: ``auto`` (a GPU if there is one, else the processor), ``cpu``, ``cuda``, ``cuda:1`` (the second GPU), or
            ``mps`` (the GPU of a Mac).

    Raises:
        ConfigError: a name that is none of these, a device that is not there, or one for several processes.
    """
    global _selected
    if not DEVICES.fullmatch(name):
        raise ConfigError(
            f"device is {name!r}; it can be auto, cpu, cuda, cuda:N (GPUs are counted from 0) or mps (a Mac's GPU)."
        )
    if name not in ("auto", "cpu"):
        _check_device(name)
    _selected = name


def selected_device() -> str:
    """The name that was selected, for processes that shall compute on the like of it."""
    return _selected


def _check_device(name: str) -> None:
    """Raise a ConfigError unless this machine has the device, and this process may take it."""
    import torch

    if world_size() > 1 and name != "cuda":
        raise ConfigError(
            f"device is {name!r}, but each of several processes takes a GPU of its own. Say auto or cuda."
        )
    if name == "mps":
        if not torch.backends.mps.is_available():
            raise ConfigError("device is 'mps', which is the GPU of a Mac; this machine has none. Take auto or cpu.")
        return
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    number = int(name.partition(":")[2] or 0)
    if number < count:
        return
    if count:
        there = ", ".join(f"cuda:{k}" for k in range(count))
        raise ConfigError(f"device is {name!r}, but this machine has {there}. Take one of these, auto or cpu.")
    built = (
        "" if torch.version.cuda else " This torch is a build for processors only; see pytorch.org for one for GPUs."
    )
    raise ConfigError(f"device is {name!r}, but torch finds no GPU on this machine.{built} Take auto or cpu.")


def device() -> torch.device:
    """What this process computes on: the device that was selected, or of several processes its own."""
    import torch

    if world_size() > 1:
        own: torch.device = state().device
        return own
    if _selected != "auto":
        return torch.device(_selected)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def world_size() -> int:
    """The number of processes of this run."""
    return int(os.environ.get("WORLD_SIZE", "1")) if {"RANK", "MASTER_ADDR"} <= os.environ.keys() else 1


def rank() -> int:
    """The number of this process, 0 … world size - 1."""
    return int(os.environ["RANK"]) if world_size() > 1 else 0


def local_world_size() -> int:
    """The number of processes on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if world_size() > 1 else 1


def cores() -> int:
    """The cores this process may use: its share, where several run on this machine."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, there // local_world_size())


def is_main_process() -> bool:
    """Whether this process writes the run and prints."""
    return rank() == 0


def init() -> None:
    """Join the process group; called again, it does nothing."""
    if world_size() > 1:
        state()


def barrier() -> None:
    """Wait until all processes are here."""
    if world_size() > 1:
        state().wait_for_everyone()


def broadcast_object(value: T) -> T:
    """The main process's value, in all processes."""
    if world_size() == 1:
        return value
    import torch.distributed as dist

    state()
    held: list[Any] = [value]
    dist.broadcast_object_list(held, src=0)
    agreed: T = held[0]
    return agreed


def sum_over_processes(number: int) -> int:
    """The sum over all processes."""
    if world_size() == 1:
        return number
    import torch.distributed as dist

    state()
    found: list[Any] = [None] * world_size()
    dist.all_gather_object(found, number)
    return int(sum(found))


def broadcast(tensors: Iterable[Any]) -> None:
    """Give all processes the main one's tensors, in place."""
    if world_size() == 1:
        return
    import torch.distributed as dist

    state()
    for tensor in tensors:
        flat = tensor.contiguous()  # channels may lie last
        dist.broadcast(flat, src=0)
        tensor.copy_(flat)


def average(tensors: Iterable[Any]) -> None:
    """Give all processes the mean of their tensors, in place."""
    if world_size() == 1:
        return
    for tensor in tensors:
        tensor.copy_(all_reduce(tensor.contiguous().clone()) / world_size())


def all_reduce(tensor: Any) -> Any:
    """Sum a contiguous tensor over all processes, in place."""
    import torch.distributed as dist

    dist.all_reduce(tensor)
    return tensor


def state() -> Any:
    """accelerate's view of device and processes."""
    import torch
    from accelerate import PartialState

    on_processor = _selected == "cpu" or not torch.cuda.is_available()
    found = PartialState(cpu=on_processor)  # else several processes without GPUs go unnoticed
    if world_size() > 1:
        _part_at_the_end()
    return found


@cache
def _part_at_the_end() -> None:
    """As torch asks: the connection ends before the interpreter does."""
    import torch.distributed as dist

    atexit.register(lambda: dist.destroy_process_group() if dist.is_initialized() else None)

"""A network's names and shapes, found without memory for its weights: held against a file before anything is built."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from jeoni.backbones.weights import first_line
from jeoni.errors import JeoniError, WeightsError

__all__ = ["Shapes", "check_shapes", "outline"]

Shapes = Mapping[str, tuple[int, ...]]

# building makes more than is kept: heads, decoders, stages that were dropped, and what initialises them
SLACK_NUMBERS, FREE_NUMBERS = 64, 1 << 28
SLACK_STEPS, FREE_STEPS = 32, 4000
FREE_STEPS_IF_SHORTENED = 20_000


def outline(
    build: Callable[[], nn.Module], held: Shapes, what: str, shortened: bool = False
) -> dict[str, tuple[int, ...]]:
    """The shapes of what ``build`` makes, on torch's meta device: no weight is allocated.

    Args:
        build: makes the network.
        held: the shapes of a file's tensors; a network far larger than these is given up before it is complete.
        what: names the file in messages.
        shortened: whether the file holds the lower stages only.

    Raises:
        WeightsError: it cannot be built, or is far larger than what the file holds.
    """
    try:
        with torch.device("meta"), _Budget(held, what, shortened):
            network = build()
    except JeoniError:
        raise
    except Exception as error:  # what a library's constructor does with odd values is its own affair
        raise WeightsError(f"{what} describes a network that cannot be built ({first_line(error)}).") from error
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


class _Budget(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves it untyped
    """Counts steps and numbers that are made, and stops a network that takes many times more than its file holds."""

    def __init__(self, held: Shapes, what: str, shortened: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        numbers = sum(math.prod(shape) for shape in held.values())
        self.steps = (FREE_STEPS_IF_SHORTENED if shortened else FREE_STEPS) + SLACK_STEPS * len(held)
        self.numbers = self.most = FREE_NUMBERS + SLACK_NUMBERS * numbers
        self.said = f"{what} describes a network far larger than its weights file, which holds {numbers:,} numbers."

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        size = made.numel() if isinstance(made, Tensor) else 0
        self.steps -= 1
        if not any(isinstance(given, Tensor) for given in args):  # a new tensor, no view or change of one
            self.numbers -= size
        if self.steps < 0 or self.numbers < 0 or size > self.most:
            raise WeightsError(self.said)
        return made


def check_shapes(own: Shapes, held: Shapes, what: str, whose: str, spare: tuple[str, ...] = ()) -> None:
    """Hold a file's tensors against a network's.

    Args:
        own: the network's names and shapes.
        held: the file's.
        what: names the file.
        whose: names the network.
        spare: beginnings of names that may be left over.

    Raises:
        WeightsError: names or shapes that do not fit; the first few are named.
    """
    missing = [k for k in own if k not in held]
    unexpected = [k for k in held if k not in own and not (spare and k.startswith(spare))]
    odd = [k for k in own if k in held and own[k] != held[k]]
    for fault, keys in (("lacks", missing), ("holds besides", unexpected), ("has other shapes for", odd)):
        if keys:
            more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
            raise WeightsError(
                f"{what} does not fit {whose}: it {fault} {', '.join(keys[:3])}{more}. "
                "Needed: the state dict of just this architecture."
            )

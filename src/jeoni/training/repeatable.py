"""The same training twice ends with the same weights: what of torch's state that takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["repeatable", "seed_devices"]


@contextmanager
def repeatable(wanted: bool = True) -> Iterator[None]:
    """Inside, a GPU's convolutions add up in one order; else in the one that a trial found the fastest."""
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    cudnn.deterministic, cudnn.benchmark = wanted, not wanted
    try:
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark = before


def seed_devices(seed: int, device: torch.device) -> None:
    """``torch.manual_seed`` for the processor and ``device``: for all others it writes down where it was called from,
    which takes as long as a small network's step."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)

"""A batch for which a GPU has no memory: half of it at a time, from then on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from jeoni.errors import ConfigError
from jeoni.types import Array, Console

__all__ = ["InWhatFits", "too_large_for_gpu"]

BatchT = TypeVar("BatchT", Array, Array | Tensor)


class InWhatFits(Generic[BatchT]):
    """An engine's function that takes as many rows at a time as a GPU has memory for. Several threads may call it.

    Args:
        run: from rows ``(n, …)`` to a list of arrays, one per output.
        console: told each time that fewer are taken.

    Raises:
        ConfigError: from a call: there is no memory for a single row.
    """

    def __init__(self, run: Callable[[BatchT], list[Array]], console: Console) -> None:
        self._run: Callable[[BatchT], list[Array]] = run
        self._console = console
        self._most = 0  # rows at a time; 0 is all
        self._lock = threading.Lock()

    def __call__(self, rows: BatchT) -> list[Array]:
        """What ``run`` gives for all rows."""
        while True:
            size = self._most or len(rows)
            try:
                parts = [self._run(rows[start : start + size]) for start in range(0, len(rows), size)]
                return parts[0] if len(parts) == 1 else [np.concatenate(each) for each in zip(*parts, strict=True)]
            except torch.OutOfMemoryError:
                pass  # what holds the memory is let go of first
            self._take_half_of(min(size, len(rows)))

    def _take_half_of(self, size: int) -> None:
        half = size // 2
        if not half:
            raise too_large_for_gpu()
        torch.cuda.empty_cache()
        with self._lock:
            if 0 < self._most <= half:  # another thread was sooner
                return
            self._most = half
        self._console.warn(f"The GPU has no memory for {size} examples at once; from now on {half} are taken.")


def too_large_for_gpu() -> ConfigError:
    """The error where not even one example fits."""
    return ConfigError(
        "The GPU has no memory for a single example. End what else runs there, take a smaller --backbone, smaller or "
        "shorter examples (--image-size, --seconds), or --device cpu."
    )

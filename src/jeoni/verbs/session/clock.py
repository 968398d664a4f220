"""Seconds by step of a run, over all of its calls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Clock"]


class Clock:
    """Seconds by step.

    Attributes:
        calls: of the run; more than one where it was interrupted and resumed.
        earlier: seconds by step of the calls before this one.
    """

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.seconds: dict[str, float] = {}
        self.calls = 1
        self.earlier: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count what is done inside."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[f"{name}_s"] = self.seconds.get(f"{name}_s", 0.0) + time.perf_counter() - begin

    def total(self) -> dict[str, float]:
        """All steps of all calls, and the time since the clock was made and that of earlier calls."""
        whole = {**self.seconds, "total_s": time.perf_counter() - self.start}
        steps = dict.fromkeys([*self.earlier, *whole])
        return {k: round(self.earlier.get(k, 0.0) + whole.get(k, 0.0), 3) for k in steps}

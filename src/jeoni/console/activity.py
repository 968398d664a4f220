"""One thing that is under way: its title, how far it is, how fast, and how long it still takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from jeoni.console.durations import duration, rate

__all__ = ["Activity"]

TRUST = 0.1  # share of the expected work that an estimate counts for against what was measured


@dataclass(eq=False)
class Activity:
    """A status, or a number of steps.

    Attributes:
        title: what is done.
        total: steps there are; None for a status.
        expected_s: seconds that all steps are expected to take; None where nobody knows.
        done: steps made.
        done_s: seconds that these steps were expected to take.
        began: by the monotonic clock.
        moved: when the last step ended.
    """

    title: str
    total: int | None = None
    expected_s: float | None = None
    done: int = 0
    done_s: float = 0.0
    began: float = field(default_factory=time.monotonic)
    moved: float = field(default_factory=time.monotonic)

    def advance(self, steps: int, seconds: float = 0.0) -> None:
        """Count steps, and the seconds that they were expected to take."""
        self.done += steps
        self.done_s += seconds
        self.moved = time.monotonic()

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1: by expected seconds where steps differ in them."""
        part = self.done_s / self.expected_s if self.expected_s else self.done / (self.total or 1)
        return min(1.0, part)

    def left_s(self, now: float) -> float | None:
        """Seconds that are left; None where nothing is known yet."""
        taken, since = self.moved - self.began, now - self.moved
        if self.expected_s:
            trust = TRUST * self.expected_s
            pace = (taken + trust) / (self.done_s + trust)
            return max(0.0, (self.expected_s - self.done_s) * pace - since)
        if self.total is None or not self.done:
            return None
        return max(0.0, (self.total - self.done) * taken / self.done - since)

    def progress(self, now: float) -> str:
        """How far it is, in words: ``12 of 75, 3.1 s each, about 4 min left``; of a status, how long it has taken."""
        if self.total is None:
            taken = now - self.began
            return f"{duration(taken)}" if taken >= 1 else ""
        left = self.left_s(now)
        parts = [f"{self.done:,} of {self.total:,}", rate(self.done, self.moved - self.began)]
        if left is not None and self.done < self.total:
            parts.append(f"about {duration(left)} left")
        return ", ".join(part for part in parts if part)

    def outcome(self, now: float) -> str:
        """What is said when it has ended."""
        return f"{self.title}: {self.done:,} in {duration(now - self.began)}"

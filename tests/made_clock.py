"""A clock of its own for the budgets of runs, so that nothing waits and nothing depends on the machine."""

from __future__ import annotations

import pytest

from jeoni.deadline import Deadline
from jeoni.verbs.session import session as sessions


class Clock:
    """It goes on half a second whenever it is asked."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 0.5
        return self.now


def tick(monkeypatch: pytest.MonkeyPatch) -> list[Deadline]:
    """Runs go by such a clock from now on; their deadlines, as they are made."""
    made: list[Deadline] = []

    class Ticking(Deadline):
        """``spent_s`` is what earlier calls of the run took."""

        def __init__(self, budget_s: float, spent_s: float, started: float) -> None:
            super().__init__(budget_s, spent_s, 0.0, Clock())
            self.spent_s = spent_s
            made.append(self)

    monkeypatch.setattr(sessions, "Deadline", Ticking)
    return made

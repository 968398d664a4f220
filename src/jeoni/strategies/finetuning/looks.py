"""Looks at held-out losses while a trial runs, and when they say that going on is of no use.

A trial that is clearly beaten at the same moment by the best one before it is stopped: the idea of successive halving
(Jamieson & Talwalkar 2016) and of the median stopping rule (Golovin et al. 2017, "Google Vizier"). With three rates
there is no median worth the name, so the rival is the best. Ours asks for more before it stops: half of the trial is
behind, because a high rate looks bad until it falls, and the difference of the losses is two standard errors, paired.

Several repeats may look at one trial, each at held-out examples of its own. Each decides for itself whether the trial
is beaten, and from then on it is so for this repeat, whatever comes; the training stops when it is for all of them. So
what a repeat does not look at changes nothing that it sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jeoni.strategies.finetuning.losses import clearly_lower
from jeoni.types import FloatArray

__all__ = ["Course", "Looks"]

HALF = 0.5  # of a trial, before which none is stopped
CLEAR = 2.0  # standard errors

Course = dict[float, FloatArray]
"""Held-out losses ``(m,)`` by the share of the training that was behind."""


class Looks:
    """The course of a trial, as one or several repeats see it.

    Args:
        judges: of each repeat: outputs for all that is held out to the losses of what it looks at.
        rivals: of each repeat the course of the best trial so far; None where there is none.

    Attributes:
        courses: of each repeat.
        beaten: of each repeat, whether the trial was clearly worse than its rival.
    """

    def __init__(
        self, judges: Sequence[Callable[[FloatArray], FloatArray]], rivals: Sequence[Course | None] | None = None
    ) -> None:
        self._judges = judges
        self._rivals = rivals or [None] * len(judges)
        self.courses: list[Course] = [{} for _ in judges]
        self.beaten = [False] * len(judges)

    def __call__(self, behind: float, outputs: FloatArray) -> bool:
        """Look; whether the training may stop.

        Args:
            behind: share of the training, 0 … 1.
            outputs: ``(held out, width)``.
        """
        moment = round(behind, 4)
        for number, (judge, rival) in enumerate(zip(self._judges, self._rivals, strict=True)):
            losses = judge(outputs)
            self.courses[number][moment] = losses
            if rival is not None and HALF <= moment < 1 and moment in rival:
                self.beaten[number] |= clearly_lower(rival[moment], losses, CLEAR)
        return bool(np.all(self.beaten))

    def state(self) -> dict[str, Any]:
        """What was seen, for a checkpoint."""
        courses = [{f"{m:g}": losses.tolist() for m, losses in course.items()} for course in self.courses]
        return {"beaten": [bool(one) for one in self.beaten], "courses": courses}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what a checkpoint kept."""
        self.beaten = list(state["beaten"])
        self.courses = [{float(m): np.array(losses) for m, losses in one.items()} for one in state["courses"]]

"""The pace of a training: at which moment of its schedule each step is, and when it must end.

Without a time to keep, step and moment are one. With one, the steps that are left are planned into the seconds that are
left, by how long the last ones took; each step then goes further along the schedule, so that warm-up, thawing and
cosine end with the last step that can be made. A training that runs over nevertheless is stopped where it is.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import mean

from jeoni.deadline import Allowance
from jeoni.training.sizes import Sizes

__all__ = ["Pace"]

WARM = 2  # steps that are not timed: the first ones prepare kernels and memory
LAST = 20  # steps whose mean tells how long the next will take
FORWARD = 1 / 3  # of a step's time, without gradients
GRACE = 0.05  # of the time, by which the last step may run over
LOOKING = 0.25  # of the time, at most, goes to evaluations where there is little


class Pace:
    """Where a training is in its schedule.

    Args:
        steps: at full length.
        evaluations: of the held-out part, at full length.
        held_steps: batches of the held-out part; 0 where there is none.
        allowance: the time, of a training in one process; None is no limit.
        sizes: of pictures that grow: later steps take longer, and are counted so. None: all take the same.

    Attributes:
        total: the steps that will be made, as far as is known now.
        evaluations: that will be made.
        stopped: whether the time was used up before the last step.

    Example:
        >>> pace = Pace(100)
        >>> pace.moment(30), pace.total
        (30, 100)
    """

    def __init__(
        self,
        steps: int,
        evaluations: int = 10,
        held_steps: float = 0.0,
        allowance: Allowance | None = None,
        sizes: Sizes | None = None,
    ) -> None:
        self.full, self.total, self.evaluations, self.stopped = steps, steps, evaluations, False
        self._every = max(1, steps // evaluations)
        self._held, self._allowance, self._sizes = held_steps, allowance, sizes
        self._allowed_s = allowance.seconds if allowance else math.inf
        self._anchor: tuple[int, float] = (0, 0)  # a step, and the moment that it was at
        self._durations: deque[float] = deque(maxlen=LAST)
        self._evaluation_s: float | None = None
        self._made = self._looked = 0
        self._start = self._before = allowance.clock() if allowance else 0.0

    def moment(self, step: int) -> float:
        """How far along its full schedule the training is, in steps of that."""
        at, moment = self._anchor
        if not at and self.total == self.full:
            return step
        return moment + (self.full - moment) * (step - at) / max(1, self.total - at)

    def evaluates_after(self, step: int) -> bool:
        """Whether the held-out part is looked at after so many steps."""
        return step >= self.total or self._due(step) > self._looked

    def _due(self, step: int) -> int:
        """Evaluations that belong before this moment."""
        return int(self.moment(step) / self._every + 1e-9)

    def evaluated(self, step: int) -> None:
        """The evaluation ended: how long it took is known, and does not count as the next step's."""
        self._looked = self._due(step)
        if self._allowance is not None:
            now = self._allowance.clock()
            self._evaluation_s, self._before = now - self._before, now

    def made(self, step: int) -> None:
        """A step ended: plan those that are left into the time that is left."""
        if self._allowance is None:
            return
        now = self._allowance.clock()
        self._made += 1
        late = self._made == 1 and now - self._start > self._allowance.seconds
        if self._made > WARM or late:  # late: one step takes longer than all of them may
            self._durations.append((now - self._before) / self._cost_at(step - 1))
        self._before = now
        if self._durations:
            self._plan(step, self._allowance.seconds - (now - self._start))

    def _plan(self, step: int, left_s: float) -> None:
        each = mean(self._durations) * self._cost_from(step)
        looking = self._evaluation_s if self._evaluation_s is not None else self._held * FORWARD * each
        moment = self.moment(step)
        if self._made == WARM + 1 and looking:
            self._look_less(left_s / looking, step)
        # those to come, and at the end as many for the way back to the starting weights
        looks = math.ceil((self.full - moment) / self._every) + (self.evaluations / 2 if self._held else 0)
        room = math.floor((left_s - looks * looking) / each) if each else self.full
        if room < 1 and left_s + GRACE * self._allowed_s >= each + looking:
            room = 1  # a last step, at the end of the schedule, rather than a stop just before it
        wanted = math.ceil(self.full - moment - 1e-9)
        self.total, self.stopped = self._ending(step, wanted, room)
        self._anchor = (step, moment) if self.total < self.full or self._anchor[0] else self._anchor

    def _cost_at(self, step: int) -> float:
        """Of one step, in units of one at the whole size."""
        return self._sizes.cost_of(self._sizes.at(self.moment(step) / self.full)) if self._sizes else 1.0

    def _cost_from(self, step: int) -> float:
        """The mean of all steps to come."""
        return self._sizes.cost(self.moment(step) / self.full) if self._sizes else 1.0

    def _ending(self, step: int, wanted: int, room: int) -> tuple[int, bool]:
        """The last step, and whether it is the end for want of time."""
        if wanted > 0 and room < 1:
            return step, True
        return step + min(wanted, room), False

    def _look_less(self, affordable: float, step: int) -> None:
        """Fewer evaluations where all of them would take a good part of the time."""
        most = max(1, int(LOOKING * affordable / 1.5))
        if most < self.evaluations:
            self.evaluations, self._every = most, max(1, self.full // most)
            self._looked = self._due(step)

    def state(self) -> list[float]:
        """What a checkpoint keeps."""
        return [*self._anchor, self.total, self.evaluations]

    def restore(self, kept: list[float], step: int) -> None:
        """Go on from a checkpoint that was written after ``step``."""
        self._anchor, self.total, self.evaluations = (int(kept[0]), kept[1]), int(kept[2]), int(kept[3])
        self._every = max(1, self.full // self.evaluations)
        self._looked = self._due(step)

"""Seconds of an example in each stage of a backbone: by them a step above one cut tells what one above another takes.

A step's time is nearly in proportion to the forward pass above the cut (the way back takes about twice as long, layer
by layer). So after one step was timed, the other cuts need no timing of their own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise

import torch

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.entry import example
from jeoni.backbones.stages import watching

__all__ = ["StageCost", "stage_cost"]

EXAMPLES = 4
PASSES = 4  # of which the first one warms up
ENOUGH = 0.1  # of the whole pass lies above a cut from which others may be told


@dataclass(frozen=True)
class StageCost:
    """What the stages of a backbone take.

    Attributes:
        seconds: of one example, by stage, forward and not compiled.

    Example:
        >>> cost = StageCost((0.001, 0.002, 0.001))
        >>> cost.above(1)
        0.003
        >>> round(cost.step_s(6.0, at=1, frozen=0), 6)
        8.0
    """

    seconds: tuple[float, ...]

    def above(self, frozen: int) -> float:
        """Of the stages that are trained where ``frozen`` are not."""
        return sum(self.seconds[frozen:])

    def tells(self, at: int) -> bool:
        """Whether a step above that cut says anything about other cuts."""
        return self.above(at) >= ENOUGH * self.above(0) > 0

    def step_s(self, timed_s: float, *, at: int, frozen: int) -> float:
        """Seconds of a step.

        Args:
            timed_s: of one above another cut.
            at: that cut.
            frozen: the cut that is asked for.
        """
        return timed_s * self.above(frozen) / self.above(at)


def stage_cost(backbone: Backbone) -> StageCost:
    """Time the stages on made-up examples: the least of three passes, after one to warm up."""
    given = example(backbone.input, EXAMPLES)
    points = {stage.modules[-1]: stage.name for stage in backbone.stages[:-1] if stage.modules}
    reached: dict[str, float] = {}
    passes = []
    with (
        torch.inference_mode(),
        watching(backbone.network, set(points), lambda name, _: reached.update({points[name]: time.perf_counter()})),
    ):
        for _ in range(PASSES):
            start = time.perf_counter()
            backbone.network(given)
            end = time.perf_counter()
            ends = [reached.get(stage.name, start) for stage in backbone.stages[:-1]] + [end]
            passes.append([later - earlier for earlier, later in pairwise([start, *ends])])
    return StageCost(tuple(max(0.0, min(times)) / EXAMPLES for times in zip(*passes[1:], strict=True)))

"""The losses of a training's steps, looked at without making a GPU wait.

To read a number off a GPU is to wait for all that it has been given to do. So there losses stay on the device and are
read a few steps at a time, before a checkpoint, and before the held-out part is looked at; one that is not finite stops
the training then. On a processor, where nothing runs ahead, each is looked at before the weights move.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from jeoni.training.job import Diverged

__all__ = ["LOOK_EVERY", "Losses", "readable"]

LOOK_EVERY = 8  # updates of which a GPU is not asked how they went


def readable(loss: Tensor) -> Tensor | float:
    """A number where that costs nothing, else the tensor on its device."""
    return float(loss.detach()) if loss.device.type == "cpu" else loss.detach()


class Losses:
    """The losses since the last evaluation.

    Args:
        advice: what to do where one is not finite: the end of the message.
    """

    def __init__(self, advice: str) -> None:
        self.advice = advice
        self.values: list[float] = []
        self._unread: list[tuple[int, bool, Tensor]] = []

    def watch(self, loss: Tensor | float, step: int, counts: bool) -> None:
        """Take in a loss; it may be looked at later.

        Args:
            loss: of one update.
            step: its number, from 1.
            counts: whether it belongs to the mean: the first of a step does.

        Raises:
            Diverged: this loss, or one that was not looked at before, is not finite.
        """
        if isinstance(loss, Tensor):
            self._unread.append((step, counts, loss))
            if len(self._unread) >= LOOK_EVERY:
                self.look()
            return
        self._take(step, counts, loss)

    def look(self) -> None:
        """Read what is still on the device.

        Raises:
            Diverged: one is not finite.
        """
        if not self._unread:
            return
        unread, self._unread = self._unread, []
        values = torch.stack([loss.float() for _, _, loss in unread]).tolist()
        for (step, counts, _), value in zip(unread, values, strict=True):
            self._take(step, counts, value)

    def _take(self, step: int, counts: bool, value: float) -> None:
        if not math.isfinite(value):
            raise Diverged(f"The training loss became {value} at step {step}. {self.advice}")
        if counts:
            self.values.append(value)

    def mean(self) -> float:
        """Of all since the last call, and forget them.

        Raises:
            Diverged: one is not finite.
        """
        self.look()
        found = float(np.mean(self.values))
        self.values = []
        return found

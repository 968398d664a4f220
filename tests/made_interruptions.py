"""A training that is interrupted, as by Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jeoni.training import loop


@contextmanager
def interrupted_at(number: int) -> Iterator[None]:
    """What trains inside is interrupted before the step of that number, counted over all trainings."""
    step, made = loop._State.make_step, []

    def killed(self, *args):
        made.append(0)
        if len(made) == number:
            raise KeyboardInterrupt
        step(self, *args)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop._State, "make_step", killed)
        with pytest.raises(KeyboardInterrupt):
            yield

"""Ctrl-C that foreign code caught comes again where progress is shown."""

from __future__ import annotations

import os
import signal
from contextlib import suppress

import pytest

from jeoni.console.interrupts import raise_if_interrupted, remember_interrupts
from jeoni.console.terminal import Terminal


@pytest.fixture
def remembered():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    remember_interrupts()
    yield
    signal.signal(signal.SIGINT, before)


def lose_an_interrupt():
    with suppress(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        signal.sigtimedwait([], 1)  # somewhere inside, Python raises it


def test_a_lost_interrupt_comes_again_at_the_next_step(remembered):
    lose_an_interrupt()
    with pytest.raises(KeyboardInterrupt), Terminal("en").track("Features", 3) as advance:
        advance(1)


def test_a_lost_interrupt_comes_again_at_the_next_phase_and_only_once(remembered):
    lose_an_interrupt()
    with pytest.raises(KeyboardInterrupt), Terminal("en").status("Fitting"):
        pass
    raise_if_interrupted()


def test_a_handler_of_the_program_stays(remembered):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    remember_interrupts()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN

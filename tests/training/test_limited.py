"""Trainings with a time to keep, by a clock that ticks once whenever it is asked."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jeoni.deadline import Allowance
from jeoni.training import loop
from jeoni.training.job import Held
from jeoni.training.loop import train
from tests.training.test_training import Table, make_job

STEPS = 60


class Ticking:
    def __init__(self, tick=1.0):
        self.now, self.tick = 0.0, tick

    def __call__(self):
        self.now += self.tick
        return self.now


def rates(monkeypatch):
    """The learning rates of the steps that follow."""
    found, step = [], loop._State.make_step

    def noted(self, *args):
        step(self, *args)
        found.append(self.optimizer.param_groups[0]["lr"])

    monkeypatch.setattr(loop._State, "make_step", noted)
    return found


def test_ample_time_changes_no_bit():
    free, limited = make_job(steps=STEPS), make_job(steps=STEPS)
    one, other = train(free), train(limited, allowance=Allowance(1e6, 1e6, Ticking()))
    assert one.steps == other.steps == other.full == STEPS and other.limit == ""
    assert all(map(torch.equal, free.network.state_dict().values(), limited.network.state_dict().values()))


def test_a_training_is_planned_into_its_time_and_its_cosine_ends(monkeypatch):
    found = rates(monkeypatch)
    history = train(make_job(steps=STEPS), allowance=Allowance(30.0, 30.0, Ticking()))
    assert 10 < history.steps < 30 and history.full == STEPS and history.limit == "shortened"
    assert found[-1] < 0.05 * max(found) and np.argmax(found) < len(found) / 4


def test_a_training_that_runs_over_is_stopped_and_keeps_the_best_state():
    clock = Ticking(0.01)
    rng = np.random.default_rng(1)
    values = rng.normal(size=(20, 4)).astype(np.float32)
    scores = iter([0.5, 0.1, *np.linspace(0.2, 0.9, 20)])

    def score(outputs):
        found = next(scores)
        clock.tick = 0.01 if found != 0.2 else 1000.0  # after the third evaluation every step takes for ever
        return found

    job = make_job(steps=STEPS, held=Held(Table(values), score))
    history = train(job, allowance=Allowance(50.0, 50.0, clock))
    assert history.limit == "stopped" and 18 <= history.steps < STEPS
    assert history.best_step == 12  # of the second evaluation: its weights were taken


def test_a_training_with_no_time_at_all_still_makes_a_step():
    history = train(make_job(steps=STEPS), allowance=Allowance(0.0, 10.0, Ticking()))
    assert history.steps == 1 and history.limit == "stopped"


def test_a_training_that_was_killed_goes_on_at_its_moment(tmp_path, monkeypatch):
    found, step = rates(monkeypatch), loop._State.make_step

    def killed(self, *args):
        if self.step == 12:
            raise KeyboardInterrupt
        step(self, *args)

    with monkeypatch.context() as patched:
        patched.setattr(loop._State, "make_step", killed)
        with pytest.raises(KeyboardInterrupt):
            train(make_job(steps=STEPS), tmp_path, allowance=Allowance(30.0, 30.0, Ticking()))
    before = list(found)
    history = train(make_job(steps=STEPS), tmp_path, allowance=Allowance(15.0, 30.0, Ticking()))
    after = found[len(before) :]
    assert len(before) == 12 and history.steps == 12 + len(after) < 30
    assert after[0] <= before[-1] and after[-1] < 0.05 * max(before)  # neither warmed up again nor left high
    again = train(make_job(steps=STEPS), tmp_path, allowance=Allowance(15.0, 30.0, Ticking()))
    assert (again.steps, again.limit) == (history.steps, "shortened")  # finished: nothing is left to do

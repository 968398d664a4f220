from __future__ import annotations

from itertools import pairwise

import pytest

from jeoni.deadline import Allowance
from jeoni.training.pace import Pace


class Hand:
    """A clock that is moved by hand."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def run(steps, allowed_s, step_s, held=0.0, look_s=0.0, until=None):
    """A training whose steps and evaluations take known seconds: its pace, its steps, evaluations and moments."""
    clock = Hand()
    pace = Pace(steps, 10, held, Allowance(allowed_s, allowed_s, clock))
    step, looks, moments = 0, 0, []
    while step < pace.total and step != until:
        moments.append(pace.moment(step))
        clock.now += step_s(step) if callable(step_s) else step_s
        step += 1
        pace.made(step)
        if pace.evaluates_after(step):
            looks += 1
            clock.now += look_s
            pace.evaluated(step)
    return pace, step, looks, moments, clock.now


def test_without_a_time_to_keep_every_step_is_its_own_moment():
    pace = Pace(125, 10)
    assert [pace.moment(k) for k in (0, 1, 124)] == [0, 1, 124]
    assert [k for k in range(1, 126) if pace.evaluates_after(k) and not pace.evaluated(k)] == [*range(12, 121, 12), 125]


def test_with_ample_time_nothing_changes():
    pace, step, looks, moments, _ = run(100, 1000.0, 1.0, held=2.0, look_s=2.0)
    assert step == pace.total == 100 and not pace.stopped and looks == 10
    assert moments == list(range(100))


def test_steps_are_planned_into_the_time_and_the_schedule_ends_with_the_last_one():
    pace, step, _, moments, taken = run(100, 40.0, 1.0)
    assert step == pace.total == 40 and not pace.stopped
    assert taken <= 40.0
    assert pace.moment(step) == pytest.approx(100)
    assert all(b > a for a, b in pairwise(moments))


def test_evaluations_and_the_way_back_have_their_time_set_aside():
    pace, step, looks, _, taken = run(1000, 100.0, 0.1, held=10.0, look_s=0.5)
    assert looks >= 9 and not pace.stopped
    assert taken + 5 * 0.5 <= 100.0  # five more forward passes choose how far to go
    assert taken > 90.0 and step < 1000


def test_evaluations_that_would_take_most_of_a_short_time_are_fewer():
    _, _, looks, _, taken = run(1000, 30.0, 0.1, held=100.0, look_s=4.0)
    assert looks <= 3 and taken <= 30.0 + 4.0


def test_a_machine_that_becomes_slower_gets_fewer_steps_and_still_ends_its_schedule():
    pace, step, _, _, taken = run(100, 60.0, lambda k: 1.0 if k < 20 else 4.0)
    assert 20 < step < 40 and not pace.stopped
    assert pace.moment(step) == pytest.approx(100)
    assert taken <= 65.0


def test_a_machine_that_becomes_quicker_makes_up_for_it():
    _, slow, *_ = run(100, 100.0, 4.0)
    _, step, *_ = run(100, 100.0, lambda k: 4.0 if k < 8 else 1.0)
    assert step > 1.5 * slow


def test_a_training_that_runs_over_is_stopped_where_it_is():
    pace, step, looks, _, _ = run(100, 10.0, lambda k: 0.5 if k < 10 else 100.0)
    assert pace.stopped and step == 11 and looks > 0
    assert pace.moment(step) <= 100


def test_one_step_that_takes_longer_than_all_may_is_the_last():
    pace, step, *_ = run(100, 10.0, 30.0)
    assert pace.stopped and step == 1


def test_a_training_that_was_interrupted_goes_on_where_it_was_in_its_schedule():
    pace, step, _, _, _ = run(100, 40.0, 1.0, until=20)
    again = Pace(100, 10, 0.0, Allowance(20.0, 40.0, Hand()))
    again.restore(pace.state(), step)
    assert again.moment(step) == pytest.approx(pace.moment(step)) and again.total == pace.total
    assert not again.evaluates_after(step)

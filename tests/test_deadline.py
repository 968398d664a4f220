from __future__ import annotations

import pytest

from jeoni.deadline import Deadline, PlannedFit, Spent


class Hand:
    """A clock that is moved by hand."""

    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


def test_what_is_left_counts_what_earlier_calls_took():
    clock = Hand(100.0)
    deadline = Deadline(60.0, spent_s=10.0, started=95.0, clock=clock)
    assert deadline.left_s == 45.0
    clock.now += 50.0
    assert deadline.left_s == -5.0
    deadline.extend(20.0)
    assert deadline.left_s == 20.0


def test_all_else_has_its_time_set_aside_before_trainings_share_the_rest():
    deadline = Deadline(100.0, clock=Hand())
    deadline.expect([PlannedFit(50.0, 10.0), PlannedFit(50.0, 10.0)], after_s=20.0, prices={"kind": 0.5})
    deadline.begin_fit()
    assert deadline.allow("kind", 100).seconds == pytest.approx((100 - 20 - 20) / 2)


def test_views_and_heads_that_were_made_before_the_first_training_are_not_set_aside_again():
    clock = Hand()
    deadline = Deadline(100.0, clock=clock)
    deadline.expect([PlannedFit(200.0, 30.0)], after_s=10.0, prices={"kind": 1.0})
    deadline.begin_fit()
    clock.now += 25.0
    assert deadline.allow("kind", 200).seconds == pytest.approx(100 - 25 - 5 - 10)


def test_a_second_training_of_a_fit_gets_what_was_set_aside_for_it():
    clock = Hand()
    deadline = Deadline(110.0, clock=clock)
    deadline.expect([PlannedFit(160.0)], after_s=10.0, prices={"kind": 1.0})
    deadline.begin_fit()
    first = deadline.allow("kind", 100).seconds
    assert first == pytest.approx(100 * 100 / 160)
    clock.now += first
    assert deadline.allow("kind", 60).seconds == pytest.approx(100 - first)


def test_time_that_a_fit_did_not_need_goes_to_those_that_follow():
    clock = Hand()
    deadline = Deadline(100.0, clock=clock)
    deadline.expect([PlannedFit(100.0), PlannedFit(100.0)], prices={"kind": 1.0})
    deadline.begin_fit()
    assert deadline.allow("kind", 100).seconds == 50.0
    clock.now += 10.0  # it stopped early
    deadline.begin_fit()
    assert deadline.allow("kind", 100).seconds == 90.0


def test_time_that_was_lost_is_taken_from_those_that_follow_but_not_below_nothing():
    clock = Hand()
    deadline = Deadline(100.0, clock=clock)
    deadline.expect([PlannedFit(100.0), PlannedFit(100.0)], after_s=30.0, prices={"kind": 1.0})
    deadline.begin_fit()
    deadline.allow("kind", 100)
    clock.now += 90.0
    deadline.begin_fit()
    assert deadline.allow("kind", 100).seconds == 0.0


def test_a_training_of_an_unknown_kind_costs_what_the_known_ones_do_on_average():
    deadline = Deadline(100.0, clock=Hand())
    deadline.expect([PlannedFit(100.0)], prices={"a": 1.0, "b": 3.0})
    deadline.begin_fit()
    assert deadline.allow("c", 25).seconds == pytest.approx(100 * 50 / 100)


def test_a_run_that_said_nothing_gives_all_that_is_left_to_the_training():
    assert Deadline(40.0, clock=Hand()).allow("kind", 100).seconds == 40.0


def test_seconds_are_counted_also_where_it_fails():
    clock = Hand()
    spent = Spent(clock)
    with pytest.raises(ValueError, match="no"), spent.on("training"):
        clock.now += 2.0
        raise ValueError("no")
    with spent.on("training"):
        clock.now += 3.0
    assert spent.seconds == {"training": 5.0}

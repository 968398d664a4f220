from __future__ import annotations

import pytest

from jeoni.console.activity import Activity


def make_activity(**own):
    return Activity("Training", began=100.0, moved=100.0, **own)


def moved(activity, done, at, done_s=0.0):
    activity.done, activity.done_s, activity.moved = done, done_s, at
    return activity


def test_equal_steps_are_carried_forward():
    assert moved(make_activity(total=10), 2, 106.0).progress(106.0) == "2 of 10, 3 s each, about 25 s left"


def test_time_left_falls_between_two_steps():
    activity = moved(make_activity(total=10), 2, 106.0)
    assert activity.left_s(110.0) == pytest.approx(20.0)


def test_nothing_is_promised_before_the_first_step():
    assert make_activity(total=10).left_s(103.0) is None
    assert make_activity(total=10).progress(103.0) == "0 of 10"


def test_an_estimate_promises_before_the_first_step():
    assert make_activity(total=10, expected_s=600.0).left_s(100.0) == pytest.approx(600.0)


def test_cheap_first_steps_do_not_hide_the_dear_ones():
    """Fifty probes of a tenth of a second, then 25 trainings of forty: not ten seconds are left, but a thousand."""
    activity = moved(make_activity(total=75, expected_s=1005.0), 50, 105.0, done_s=5.0)
    assert activity.left_s(105.0) == pytest.approx(1000.0)
    assert activity.share == pytest.approx(5 / 1005)


def test_a_machine_twice_as_slow_as_expected_is_believed():
    activity = moved(make_activity(total=10, expected_s=100.0), 9, 280.0, done_s=90.0)
    assert activity.left_s(280.0) == pytest.approx(10 * 190 / 100)


def test_a_status_says_how_long_it_has_taken():
    assert make_activity().progress(100.5) == "" and make_activity().progress(107.0) == "7 s"

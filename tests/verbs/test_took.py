from __future__ import annotations

from jeoni.locale import translated
from jeoni.planning.estimate import Estimate
from jeoni.verbs.session.took import told_at_the_end, took_by_part

STEPS = {"extract_s": 10.0, "fit_s": 100.0, "control_s": 4.0, "pictures_s": 3.0, "report_s": 2.0, "total_s": 130.0}


def test_what_happens_inside_a_fit_is_told_apart_from_its_heads():
    expected = dict.fromkeys(("features", "views", "training", "heads", "controls", "report"), 1.0)
    took = took_by_part(expected, STEPS, {"views": 20.0, "training": 70.0})
    assert took == {"features": 10, "views": 20, "training": 70, "heads": 10, "controls": 4, "report": 5}


def test_of_a_part_that_no_clock_stood_at_nothing_is_said():
    assert took_by_part({"source only": 5.0, "features": 1.0}, STEPS, {}) == {"features": 10.0}


def test_a_verb_may_say_itself_what_a_part_took():
    assert took_by_part({"strategies": 5.0}, STEPS, {"strategies": 42.0}) == {"strategies": 42.0}


def test_a_run_under_a_budget_tells_whether_it_was_kept():
    assert told_at_the_end(95.0, None, 120.0) == "The run took 1.5 min of its budget of 2 min."
    assert told_at_the_end(150.0, None, 120.0) == "The run took 2.5 min, more than its budget of 2 min."


def test_a_run_whose_time_was_told_beforehand_tells_what_it_came_to():
    long = Estimate({"training": 590.0}, before_s=10.0)
    said = told_at_the_end(720.0, long, None)
    assert said == "It took 12 min; about 10 min were expected."
    assert translated(said, "ko") == "예상 시간은 약 10분이었고, 실제로는 12분이 걸렸습니다."
    assert (
        told_at_the_end(30.0, Estimate({"training": 20.0}), None) is None and told_at_the_end(9.0, None, None) is None
    )

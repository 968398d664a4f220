from __future__ import annotations

import pytest

from jeoni.planning.estimate import Cheaper, Estimate


def test_short_runs_are_not_announced():
    assert not Estimate({"features": 20.0, "heads": 30.0}).worth_telling
    assert Estimate({"features": 50.0, "heads": 30.0}).worth_telling


def test_parts_that_hardly_count_are_left_out():
    said = Estimate({"features": 120.0, "training": 540.0, "heads": 0.2, "controls": 60.0, "report": 8.0}).sentence
    assert said == "This will take about 12 min: features 2 min, training 9 min, controls 1 min."


def test_the_first_way_that_halves_the_time_is_offered():
    ways = (Cheaper("--no-control", 500.0), Cheaper("--strategy probe", 40.0))
    assert Estimate({"training": 600.0}, cheaper=ways).sentence.endswith(
        "A cheaper way: --strategy probe (about 40 s)."
    )
    assert "cheaper" not in Estimate({"training": 600.0}, cheaper=ways[:1]).sentence


def test_the_record_counts_what_had_passed():
    record = Estimate({"features": 60.0}, before_s=5.0, cheaper=(Cheaper("--no-control", 30.0),)).as_dict()
    assert record["seconds"] == pytest.approx(65.0) and record["parts"] == {"features": 60.0}
    assert record["cheaper"] == [{"options": "--no-control", "seconds": 30.0}]

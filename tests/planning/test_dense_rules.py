"""What is taken of places in pictures where nothing was tried, and what can be tried in a time."""

from __future__ import annotations

import pytest

from jeoni.locale import table
from jeoni.planning.dense_cost import ArmCost
from jeoni.planning.dense_pricing import Priced
from jeoni.planning.dense_race import runners
from jeoni.planning.dense_rules import FEW, RULES, DenseCandidate, choose_by_rule, dense_candidates
from jeoni.planning.price import Price

HEADS = [("fpn", True), ("linear", True)]


def names(candidates):
    return [one.name for one in candidates]


def test_every_head_is_priced_and_the_usual_one_is_also_trained_deeper_and_larger():
    assert names(dense_candidates(HEADS, None)) == ["probe, fpn", "probe, linear", "finetune, fpn"]
    assert names(dense_candidates(HEADS, 720))[3:] == ["probe, fpn, 720 px", "finetune, fpn, 720 px"]
    assert names(dense_candidates([("patchcore", False)], 320)) == ["probe, patchcore", "probe, patchcore, 320 px"]


@pytest.mark.parametrize(
    ("pictures", "seconds", "chosen", "rule"),
    [
        (FEW - 1, 10.0, "probe, fpn", "places_few"),
        (FEW, 10.0, "finetune, fpn", "places_many"),
        (FEW, 5000.0, "probe, fpn", "places_long"),
        (FEW, None, "finetune, fpn", "places_many"),
    ],
)
def test_the_upper_stages_are_trained_of_many_pictures_where_there_is_time(pictures, seconds, chosen, rule):
    candidates = dense_candidates(HEADS, None)
    taken, line = choose_by_rule(candidates, pictures, [1.0, 1.0, seconds])
    assert (taken.name, line.id) == (chosen, rule)


def test_small_objects_take_larger_frames_where_there_is_time():
    candidates = dense_candidates([("fcos", True)], 720)
    assert choose_by_rule(candidates, 50, [1.0] * 4, object_px=10.0)[0].name == "probe, fcos, 720 px"
    assert choose_by_rule(candidates, 500, [1.0] * 4, object_px=10.0)[0].name == "finetune, fcos, 720 px"
    assert choose_by_rule(candidates, 500, [1.0, 1.0, 1.0, 9e9], object_px=10.0)[0].name == "finetune, fcos"
    assert choose_by_rule(candidates, 500, [1.0] * 4, object_px=30.0)[0].name == "finetune, fcos"


def test_a_head_that_remembers_is_taken_as_it_is():
    taken, rule = choose_by_rule(dense_candidates([("patchcore", False)], None), 500, [9e9])
    assert taken.name == "probe, patchcore" and rule.id == "places_memory"


def test_every_rule_is_told_in_both_languages():
    for language in ("en", "ko"):
        assert table("planning", language)["plan_places"].keys() == RULES.keys()
        assert all(f"dense.{id}" in table("dense", language) for id in RULES)


def priced(training_s, other_s=10.0):
    cost = ArmCost(views_s=0.0, training_s=training_s, other_s=other_s, fits=1, disk_bytes=0)
    return Priced(None, cost, Price(training_s + other_s, 0.0))


def test_all_candidates_are_shortened_alike_and_the_dearest_is_left_out_first():
    cheap, dear = DenseCandidate("probe", "fpn"), DenseCandidate("finetune", "fpn")
    both = {dear: priced(300.0), cheap: priced(100.0)}
    assert runners(both, 1000.0) == ([cheap, dear], 1.0)
    assert runners(both, 220.0) == ([cheap, dear], 0.5)
    third = DenseCandidate("finetune", "linear")
    assert runners({**both, third: priced(5000.0)}, 220.0) == ([cheap, dear], 0.5)
    assert runners(both, 60.0) == ([], 0.0)

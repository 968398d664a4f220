"""The table of rules is total, and its axes are what they say."""

from __future__ import annotations

import pytest

from jeoni.errors import ConfigError
from jeoni.locale import table
from jeoni.planning.candidates import WAYS
from jeoni.planning.rules import FEW, RULES, level_of, rule_for, size_of
from jeoni.types import Interval


def test_every_cell_has_a_rule_with_a_source_a_reason_and_ways_that_exist():
    assert {(rule.size, rule.level) for rule in RULES} == {
        (size, level) for size in ("few", "many") for level in ("similar", "different")
    }
    for rule in RULES:
        assert rule.tried[0] == "probe" and set(rule.tried) <= WAYS.keys() and rule.source
        for language in ("en", "ko"):
            words = table("planning", language)
            assert f"planning.{rule.id}" in words and rule.id in words["plan_cells"]


def test_doing_without_transfer_is_tried_where_the_source_is_different_only():
    assert ["scratch" in rule.tried for rule in RULES] == [rule.level == "different" for rule in RULES]


@pytest.mark.parametrize(("n", "size"), [(2, "few"), (FEW, "few"), (FEW + 1, "many")])
def test_few_is_up_to_a_thousand(n, size):
    assert size_of(n) == size


@pytest.mark.parametrize(
    ("gain", "removed", "lower", "level"),
    [
        ((0.2, 0.1, 0.3), 0.5, False, "similar"),
        ((0.2, 0.1, 0.3), 0.5, True, "different"),
        ((0.2, -0.1, 0.5), 0.5, False, "different"),
        ((0.02, 0.01, 0.03), 0.1, False, "different"),
        ((-0.2, -0.3, -0.1), -0.5, False, "different"),
    ],
)
def test_similar_is_a_clear_gain_that_spares_a_quarter_of_the_errors(gain, removed, lower, level):
    assert level_of(Interval(*gain), removed, lower) == level


def test_there_is_no_other_cell():
    with pytest.raises(ConfigError, match="no rule for 'huge' and 'similar'"):
        rule_for("huge", "similar")

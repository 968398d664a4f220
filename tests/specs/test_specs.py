"""Every number has bounds, every option a type; what does not fit is refused in a sentence."""

from __future__ import annotations

from dataclasses import fields

import pytest

from jeoni.errors import ConfigError
from jeoni.specs import AdaptSpec, CompareSpec, FitSpec, may_be_left_out

NUMBERS = [f.name for f in fields(FitSpec) if f.type.removesuffix(" | None") in ("int", "float")]
OPEN = [f.name for f in fields(FitSpec) if may_be_left_out(f)]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-1, -2, float("inf"), float("-inf"), float("nan"), 10**30, "1", True])
def test_a_number_that_cannot_be_is_refused(name, value):
    with pytest.raises(ConfigError, match=f"^{name} is "):
        FitSpec(**{name: value})


@pytest.mark.parametrize("name", OPEN)
def test_none_stands_for_what_is_left_out(name):
    assert getattr(FitSpec(**{name: None}), name) is None


@pytest.mark.parametrize("name", [n for n in NUMBERS if n not in OPEN])
def test_none_is_refused_where_nothing_is_left_open(name):
    with pytest.raises(ConfigError, match=f"^{name} is None; a value of the type "):
        FitSpec(**{name: None})


def test_a_change_to_none_is_the_default():
    assert FitSpec(seed=3, label_column="grade", steps=5).changed(seed=None, label_column=None, steps=None) == FitSpec()


@pytest.mark.parametrize(
    ("spec", "options", "said"),
    [
        (FitSpec, {"steps": 0}, "steps is 0; it must be above 0 and at most 100,000,000, or be left out"),
        (FitSpec, {"folds": 1}, "folds is 1; it must be at least 2 and at most 1,000"),
        (FitSpec, {"ema": 1.0}, "ema is 1.0; it must lie between 0 and 1, or be left out"),
        (FitSpec, {"test_fraction": 0}, "test_fraction is 0; it must lie between 0 and 1"),
        (FitSpec, {"strategy": 5}, "strategy is 5; a value of the type str is needed"),
        (FitSpec, {"control": 1}, "control is 1; a value of the type bool is needed"),
        (FitSpec, {"steps": 2.5}, "steps is 2.5; a value of the type int is needed"),
        (CompareSpec, {"repeats": 0}, "repeats is 0; it must be at least 1"),
        (CompareSpec, {"budgets": "9" * 5000}, "numbers from 2 on"),
        (AdaptSpec, {"seed": -1}, "seed is -1"),
    ],
)
def test_the_sentence_says_what_is_needed(spec, options, said):
    with pytest.raises(ConfigError, match=said):
        spec(**options)

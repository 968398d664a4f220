"""Means of items in groups: errors are those of groups, and few groups are never sure."""

from __future__ import annotations

import numpy as np
import pytest

from jeoni.evaluation.clustered import clustered_interval, clustered_mean


def test_groups_of_one_item_are_items():
    values = np.random.default_rng(0).normal(size=30)
    alone, grouped = clustered_mean(values, None), clustered_mean(values, np.arange(30)[::-1])
    assert alone.groups == grouped.groups == 30
    assert grouped.error == pytest.approx(alone.error) == pytest.approx(values.std(ddof=1) / 30**0.5)


def test_copies_add_no_evidence():
    values = np.random.default_rng(0).normal(0.5, 1.0, 20)
    copied, of = np.repeat(values, 5), np.repeat(np.arange(20), 5)
    assert clustered_mean(copied, of).error == pytest.approx(clustered_mean(values, None).error)
    assert clustered_interval(copied, of) == pytest.approx(clustered_interval(values, None))


@pytest.mark.parametrize("number", [3, 6])
def test_an_interval_by_few_groups_holds_the_truth_as_often_as_it_says(number):
    """As a bootstrap of three groups does not, which holds it three times in four."""
    rng, held = np.random.default_rng(1), 0
    groups = np.repeat(np.arange(number), 10)
    for _ in range(1000):
        values = rng.normal(size=number)[groups] + rng.normal(size=len(groups))
        interval = clustered_interval(values, groups)
        held += interval.low <= 0.0 <= interval.high
    assert 930 <= held <= 970


def test_one_group_tells_nothing_of_others():
    interval = clustered_interval(np.array([0.1, 0.2]), np.zeros(2))
    assert interval.value == pytest.approx(0.15) and np.isnan([interval.low, interval.high]).all()
    assert not clustered_mean(np.array([0.1, 0.2]), np.zeros(2)).is_above(0.0)

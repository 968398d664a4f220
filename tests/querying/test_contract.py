"""What every query method promises, whatever it goes by."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from jeoni import plugins
from jeoni.locale import table
from jeoni.querying.choosing.proposal import FOLDER, build_querier, propose
from tests.querying.made_pools import half_labelled, pool_of

METHODS = plugins.names(FOLDER)


@pytest.mark.parametrize("budget", [1, 7, 60])
@pytest.mark.parametrize("name", METHODS)
def test_as_many_different_rows_are_chosen_as_are_asked_for(name, budget):
    pool = half_labelled()
    chosen = build_querier(name)(pool, budget)
    assert len(chosen.index) == len(chosen.scores) == budget
    assert len(np.unique(chosen.index)) == budget
    assert chosen.index.min() >= 0 and chosen.index.max() < len(pool.rows)


@pytest.mark.parametrize("name", METHODS)
def test_a_seed_gives_the_same_list_and_leaves_the_rows_alone(name):
    pool = half_labelled()
    before = pool.rows.copy()
    first, second = (build_querier(name)(half_labelled(), 5) for _ in range(2))
    np.testing.assert_array_equal(first.index, second.index)
    build_querier(name)(pool, 5)
    np.testing.assert_array_equal(pool.rows, before)


@pytest.mark.parametrize("name", METHODS)
def test_rows_that_are_all_alike_are_a_pool_too(name):
    rows, labelled = np.ones((12, 3)), np.array([[5.0, 0.0, 0.0], [0.0, 5.0, 0.0]])
    chosen = build_querier(name)(pool_of(rows, labelled, np.array([0, 1])), 12)
    assert sorted(chosen.index.tolist()) == list(range(12))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_says_what_it_needs_and_what_its_score_is(name):
    querier = build_querier(name)
    assert dataclasses.is_dataclass(querier) and isinstance(querier.needs_labels, bool)
    assert querier.score in table("querying", "en")["score_of"]


@pytest.mark.parametrize("name", [name for name in METHODS if not build_querier(name).needs_labels])
def test_a_method_that_needs_no_labels_does_without(name):
    rows = half_labelled().rows
    found = propose(rows, np.full(len(rows), -1), 6, method=name)
    assert len(found.index) == 6 and (found.suggested == -1).all()

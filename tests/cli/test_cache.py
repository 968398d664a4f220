from __future__ import annotations

import numpy as np
import pytest

from jeoni.features.store import FeatureKey, FeatureStore

KEY = FeatureKey("weights", 3, True, "224 px", "float32", "some [net]")


@pytest.fixture
def store(own_cache):
    store = FeatureStore()
    with store.table(KEY).writer() as writer:
        writer.add(b"a", np.ones(4, dtype=np.float32))
    return store


def test_damaged_tables_are_listed_as_such_and_cleared(store, jeoni):
    outcome = jeoni("cache")
    assert outcome.code == 0 and "some [net]" in outcome.out and "damaged" not in outcome.out
    next(store.root.rglob("key.json")).write_text('{"name"')
    outcome = jeoni("cache", "list")
    assert outcome.code == 0 and "damaged: key.json" in outcome.out
    outcome = jeoni("cache", "clear")
    assert outcome.code == 0 and "MB freed" in outcome.out
    assert store.listing() == []


def test_clearing_says_what_is_in_use(store, jeoni):
    table = store.table(KEY)
    outcome = jeoni("cache", "clear")
    assert outcome.code == 0 and "1 tables are in use by a running process and were left alone" in outcome.out
    assert len(table) == 1


@pytest.mark.parametrize("days", ["-1", "nan", "inf"])
def test_a_number_of_days_that_is_none_is_refused(store, jeoni, days):
    outcome = jeoni("cache", "clear", "--older-than", days)
    assert outcome.code == 1 and "a number of days is needed" in outcome.err
    assert len(store.listing()) == 1

from __future__ import annotations

import os
import time

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


def keep(store, stage: int, values: int, days_unused: float = 0.0) -> FeatureKey:
    """One more table."""
    key = FeatureKey("weights", stage, True, "224 px", "float32", f"net{stage}")
    with store.table(key).writer() as writer:
        writer.add(b"a", np.ones(values, dtype=np.float32))
    file = store.root / key.digest / "key.json"
    then = time.time() - days_unused * 86_400
    os.utime(file, (then, then))
    return key


def test_totals_come_first_then_the_largest_then_how_to_clear(own_cache, jeoni):
    store = FeatureStore()
    keep(store, 1, 1_000)
    keep(store, 2, 1_000_000, days_unused=40)
    keep(store, 3, 10_000)
    lines = jeoni("cache").out.splitlines()
    assert lines[0].startswith("3 entries, 4.0 MB in ") and lines[1] == "1 entry, 4.0 MB, not used for 30 days"
    named = [line.split()[0] for line in lines if line.startswith("net")]
    assert named == ["net2", "net3", "net1"]
    assert lines[-2].endswith("jeoni cache clear --older-than 30") and lines[-1].endswith(": jeoni cache clear")
    assert jeoni("cache", "clear", "--older-than", 30).code == 0
    assert jeoni("cache").out.startswith("2 entries, 4")


def test_what_an_interrupted_write_left_is_told(store, jeoni):
    assert "left over" not in jeoni("cache").out
    folder = store.root / KEY.digest
    (folder / f"{'a' * 32}.npy").write_bytes(b"0" * 5_000)
    (folder / f".{'b' * 32}.part").write_bytes(b"0" * 2_000)
    assert "7.0 kB left over from writing that was interrupted" in jeoni("cache").out


def test_only_the_largest_are_listed_unless_all_are_asked_for(own_cache, jeoni):
    store = FeatureStore()
    for stage in range(17):
        keep(store, stage, 100 + stage)
    said = jeoni("cache").out
    assert "and 2 smaller ones, " in said and said.count("net") == 15
    said = jeoni("cache", "list", "--all").out
    assert "smaller" not in said and said.count("net") == 17

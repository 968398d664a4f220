from __future__ import annotations

import numpy as np
import pytest

from jeoni.features.results import code_digest, digest_of, find_bytes, keep_bytes, kept_once
from jeoni.features.store import FeatureStore


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path)


def refuse():
    raise AssertionError("it was computed again")


def test_a_result_is_computed_once(store):
    made = kept_once(store, "sums", b"a" * 16, (2, 3), lambda: np.arange(6.0).reshape(2, 3) / 7)
    again = kept_once(store, "sums", b"a" * 16, (2, 3), refuse)
    assert again.dtype == np.float64 and np.array_equal(made, again)


def test_what_depends_on_something_else_is_computed(store):
    kept_once(store, "sums", b"a" * 16, (1,), lambda: np.zeros(1))
    assert kept_once(store, "sums", b"b" * 16, (1,), lambda: np.ones(1)) == 1
    assert kept_once(store, "means", b"a" * 16, (1,), lambda: np.ones(1)) == 1


def test_a_damaged_result_is_computed_again(store):
    kept_once(store, "sums", b"a" * 16, (1,), lambda: np.zeros(1))
    (shard,) = store.root.rglob("*.npy")
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    assert kept_once(store, "sums", b"a" * 16, (1,), lambda: np.ones(1)) == 1


def test_several_processes_compute_together(store, monkeypatch):
    kept_once(store, "sums", b"a" * 16, (1,), lambda: np.zeros(1))
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost"}.items():
        monkeypatch.setenv(name, value)
    assert kept_once(store, "sums", b"a" * 16, (1,), lambda: np.ones(1)) == 1


def test_bytes_of_any_length_are_kept(store):
    assert find_bytes(store, "pictures", b"a" * 16) is None
    for identity, content in ((b"a" * 16, b"first"), (b"b" * 16, b"a longer one\0")):
        keep_bytes(store, "pictures", identity, content)
        assert find_bytes(store, "pictures", identity) == content
    assert find_bytes(store, "pictures", b"a" * 16) == b"first"


def test_a_digest_knows_types_shapes_and_borders():
    zeros = np.zeros(4, dtype=np.float32)
    parts = [(zeros,), (zeros.reshape(2, 2),), (zeros.view(np.int32),), (zeros.tobytes(),), ("ab", "c"), ("a", "bc")]
    assert len({digest_of(*some) for some in parts}) == len(parts)


def test_objects_count_by_what_they_say():
    assert digest_of(np.array(["ab", "c"], dtype=object)) == digest_of(np.array(["a" + "b", "c"], dtype=object))
    assert digest_of(np.array(["ab"], dtype=object)) != digest_of(np.array(["ba"], dtype=object))


def test_code_that_changes_is_noticed(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "made_for_this.py").write_text("A = 1\n")
    before = code_digest("made_for_this")
    code_digest.cache_clear()
    (tmp_path / "made_for_this.py").write_text("A = 2\n")
    assert code_digest("made_for_this") != before

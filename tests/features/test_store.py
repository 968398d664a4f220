from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from jeoni.errors import StorageError
from jeoni.features import store as store_module
from jeoni.features.store import FeatureKey, FeatureStore
from jeoni.types import Quiet

KEY = FeatureKey("weights", 3, True, "224 px", "float32", "net")


class Listener(Quiet):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def warn(self, text: str) -> None:
        self.heard.append(text)


def digest(number: int) -> bytes:
    return number.to_bytes(16, "little")


def row(number: int) -> np.ndarray:
    return np.full(4, number, dtype=np.float32)


def write(store: FeatureStore, numbers: range) -> None:
    with store.table(KEY).writer() as writer:
        for number in numbers:
            writer.add(digest(number), row(number))


def test_rows_come_back_in_the_order_asked_for_across_shards(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "SHARD_ROWS", 4)
    store = FeatureStore(tmp_path)
    write(store, range(10))
    features = store.table(KEY).features([digest(n) for n in (9, 0, 5, 5)])
    assert features[slice(None)][:, 0].tolist() == [9, 0, 5, 5]
    assert features.select(np.array([3, 1])).numpy()[:, 0].tolist() == [5, 0]
    assert [len(b) for b in features.blocks(3)] == [3, 1]
    assert len(list(tmp_path.rglob("*.npy"))) == 3


@pytest.mark.parametrize("field", ["weights", "stage", "pooled", "preprocessing", "precision"])
def test_every_part_of_the_key_makes_another_table_but_the_name_does_not(tmp_path, field):
    other = {"weights": "w2", "stage": 4, "pooled": False, "preprocessing": "192 px", "precision": "bfloat16"}
    changed = FeatureKey(**{**KEY.__dict__, field: other[field]})
    assert changed.digest != KEY.digest
    assert FeatureKey(**{**KEY.__dict__, "name": "another"}).digest == KEY.digest


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "manifest"])
def test_a_damaged_shard_is_noticed_and_its_rows_are_missing(tmp_path, monkeypatch, damage):
    monkeypatch.setattr(store_module, "SHARD_ROWS", 4)
    write(FeatureStore(tmp_path), range(8))
    shard = next(p for p in tmp_path.rglob("*.npy"))
    if damage == "flip":
        content = bytearray(shard.read_bytes())
        content[-3] ^= 1
        shard.write_bytes(content)
    elif damage == "truncate":
        shard.write_bytes(shard.read_bytes()[:-4])
    elif damage == "remove":
        shard.unlink()
    else:
        shard.with_suffix(".json").write_text("{")
    console = Listener()
    store = FeatureStore(tmp_path, console)
    table = store.table(KEY)
    assert sum(digest(n) in table for n in range(8)) == 4
    assert "damaged" in console.heard[0]
    write(store, range(8))
    again = FeatureStore(tmp_path).table(KEY)
    assert again.features([digest(n) for n in range(8)]).numpy()[:, 0].tolist() == list(range(8))


def test_a_full_disk_is_said_and_what_was_written_stays(tmp_path, monkeypatch):
    store = FeatureStore(tmp_path)
    write(store, range(3))
    writer = store.table(KEY).writer()
    writer.add(digest(7), row(7))

    def full(*args: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store_module.np, "save", full)
    with pytest.raises(StorageError, match=r"disk that holds the feature cache is full .*jeoni cache clear"):
        writer.flush()
    assert digest(2) in FeatureStore(tmp_path).table(KEY)
    assert not list(tmp_path.rglob("*.part"))


def test_an_unwritable_cache_says_where_to_point(tmp_path):
    (tmp_path / "features").write_text("a file where a folder is needed")
    with pytest.raises(StorageError, match="JEONI_CACHE"):
        FeatureStore(tmp_path).table(KEY)


def _write_some(root: Path, numbers: range) -> None:
    store_module.SHARD_ROWS = 3
    write(FeatureStore(root), numbers)


def test_two_processes_on_one_cache_do_not_corrupt_it(tmp_path):
    context = multiprocessing.get_context("spawn")
    ranges = (range(60), range(30, 90))
    workers = [context.Process(target=_write_some, args=(tmp_path, numbers)) for numbers in ranges]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    console = Listener()
    table = FeatureStore(tmp_path, console).table(KEY)
    assert table.features([digest(n) for n in range(90)]).numpy()[:, 0].tolist() == list(range(90))
    assert console.heard == []


def test_a_killed_writer_loses_at_most_one_shard(tmp_path):
    code = (
        "import sys, time, numpy as np\n"
        "from pathlib import Path\n"
        "from jeoni.features import store as s\n"
        "s.SHARD_ROWS = 5\n"
        "key = s.FeatureKey('weights', 3, True, '224 px', 'float32', 'net')\n"
        "table = s.FeatureStore(Path(sys.argv[1])).table(key)\n"
        "writer = table.writer()\n"
        "for n in range(10_000):\n"
        "    writer.add(n.to_bytes(16, 'little'), np.full(4, n, dtype=np.float32))\n"
        "    print(n, flush=True)\n"
        "    time.sleep(0.002)\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    for line in worker.stdout:
        if int(line) == 37:
            os.kill(worker.pid, signal.SIGKILL)
            break
    rest = worker.stdout.read()
    worker.stdout.close()
    worker.wait()
    last = int(rest.split()[-1]) if rest.split() else 37
    console = Listener()
    table = FeatureStore(tmp_path, console).table(KEY)
    kept = sum(digest(n) in table for n in range(last + 1))
    assert kept >= last - 5
    assert console.heard == []
    assert table.features([digest(n) for n in range(kept)]).numpy()[:, 0].tolist() == list(range(kept))


def test_the_listing_counts_and_clearing_frees(tmp_path):
    store = FeatureStore(tmp_path)
    write(store, range(5))
    (record,) = store.listing()
    assert (record["rows"], record["name"], record["stage"]) == (5, "net", 3)
    assert store.clear(older_than_s=3600) == 0
    assert store.clear(older_than_s=3600, now=time.time() + 7200) > 80
    assert store.listing() == []


def test_rows_of_different_length_come_back_filled_up(tmp_path):
    from jeoni.features.store import FeatureKey, FeatureStore

    store = FeatureStore(tmp_path)
    key = FeatureKey("w", 1, False, "texts", ragged=True)
    rows = {bytes([k] * 16): np.full((k + 1, 3), k + 1, dtype=np.float16) for k in range(5)}
    with store.table(key).writer() as writer:
        for digest, row in rows.items():
            writer.add(digest, row)
    features = store.table(key).features(list(rows))
    assert features.lengths.tolist() == [1, 2, 3, 4, 5]
    assert features.shape == (5, 5, 3) and features.nbytes == 15 * 3 * 2
    part = features[np.array([3, 0])]
    assert part.shape == (2, 4, 3)
    assert part[0].tolist() == [[4.0] * 3] * 4
    assert part[1].tolist() == [[1.0] * 3, *[[0.0] * 3] * 3]
    assert features.select(np.array([2]))[slice(0, 1)].shape == (1, 3, 3)

from __future__ import annotations

import errno
import json
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


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "manifest", "rotated rows", "pipe", "folder", "link"])
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
    elif damage == "rotated rows":
        content = json.loads(shard.with_suffix(".json").read_text())
        content["rows"] = content["rows"][1:] + content["rows"][:1]
        shard.with_suffix(".json").write_text(json.dumps(content))
    elif damage == "pipe":
        shard.unlink()
        os.mkfifo(shard)
    elif damage == "folder":
        shard.unlink()
        shard.mkdir()
        (shard / "foreign").touch()
    elif damage == "link":
        (tmp_path / "elsewhere").write_bytes(shard.read_bytes())
        shard.unlink()
        shard.symlink_to(tmp_path / "elsewhere")
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
    assert (record.rows, record.key, record.damaged) == (5, KEY, 0)
    assert store.clear(older_than_s=3600).bytes == 0
    assert store.clear(older_than_s=3600, now=time.time() + 7200).bytes > 80
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


def test_a_manifest_without_a_checksum_is_not_believed_and_that_is_said_once(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "SHARD_ROWS", 4)
    write(FeatureStore(tmp_path), range(8))
    for path in tmp_path.rglob("*.json"):
        content = json.loads(path.read_text())
        content.pop("seal", None)
        path.write_text(json.dumps(content))
    console = Listener()
    table = FeatureStore(tmp_path, console).table(KEY)
    assert len(table) == 0
    assert len(console.heard) == 1 and "2 cached shards of net were written by an older jeoni" in console.heard[0]


def test_a_shard_that_was_moved_into_another_table_is_not_taken_for_one_of_its_own(tmp_path):
    write(FeatureStore(tmp_path), range(3))
    other = FeatureStore(tmp_path).table(FeatureKey("other weights", 3, True, "224 px"))
    (manifest,) = (p for p in tmp_path.rglob("*.json") if p.name != "key.json")
    for path in (manifest, manifest.with_suffix(".npy")):
        path.rename(other.folder / path.name)
    other.refresh()
    assert len(other) == 0


HOSTILE = [
    "",
    "{",
    "[]",
    "null",
    "3",
    '{"name": 1}',
    '{"rows": 5, "seal": "x"}',
    "[" * 100_000,
    "\x00",
    "\udcff",
    '{"a": 1e999}',
]


@pytest.mark.parametrize("which", ["key.json", "manifest"])
@pytest.mark.parametrize("content", HOSTILE)
def test_a_damaged_table_is_listed_used_again_and_cleared(tmp_path, which, content):
    store = FeatureStore(tmp_path)
    write(store, range(3))
    (named,) = (p for p in tmp_path.rglob("*.json") if (p.name == "key.json") == (which == "key.json"))
    named.write_bytes(content.encode("utf-8", "surrogateescape"))
    (record,) = store.listing()
    assert (record.key is None) == (which == "key.json") and record.damaged == (which == "manifest")
    write(store, range(3))
    assert FeatureStore(tmp_path).table(KEY).features([digest(2)]).numpy()[0, 0] == 2
    assert store.listing()[0].key == KEY
    named.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert store.clear().left == () and store.listing() == []


def test_a_pipe_in_the_place_of_a_key_is_not_waited_for(tmp_path):
    store = FeatureStore(tmp_path)
    write(store, range(3))
    (named,) = tmp_path.rglob("key.json")
    named.unlink()
    os.mkfifo(named)
    (record,) = store.listing()
    assert record.key is None and record.rows == 3
    assert [p.parent for p in [named]] == list(store.clear().left)
    write(store, range(3))
    assert len(store.table(KEY)) == 3


def test_clearing_removes_what_the_store_wrote_and_nothing_else(tmp_path):
    store = FeatureStore(tmp_path)
    write(store, range(3))
    (table,) = (tmp_path / "features").iterdir()
    letters = tmp_path / "features" / "letters"
    letters.mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    foreign = [
        letters / "key.json",
        table / "thesis.npy",
        tmp_path / "features" / "photo.jpg",
        outside / ("a" * 32 + ".npy"),
    ]
    for path in foreign:
        path.write_text("not of the store")
    (tmp_path / "features" / ("b" * 24)).symlink_to(outside)
    cleared = store.clear()
    assert all(path.read_text() == "not of the store" for path in foreign)
    assert cleared.left == (table,) and cleared.bytes > 80
    assert [p.name for p in table.iterdir()] == ["thesis.npy"]


def test_tables_in_use_are_left_alone_until_nobody_reads_them(tmp_path):
    store = FeatureStore(tmp_path)
    write(store, range(3))
    features = store.table(KEY).features([digest(1)])
    assert (store.clear().in_use, store.clear().bytes) == (1, 0)
    assert features.select(np.array([0])).numpy()[0, 0] == 1
    del features
    assert store.clear().in_use == 0 and store.listing() == []


def test_rows_that_were_removed_by_hand_while_they_were_needed_are_a_sentence(tmp_path):
    store = FeatureStore(tmp_path)
    write(store, range(3))
    features = store.table(KEY).features([digest(1)])
    for path in tmp_path.rglob("*.npy"):
        path.unlink()
    with pytest.raises(StorageError, match=r"removed or changed while they were needed .* Run the same command again"):
        features.numpy()


def test_a_table_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / KEY.digest).symlink_to(tmp_path / "outside")
    with pytest.raises(StorageError, match="it is a link"):
        FeatureStore(tmp_path).table(KEY)

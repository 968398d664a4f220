from __future__ import annotations

import dataclasses
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.items import ArrayItems, FileItems, FlawedItems, JoinedItems
from jeoni.errors import DataError
from jeoni.features.decoding import Decoder, Plan, Preparation, process, processes_pay, shared_block
from jeoni.features.decoding.pool import WorkerPool
from jeoni.features.decoding.process import Worker
from jeoni.features.decoding.worker import Source
from jeoni.features.extract import Extraction, Request, extract
from jeoni.features.store import FeatureStore
from jeoni.modalities.inputs.image import ImageInput
from jeoni.modalities.inputs.vector import VectorInput
from tests.conftest import TINY, make_picture
from tests.features.made_inputs import Crashing, Homebound

GREY = (0.5, 0.5, 0.5)


class Heard:
    """Keeps warnings, and shows nothing."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def warn(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture(scope="module")
def backbone():
    return load_backbone(TINY)


@pytest.fixture
def pictures(tmp_path: Path):
    def make(*names: str) -> FileItems:
        for k, name in enumerate(names):
            make_picture(k % 3, k).save(tmp_path / f"{name}.png")
        paths = [str(tmp_path / f"{name}.png") for name in names]
        return FileItems(paths, names)

    return make


def decoder_of(spec: ImageInput, console: Heard | None = None, policy: str = "") -> Decoder:
    plan = Plan((Preparation(spec, "", policy, bool(policy)),))
    return Decoder(plan, 1, True, console or Heard())  # type: ignore[arg-type]


def everything(place: int, digest: bytes) -> list[list[int]]:
    return [[0]]


def seen_by(items, backbone, decoding: str, workers: int, folder: Path, views=(0, 1, 2)) -> Extraction:
    request = Request(backbone, (Tap(0, False), Tap(backbone.n, True)), views, "strong")
    store = FeatureStore(folder / f"{decoding}{workers}")
    return extract(items, [request], store, threads=workers, decoding=decoding, engine="onnxruntime")


def test_rows_views_and_features_are_those_of_one_process_bit_for_bit(pictures, backbone, tmp_path):
    files = pictures(*(f"p{k}" for k in range(19)))
    pixels = ArrayItems(np.random.default_rng(0).integers(0, 256, (3, 50, 40, 3), dtype=np.uint8))
    items = JoinedItems(files, FlawedItems(pixels, {1: "item 1 has a flaw."}))
    runs = [seen_by(items, backbone, *how, tmp_path) for how in (("threads", 1), ("processes", 1), ("processes", 2))]
    assert [run.decoded_by for run in runs] == ["1 thread", "1 process", "2 processes"]
    readable = np.flatnonzero(runs[0].readable)
    for run in runs:
        assert run.errors == {20: "item 1 has a flaw."} and run.computed == 21
        assert run.digests == runs[0].digests
        np.testing.assert_array_equal(run.signatures.numpy(), runs[0].signatures.numpy())
        for tap in (Tap(0, False), Tap(backbone.n, True)):
            for view in (0, 1, 2):
                found = run.features(backbone, tap, readable, view).numpy()
                np.testing.assert_array_equal(found, runs[0].features(backbone, tap, readable, view).numpy())


def test_what_is_in_the_store_starts_no_worker(pictures, backbone, tmp_path, monkeypatch):
    items = pictures("a", "b")
    first = seen_by(items, backbone, "threads", 1, tmp_path)
    (tmp_path / "threads1").rename(tmp_path / "processes1")
    monkeypatch.setattr(process.subprocess, "Popen", lambda *a, **k: pytest.fail("a worker was started"))
    again = seen_by(items, backbone, "processes", 1, tmp_path)
    assert (first.computed, again.computed, again.decoded_by) == (2, 0, "")


@pytest.mark.parametrize(
    ("name", "how"), [("exit", "ended with status 3"), ("killed", "was killed .signal 9")], ids=["exit", "killed"]
)
def test_a_file_that_ends_its_worker_is_named_and_costs_no_other(pictures, name, how):
    items = pictures("a", "b", name, "c")
    spec = Crashing(32, GREY, GREY)
    found = list(decoder_of(spec).prepare(items, range(4), everything))
    assert [isinstance(one, DataError) for one in found] == [False, False, True, False]
    with pytest.raises(DataError, match=rf"^{name}: the worker process that decoded it {how}.*so did another one"):
        raise found[2]
    plain = ImageInput(32, GREY, GREY)
    for k in (0, 1, 3):
        np.testing.assert_array_equal(found[k].rows[0, 0], plain.row(plain.open(items.read(k), "")))


def test_a_worker_that_is_killed_once_costs_nothing(pictures, tmp_path):
    spec = Crashing(32, GREY, GREY, mark=str(tmp_path / "mark"))
    found = list(decoder_of(spec).prepare(pictures("a", "once", "b"), range(3), everything))
    assert (tmp_path / "mark").exists()
    assert all(one.opened for one in found)


def test_a_mistake_in_a_decoder_is_raised_as_in_one_process(pictures):
    with pytest.raises(ZeroDivisionError, match="a mistake in a decoder"):
        list(decoder_of(Crashing(32, GREY, GREY)).prepare(pictures("bug"), [0], everything))


def test_a_damaged_file_is_told_as_in_one_process(pictures, tmp_path):
    items = pictures("a", "b")
    (tmp_path / "b.png").write_bytes(b"no picture")
    found = list(decoder_of(ImageInput(32, GREY, GREY)).prepare(items, [0, 1], everything))
    with pytest.raises(DataError, match="b is not an image") as raised:
        raise found[1]
    assert raised.value.path == "b"


@pytest.mark.parametrize("cause", ["plan", "memory", "start", "ready"])
def test_threads_decode_where_workers_cannot_and_say_why(pictures, monkeypatch, cause):
    spec: ImageInput = Homebound(32, GREY, GREY) if cause == "plan" else ImageInput(32, GREY, GREY)
    said = {"plan": "ImportError: no such module in a worker", "memory": "no memory to share", "start": "started",
            "ready": "one ended with status 1 before it was ready"}  # fmt: skip

    def refuse(*args, **kwargs):
        raise OSError(28, "No space left on device")

    if cause == "memory":
        monkeypatch.setattr(process, "SharedBlock", refuse)
    if cause == "start":
        monkeypatch.setattr(process.subprocess, "Popen", refuse)
    if cause == "ready":
        monkeypatch.setattr(process, "PROGRAM", "raise SystemExit(1)")
    monkeypatch.setattr("jeoni.features.decoding.decoder.shared_pool", WorkerPool)
    console = Heard()
    decoder = decoder_of(spec, console)
    found = list(decoder.prepare(pictures("a", "b"), range(2), everything))
    assert [one.rows[0, 0].shape for one in found] == [(32, 32, 3)] * 2
    assert not decoder.processes
    (warning,) = console.said
    assert said[cause] in warning and "worker processes cannot be used" in warning


def test_workers_that_died_while_they_waited_are_no_fault_of_the_first_example(pictures):
    files, plan = pictures("a", "b"), pickle.dumps(Plan((Preparation(ImageInput(32, GREY, GREY), ""),)))
    sources = [Source(k, f"p{k}", files.path(k)) for k in range(2)]
    pool = WorkerPool(2)
    with pool._borrowed() as first, pool._borrowed() as second:
        waiting = [first, second]
        for worker in waiting:
            worker.prepare(plan, sources, everything)
    for worker in waiting:
        worker._process.kill()
        worker._process.wait()
    found = pool.prepare(plan, sources, everything)
    pool.close()
    assert [one.rows[0, 0].shape for one in found] == [(32, 32, 3)] * 2


def test_an_input_of_a_script_is_decoded_by_threads():
    class Own(ImageInput):
        pass

    Own.__module__ = "__main__"
    assert not decoder_of(Own(32, GREY, GREY)).processes
    Own.__module__ = __name__  # a class inside a function cannot be pickled either
    assert not decoder_of(Own(32, GREY, GREY)).processes


def test_rows_larger_than_the_shared_memory_get_more_of_it(pictures, monkeypatch):
    monkeypatch.setattr(process, "START_BYTES", 1000)
    monkeypatch.setattr("jeoni.features.decoding.decoder.shared_pool", WorkerPool)
    spec = ImageInput(96, GREY, GREY)
    items = pictures("a", "b", "c")
    for one, k in zip(decoder_of(spec).prepare(items, range(3), everything), range(3), strict=True):
        np.testing.assert_array_equal(one.rows[0, 0], spec.row(spec.open(items.read(k), "")))


def test_shared_memory_that_is_full_gives_way_to_the_folder_for_temporary_files(monkeypatch, tmp_path):
    genuine, tried = os.posix_fallocate, []

    def small(descriptor, offset, size):
        tried.append(size)
        if len(tried) == 1:
            raise OSError(28, "No space left on device")
        genuine(descriptor, offset, size)

    monkeypatch.setattr(shared_block.os, "posix_fallocate", small)
    monkeypatch.setattr(shared_block, "IN_MEMORY", tmp_path)
    block = shared_block.SharedBlock(1000)
    assert len(tried) == 2 and Path(block.path).exists() and not list(tmp_path.iterdir())
    block.forget_name()
    assert not Path(block.path).exists()
    block.close()


def test_ctrl_c_is_the_parents_and_a_worker_ends_with_its_orders(pictures):
    worker = Worker()
    spec = ImageInput(32, GREY, GREY)
    decoder = decoder_of(spec)
    source = [process.Source(0, "a", pictures("a").path(0))]
    worker.prepare(decoder._pickled, source, everything)
    os.kill(worker._process.pid, signal.SIGINT)
    (made,) = worker.prepare(decoder._pickled, source, everything)
    assert made.opened
    assert worker.end() == 0


def test_no_worker_outlives_a_parent_that_was_killed():
    script = (
        "import sys, time\nfrom jeoni.features.decoding.process import Worker\n"
        "w = Worker(); w._get_ready(b'') if False else w._give_block(100)\n"
        "print(w._process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        if not _runs(pid):
            return
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the worker was still there after five seconds")


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("workers", "count", "wanted", "expected"),
    [
        (2, 100_000, "auto", False),
        (16, 100_000, "auto", True),
        (16, 100, "auto", False),
        (16, 100_000, "threads", False),
        (1, 1, "processes", True),
    ],
)
def test_processes_where_many_cores_have_much_to_decode(workers, count, wanted, expected):
    assert processes_pay([ImageInput(32, GREY, GREY)], count, workers, wanted) is expected
    assert not processes_pay([VectorInput(4)], count, workers, wanted)  # nothing to decode


def test_plans_differ_in_what_they_make(pictures):
    items, spec = pictures("a"), ImageInput(32, GREY, GREY)
    larger = dataclasses.replace(spec, size=48)
    for one in (spec, larger, spec):  # one worker, which is told of each plan
        (made,) = decoder_of(one).prepare(items, [0], everything)
        assert made.rows[0, 0].shape == (one.size, one.size, 3)

"""Other processes that compute: here they are pickled and opened again in this one, so that nothing waits for them."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.items import FileItems
from jeoni.data.text_items import TextItems
from jeoni.errors import DataError
from jeoni.features import engine as engine_module
from jeoni.features.engine import Choice
from jeoni.features.engines.onnxruntime import OnnxRuntimeEngine
from jeoni.features.extract import Request, extract
from jeoni.features.key import FeatureKey
from jeoni.features.known import KnownRows
from jeoni.features.store import FeatureStore
from jeoni.features.worker import Worker
from jeoni.types import Quiet
from tests.conftest import TINY


@dataclass
class Neighbours:
    """A executor whose chunks come back in the reverse order, as from elsewhere."""

    few: int = 1
    seen: list = field(default_factory=list)
    gpu: bool = False
    change: object = None

    def least(self):
        return self.few

    def accelerated(self):
        return self.gpu

    def chunks(self, items, index, todo, size):
        self.seen.append((len(index), todo))
        worker = Worker(pickle.loads(pickle.dumps(todo)))
        made = []
        for start in range(0, len(index), 2 * size):
            numbers = index[start : start + 2 * size]
            part = pickle.loads(pickle.dumps(items.select(numbers)))
            for chunk in worker.chunks(part, range(len(part))):
                chunk.errors = {numbers[i]: text for i, text in chunk.errors.items()}
                chunk.index = [numbers[i] for i in chunk.index]
                made.append(pickle.loads(pickle.dumps(chunk)))
        for chunk in reversed(made):
            yield self.change(chunk) if self.change else chunk


@pytest.fixture(scope="module")
def backbone():
    return load_backbone(TINY)


def files(root):
    paths = sorted(str(p) for p in root.rglob("*.*"))
    return FileItems(paths, paths)


def request(backbone):
    return Request(backbone, (Tap(backbone.n, True), Tap(2, False)))


def rows(seen, backbone):
    return [seen.features(backbone, tap).numpy() for tap in request(backbone).taps]


def test_an_executor_gives_the_same_bits_and_keeps_them_where_a_plain_run_finds_them(make_photos, backbone, tmp_path):
    items, executor = files(make_photos(each=15)), Neighbours()
    plain = extract(items, [request(backbone)], FeatureStore(tmp_path / "a"), engine="onnxruntime")
    shared = FeatureStore(tmp_path / "b")
    seen = extract(items, [request(backbone)], shared, engine="onnxruntime", executor=executor)
    for one, other in zip(rows(plain, backbone), rows(seen, backbone), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(plain.signatures.numpy(), seen.signatures.numpy())
    assert (seen.digests, seen.remarks, seen.computed) == (plain.digests, plain.remarks, 30)
    assert [count for count, _ in executor.seen] == [22]  # the first eight decided the engine
    again = extract(items, [request(backbone)], shared, engine="onnxruntime")
    assert again.computed == 0
    assert rows_on_disk(shared) == [1] * 30 * 3  # pooled, whole, signature


def rows_on_disk(store):
    """How often each row of each table was written."""
    manifests = [m for m in store.root.rglob("*.json") if m.name != "key.json"]
    found = Counter((m.parent.name, row) for m in manifests for row in json.loads(m.read_text())["rows"])
    return list(found.values())


def test_an_executor_is_told_what_the_store_has_and_computes_only_the_rest(make_photos, backbone):
    root = make_photos(each=10)
    extract(files(root), [request(backbone)], FeatureStore(), engine="onnxruntime")
    make_photos(each=12)
    seen = extract(files(root), [request(backbone)], FeatureStore(), engine="onnxruntime", executor=Neighbours())
    assert seen.computed == 4


def test_texts_of_any_length_are_those_of_one_process(encoder_folder, tmp_path):
    backbone = load_backbone(f"transformers:{encoder_folder('bert')}")
    texts = [" ".join(["film"] * (1 + 7 * k % 30)) + f" {k}" for k in range(40)]
    items, pooled = TextItems(texts, texts), Request(backbone, (Tap(backbone.n, True),))
    found = [
        extract(items, [pooled], FeatureStore(tmp_path / name), engine="onnxruntime", executor=executor)
        for name, executor in (("a", None), ("b", Neighbours()))
    ]
    one, other = (seen.features(backbone, pooled.taps[0]).numpy() for seen in found)
    np.testing.assert_array_equal(one, other)


def test_a_process_that_decodes_by_processes_gives_the_same_bits(make_photos, backbone, tmp_path):
    items, found, executor = files(make_photos(each=15)), [], Neighbours()
    for decoding, there in (("threads", None), ("processes", executor)):
        store = FeatureStore(tmp_path / decoding)
        how = {"engine": "onnxruntime", "decoding": decoding, "executor": there}
        found.append(rows(extract(items, [request(backbone)], store, **how), backbone))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
    ((_, todo),) = executor.seen
    assert Worker(todo).decoded_by == "1 process"


@dataclass
class TwoNeighbours(Neighbours):
    """Two processes, each of which has a worker of its own."""

    def chunks(self, items, index, todo, size):
        half = len(index) // 2
        yield from super().chunks(items, index[:half], todo, size)
        yield from super().chunks(items, index[half:], todo, size)


def test_what_processes_warn_of_is_told_here_once(make_photos, backbone, monkeypatch):
    class FullGpu:
        """What onnxruntime computes, at most two rows at a time."""

        def compile(self, *args):
            run = OnnxRuntimeEngine().compile(*args)

            def limited(rows):
                if len(rows) > 2:
                    raise torch.OutOfMemoryError("CUDA out of memory.")
                return run(rows)

            return limited

        name, accelerated = "torch", lambda self: True

    monkeypatch.setattr(engine_module, "_candidates", lambda wanted: [(FullGpu(), "float32")])
    console, heard = Quiet(), []
    monkeypatch.setattr(console, "warn", heard.append)
    items, executor = files(make_photos(each=16)), TwoNeighbours(gpu=True)
    seen = extract(items, [request(backbone)], FeatureStore(), engine="torch", executor=executor, console=console)
    assert seen.computed == 32 and len(heard) == len(set(heard))
    assert heard[0] == "The GPU has no memory for 8 examples at once; from now on 4 are taken."
    assert heard[1] == "The GPU has no memory for 4 examples at once; from now on 2 are taken."


def test_few_examples_are_worked_off_here(make_photos, backbone):
    executor = Neighbours(few=25)
    extract(files(make_photos(each=12)), [request(backbone)], FeatureStore(), engine="onnxruntime", executor=executor)
    assert executor.seen == []


def test_what_an_executor_cannot_read_is_listed_and_with_strict_stops_the_run(make_photos, backbone):
    root = make_photos(each=12)
    (root / "class_1" / "005.png").write_bytes(b"no picture")
    items = files(root)
    seen = extract(items, [request(backbone)], FeatureStore(), engine="onnxruntime", executor=Neighbours())
    assert list(seen.errors) == [17] and not seen.readable[17] and "005.png" in seen.errors[17]
    with pytest.raises(DataError, match=r"005\.png"):
        extract(items, [request(backbone)], FeatureStore(), engine="onnxruntime", executor=Neighbours(), strict=True)


def test_machines_that_compute_in_different_precisions_go_on_in_float32(make_photos, backbone):
    """Of the first pass some chunks say they are bfloat16; the second pass is told to compute in float32 only."""
    asked = []

    def other_precision(chunk):
        if len(executor.seen) == 1 and min(chunk.index) >= 16:
            asked.append(len(chunk.index))
            chunk.choices = tuple(c and replace(c, precision="bfloat16") for c in chunk.choices)
        return chunk

    executor = Neighbours(gpu=True, change=other_precision)
    items = files(make_photos(each=12))
    seen = extract(items, [request(backbone)], FeatureStore(), engine="onnxruntime", executor=executor)
    assert sum(asked) == 8 and [count for count, _ in executor.seen] == [24, 8]
    assert [todo.forced for _, todo in executor.seen] == [("",), ("float32",)]
    plain = extract(items, [request(backbone)], FeatureStore(), engine="onnxruntime")
    assert plain.computed == 0
    assert isinstance(seen.choices[0], Choice) and len(rows(seen, backbone)[0]) == 24


def test_the_engine_of_another_process_does_not_run_here(make_photos, backbone):
    items = files(make_photos(each=12))
    seen = extract(items, [request(backbone)], FeatureStore(), engine="onnxruntime", executor=Neighbours(gpu=True))
    with pytest.raises(RuntimeError, match="in another process"):
        seen.choices[0].run(np.zeros((1, 2)))


def test_known_rows_tell_apart_what_differs_in_its_last_byte():
    key, other = FeatureKey("weights", 3, True, "224 px"), FeatureKey("weights", 4, True, "224 px")
    table = FeatureStore().table(key)
    digests = [bytes([k] * 15 + [last]) for k in (3, 0, 2) for last in (0, 1)]
    with table.writer() as writer:
        for digest in digests:
            writer.add(digest, np.ones(2))
    known = pickle.loads(pickle.dumps(KnownRows.of([table])))
    assert all(d in known.table(key) for d in digests) and len(known.table(key)) == 6
    assert bytes([1] * 16) not in known.table(key) and bytes([3] * 15 + [2]) not in known.table(key)
    assert digests[0] not in known.table(other) and len(known.table(other)) == 0
    assert known.holds(key) and not known.holds(other)

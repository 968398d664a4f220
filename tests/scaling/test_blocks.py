from __future__ import annotations

import pickle
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pyarrow
import pytest

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.items import ArrayItems, FileItems
from jeoni.data.text_items import TextItems
from jeoni.errors import ConfigError, JeoniError, MissingExtra
from jeoni.features.chunks import Chunk
from jeoni.features.executor import ToDo
from jeoni.features.extract import Request
from jeoni.features.known import KnownRows
from jeoni.scaling import ray as module
from jeoni.scaling.blocks import block_length, blocks, travels_alone
from jeoni.scaling.cluster import Cluster
from jeoni.scaling.extractor import Extractor, Setup
from jeoni.scaling.ray import RayExecutor
from jeoni.specs.where import parse_where
from tests.conftest import TINY


def test_blocks_hold_whole_chunks_and_every_example_once():
    items = FileItems([f"{k}.png" for k in range(50)], [f"{k}.png" for k in range(50)])
    order = list(range(50))[::-1]
    made = list(blocks(items, order, 16, alone=True))
    assert [n for block in made for n in block.numbers] == order
    assert [len(block.numbers) for block in made] == [16, 16, 16, 2]
    assert made[1].items.name(0) == "33.png"


@pytest.mark.parametrize(("count", "processes", "length"), [(10, 2, 8), (1000, 1, 248), (10_000, 1, 256)])
def test_blocks_are_long_but_each_process_gets_several(count, processes, length):
    assert block_length(count, 8, processes) == length


def test_paths_and_texts_travel_with_their_block_and_one_array_does_not():
    names = [f"{k}" for k in range(5000)]
    assert travels_alone(FileItems(names, names)) and travels_alone(TextItems(names, names))
    assert not travels_alone(ArrayItems(np.zeros((100, 32, 32, 3), dtype=np.uint8)))


def files(*names):
    return FileItems(list(names), list(names))


class Pool:
    """Processes that die of examples whose name says so, and of every one where all say so."""

    processes = 2

    def __init__(self, executor, cluster, items, todo, count):
        self.items = items

    def run(self, index, length, starts):
        for start in range(0, len(index), length):
            block = index[start : start + length]
            if not any("deadly" in self.items.name(i) for i in block):
                yield Chunk(block, [b"x" * 16] * len(block), rows=[[]])


@pytest.fixture
def executor(monkeypatch):
    monkeypatch.setattr(module, "_Pool", Pool)
    monkeypatch.setattr(module, "connect", lambda where: Cluster(where, 2, 0))
    return RayExecutor(parse_where("ray"))


TODO = ToDo((None,), KnownRows({}), ("auto",), ("float32",), ("",))


def test_what_ends_its_process_costs_only_itself_and_is_named(executor):
    items = files(*(f"{k}.png" for k in range(20)), "deadly.png", *(f"{k}.png" for k in range(20, 40)))
    found = list(executor.chunks(items, range(41), TODO, 8))
    assert sorted(i for chunk in found for i in chunk.index) == list(range(41))
    errors = {i: text for chunk in found for i, text in chunk.errors.items()}
    assert list(errors) == [20] and errors[20].startswith("deadly.png ended the process that read it")


def test_a_cluster_on_which_nothing_lives_is_said(executor):
    with pytest.raises(ConfigError, match=r"Each process that the Ray cluster on this machine .* died .* --workers"):
        list(executor.chunks(files("deadly.png"), [0], TODO, 8))


def test_gpus_are_used_where_there_are_some_and_nothing_else_is_wanted(executor, monkeypatch):
    monkeypatch.setattr(module, "connect", lambda where: Cluster(where, 8, 2))
    assert executor.accelerated() and not RayExecutor(executor.where, "onnxruntime").accelerated()
    monkeypatch.setattr(module.distributed, "selected_device", lambda: "cpu")
    assert not executor.accelerated()


def begun(monkeypatch, items, todo, threads=1, count=0):
    """An extractor as it is in its process."""
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(get=lambda value: value))
    setup = Setup(pickle.dumps(todo), todo.known, (items,), "auto", threads, count, ".")
    return Extractor(setup)


def asked(items, numbers):
    (block,) = blocks(items, numbers, len(numbers), alone=False)
    return pyarrow.table({"block": pyarrow.array([pickle.dumps(block)], pyarrow.binary())})


def test_a_process_gives_back_chunks_with_the_numbers_of_the_whole(monkeypatch):
    backbone = load_backbone(TINY)
    images = ArrayItems(np.random.default_rng(0).integers(0, 256, (30, 32, 32, 3), dtype=np.uint8))
    todo = ToDo((Request(backbone, (Tap(backbone.n, True),)),), KnownRows({}), ("torch",), ("float32",), ("",))
    extractor = begun(monkeypatch, images, todo)
    cells = [row["chunk"][0].as_buffer() for row in extractor(asked(images, range(10, 20)))]
    chunks = [module._opened(cell) for cell in cells]
    assert [i for chunk in chunks for i in chunk.index] == list(range(10, 20))
    assert sum(len(chunk.rows[0]) for chunk in chunks) == 10 and chunks[0].choices[0].name == "torch"


def test_a_process_with_cores_enough_decodes_by_processes_as_a_plain_run_does(monkeypatch):
    request = Request(load_backbone(TINY), (Tap(0, False),))
    todo = ToDo((request,), KnownRows({}), ("torch",), ("float32",), ("",))
    found = []
    for threads, count, decoding in ((1, 500, "auto"), (4, 500, "auto"), (4, 20, "auto"), (4, 500, "threads")):
        worker = begun(monkeypatch, None, replace(todo, decoding=decoding), threads=threads, count=count)
        worker._begin()
        found.append(worker._worker.decoded_by)
    assert found == ["1 thread", "4 processes", "4 threads", "4 threads"]


def test_what_goes_wrong_in_a_process_is_told_as_it_was(monkeypatch):
    backbone = load_backbone(TINY)
    images = ArrayItems(np.zeros((3, 32, 32, 3), dtype=np.uint8))
    todo = ToDo((Request(backbone, (Tap(backbone.n, True),)),), KnownRows({}), ("none",), ("float32",), ("",))
    extractor = begun(monkeypatch, images, todo)
    (row,) = extractor(asked(images, range(3)))
    with pytest.raises(ConfigError, match="No engine is called 'none'") as caught:
        module._opened(row["chunk"][0].as_buffer())
    assert "Traceback" in "".join(caught.value.__notes__)


class StubbornError(Exception):
    def __reduce__(self):
        raise TypeError("it stays where it is")


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (StubbornError("the words"), RuntimeError, "StubbornError: the words"),
        (MissingExtra("openvino", "openvino", "It"), JeoniError, r"^It needs the package 'openvino'"),
    ],
)
def test_an_exception_that_cannot_travel_is_told_by_its_words(error, kind, said, monkeypatch):
    def fail():
        raise error

    extractor = begun(monkeypatch, None, TODO)
    monkeypatch.setattr(extractor, "_begin", fail)
    (row,) = extractor(asked(files("a"), [0]))
    with pytest.raises(kind, match=said):
        module._opened(row["chunk"][0].as_buffer())

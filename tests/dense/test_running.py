"""Predictions of pictures in one pass: the device, the engine, who decodes, and files that cannot be read."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch

import jeoni
from jeoni import distributed
from jeoni.backbones.catalog import load_backbone
from jeoni.data.items import FileItems
from jeoni.dense import network as dense_network
from jeoni.dense.frames import with_frame
from jeoni.errors import DataError
from jeoni.features import engine
from jeoni.features.engines.torch import TorchEngine
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from tests.conftest import TINY
from tests.dense.made import save_masks
from tests.dense.test_end_to_end import SIZE, fit, make_data


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    return folder, *make_data(folder, "detection", 5)


@pytest.fixture(scope="module")
def model(pictures):
    _, data, task = pictures
    return fit(data, task, with_frame(load_backbone(TINY), data, 64, SIZE), Context(workers=1))


def boxes_of(found):
    return [np.column_stack([one.boxes, one.labels, one.scores]) for one in found]


def assert_alike(found, wanted, near=1e-4):
    for one, other in zip(boxes_of(found), boxes_of(wanted), strict=True):
        np.testing.assert_allclose(one, other, atol=near)


def test_every_engine_finds_the_same_whatever_the_number_of_pictures(model, pictures):
    _, data, _ = pictures
    wanted = model.predict(data, Context(workers=1, engine="torch"))
    assert len(wanted) == 5  # the last batch is not full
    for workers in (1, 2):
        assert_alike(model.predict(data, Context(workers=workers, engine="onnxruntime")), wanted)


def test_worker_processes_decode_where_they_are_asked_for(model, pictures):
    _, data, _ = pictures
    wanted = model.predict(data, Context(workers=1))
    assert_alike(model.predict(data, Context(workers=2, decoding="processes")), wanted, near=0)


def test_stored_maps_and_pixels_give_the_same_predictions(model, pictures):
    _, data, _ = pictures
    context = Context(workers=1)
    seen = context.extract(data.items, [Request(model.backbone, tuple(m.tap for m in model.maps))])
    index = np.arange(len(data))
    examples = Examples(data, index, seen, index, np.zeros((1, len(data)), dtype=np.int64))
    stored = list(model.predict_examples(examples, model.backbone, context))
    assert_alike(stored, model.predict(data, context), near=0.2)  # maps are kept in half precision


def test_a_file_that_cannot_be_read_costs_itself_only(model, pictures, tmp_path):
    folder, data, _ = pictures
    shutil.copytree(folder, tmp_path / "some")
    whole = (tmp_path / "some" / "1.png").read_bytes()
    (tmp_path / "some" / "1.png").write_bytes(whole[: len(whole) // 2])  # its header is sound
    (tmp_path / "some" / "3.png").unlink()
    paths = [str(tmp_path / "some" / f"{k}.png") for k in range(5)]
    items = FileItems(paths, paths)
    found = list(model.predictions(items, Context(workers=2)))
    assert [one.index for one in found] == list(range(5))
    assert [bool(one.error) for one in found] == [False, True, False, True, False]
    wanted = model.predict(data, Context(workers=1))
    assert_alike([found[k].prediction for k in (0, 2, 4)], [wanted[k] for k in (0, 2, 4)])
    with pytest.raises(DataError, match=r"1\.png"):
        list(model.predictions(items, Context(workers=1, strict=True)))


def test_of_no_pictures_there_are_no_predictions(model):
    assert not list(model.predictions(FileItems([], []), Context(workers=1)))


def test_the_selected_device_runs_whole_models(model, pictures, monkeypatch):
    """A device of its own that computes as the processor does, and counts."""
    _, data, _ = pictures
    wanted = model.predict(data, Context(workers=1))
    compiled = []
    plain = TorchEngine.compile

    def compile_and_count(self, network, rows, threads, precision):
        compiled.append((distributed.selected_device(), precision))
        return plain(self, network, rows, threads, precision)

    monkeypatch.setattr(TorchEngine, "compile", compile_and_count)
    monkeypatch.setattr(TorchEngine, "accelerated", lambda self: True)
    monkeypatch.setattr(engine, "_candidates", lambda wanted: [(TorchEngine(), "bfloat16"), (TorchEngine(), "float32")])
    assert_alike(model.predict(data, Context(workers=1)), wanted)
    assert compiled == [("auto", "float32")]  # never in half precision


def test_rows_from_the_store_are_computed_on_the_selected_device(model, pictures, monkeypatch):
    asked = []
    monkeypatch.setattr(dense_network.distributed, "device", lambda: asked.append(1) or torch.device("cpu"))
    test_stored_maps_and_pixels_give_the_same_predictions(model, pictures)
    assert asked


def test_options_of_computing_reach_the_verbs(tmp_path):
    root = save_masks(tmp_path / "masks", 8)
    options = {"backbone": TINY, "quiet": True, "control": False, "steps": 2, "views": 1, "image_size": "64x64"}
    result = jeoni.fit(str(root), out=tmp_path / "run", pictures=False, folds=2, **options)
    bad = root / "images" / "002.png"
    bad.write_bytes(bad.read_bytes()[:300])
    plain = jeoni.evaluate(result.model, str(root), quiet=True, device="cpu")
    quick = jeoni.evaluate(result.model, str(root), quiet=True, engine="onnxruntime", decoding="threads")
    assert plain.n == quick.n == 7
    assert plain.metrics["miou"].value == pytest.approx(quick.metrics["miou"].value, abs=1e-3)
    found = jeoni.predict(result.model, str(root / "images"), quiet=True, engine="onnxruntime", workers=1)
    assert len(found) == 7 and list(found.errors) == ["002.png"]

"""Ray itself, on a cluster of this machine that all tests share; run where it is installed: pip install 'jeoni[ray]'."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import jeoni
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.items import FileItems
from jeoni.features.extract import Request, extract
from jeoni.features.store import FeatureStore
from jeoni.scaling.cluster import connect
from jeoni.scaling.ray import RayExecutor
from jeoni.specs.where import parse_where
from tests.conftest import TINY, save_photos

ray = pytest.importorskip("ray")

LOCAL = parse_where("ray")
pytestmark = pytest.mark.filterwarnings("ignore")  # of Ray and what it uses


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return save_photos(tmp_path_factory.mktemp("ray") / "photos", classes=2, each=132)


@pytest.fixture(scope="module", autouse=True)
def cluster():
    yield connect(LOCAL)
    ray.shutdown()


@dataclass
class DeadlyItems:
    """Files of which one ends the process that reads it: the first time, or every time."""

    files: FileItems
    deadly: str
    marker: Path | None = None

    def __len__(self):
        return len(self.files)

    def name(self, index):
        return self.files.name(index)

    def size(self, index):
        return self.files.size(index)

    def select(self, indices):
        return DeadlyItems(self.files.select(indices), self.deadly, self.marker)

    def read(self, index):
        if self.name(index).endswith(self.deadly) and not (self.marker and self.marker.exists()):
            if self.marker:
                self.marker.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        return self.files.read(index)


def files(root):
    paths = sorted(str(p) for p in root.rglob("*.*"))
    return FileItems(paths, paths)


def times_written(store):
    """How often each row of each table was written."""
    manifests = [m for m in store.root.rglob("*.json") if m.name != "key.json"]
    rows = Counter((m.parent.name, row) for m in manifests for row in json.loads(m.read_text())["rows"])
    return list(rows.values())


def test_two_processes_give_the_bits_of_one_run_though_one_is_killed(photos, tmp_path):
    backbone, items = load_backbone(TINY), files(photos)
    wanted = Request(backbone, (Tap(backbone.n, True), Tap(2, False)))
    plain = extract(items, [wanted], FeatureStore(tmp_path / "plain"), engine="onnxruntime")
    store, killed = FeatureStore(tmp_path / "ray"), tmp_path / "killed"
    executor = RayExecutor(LOCAL, "onnxruntime", 2)
    seen = extract(
        DeadlyItems(items, "class_1/007.png", killed), [wanted], store, engine="onnxruntime", executor=executor
    )
    assert killed.read_text() != str(os.getpid())
    assert seen.readable.all() and seen.computed == 264 and seen.digests == plain.digests
    for tap in wanted.taps:
        one, other = (found.features(backbone, tap).numpy() for found in (plain, seen))
        np.testing.assert_array_equal(one, other)
    assert times_written(store) == [1] * 264 * 3  # pooled, whole, signature: nothing is lost, nothing is there twice
    assert extract(items, [wanted], store, engine="onnxruntime").computed == 0


def test_predictions_by_ray_are_those_of_this_process(photos, plain_run, capfd, monkeypatch, tmp_path):
    one = jeoni.predict(plain_run / "model", photos, engine="onnxruntime", quiet=True)
    monkeypatch.setenv("JEONI_CACHE", str(tmp_path / "other"))
    capfd.readouterr()
    stored = photos.absolute().as_uri()  # as of an object store: each process has a connection of its own
    other = jeoni.predict(plain_run / "model", stored, engine="onnxruntime", on="ray", workers=2, quiet=True)
    assert capfd.readouterr() == ("", "")
    np.testing.assert_array_equal(one.values, other.values)
    assert one.names == other.names


@pytest.mark.slow
def test_what_kills_every_process_is_named_and_all_else_is_there(photos, tmp_path):
    backbone, items = load_backbone(TINY), files(photos)
    pooled = Request(backbone, (Tap(backbone.n, True),))
    executor = RayExecutor(LOCAL, "onnxruntime", 2)
    seen = extract(DeadlyItems(items, "class_1/007.png"), [pooled], FeatureStore(tmp_path), executor=executor)
    assert len(seen.errors) == 1 and "ended the process that read it" in next(iter(seen.errors.values()))
    assert seen.readable.sum() == 263

"""Whole runs in two processes, really started, against the same run in this one."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.conftest import TINY
from tests.dense.made import save_masks

FIT = (
    "--backbone",
    TINY,
    "--strategy",
    "finetune",
    "--steps",
    "8",
    "--batch-size",
    "8",
    "--views",
    "2",
    "--no-control",
    "--engine",
    "torch",
)


@pytest.fixture(scope="module")
def small_pictures():
    """Not here: other processes would not know."""


def start(launcher, words, cache):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "JEONI_CACHE": str(cache)}
    return subprocess.run(
        [sys.executable, *launcher, "-m", "jeoni", *map(str, words)],
        capture_output=True, text=True, env=environment, timeout=240,
    )  # fmt: skip


def two():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", str(port)]


def probabilities(run):
    with open(run / "predictions.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [r["path"] for r in rows], np.array(
        [[float(v) for k, v in r.items() if k.startswith("prob:")] for r in rows]
    )


def test_a_fit_in_two_processes_is_that_of_one(make_photos, tmp_path, jeoni, one_thread):
    photos, held = make_photos(each=24), make_photos("held", each=8, first=200)
    words = ["fit", photos, "--test", held, *FIT, "--out"]
    assert jeoni(*words, tmp_path / "one").code == 0
    done = start(two(), [*words, tmp_path / "two"], tmp_path / "cache-two")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("report  ") == 1
    (names, one), (others, both) = probabilities(tmp_path / "one"), probabilities(tmp_path / "two")
    assert names == others
    np.testing.assert_allclose(one, both, atol=5e-3)
    records = [json.loads((tmp_path / n / "run.json").read_text()) for n in ("one", "two")]
    assert records[0]["data"]["sha256"] == records[1]["data"]["sha256"]
    assert records[1]["training"]["frozen_identical"] and not (tmp_path / "two" / "checkpoints").exists()
    # both computed: every table has the shards of two processes, and no row twice
    keys = list((tmp_path / "cache-two").rglob("key.json"))
    alone = ("pictures", "times of stages")  # which the first process alone makes
    tables = [key.parent for key in keys if not any(what in key.read_text() for what in alone)]
    shards = [[json.loads(m.read_text())["rows"] for m in t.glob("*.json") if m.name != "key.json"] for t in tables]
    filled = [rows for rows in shards if rows]
    assert len(filled) >= 3  # signatures, pooled features, the cut
    assert all(len(rows) >= 2 and len(set().union(*rows)) == sum(map(len, rows)) for rows in filled)


@pytest.mark.slow
def test_accelerate_launches_a_fit(make_photos, tmp_path):
    launcher = ["-m", "accelerate.commands.launch", "--cpu", "--num_processes", "1", "--num_machines", "1"]
    launcher += ["--mixed_precision", "no", "--dynamo_backend", "no"]
    done = start(launcher, ["fit", make_photos(), "--folds", 2, "--out", tmp_path / "run", *FIT], tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "report.html").exists()


def _head(one, both):
    """Each weight of the head: by how much it differs, and what it is."""
    return [(both[name] - weight, weight) for name, weight in one.items() if name.startswith("head.")]


@pytest.mark.slow
def test_places_are_learned_in_two_processes_as_in_one(tmp_path, jeoni, one_thread):
    masks = save_masks(tmp_path / "masks", 12)  # and a head without dropout, which each process draws for itself
    words = ["fit", masks, *FIT, "--head", "linear", "--image-size", "64x64", "--folds", "2", "--out"]
    assert jeoni(*words, tmp_path / "one").code == 0
    done = start(two(), [*words, tmp_path / "two"], tmp_path / "cache-two")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("report  ") == 1
    one, both = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("one", "two"))
    assert one.keys() == both.keys()
    apart, all_of_it = (
        np.concatenate([part.ravel() for part in parts]) for parts in zip(*_head(one, both), strict=True)
    )
    assert np.linalg.norm(apart) < 1e-4 * np.linalg.norm(all_of_it)


@pytest.mark.parametrize(
    "wrong", [pytest.param(["--backbone", "untrained:nonsense"], marks=pytest.mark.slow), ["--frozen", "99"]]
)
def test_what_is_wrong_is_said_once_and_nobody_waits_for_ever(wrong, make_photos, tmp_path):
    words = ["fit", make_photos(each=12), "--out", tmp_path / "run", *FIT, *wrong]
    done = start(two(), words, tmp_path / "cache")
    assert done.returncode != 0 and done.stderr.count("jeoni: ") == 1
    assert not (tmp_path / "run").exists()

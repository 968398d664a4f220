from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
import pytest
import torch

from jeoni.backbones.cut import Tap
from jeoni.features.examples import Context
from jeoni.specs import Recipe
from jeoni.training import forward
from jeoni.training import rows as rows_module
from jeoni.training.defaults import resolve_defaults
from jeoni.training.forward import gpu_step_s, outputs_of, timed_step_s
from jeoni.training.rows import CachedRows, LiveRows, training_rows
from jeoni.training.staging import ViewCosts, disk_s, timed
from tests.training.test_training import examples_of, small

PIXELS = Tap(0, False)


def test_costs_are_those_of_the_closed_form():
    costs = ViewCosts(decode_s=2.0, write_s=1.0, read_s=0.5, lacking=0.5)
    assert costs.kept_s(n=10, views=4, passes=6) == 0.5 * 40 * 3.0 + 60 * 0.5
    assert costs.live_s(n=10, passes=6) == 60 * 2.0
    hidden = dataclasses.replace(costs, step_s=1.5)  # of a GPU that computes while the next examples are decoded
    assert (hidden.live_s(10, 6), hidden.kept_s(10, 4, 6)) == (60 * 0.5, 0.5 * 40 * 3.0)


@pytest.mark.parametrize(
    ("costs", "views", "passes", "keeps"),
    [
        (ViewCosts(1.0, 0.1), 4, 3.0, False),  # fewer passes than views: nothing is looked at twice
        (ViewCosts(1.0, 0.1), 4, 9.0, True),
        (ViewCosts(1.0, 10.0), 4, 9.0, False),  # a slow disk
        (ViewCosts(1.0, 0.1, step_s=1.2), 4, 90.0, False),  # a GPU that decoding keeps up with
        (ViewCosts(0.0, 0.0, lacking=0.0), 4, 1.0, True),  # they are there
    ],
)
def test_views_are_written_first_where_that_takes_less(costs, views, passes, keeps):
    assert costs.keeps(100, views, passes) is keeps


@pytest.mark.parametrize("decoding", ["threads", "processes"])
def test_views_decoded_in_every_epoch_are_those_that_were_written(make_photos, decoding, monkeypatch):
    backbone = small()
    examples, context = examples_of(make_photos(each=6), backbone, PIXELS)
    context = dataclasses.replace(context, decoding=decoding, workers=2)
    few = resolve_defaults(Recipe(augment="strong", views=3, steps=1, batch_size=12), {}, 12)
    live, said = training_rows(examples, backbone, PIXELS, few, context)
    assert isinstance(live, LiveRows) and not said["cached"] and said["views"] == 3
    assert 0 <= said["live_s"] < said["kept_s"]
    many = dataclasses.replace(few, steps=1000)
    monkeypatch.setattr(rows_module, "disk_s", lambda folder: (0.0, 0.0))
    kept, said = training_rows(examples, backbone, PIXELS, many, context)
    assert isinstance(kept, CachedRows) and said["cached"]
    index = np.arange(12)
    for epoch in range(5):
        epochs = np.full(12, epoch)
        np.testing.assert_array_equal(live.batch(index, epochs), kept.batch(index, epochs))
        for a, b in zip(live.geometries(index, epochs), kept.geometries(index, epochs), strict=True):
            np.testing.assert_array_equal(a.matrix, b.matrix)
    _, said = training_rows(examples, backbone, PIXELS, few, context)
    assert said["cached"]  # now they are there


def test_all_processes_of_workers_give_the_outputs_of_threads(make_photos):
    backbone = small()
    examples, _ = examples_of(make_photos(each=20), backbone, Tap(backbone.n, True))
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48 * 48 * 3, 2))
    found = []
    for decoding in ("threads", "processes"):
        how = Context(engine="torch", decoding=decoding, workers=2)
        live = LiveRows(examples, backbone, PIXELS, "none", how)
        found.append(outputs_of(network, live, batch_size=8))
    np.testing.assert_array_equal(found[0], found[1])


def test_a_folder_that_cannot_be_written_is_slow(tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    assert disk_s(file)[0] == 1.0
    write, read = disk_s(tmp_path / "new")
    assert 0 < write < 1e-3 and 0 < read < 1e-3 and not list((tmp_path / "new").iterdir())


def test_batches_are_timed_after_a_first_one():
    asked = []

    def batch(index, epoch):
        asked.append(index.tolist())
        return np.zeros(0)

    assert timed(batch, n=5, size=2) >= 0
    assert asked == [[0, 1], [2, 3], [4, 0]]


def test_a_processor_hides_nothing_behind_its_steps():
    network = torch.nn.Linear(2, 2)
    assert gpu_step_s(network, np.zeros((1, 2), np.float32), torch.device("cpu"), "float32") == 0.0


class OnCpu:
    """As a GPU, for what asks for the kind of a device only."""

    type = "cuda"


@pytest.mark.parametrize(("most", "timed_on"), [(100, 12), (5, 3), (0, 0)])
def test_a_step_is_timed_on_as_many_rows_as_fit(monkeypatch, most, timed_on):
    network, seen = torch.nn.Linear(2, 2), []

    def limited(module, given):
        if len(given[0]) > most:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        seen.append(len(given[0]))

    network.register_forward_pre_hook(limited)
    on_cpu = partial(timed_step_s, device=torch.device("cpu"))
    monkeypatch.setattr(
        forward, "timed_step_s", lambda n, rows, device, precision: on_cpu(n, rows, precision=precision)
    )
    taken = gpu_step_s(network, np.zeros((12, 2), np.float32), OnCpu(), "float32")  # type: ignore[arg-type]
    assert set(seen) == ({timed_on} if timed_on else set())
    assert (taken > 0) == bool(timed_on)

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from torch import nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.splits import build_folds
from jeoni.errors import ConfigError
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.specs import Recipe
from jeoni.tasks import load_data
from jeoni.training.defaults import find_stage, resolve_defaults, steps_for
from jeoni.training.forward import outputs_of
from jeoni.training.groups import Group
from jeoni.training.job import Diverged, Held, Job, Update
from jeoni.training.loop import train
from jeoni.training.rows import CachedRows, LiveRows, plain_rows, row_bytes, training_rows
from jeoni.types import Quiet
from tests.conftest import TINY
from tests.made_tasks import class_loss


class Table:
    """Rows in memory, for the loop alone."""

    lengths = None
    constant = True

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.asked = values, []

    def __len__(self) -> int:
        return len(self.values)

    def batch(self, index, epoch):
        self.asked.append((index.copy(), epoch.copy()))
        return self.values[index]


def make_job(n: int = 60, **changes) -> Job:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, n)
    values = (rng.normal(size=(n, 4)) + labels[:, None]).astype(np.float32)
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 2))
    recipe = resolve_defaults(Recipe(steps=30, batch_size=16), {}, n)
    own = {k: changes.pop(k) for k in list(changes) if k in {f.name for f in dataclasses.fields(Job)}}
    recipe = dataclasses.replace(recipe, **changes)
    groups = [Group("all", dict(network.named_parameters()), 1e-2, 0.01)]
    targets = own.pop("targets", labels)
    return Job(**{"title": "test", "network": network, "groups": groups, "rows": Table(values), "targets": targets,
                  "criterion": class_loss(targets, recipe), "recipe": recipe, **own})  # fmt: skip


def weights(job: Job) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in job.network.parameters()])


def test_every_epoch_sees_every_example_once_and_batches_are_full():
    job = make_job(n=50, steps=25)
    train(job)
    taken = job.rows.asked[:25]  # one more is fetched ahead
    assert all(len(index) == 16 for index, _ in taken)
    index, epoch = np.concatenate([i for i, _ in taken]), np.concatenate([e for _, e in taken])
    for e in range(8):
        assert sorted(index[epoch == e]) == list(range(50))


def test_gradients_in_parts_give_the_weights_of_gradients_at_once():
    found = []
    for parts in (1, 4):
        torch.manual_seed(1)
        network = nn.Sequential(nn.Linear(4, 2))
        job = make_job(
            network=network, groups=[Group("all", dict(network.named_parameters()), 1e-2, 0.0)], accumulate=parts
        )
        train(job)
        found.append(weights(job))
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-6)


class Heard(Quiet):
    def __init__(self):
        self.said = []

    def warn(self, text):
        self.said.append(text)


def small_memory(network: nn.Module, most: int) -> None:
    """As a GPU that holds so many examples of this network."""

    def refuse(module, given):
        if module.training and len(given[0]) > most:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    network.register_forward_pre_hook(refuse)


def test_where_memory_ends_a_step_is_made_in_parts_with_the_same_result():
    found, console = [], Heard()
    for most in (100, 5):
        torch.manual_seed(1)
        network = nn.Sequential(nn.Linear(4, 2))
        small_memory(network, most)
        job = make_job(network=network, groups=[Group("all", dict(network.named_parameters()), 1e-2, 0.0)])
        train(job, console=console)
        found.append(weights(job))
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-6)
    assert console.said == [
        "The GPU has no memory for 16 examples in a step at once; 8 are taken now.",
        "The GPU has no memory for 8 examples in a step at once; 4 are taken now.",
    ]


class Together:
    """As contrastive training: the loss is one of all examples of a step."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def begin(self, step: int) -> None:
        pass

    def updates(self, batch, behind):
        yield Update(self.network(batch.rows).square().mean())


@pytest.mark.parametrize("changes", [{"mixup": 0.2}, {"train_statistics": True}, {"objective": Together}])
def test_a_batch_that_must_stay_together_and_does_not_fit_is_told_with_its_size(changes):
    network = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
    changes = {k: v(network) if v is Together else v for k, v in changes.items()}
    groups = [Group("all", dict(network.named_parameters()), 1e-2, 0.0)]
    job = make_job(network=network, groups=groups, **changes)
    small_memory(network, 5)
    with pytest.raises(ConfigError, match=r"step of 16 examples.*smaller --batch-size, or --device cpu"):
        train(job)


def test_memory_that_is_too_small_for_one_example_is_told_with_the_remedy():
    job = make_job()
    small_memory(job.network, 0)
    with pytest.raises(ConfigError, match=r"no memory for a single example.*--device cpu"):
        train(job, console=Heard())


def test_a_network_for_which_there_is_no_memory_is_told_with_the_remedy(monkeypatch):
    job = make_job()

    def refuse(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(job.network, "to", refuse)
    with pytest.raises(ConfigError, match="no memory for a single example"):
        train(job)


def test_evaluations_take_what_fits_and_give_the_same():
    network, rows = nn.Sequential(nn.Linear(4, 2)), Table(np.random.default_rng(0).normal(size=(21, 4)).astype("f4"))
    whole = outputs_of(network, rows, batch_size=16)

    def refuse(module, given):
        if len(given[0]) > 5:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    network.register_forward_pre_hook(refuse)
    np.testing.assert_allclose(outputs_of(network, rows, batch_size=16), whole, rtol=1e-6)


def test_an_anchor_keeps_the_weights_nearer_to_where_they_started():
    network = nn.Sequential(nn.Linear(4, 2, bias=False))
    start = network[0].weight.detach().clone()
    group = Group("all", dict(network.named_parameters()), 1e-2, 0.0, anchor=0.5)
    job = make_job(network=network, groups=[group], steps=10)
    train(job)
    free = nn.Sequential(nn.Linear(4, 2, bias=False))
    free[0].weight.data.copy_(start)
    loose = make_job(
        network=free,
        groups=[dataclasses.replace(group, parameters=dict(free.named_parameters()), anchor=0.0)],
        steps=10,
    )
    train(loose)
    assert (network[0].weight.cpu() - start).norm() < (free[0].weight.cpu() - start).norm()


def test_convolutions_of_a_gpu_add_up_in_one_order_while_training_and_as_before_afterwards():
    job, seen = make_job(steps=2), []
    job.network.register_forward_hook(lambda *_: seen.append(torch.backends.cudnn.deterministic))
    train(job)
    assert seen and all(seen) and not torch.backends.cudnn.deterministic


def test_where_one_order_is_not_asked_for_the_fastest_is_taken():
    job, seen, cudnn = make_job(steps=2, deterministic=False), [], torch.backends.cudnn
    job.network.register_forward_hook(lambda *_: seen.append((cudnn.deterministic, cudnn.benchmark)))
    train(job)
    assert set(seen) == {(False, True)} and not cudnn.benchmark


def test_the_best_moment_is_kept_and_patience_stops():
    scores = iter([0.5, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 0.9])
    job = make_job(held=Held(Table(np.zeros((3, 4), dtype=np.float32)), lambda logits: next(scores)), patience=3)
    seen = train(job)
    assert seen.best_step == 6 and seen.steps == 15
    assert [look["held"] for look in seen.evaluations] == [0.5, 0.3, 0.4, 0.6, 0.7]


def test_a_loss_that_is_not_finite_says_what_to_lower():
    job = make_job(rows=Table(np.full((60, 4), np.nan, dtype=np.float32)))
    with pytest.raises(Diverged, match="Lower --learning-rate"):
        train(job)


@pytest.mark.parametrize("changes", [{"ema": 0.9}, {"mixup": 0.2}, {"label_smoothing": 0.1}, {"precision": "bfloat16"}])
def test_the_options_change_the_result_and_still_learn(changes):
    plain, changed = make_job(), make_job(**changes)
    train(plain)
    seen = train(changed)
    assert not torch.equal(weights(plain), weights(changed))
    assert seen.evaluations[-1]["loss"] < 0.69


def test_logit_adjustment_is_menons():
    # CE(z + tau log pi): at z = 0 the adjusted probabilities are the prior
    network = nn.Sequential(nn.Linear(4, 2))
    nn.init.zeros_(network[0].weight)
    nn.init.zeros_(network[0].bias)
    groups = [Group("all", dict(network.named_parameters()), 1e-12, 0.0)]
    labels = np.array([0] * 9 + [1])
    job = make_job(
        network=network, groups=groups, rows=Table(np.ones((10, 4), dtype=np.float32)), targets=labels,
        logit_adjustment=1.0, steps=1, batch_size=10,
    )  # fmt: skip
    expected = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    assert train(job).evaluations[0]["loss"] == pytest.approx(expected, abs=1e-4)


def test_budgets_grow_with_the_root_of_the_data():
    assert steps_for(100, 32) == 125 and steps_for(10_000, 32) == 1250
    assert steps_for(4, 32) == 40 and steps_for(100, 32, 2.0) == 250
    resolved = resolve_defaults(Recipe(learning_rate=0.1), {"learning_rate": 0.2, "mixup": 0.3}, 100)
    assert (resolved.learning_rate, resolved.mixup, resolved.views) == (0.1, 0.3, 4)
    assert resolve_defaults(Recipe(augment="none"), {}, 100).views == 0


def test_a_stage_is_found_by_number_and_name_and_others_are_offered():
    names = ("stem", "block 1", "pool")
    assert [find_stage(w, names, "frozen", 1) for w in ("auto", "0", "3", "stem")] == [1, 0, 3, 1]
    with pytest.raises(ConfigError, match="The stages: stem, block 1, pool"):
        find_stage("blok 1", names, "frozen", 1)
    with pytest.raises(ConfigError, match="from 0 to 3"):
        find_stage("4", names, "frozen", 1)


def small() -> Backbone:
    backbone = load_backbone(TINY)
    return dataclasses.replace(backbone, input=dataclasses.replace(backbone.input, size=48))


def examples_of(root, backbone, *taps) -> tuple[Examples, Context]:
    data, context = load_data(root), Context(engine="torch")
    seen = context.extract(data.items, [Request(backbone, taps)])
    alone = np.arange(len(data))
    return Examples(data, alone, seen, alone, build_folds(data.targets, alone, 2, 1, 0)), context


@pytest.mark.parametrize("stage", [0, 2])
def test_rows_from_the_store_are_the_rows_computed_anew(make_photos, stage):
    backbone, tap = small(), Tap(stage, False)
    examples, context = examples_of(make_photos(each=3), backbone, tap)
    index, first = np.array([4, 0, 3]), np.zeros(3, dtype=int)
    for policy in ("none", "strong"):
        live = LiveRows(examples, backbone, tap, policy, context).batch(index, first)
        if policy == "none":
            kept = plain_rows(examples, backbone, tap, context)
            assert isinstance(kept, CachedRows)
        else:
            kept, _ = training_rows(
                examples, backbone, tap, resolve_defaults(Recipe(augment=policy, views=2), {}, 6), context
            )
            views = np.stack([kept.batch(index, first + e) for e in range(2)])
            assert not np.array_equal(views[0], views[1])
            live = np.stack(
                [LiveRows(examples, backbone, tap, policy, context).batch(index, first + e) for e in range(2)]
            )
            # each example starts at a place of its own, so the two epochs hold the same views in some order
            np.testing.assert_allclose(np.sort(views, 0), np.sort(live, 0), rtol=2e-3, atol=2e-3)
            continue
        np.testing.assert_allclose(kept.batch(index, first), live, rtol=2e-3, atol=2e-3)


def test_what_does_not_fit_is_said_and_computed_again(make_photos):
    class Heard:
        def __init__(self):
            self.said = []

        def warn(self, text):
            self.said.append(text)

    backbone, tap = small(), Tap(2, False)
    examples, context = examples_of(make_photos(each=3), backbone, tap)
    console = Heard()
    context = dataclasses.replace(context, console=console)
    size = row_bytes(backbone, tap)
    room = resolve_defaults(Recipe(views=4, cache_gb=6 * 2.5 * size / 1e9), {}, 6)
    rows, said = training_rows(examples, backbone, tap, room, dataclasses.replace(context, console=Context().console))
    assert isinstance(rows, CachedRows) and said["views"] == 2
    none = dataclasses.replace(room, cache_gb=1e-9)
    rows, said = training_rows(examples, backbone, tap, none, context)
    assert isinstance(rows, LiveRows) and not said["cached"]
    assert "computed again in every epoch" in console.said[0]


SCRIPT = """
import atexit, dataclasses, json, sys, torch, torch.distributed
connected = torch.distributed.is_initialized
atexit.register(lambda: print("connected at the end:", connected(), file=sys.stderr))
import numpy as np
from tests.training.test_training import make_job, weights
from jeoni.training.loop import train
from accelerate import PartialState
job = make_job(network=torch.nn.Sequential(torch.nn.Linear(4, 2)))
from jeoni.training.groups import Group
job = dataclasses.replace(job, groups=[Group("all", dict(job.network.named_parameters()), 1e-2, 0.01)])
torch.manual_seed(3)
for p in job.network.parameters():
    torch.nn.init.normal_(p)
seen = train(job)
state = PartialState()
if state.is_main_process:
    print(json.dumps([state.num_processes, weights(job).tolist(), seen.evaluations[-1]["loss"]]))
"""


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.device_count() == 1, reason="two processes need no GPU, or two")
def test_two_processes_reach_the_weights_of_one(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(["src", "."])}
    found = []
    for start in (
        [sys.executable],
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29511"],
    ):
        done = subprocess.run([*start, str(script)], capture_output=True, text=True, env=environment, timeout=120)
        assert done.returncode == 0, done.stderr
        assert "connected at the end: False" in done.stderr and "end: True" not in done.stderr
        found.append(json.loads(done.stdout.strip().splitlines()[-1]))
    assert [f[0] for f in found] == [1, 2]
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-4, atol=1e-5)
    assert found[0][2] == pytest.approx(found[1][2], rel=1e-4)

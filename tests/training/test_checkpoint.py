from __future__ import annotations

import os
from contextlib import nullcontext

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from jeoni.errors import StorageError
from jeoni.training import checkpoint
from jeoni.training.checkpoint import DamagedState, load_state, save_state
from jeoni.training.groups import Group
from jeoni.training.job import Job
from jeoni.training.loop import train
from jeoni.types import Quiet
from tests.training.test_training import make_job, weights

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(3)}


class Listener(Quiet):
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def test_a_state_comes_back_as_it_was(tmp_path):
    path = tmp_path / "state.safetensors"
    assert load_state(path) is None
    save_state(path, TENSORS, {"step": 3})
    tensors, facts = load_state(path)
    assert facts == {"step": 3} and all(torch.equal(tensors[k], v) for k, v in TENSORS.items())


def test_any_flipped_byte_is_noticed(tmp_path):
    path = tmp_path / "state.safetensors"
    save_state(path, TENSORS, {"step": 3})
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with pytest.raises(DamagedState):
            load_state(path)


@pytest.mark.parametrize("what", ["pipe", "folder", "link", "cut short", "empty", "without a checksum", "text"])
def test_what_is_no_state_is_noticed(tmp_path, what):
    path = tmp_path / "state.safetensors"
    save_state(path, TENSORS, {"step": 3})
    content = path.read_bytes()
    path.unlink()
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    elif what == "link":
        (tmp_path / "elsewhere").write_bytes(content)
        path.symlink_to(tmp_path / "elsewhere")
    elif what == "without a checksum":
        safetensors.torch.save_file(TENSORS, path, metadata={"facts": '{"step": 3}'})
    else:
        path.write_bytes({"cut short": content[:-3], "empty": b"", "text": b"not a checkpoint"}[what])
    with pytest.raises(DamagedState):
        load_state(path)


def test_a_full_disk_is_a_sentence_and_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*args, **named):
        raise safetensors.SafetensorError("Error while serializing: No space left on device (os error 28)")

    monkeypatch.setattr(checkpoint.safetensors.torch, "save_file", full)
    with pytest.raises(StorageError, match="cannot be written: .*No space left"):
        save_state(tmp_path / "state.safetensors", TENSORS, {})
    assert not list(tmp_path.iterdir())


class Stop(Listener):
    """Ctrl-C after 20 steps."""

    def track(self, title, total):
        made = []

        def advance(steps):
            made.append(steps)
            if sum(made) >= 20:
                raise KeyboardInterrupt

        return nullcontext(advance)


@pytest.fixture
def stopped(tmp_path):
    """A folder with the state of a training that was interrupted after 20 of 30 steps."""
    with pytest.raises(KeyboardInterrupt):
        train(make_job(), tmp_path / "checkpoints", 1e9, Stop())
    return tmp_path / "checkpoints"


def dropping(most: int, late: bool, after: int = 0, **changes) -> Job:
    """A training with dropout where memory holds so many examples, from a step on; ``late``: it ends past dropout.

    With two layers of dropout, parts of a step draw in another order than the whole of it.
    """
    if "network" not in changes:
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.Linear(8, 8), nn.Dropout(0.2), nn.Linear(8, 2))
        changes |= {"network": network, "groups": [Group("all", dict(network.named_parameters()), 1e-2, 0.01)]}
    job, forwards = make_job(**changes), []

    def refuse(module, *given):
        forwards.append(1)
        if module.training and len(given[0][0]) > most and len(forwards) > after:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    (job.network.register_forward_hook if late else job.network.register_forward_pre_hook)(refuse)
    return job


def test_a_failed_attempt_at_a_step_draws_nothing_that_counts():
    found = []
    for late in (False, True):
        job = dropping(5, late)
        train(job, console=Listener())
        found.append(weights(job))
    assert torch.equal(*found)


def test_a_failed_attempt_moves_no_batch_statistics():
    found = []
    for late in (False, True):
        torch.manual_seed(0)
        network = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
        groups = [Group("all", dict(network.named_parameters()), 1e-2, 0.0)]
        job = dropping(5, late, network=network, groups=groups, accumulate=2, train_statistics=True)
        train(job, console=Listener())
        found.append(torch.cat([v.flatten().float() for v in network.state_dict().values()]))
    assert torch.equal(*found)


@pytest.mark.parametrize("after", [0, 12])
def test_a_resumed_training_takes_its_steps_in_the_halves_of_the_one_that_was_interrupted(tmp_path, after):
    undisturbed = dropping(5, True, after)
    train(undisturbed, console=Listener())
    first = Stop()
    with pytest.raises(KeyboardInterrupt):
        train(dropping(5, True, after), tmp_path, 1e9, first)
    assert len(first.warnings) == 2
    resumed, console = dropping(100, True), Listener()  # whoever filled the GPU has gone
    train(resumed, tmp_path, 1e9, console)
    assert torch.equal(weights(resumed), weights(undisturbed)) and not console.warnings


def test_a_checkpoint_of_an_earlier_version_knows_of_no_halves(stopped):
    undisturbed, job = make_job(), make_job()
    train(undisturbed)
    (path,) = stopped.iterdir()
    tensors, facts = load_state(path)
    del facts["halved"]
    save_state(path, tensors, facts)
    train(job, stopped, 1e9)
    assert torch.equal(weights(job), weights(undisturbed))


def test_a_damaged_checkpoint_is_reported_and_the_training_starts_anew(stopped):
    undisturbed = make_job()
    train(undisturbed)
    (path,) = stopped.iterdir()
    content = np.fromfile(path, dtype=np.uint8)
    content[-40:] ^= 0x7F
    content.tofile(path)
    console, job = Listener(), make_job()
    train(job, stopped, 1e9, console)
    assert console.warnings == [f"The checkpoint {path} is damaged; this training starts from its beginning."]
    assert torch.equal(weights(job), weights(undisturbed))


def test_seconds_and_examples_of_an_interrupted_training_add_up(stopped):
    (path,) = stopped.iterdir()
    tensors, facts = load_state(path)
    assert facts["step"] == 20 and facts["seconds"] > 0
    save_state(path, tensors, {**facts, "seconds": 1000.0})
    history = train(make_job(), stopped, 1e9)
    assert history.earlier_s == 1000.0 and 1000 < history.seconds < 1100
    assert history.examples == 30 * 16
    again = train(make_job(), stopped, 1e9)  # it finds the result
    assert again.earlier_s == pytest.approx(history.seconds, abs=1) and again.steps == 30

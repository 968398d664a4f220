from __future__ import annotations

import numpy as np
import pytest
import torch

from jeoni.training import loop as loop_module
from jeoni.training.job import Diverged
from jeoni.training.loop import train
from jeoni.training.losses import LOOK_EVERY, Losses
from tests.training.test_training import Table, make_job, weights


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    """Losses stay tensors, as they do where reading one would mean to wait."""
    monkeypatch.setattr(loop_module, "readable", lambda loss: loss.detach())


class Spoiled(Table):
    """NaN from a batch on."""

    def __init__(self, values, from_batch: int) -> None:
        super().__init__(values)
        self.from_batch = from_batch

    def batch(self, index, epoch):
        found = super().batch(index, epoch)
        return found if len(self.asked) <= self.from_batch else np.full_like(found, np.nan)


def test_a_loss_that_is_looked_at_later_changes_nothing(as_on_a_gpu, monkeypatch):
    late = make_job()
    seen = train(late)
    monkeypatch.undo()
    plain = make_job()
    assert train(plain).evaluations == seen.evaluations
    assert torch.equal(weights(plain), weights(late))


@pytest.mark.parametrize("spoiled", [0, 1, 6, 13])
def test_a_loss_that_is_not_finite_is_caught_within_ten_steps_and_before_a_checkpoint(as_on_a_gpu, spoiled, tmp_path):
    rows = Spoiled(make_job().rows.values, spoiled)
    job = make_job(rows=rows, steps=200)
    with pytest.raises(Diverged, match=f"became nan at step {spoiled + 1}. Lower --learning-rate"):
        train(job, tmp_path, every_s=1e9)
    assert len(rows.asked) <= spoiled + 10 + 2  # two batches are fetched ahead
    assert not list(tmp_path.iterdir())


def test_a_state_whose_loss_was_not_finite_is_not_written(as_on_a_gpu, tmp_path):
    job = make_job(rows=Spoiled(make_job().rows.values, 2), steps=200)
    with pytest.raises(Diverged, match="at step 3"):
        train(job, tmp_path, every_s=0.0)  # a checkpoint after every step
    (kept,) = tmp_path.iterdir()
    again = make_job(steps=200)
    assert kept.name == f"{again.name()}.safetensors"
    assert train(again, tmp_path, every_s=1e9).steps == 200  # it goes on from the second step, which was sound


def test_losses_are_read_together_and_only_the_first_of_a_step_counts():
    losses = Losses("Mend it.")
    for step in range(1, LOOK_EVERY):
        losses.watch(torch.tensor(float(step)), step, counts=step % 2 == 1)
    assert losses.values == []
    losses.watch(torch.tensor(100.0), LOOK_EVERY, counts=True)
    assert losses.values == [1.0, 3.0, 5.0, 7.0, 100.0]
    losses.watch(torch.tensor(4.0), LOOK_EVERY + 1, counts=True)
    assert losses.mean() == pytest.approx(np.mean([1, 3, 5, 7, 100, 4]))
    assert losses.values == []
    with pytest.raises(Diverged, match="became inf at step 9. Mend it."):
        losses.watch(float("inf"), 9, counts=False)

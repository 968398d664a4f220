"""Pictures that grow in the course of a training."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from jeoni.backbones.catalog import load_backbone
from jeoni.deadline import Allowance
from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.groups import Group
from jeoni.training.job import Held, Job
from jeoni.training.loop import train
from jeoni.training.pace import Pace
from jeoni.training.rows import ArrayRows
from jeoni.training.sizes import ResizedRows, Sizes, growing_sizes, resize
from tests.conftest import TINY

GROWING = Sizes((8, 16), (0.5, 0.5), 16)


def test_sides_follow_their_shares_of_the_training():
    sizes = Sizes((96, 128, 224), (0.5, 0.3, 0.2), 224)
    assert [sizes.at(p) for p in (0.0, 0.49, 0.5, 0.79, 0.8, 1.0)] == [96, 96, 128, 128, 224, 224]
    parts = np.array([96, 128, 224]) ** 2 / 224**2
    assert sizes.cost() == pytest.approx(parts @ [0.5, 0.3, 0.2])
    assert sizes.cost(0.65) == pytest.approx(parts @ [0, 0.15, 0.2] / 0.35)
    assert sizes.cost(1.0) == 1.0
    assert sizes.smallest().cost() == pytest.approx(parts[0]) and sizes.smallest().at(1.0) == 96


def test_a_smaller_picture_is_the_one_that_pillow_makes():
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8))
    ours = resize(torch.from_numpy(np.array(image)).float()[None], 24)[0].numpy()
    theirs = np.array(image.resize((24, 24), Image.Resampling.BILINEAR)).astype(float)
    assert np.abs(ours - theirs).max() <= 1.0  # Pillow rounds after each direction
    assert resize(torch.ones(1, 64, 64, 3), 64).shape == (1, 64, 64, 3)


@pytest.mark.parametrize(
    ("side", "sides"),
    [(224, (96, 128, 224)), (160, (64, 96, 160)), (96, None)],  # the last is small already
)
def test_networks_that_take_any_size_grow(side, sides):
    found = growing_sizes(of_side(side))
    assert (found.sides if found else None) == sides
    assert found is None or (found.whole == side and sum(found.shares) == pytest.approx(1))


def of_side(side):
    backbone = load_backbone(TINY)
    return dataclasses.replace(backbone, input=dataclasses.replace(backbone.input, size=side))


class _Numbered(nn.Module):
    def forward(self, images):
        return images.flatten(1) + torch.zeros(3 * 224 * 224)


def test_a_network_that_takes_one_size_only_stays_at_it():
    assert growing_sizes(dataclasses.replace(of_side(224), network=_Numbered(), fingerprint="numbered")) is None


class _Seen(nn.Module):
    """Class by mean brightness; notes the sides that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 2)
        self.sides: list[tuple[bool, int]] = []

    def forward(self, pixels):
        self.sides.append((self.training, pixels.shape[1]))
        return self.linear(pixels.mean((1, 2)) / 255)


def job_of(network, steps=20, held=None, sizes=GROWING):
    rng = np.random.default_rng(0)
    targets = np.arange(32) % 2
    rows = (rng.integers(0, 128, (32, 16, 16, 3)) + 100 * targets[:, None, None, None]).astype(np.uint8)
    group = Group("all", dict(network.named_parameters()), 0.05, 0.0, 0, 0.0)
    recipe = ResolvedRecipe(steps=steps, batch_size=8)
    loss = lambda outputs, batch: nn.functional.cross_entropy(  # noqa: E731 - one line where it is used
        outputs, torch.from_numpy(np.asarray(batch.targets)), reduction="none"
    )
    held = Held(ArrayRows(rows), *held) if held else None
    return Job("test", network, [group], ArrayRows(rows), targets, None, recipe, held=held, loss=loss, sizes=sizes)


def test_steps_get_the_size_of_their_moment_and_only_whole_pictures_decide():
    network, scores = _Seen(), iter([0.0, 0.1, 0.2, 0.3, 0.4, 0.9, 0.8, 0.5, 0.6, 0.7])
    job = job_of(network, held=(lambda outputs: next(scores),))
    history = train(job)
    trained = [side for training, side in network.sides if training]
    assert trained == [8] * 10 + [16] * 10
    looked = [side for training, side in network.sides if not training]
    assert looked == [8] * 5 + [16] * 5
    assert history.best_step == 16  # the best of the whole ones; those of small ones had lower scores


def test_a_training_that_was_stopped_between_two_sizes_ends_with_the_same_weights(tmp_path):
    whole = _Seen()
    torch.manual_seed(0)
    nn.init.zeros_(whole.linear.weight)
    start = {k: v.clone() for k, v in whole.state_dict().items()}
    train(job_of(whole))
    halves = _Seen()
    halves.load_state_dict(start)
    job, calls = job_of(halves), []
    plain = job.loss

    def interrupted(outputs, batch):
        calls.append(1)
        if len(calls) == 14:
            raise KeyboardInterrupt
        return plain(outputs, batch)

    with pytest.raises(KeyboardInterrupt):
        train(dataclasses.replace(job, loss=interrupted), tmp_path, every_s=0.0)
    halves.load_state_dict(start)
    train(job_of(halves), tmp_path)
    assert [side for training, side in halves.sides if training][-7:] == [16] * 7
    assert torch.equal(halves.linear.weight, whole.linear.weight)


def test_trainings_that_grow_and_that_do_not_have_checkpoints_of_their_own():
    network = _Seen()
    names = {job_of(network, sizes=sizes).name() for sizes in (None, GROWING, GROWING.smallest())}
    assert len(names) == 3


def test_rows_that_are_resized_are_otherwise_as_they_were():
    rows = ResizedRows(ArrayRows(np.full((5, 16, 16, 3), 7, dtype=np.uint8)), 8)
    found = rows.batch(np.array([0, 3]), np.array([0, 0]))
    assert found.shape == (2, 8, 8, 3) and found.dtype == np.float32 and (found == 7).all()
    assert (len(rows), rows.lengths, rows.constant, rows.geometries(np.arange(2), np.arange(2))) == (
        5,
        None,
        True,
        (None, None),
    )


def test_steps_that_become_dearer_are_planned_by_what_those_to_come_will_take():
    """A hundred steps of 1 s at first and 4 s later take 250 s; in 125 s half of them can be made."""
    now = [0.0]
    sizes = Sizes((8, 16), (0.5, 0.5), 16)
    pace = Pace(100, 10, 0.0, Allowance(125.0, 125.0, lambda: now[0]), sizes)
    step = 0
    while step < pace.total and not pace.stopped:
        now[0] += 4.0 * sizes.cost_of(sizes.at(pace.moment(step) / 100))
        step += 1
        pace.made(step)
    assert 46 <= step <= 52 and now[0] <= 128

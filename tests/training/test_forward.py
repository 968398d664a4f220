"""Ragged rows in parts of like length: the same training, with less filled up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from jeoni.backbones.encoder import Encoder
from jeoni.libraries import import_transformers
from jeoni.modalities.inputs import collate
from jeoni.specs import Recipe
from jeoni.training import forward
from jeoni.training.defaults import resolve_defaults
from jeoni.training.forward import parts_alike
from jeoni.training.groups import Group
from jeoni.training.job import Job
from jeoni.training.loop import _State, train
from tests.made_tasks import class_loss

TOKENS = 60


class Texts:
    """Token numbers of one to 60 places."""

    constant = True

    def __init__(self, n: int) -> None:
        rng = np.random.default_rng(0)
        self.lengths = rng.integers(1, 61, n)
        self.values = [rng.integers(5, TOKENS, k).astype(np.int32) for k in self.lengths]

    def __len__(self) -> int:
        return len(self.values)

    def batch(self, index, epoch):
        return collate([self.values[i] for i in index])


def make_job(*between: nn.Module, n: int = 24, balanced: bool = False, **changes) -> Job:
    transformers = import_transformers()
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=TOKENS, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    encoder = Encoder(transformers.BertModel(config, add_pooling_layer=False), "mean")
    network = nn.Sequential(encoder, *between, nn.Linear(16, 2))
    own = {k: changes.pop(k) for k in list(changes) if k in ("loss", "train_statistics")}
    recipe = replace(resolve_defaults(Recipe(steps=6, batch_size=16, label_smoothing=0.1), {}, n), **changes)
    groups = [Group("all", dict(network.named_parameters()), 1e-2, 0.01)]
    labels = (np.arange(n) % 4 == 0).astype(np.int64)
    return Job("test", network, groups, Texts(n), labels, class_loss(labels, recipe, balanced), recipe, **own)


@pytest.mark.parametrize("values", [np.int32, np.int16, np.float32])
def test_every_row_is_in_one_part_and_whole(values):
    rng = np.random.default_rng(0)
    shape = (3,) if values is np.float32 else ()
    rows = [(1 + 50 * rng.random((k, *shape))).astype(values) for k in (20, 300, 30, 10, 20, 280, 40, 20)]
    batch = collate(rows)
    parts = parts_alike(batch)
    assert sorted(i for index, _ in parts for i in index) == list(range(8))
    for index, part in parts:
        assert part.shape[1] == max(len(rows[i]) for i in index)
        for i, row in zip(index, part, strict=True):
            np.testing.assert_array_equal(row[: len(rows[i])], rows[i])
    assert sum(part.shape[0] * part.shape[1] for _, part in parts) < 0.5 * 8 * 300


def test_rows_of_one_length_stay_together():
    assert len(parts_alike(np.ones((32, 10), np.int32))) == 1
    assert len(parts_alike(np.ones((1, 3), np.int32))) == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU takes batches whole")
@pytest.mark.parametrize("changes", [{}, {"balanced": True}, {"train_statistics": True}])
def test_training_by_parts_gives_the_weights_of_training_whole_batches(monkeypatch, changes):
    found, places = [], []
    for parts in (forward.PARTS, (1,)):
        monkeypatch.setattr(forward, "PARTS", parts)
        job = make_job(**changes)
        seen: list[int] = []
        job.network[0].table().register_forward_hook(
            lambda module, given, out, seen=seen: seen.append(out[..., 0].numel())
        )
        history = train(job)
        found.append((job.network.state_dict(), [look["loss"] for look in history.evaluations]))
        places.append(sum(seen))
    assert places[0] < 0.8 * places[1]
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-4)
    for (name, one), other in zip(found[0][0].items(), found[1][0].values(), strict=True):
        torch.testing.assert_close(one, other, atol=2e-4, rtol=1e-3, msg=name)


def test_examples_that_mind_each_other_stay_together():
    device = torch.device("cpu")
    batch_norm = nn.BatchNorm1d(16)
    assert _State(make_job(), device).alike and _State(make_job(batch_norm), device).alike
    assert not _State(make_job(batch_norm, train_statistics=True), device).alike
    assert not _State(make_job(loss=lambda outputs, batch: outputs.mean(1)), device).alike
    assert not _State(make_job(mixup=0.2), device).alike
    assert not _State(make_job(accumulate=2), device).alike

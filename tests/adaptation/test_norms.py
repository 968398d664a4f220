"""Statistics of batch normalisation, taken over a whole target, against torch's own."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from jeoni.adaptation import norms
from jeoni.adaptation.norms import batch_norms, even_batches, take_statistics


def normed() -> nn.Module:
    """A small network in which batch normalisation comes four times, the last two times on a single position."""
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(),
        nn.Conv2d(6, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(8, 5), nn.BatchNorm1d(5),
    ).eval()  # fmt: skip


def sorted_rows(n: int) -> torch.Tensor:
    """The first half bright and the second one dark."""
    rows = torch.randn(n, 3, 9, 9, generator=torch.Generator().manual_seed(4))
    return (
        rows * torch.linspace(0.3, 2, n)[:, None, None, None]
        + torch.where(torch.arange(n) < n / 2, 2.0, -1.0)[:, None, None, None]
    )


def as_one_batch(network: nn.Module, rows: torch.Tensor) -> torch.Tensor:
    """What torch gives where it normalises all rows as a batch."""
    with torch.no_grad():
        return copy.deepcopy(network).train()(rows)


def test_the_statistics_of_one_batch_are_torchs_in_every_layer():
    network, rows = normed(), sorted_rows(65)
    wanted = as_one_batch(network, rows)
    momenta = [m.momentum for m in batch_norms(network, "adabn")]
    take_statistics(network, [rows[torch.from_numpy(index)] for index in even_batches(np.arange(65))])
    torch.testing.assert_close(network(rows), wanted, rtol=1e-4, atol=1e-4)
    assert [m.momentum for m in batch_norms(network, "adabn")] == momenta and not network.training


def test_the_statistics_of_several_batches_are_exact_in_the_first_layer_and_near_in_others(monkeypatch):
    monkeypatch.setattr(norms, "LARGEST", 64)
    network, rows = normed(), sorted_rows(65)
    batches = even_batches(np.arange(65))
    assert [len(b) for b in batches] == [33, 32], "no batch of a single row, which has no variance"
    take_statistics(network, [rows[torch.from_numpy(index)] for index in batches])
    first, values = network[1], network[0](rows).transpose(0, 1).flatten(1)
    torch.testing.assert_close(first.running_mean, values.mean(1), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(first.running_var, values.var(1, unbiased=False), rtol=1e-5, atol=1e-6)
    mixed, whole = normed(), normed()
    many = sorted_rows(1000)
    order = torch.randperm(1000, generator=torch.Generator().manual_seed(0))
    take_statistics(mixed, [many[order[torch.from_numpy(index)]] for index in even_batches(np.arange(1000))])
    take_statistics(whole, [many])
    for one, other in zip(batch_norms(mixed, "adabn"), batch_norms(whole, "adabn"), strict=True):
        scale = (other.running_var + other.eps).sqrt()
        assert float(((one.running_mean - other.running_mean) / scale).abs().max()) < 0.03
        torch.testing.assert_close(one.running_var, other.running_var, rtol=0.1, atol=1e-3)


def test_layers_that_stay_frozen_keep_their_statistics():
    class Lower(nn.BatchNorm2d):
        def train(self, mode: bool = True):
            return super().train(False)

    frozen = Lower(3)
    network = nn.Sequential(frozen, nn.BatchNorm2d(3)).eval()
    take_statistics(network, [5 + sorted_rows(20)])
    assert frozen.running_mean.eq(0).all() and frozen.running_var.eq(1).all()
    assert network[1].running_mean.gt(4).all()
    assert not any(module.training for module in network.modules())

"""The linear head classifies each map at its own size: what comes out is what maps put together would give."""

from __future__ import annotations

import pytest
import torch

from jeoni.dense.heads.parts.pixels import resized_to
from jeoni.dense.heads.segmentation.linear import _LinearHead


@pytest.fixture
def maps():
    torch.manual_seed(0)
    return [torch.randn(2, channels, 48 // k, 64 // k) for channels, k in ((6, 1), (10, 2), (14, 4))]


def test_it_is_a_classifier_of_all_maps_put_together(maps):
    head = _LinearHead(30, 5)
    head(maps)  # statistics
    head.norm.weight.data.uniform_(0.5, 2.0)
    head.norm.bias.data.normal_()
    head.eval()
    together = torch.cat([resized_to(m, maps[0].shape[2:]) for m in maps], 1)
    torch.testing.assert_close(head(maps), head.classify(head.norm(together)), rtol=1e-4, atol=1e-5)


def test_each_channel_is_normalised_over_the_batch_and_statistics_are_kept(maps):
    head = _LinearHead(30, 5)
    for _ in range(200):
        head(maps)
    mean = torch.cat([m.mean((0, 2, 3)) for m in maps])
    torch.testing.assert_close(head.norm.running_mean, mean, rtol=1e-4, atol=1e-5)
    (normal, *_) = head._normalised(maps)
    torch.testing.assert_close(normal.mean((0, 2, 3)), torch.zeros(6), atol=1e-5, rtol=0)
    head(maps).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in head.parameters())

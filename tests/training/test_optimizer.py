"""The fused AdamW: what torch's plain one does, in whatever order weights, gradients and moments lie in memory."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from jeoni.training.optimizer import AdamW

CPU = torch.device("cpu")


def stepped(optimizer: torch.optim.Optimizer, p: nn.Parameter, gradients: list[Tensor]) -> Tensor:
    for g in gradients:
        p.grad = g.clone()
        optimizer.step()
    return p.detach().clone()


def weights(**layout: torch.memory_format) -> nn.Parameter:
    torch.manual_seed(0)
    return nn.Parameter(torch.randn(8, 4, 3, 3).to(**layout))


@pytest.fixture
def gradients() -> list[Tensor]:
    torch.manual_seed(1)
    return [torch.randn(8, 4, 3, 3) for _ in range(5)]


def test_the_same_as_the_plain_one_whatever_the_layout(gradients: list[Tensor]) -> None:
    options = {"lr": 1e-2, "weight_decay": 0.1}
    p = weights()
    expected = stepped(torch.optim.AdamW([{"params": [p], **options}], foreach=False), p, gradients)
    for layout in (torch.contiguous_format, torch.channels_last):
        q = weights(memory_format=layout)
        found = stepped(AdamW([{"params": [q], **options}], CPU), q, gradients)
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


def test_moments_read_from_a_file_are_laid_out_anew(gradients: list[Tensor]) -> None:
    p, q = weights(memory_format=torch.channels_last), weights(memory_format=torch.channels_last)
    whole, halted = AdamW([{"params": [p]}], CPU), AdamW([{"params": [q]}], CPU)
    expected = stepped(whole, p, gradients)
    stepped(halted, q, gradients[:3])
    resumed = AdamW([{"params": [q]}], CPU)
    kept = halted.state_dict()
    kept["state"] = {k: {n: v.contiguous() for n, v in s.items()} for k, s in kept["state"].items()}
    resumed.load_state_dict(kept)
    assert torch.equal(stepped(resumed, q, gradients[3:]), expected)


def test_a_parameter_without_a_gradient_stays() -> None:
    p = weights()
    before = p.detach().clone()
    AdamW([{"params": [p], "weight_decay": 0.5}], CPU).step()
    assert torch.equal(p, before)

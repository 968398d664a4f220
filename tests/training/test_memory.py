"""Memory in a training: freed blocks are kept, and nothing is copied in vain."""

from __future__ import annotations

import copy
import resource
import sys

import pytest
import torch
from torch import nn

from jeoni.training.memory import kept_memory, without_copies

BLOCK = 10 << 20  # float32 numbers: 40 MB, more than glibc takes from the heap by itself


def faults_of(rounds: int) -> int:
    """Pages that the system had to hand out while a large block was made and freed again and again."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(rounds):
        torch.zeros(BLOCK).add_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_a_freed_block_is_used_again_inside_and_not_outside() -> None:
    faults_of(1)
    outside = faults_of(4)
    with kept_memory():
        faults_of(1)
        inside = faults_of(4)
    assert inside < 0.5 * outside
    assert faults_of(4) > 0.5 * outside


def test_activations_give_the_same_gradients_bit_for_bit_and_are_as_before_afterwards() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU6(inplace=True), nn.Conv2d(8, 8, 3), nn.SiLU(inplace=True), nn.ReLU(inplace=True)
    )
    other, x = copy.deepcopy(network), torch.randn(2, 3, 9, 9)
    network(x).square().mean().backward()
    with without_copies(other):
        assert [getattr(m, "inplace", None) for m in other] == [None, False, None, False, True]
        other(x).square().mean().backward()
    assert all(torch.equal(a.grad, b.grad) for a, b in zip(network.parameters(), other.parameters(), strict=True))
    assert [getattr(m, "inplace", None) for m in other] == [None, True, None, True, True]

"""Batch normalisation in a network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.errors import ConfigError
from jeoni.types import IntArray

__all__ = ["batch_norms", "even_batches", "take_statistics", "tracked_norms"]

LARGEST = 128  # rows that go through a network at once, without gradients


def tracked_norms(network: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    """Its layers that normalise by running statistics, if any."""
    return [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.track_running_stats]


def batch_norms(network: nn.Module, method: str) -> list[nn.modules.batchnorm._BatchNorm]:
    """Those of :func:`tracked_norms`, where a method cannot do without.

    Raises:
        ConfigError: there are none.
    """
    found = tracked_norms(network)
    if not found:
        raise ConfigError(
            f"{method} changes batch normalisation, and this network has none. Take another method, such as shot, or a "
            "backbone with batch normalisation, such as efficientnet_lite0."
        )
    return found


def even_batches(order: IntArray) -> list[IntArray]:
    """Cut into as few batches as go, all of one size give or take one.

    Example:
        >>> [len(batch) for batch in even_batches(np.arange(129))]
        [65, 64]
    """
    return np.array_split(order, max(1, -(-len(order) // LARGEST)))


def take_statistics(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Running statistics become those of all rows: a channel's mean and variance over every row and position alike.

    One pass, in which a batch is normalised by its own statistics, and from which the batches' moments are put together
    by the law of total variance (Li et al. 2018 add them up so, too). So they are exact in the first layer, and in all
    layers where one batch holds all rows. Deeper layers of larger data see inputs that their batch normalised: means
    come out within hundredths of a standard deviation. Going over the rows again with what was found does not mend
    this: what is left of the error grows from layer to layer.

    Args:
        network: rows to features.
        batches: of at least two rows each, put together by chance: a batch of one class moves what comes after.
    """
    network.train()
    layers = [layer for layer in batch_norms(network, "adabn") if layer.training]  # stages that stay refuse to train
    network.eval()
    found = {id(layer): _Moments() for layer in layers}
    kept = [layer.momentum for layer in layers]

    def seen(layer: nn.modules.batchnorm._BatchNorm, given: tuple[Any, ...], output: Any) -> None:
        mean, variance = layer.running_mean, layer.running_var
        assert mean is not None and variance is not None
        found[id(layer)].add(mean, variance, given[0].numel() // len(mean))

    handles = []
    for layer in layers:
        layer.momentum = 1.0  # which means: the last batch's
        layer.train()
        handles.append(layer.register_forward_hook(seen))
    with torch.no_grad():
        for rows in batches:
            network(rows)
    for layer, momentum, handle in zip(layers, kept, handles, strict=True):
        handle.remove()
        layer.momentum = momentum
        layer.eval()
        found[id(layer)].put(layer)


class _Moments:
    """Mean and variance of what came so far (Chan, Golub & LeVeque 1979)."""

    def __init__(self) -> None:
        self._n, self._mean, self._squares = 0, torch.zeros(()), torch.zeros(())

    def add(self, mean: Tensor, variance: Tensor, n: int) -> None:
        """Of ``n`` more values; ``variance`` is their unbiased one, as torch keeps it."""
        mean, squares = mean.double(), variance.double() * (n - 1)
        gap, total = mean - self._mean.to(mean.device), self._n + n
        self._squares = self._squares.to(mean.device) + squares + gap**2 * (self._n * n / total)
        self._mean = mean - gap * (self._n / total)
        self._n = total

    def put(self, layer: nn.modules.batchnorm._BatchNorm) -> None:
        """As running statistics; a layer that nothing went through keeps its own."""
        if self._n and layer.running_mean is not None and layer.running_var is not None:
            layer.running_mean.copy_(self._mean)
            layer.running_var.copy_(self._squares / self._n)

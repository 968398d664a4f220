"""Batch normalisation in a network."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from jeoni.errors import ConfigError

__all__ = ["batch_norms", "take_statistics"]


def batch_norms(network: nn.Module, method: str) -> list[nn.modules.batchnorm._BatchNorm]:
    """Its layers that normalise by running statistics.

    Raises:
        ConfigError: there are none.
    """
    found = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.track_running_stats]
    if not found:
        raise ConfigError(
            f"{method} changes batch normalisation, and this network has none. Take another method, such as shot, or a "
            "backbone with batch normalisation, such as efficientnet_lite0."
        )
    return found


def take_statistics(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Running statistics become plain means over the batches."""
    network.eval()
    layers = batch_norms(network, "adabn")
    kept = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # which means: a plain mean
        layer.train()
    with torch.no_grad():
        for rows in batches:
            network(rows)
    for layer, momentum in zip(layers, kept, strict=True):
        layer.momentum = momentum
        layer.eval()

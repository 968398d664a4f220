"""The memory that a training on feature maps needs at its peak; what a step keeps for the way back is measured."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.entry import rows_like
from jeoni.dense.network import DenseNetwork
from jeoni.dense.transfer import Transfer
from jeoni.planning.memory import BESIDE, COPIES, weight_bytes
from jeoni.runs.environment import peak_memory_mb

__all__ = ["dense_peak_bytes", "kept_bytes"]


def dense_peak_bytes(transfer: Transfer, backbone: Backbone, n: int) -> int:
    """Of the process, roughly: what it has now, weights with all that their training keeps of them, and one step.

    Args:
        transfer: how.
        backbone: what it starts from.
        n: pictures to learn from.
    """
    network, now = transfer.untrained_network(backbone, n), round(1e6 * (peak_memory_mb() or 0.0))
    if not network.head.trains:  # maps go through it a few at a time
        return now + weight_bytes(backbone)
    body = network.features.network
    if body is not None:
        body.requires_grad_(transfer.strategy != "probe")
    trained = sum(p.numel() * p.element_size() for p in network.parameters() if p.requires_grad)
    recipe = transfer.resolved(backbone, n)
    together = max(1, recipe.batch_size // recipe.accumulate)
    step = round(BESIDE * together * kept_bytes(network, _row(network, backbone)))
    return now + weight_bytes(backbone) + COPIES * trained + step


def kept_bytes(network: nn.Module, row: Tensor) -> int:
    """What torch keeps of one forward pass for the way back; weights do not count."""
    weights = {p.untyped_storage().data_ptr() for p in network.parameters()}
    seen: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    network.eval()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = network(row)
    del outputs
    return sum(size for place, size in seen.items() if place not in weights)


def _row(network: DenseNetwork, backbone: Backbone) -> Tensor:
    """One made-up row, as it is trained on."""
    kept = network.features.kept
    return torch.zeros(1, sum(m.numbers for m in kept)) if kept else rows_like(backbone.input, 1)

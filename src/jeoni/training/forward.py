"""Rows through a network."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.training.rows import Rows
from jeoni.types import Array, FloatArray

__all__ = ["as_input", "logits_of"]


def as_input(rows: Array, device: torch.device) -> Tensor:
    """Rows as floats, but token numbers and samples as they are; images and activations with channels last, which
    convolutions run up to twice as fast on."""
    x = torch.from_numpy(rows).to(device)
    if rows.dtype.kind == "i":
        return x
    x = x.float()
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 and x.shape[-1] != 3 else x


def logits_of(network: nn.Module, rows: Rows, batch_size: int = 64) -> FloatArray:
    """``(n, classes)`` of all rows, first epoch, in eval mode."""
    network.eval()
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    order = np.arange(len(rows)) if rows.lengths is None else np.argsort(-rows.lengths, kind="stable")
    found = []
    with torch.inference_mode():
        for start in range(0, len(rows), batch_size):
            index = order[start : start + batch_size]
            x = as_input(rows.batch(index, np.zeros_like(index)), device)
            found.append(network(x).float().cpu().double().numpy())
    logits = np.concatenate(found)
    out = np.empty_like(logits)
    out[order] = logits
    return out

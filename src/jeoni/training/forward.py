"""Rows through a network."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.modalities.inputs import padding
from jeoni.training.rows import Rows
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["as_input", "outputs_of", "parts_alike"]

WHOLE_NUMBERS = (torch.int8, torch.int16, torch.int32, torch.int64)  # not pixels: these are uint8
PARTS = (1, 2, 4, 8)
COST = 60  # places that another part must save: its gradients and casts take as long, whatever the network's width
LEAST = 0.02  # of the batch's places, where places are samples


def as_input(rows: Array | Tensor, device: torch.device) -> Tensor:
    """Rows as floats, but token numbers and samples as they are; images and activations with channels last, which
    convolutions run up to twice as fast on. They travel as they are, a quarter of the bytes of floats, and nobody waits
    for their arrival."""
    x = torch.as_tensor(rows).to(device, non_blocking=True)
    if x.dtype in WHOLE_NUMBERS:
        return x
    x = x.float()
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 and x.shape[-1] != 3 else x


def parts_alike(rows: Array) -> list[tuple[IntArray, Array]]:
    """A batch of ragged rows in parts of like length, each padded only as far as its own longest row needs.

    Returns:
        For each part, which rows, and these rows; one part where several would save little.

    Example:
        >>> from jeoni.modalities.inputs import collate
        >>> batch = collate([np.ones(n, dtype=np.int32) for n in (20, 90, 30, 90)])
        >>> [(index.tolist(), part.shape) for index, part in parts_alike(batch)]
        [([0, 2], (2, 30)), ([1, 3], (2, 90))]
    """
    there = (rows != padding(rows.dtype)).any(axis=tuple(range(2, rows.ndim)))
    lengths = rows.shape[1] - there[:, ::-1].argmax(1)
    order = np.argsort(lengths, kind="stable")

    def places(count: int) -> int:
        return sum(len(part) * int(lengths[part].max()) for part in np.array_split(order, count))

    cost = max(COST, LEAST * rows.shape[0] * rows.shape[1])
    count = min((c for c in PARTS if c <= len(rows)), key=lambda c: places(c) + cost * c)
    return [(part, rows[part][:, : lengths[part].max()]) for part in np.array_split(order, count)]


def outputs_of(network: nn.Module, rows: Rows, batch_size: int = 64) -> FloatArray:
    """``(n, width)`` of all rows, first epoch, in eval mode."""
    network.eval()
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    order = np.arange(len(rows)) if rows.lengths is None else np.argsort(-rows.lengths, kind="stable")
    found = []
    with torch.inference_mode():
        for start in range(0, len(rows), batch_size):
            index = order[start : start + batch_size]
            x = as_input(rows.batch(index, np.zeros_like(index)), device)
            found.append(network(x).float().cpu().double().numpy())
    outputs = np.concatenate(found)
    out = np.empty_like(outputs)
    out[order] = outputs
    return out

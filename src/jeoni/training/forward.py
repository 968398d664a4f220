"""Rows through a network."""

from __future__ import annotations

import copy
import time
from contextlib import closing
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.features.ahead import ahead
from jeoni.features.halving import InWhatFits
from jeoni.modalities.inputs import padding
from jeoni.training.fetching import at_once, pinned
from jeoni.training.rows import Rows
from jeoni.types import Array, FloatArray, IntArray, Quiet

__all__ = ["as_input", "gpu_step_s", "outputs_of", "parts_alike", "timed_step_s"]

WHOLE_NUMBERS = (torch.int8, torch.int16, torch.int32, torch.int64)  # not pixels: these are uint8
TIMED = 3  # steps, of which the first one prepares
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
    """``(n, width)`` of all rows, first epoch, in eval mode; in smaller batches where a GPU has no memory for these.

    Raises:
        ConfigError: it has none for a single row.
    """
    network.eval()
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    order = np.arange(len(rows)) if rows.lengths is None else np.argsort(-rows.lengths, kind="stable")
    parts = [order[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    fetches = [partial(_first_epoch, rows, index, device) for index in parts]
    several = at_once(rows)

    def run(batch: Array | Tensor) -> list[Array]:
        return [network(as_input(batch, device)).float().cpu().double().numpy()]

    forward = InWhatFits(run, Quiet())  # the outputs are the same
    with torch.inference_mode(), closing(ahead(fetches, several, several)) as batches:
        found = [forward(batch)[0] for batch in batches]
    outputs = np.concatenate(found)
    out = np.empty_like(outputs)
    out[order] = outputs
    return out


def _first_epoch(rows: Rows, index: IntArray, device: torch.device) -> Array | Tensor:
    return pinned(rows.batch(index, np.zeros_like(index)), device)


def gpu_step_s(network: nn.Module, rows: Array, device: torch.device, precision: str) -> float:
    """Seconds of an example in a step of the network, there and back, on a copy.

    Args:
        network: that will be trained.
        rows: a batch ``(b, …)``; where a GPU has no memory for it, half of it is timed.
        device: to train on.
        precision: ``float32`` or ``bfloat16``.

    Returns:
        0 on a processor, and where not even one example fits: then nothing hides behind a step.
    """
    if device.type == "cpu":
        return 0.0
    while len(rows):
        try:
            return timed_step_s(network, rows, device, precision)
        except torch.OutOfMemoryError:
            pass  # what holds the memory is let go of first
        torch.cuda.empty_cache()
        rows = rows[: len(rows) // 2]
    return 0.0


def timed_step_s(network: nn.Module, rows: Array, device: torch.device, precision: str) -> float:
    """As :func:`gpu_step_s`, of any device.

    Raises:
        torch.OutOfMemoryError: there is no memory for the batch.
    """
    tried = copy.deepcopy(network).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # the stubs lack it
    tried.requires_grad_(True).eval()
    given = as_input(rows, device)
    taken = []
    for _ in range(TIMED):
        begun = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            outputs = tried(given)
        outputs.float().sum().backward()
        float(outputs.detach().float().sum())  # waits until all is computed
        taken.append((time.perf_counter() - begun) / len(rows))
    return min(taken[1:])

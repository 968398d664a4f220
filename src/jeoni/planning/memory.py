"""The memory that a training needs at its peak: weights, gradients, the optimiser's moments, and a step's activations.

Activations are measured, not guessed: of one example, torch says which tensors it keeps for the way back.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Cut, Taps, cut
from jeoni.backbones.entry import entry, rows_like
from jeoni.features.extract import Request
from jeoni.planning.calibration import Calibration
from jeoni.runs.environment import peak_memory_mb
from jeoni.training.work import Training

__all__ = ["activation_bytes", "peak_bytes", "weight_bytes"]

COPIES = 6  # of a trained weight: itself, its gradient, two moments, where it started, the best so far
FLOATS = 8  # bytes of a feature while heads are fitted: solvers count in doubles
BESIDE = 1.2  # of what is kept for the way back, with gradients on their way and the buffers of convolutions
PADDED = 1.3  # of the mean length, where rows of a step are padded to the longest


def peak_bytes(calibration: Calibration, requests: Sequence[Request], trainings: Sequence[Training]) -> int:
    """Of the process, roughly: what it has now, and what features, weights and the largest step add.

    Rows are memory-mapped, so that they do not count; heads hold the pooled features of all examples.
    """
    engines = sum(2 * weight_bytes(request.backbone) for request in requests)
    heads = 3 * FLOATS * len(calibration.data) * max(request.backbone.dim for request in requests) if requests else 0
    steps = [_step_bytes(training, calibration) for training in trainings]
    now = round(1e6 * (peak_memory_mb() or 0.0))
    return now + max(engines, max(steps, default=0)) + heads


def weight_bytes(backbone: Backbone) -> int:
    """Of all parameters."""
    return sum(p.numel() * p.element_size() for p in backbone.network.parameters())


def _step_bytes(training: Training, calibration: Calibration) -> int:
    backbone = training.backbone
    trained = {name for stage in backbone.stages[training.frozen :] for name in stage.parameters}
    named = dict(backbone.network.named_parameters())
    weights = sum(named[name].numel() * named[name].element_size() for name in trained if name in named)
    batch = max(1, training.recipe.batch_size // training.recipe.accumulate)
    key = (backbone.fingerprint, training.frozen)
    if key not in calibration.activations:
        calibration.activations[key] = activation_bytes(backbone, training.frozen)
    each, row = calibration.activations[key]
    if backbone.input.ragged:
        each = round(each * PADDED * calibration.row_bytes(backbone, cut(backbone, training.frozen).tap) / row)
    return weight_bytes(backbone) + COPIES * weights + round(each * batch * BESIDE)


def activation_bytes(backbone: Backbone, frozen: int) -> tuple[int, int]:
    """What torch keeps of one example above a cut for the way back, and the bytes of its row at the cut.

    Args:
        backbone: the network.
        frozen: stages below the cut.
    """
    made = cut(backbone, frozen)
    module = made.from_rows(backbone.input).eval()
    rows = _row_at(backbone, made)
    seen: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    weights = {p.untyped_storage().data_ptr() for p in module.parameters()}
    module.requires_grad_(True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        module(rows)
    half = 2 if made.tap.stage else rows.element_size()  # as rows are kept in the store
    return sum(size for place, size in seen.items() if place not in weights), rows.numel() * half


def _row_at(backbone: Backbone, made: Cut) -> Tensor:
    """The row of one made-up example at a cut."""
    rows = rows_like(backbone.input, 1)
    if made.tap.stage == 0:
        return rows
    with torch.no_grad():
        (row,) = entry(Taps(backbone, (made.tap,)), backbone.input)(rows)
    at_the_cut: Tensor = row
    return at_the_cut.clone()

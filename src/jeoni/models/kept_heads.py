"""Heads that are kept in the store: one that was fitted once to the same rows is not fitted again.

Only heads that are affine in the features are kept, as numbers and JSON: nothing that is read back can run.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from jeoni import distributed
from jeoni.errors import WeightsError
from jeoni.features.results import find_bytes, keep_bytes
from jeoni.features.store import FeatureStore
from jeoni.heads.fitting.affine import AffineModule
from jeoni.heads.fitting.protocol import FittedHead
from jeoni.tasks import Task, restore

__all__ = ["fit_head_once"]

KIND = "heads"


def fit_head_once(store: FeatureStore, identity: bytes, fit: Callable[[], FittedHead]) -> FittedHead:
    """A fitted head: from the store, or fitted and put there.

    Args:
        store: where.
        identity: 16 bytes that stand for all it depends on.
        fit: fits it.
    """
    if distributed.world_size() > 1:  # all take part in fitting
        return fit()
    kept = find_bytes(store, KIND, identity)
    found = _unpacked(kept) if kept is not None else None
    if found is not None:
        return found
    fitted = fit()
    packed = _packed(fitted)
    if packed is not None:
        keep_bytes(store, KIND, identity, packed)
    return fitted


def _packed(fitted: FittedHead) -> bytes | None:
    """A head as bytes; None of one that is not only numbers and plain facts."""
    module, task = fitted.module, fitted.task
    if type(module) is not AffineModule:
        return None
    described = {"id": task.id, **task.describe()}
    facts = {"choice": fitted.choice, "candidates": fitted.candidates, "id": fitted.id, "task": described}
    try:
        text = json.dumps(facts)
        whole = json.loads(text) == facts and _restored(described) == task
    except (TypeError, ValueError):
        return None
    if not whole:
        return None
    tensors = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    if fitted.held_out is not None:
        tensors["held_out"] = fitted.held_out
    content = io.BytesIO()
    np.savez(content, facts=np.frombuffer(text.encode(), dtype=np.uint8), **tensors)
    return content.getvalue()


def _unpacked(content: bytes) -> FittedHead | None:
    """The head again; None of bytes that are none."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            tensors = {name: arrays[name] for name in ("weight", "bias", "temperature")}
            held_out = arrays["held_out"] if "held_out" in arrays.files else None
            facts = json.loads(arrays["facts"].tobytes().decode())
        task = _restored(facts["task"])
    except (OSError, ValueError, KeyError):
        return None
    if task is None:
        return None
    width, dim = tensors["weight"].shape
    module = AffineModule(dim, width)
    module.temperature = torch.ones(tensors["temperature"].shape)
    module.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    return FittedHead(module.eval(), facts["choice"], task, facts["candidates"], facts["id"], held_out)


def _restored(described: dict[str, Any]) -> Task | None:
    try:
        return restore(described)
    except WeightsError:
        return None

"""The frozen stages as an ONNX graph in memory."""

from __future__ import annotations

import io
import warnings
import weakref

import torch
from torch import nn

from jeoni.types import Array

__all__ = ["to_onnx"]

_exported: weakref.WeakKeyDictionary[nn.Module, bytes] = weakref.WeakKeyDictionary()


def to_onnx(network: nn.Module, rows: Array) -> bytes:
    """Export a module that takes rows as inputs make them; several engines share one export.

    The tracing exporter is used because it takes a third of a second where the newer one takes many; torch
    calls it deprecated, hence the silenced warning.

    Args:
        network: in eval mode; returns a tuple of tensors.
        rows: an example batch, ``(n, …)``; the first dimension stays free, and of sequences (not of pictures) the
            second.
    """
    if network not in _exported:
        buffer = io.BytesIO()
        example = torch.from_numpy(rows[:2])
        with torch.inference_mode():
            given = network(example)
        outputs = [f"output{i}" for i in range(len(given))]
        sequence = rows.ndim < 4
        free = {"rows": _free(sequence, 0)}
        free |= {name: _free(sequence, t.ndim) for name, t in zip(outputs, given, strict=True)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                (example,),
                buffer,  # type: ignore[arg-type]  # the tracing exporter takes any binary file
                dynamo=False,
                input_names=["rows"],
                output_names=outputs,
                dynamic_axes=free,
            )
        _exported[network] = buffer.getvalue()
    return _exported[network]


def _free(sequence: bool, ndim: int) -> dict[int, str]:
    """Names of the dimensions that differ from batch to batch; features ``(n, d)`` are always as wide."""
    return {0: "batch"} | ({1: "length"} if sequence and ndim != 2 else {})

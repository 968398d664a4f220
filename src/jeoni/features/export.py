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


def to_onnx(network: nn.Module, pixels: Array) -> bytes:
    """Export a module that takes uint8 pixels; several engines share one export.

    The tracing exporter is used because it takes a third of a second where the newer one takes many; torch
    calls it deprecated, hence the silenced warning.

    Args:
        network: in eval mode; returns a tuple of tensors.
        pixels: an example batch, ``(n, h, w, 3)`` uint8; the first dimension stays free.
    """
    if network not in _exported:
        buffer = io.BytesIO()
        example = torch.from_numpy(pixels[:2])
        with torch.inference_mode():
            count = len(network(example))
        outputs = [f"output{i}" for i in range(count)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                (example,),
                buffer,  # type: ignore[arg-type]  # the tracing exporter takes any binary file
                dynamo=False,
                input_names=["pixels"],
                output_names=outputs,
                dynamic_axes={name: {0: "batch"} for name in ["pixels", *outputs]},
            )
        _exported[network] = buffer.getvalue()
    return _exported[network]

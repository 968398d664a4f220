"""Where a network looks: Grad-CAM (Selvaraju et al. ICCV 2017, arXiv:1610.02391) at the topmost stage with positions.

The class's logit is traced back to that stage's activation; each channel counts by its mean gradient, what speaks for
the class is kept. As theirs, at a boundary between stages instead of a named layer.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import ByteInput, Cut, cut
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["grad_cam"]


def grad_cam(backbone: Backbone, head: nn.Module, pixels: Array, classes: IntArray) -> FloatArray | None:
    """``(n, h, w)`` between 0 and 1: how much each place speaks for the class; h and w are those of the activation.

    Args:
        backbone: below.
        head: features to logits.
        pixels: ``(n, size, size, 3)`` uint8.
        classes: ``(n,)`` whose logit is explained.

    Returns:
        None where no stage has an activation with rows and columns that the network can be fed with.
    """
    found = _topmost(backbone, pixels)
    if found is None:
        return None
    made, activation = found
    activation = activation.requires_grad_(True)
    logits = head(made.upper(activation))
    (gradient,) = torch.autograd.grad(logits[range(len(classes)), torch.from_numpy(classes)].sum(), activation)
    channels_last = getattr(backbone.network, "output_fmt", "NCHW") == "NHWC"
    places, channels = ((1, 2), 3) if channels_last else ((2, 3), 1)
    with torch.inference_mode():
        heat = (activation * gradient.mean(places, keepdim=True)).sum(channels).relu()
        highest = heat.amax((1, 2), keepdim=True)
        maps: FloatArray = (heat / highest.clamp_min(1e-12)).double().numpy()
    return maps


def _topmost(backbone: Backbone, pixels: Array) -> tuple[Cut, torch.Tensor] | None:
    """The highest cut whose activation has rows and columns, and that activation."""
    for k in range(backbone.n - 1, 0, -1):
        made = cut(backbone, k)
        if not made.apart:
            continue
        with torch.no_grad():
            activation = ByteInput(made.lower, backbone.input)(torch.from_numpy(np.ascontiguousarray(pixels)))
        if activation.ndim == 4 and min(activation.shape[1:]) > 1:
            return made, activation
    return None

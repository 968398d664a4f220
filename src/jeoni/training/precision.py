"""What to compute a training in, where the user does not say."""

from __future__ import annotations

import torch

from jeoni import processes
from jeoni.backbones.backbone import Backbone

__all__ = ["precision_for", "quick_bfloat16"]

INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "sve_bf16", "bf16")


def precision_for(backbone: Backbone) -> str:
    """``bfloat16`` for networks of texts and waves where matrices are faster in it; those of images gain nothing."""
    return "bfloat16" if backbone.input.ragged and quick_bfloat16() else "float32"


def quick_bfloat16() -> bool:
    """Whether matrices are multiplied faster in bfloat16 than in float32 here: by instructions made for it."""
    device = processes.state().device
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    able = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return device.type == "cpu" and any(able.get(name) for name in INSTRUCTIONS)

"""The precision of a training where the user does not say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from jeoni import distributed
from jeoni.backbones.backbone import Backbone

__all__ = ["plain_attention", "precision_for", "quick_bfloat16"]

INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "sve_bf16", "bf16")


def precision_for(backbone: Backbone, long: bool = False) -> str:
    """``bfloat16`` where matrices are faster in it: on a GPU for all; on a processor for ``long`` trainings of networks
    of texts and waves only, for those of images gain nothing. Weights stay in float32."""
    worth = distributed.device().type == "cuda" or (long and backbone.input.ragged)
    return "bfloat16" if worth and quick_bfloat16() else "float32"


def quick_bfloat16() -> bool:
    """Whether matrices are multiplied faster in bfloat16 than in float32 here: by instructions made for it."""
    device = distributed.device()
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    able = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return device.type == "cpu" and any(able.get(name) for name in INSTRUCTIONS)


@contextmanager
def plain_attention(network: nn.Module, precision: str, device: torch.device) -> Iterator[None]:
    """Inside, attention is two products and a softmax where that is faster: torch's fused kernel for CPUs is slow
    backwards in bfloat16. Only transformers' networks, which read at every pass which one to take, are changed."""
    slow = precision == "bfloat16" and device.type == "cpu"
    found = {id(c): c for m in network.modules() if (c := getattr(m, "config", None)) is not None} if slow else {}
    fused = [c for c in found.values() if getattr(c, "_attn_implementation", "") == "sdpa"]
    try:
        for config in fused:
            config._attn_implementation = "eager"
        yield
    finally:
        for config in fused:
            config._attn_implementation = "sdpa"

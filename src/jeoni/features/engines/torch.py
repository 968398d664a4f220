"""PyTorch itself, eager: the reference all other engines are held against; on an accelerator the one that runs."""

from __future__ import annotations

import copy
import threading

import torch
from torch import nn

from jeoni import distributed
from jeoni.features.engine import Run
from jeoni.types import Array

__all__ = ["TorchEngine"]


class TorchEngine:
    """Runs the module as it is. Calls take turns: torch spreads each one over all cores, or the GPU, by itself."""

    name = "torch"

    def missing(self) -> str:
        """Never missing."""
        return ""

    def accelerated(self) -> bool:
        """Whether it is a GPU that is computed on."""
        return distributed.device().type != "cpu"

    def precisions(self) -> tuple[str, ...]:
        """``bfloat16`` first, where a GPU has it."""
        quick = distributed.device().type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return ("bfloat16", "float32") if quick else ("float32",)

    def compile(self, network: nn.Module, rows: Array, threads: int, precision: str) -> Run:
        """Move a copy to the GPU, if there is one; images keep their channels last, as they come."""
        device = distributed.device()
        moved = network
        if device.type != "cpu":
            moved = copy.deepcopy(network).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # the stubs lack it
        half = precision == "bfloat16"
        turn = threading.Lock()

        def run(batch: Array) -> list[Array]:
            # weights are cast once a batch: autocast forgets them, but outside it norms would lose their precision
            with turn, torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=half):
                return [t.float().cpu().numpy() for t in moved(torch.from_numpy(batch).to(device))]

        return run

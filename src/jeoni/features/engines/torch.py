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

HALVES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


class TorchEngine:
    """Runs the module as it is. Calls take turns: torch spreads each one over all cores, or the GPU, by itself.

    On a GPU the turn is over when its kernels are queued: while one call waits for its outputs, the next one is sent.
    """

    name = "torch"

    def missing(self) -> str:
        """Never missing."""
        return ""

    def accelerated(self) -> bool:
        """Whether it is a GPU that is computed on."""
        return distributed.device().type != "cpu"

    def precisions(self) -> tuple[str, ...]:
        """``bfloat16`` first, where a GPU has it; ``float16``, which is finer but ends at 65,504, where that fails."""
        if distributed.device().type != "cuda":
            return ("float32",)
        quick = torch.cuda.is_bf16_supported(including_emulation=False)
        return ("bfloat16", "float16", "float32") if quick else ("float16", "float32")

    def compile(self, network: nn.Module, rows: Array, threads: int, precision: str) -> Run:
        """Move a copy to the GPU, if there is one; images keep their channels last, as they come."""
        device = distributed.device()
        moved = network
        if device.type != "cpu":
            moved = copy.deepcopy(network).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # the stubs lack it
        half = HALVES.get(precision)
        turn = threading.Lock()

        def run(batch: Array) -> list[Array]:
            given = torch.from_numpy(batch)
            if device.type == "cuda":
                given = given.pin_memory()
            # weights are cast once a batch: autocast forgets them, but outside it norms would lose their precision
            with turn, torch.inference_mode(), torch.autocast(device.type, half, enabled=half is not None):
                outputs = [t.float() for t in moved(given.to(device, non_blocking=True))]
            return [t.cpu().numpy() for t in outputs]

        return run

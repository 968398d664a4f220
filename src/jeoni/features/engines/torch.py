"""PyTorch itself, eager: the reference all other engines are held against; on an accelerator the one that runs."""

from __future__ import annotations

import threading

import torch
from torch import nn

from jeoni.features.engine import Run
from jeoni.types import Array

__all__ = ["TorchEngine"]


class TorchEngine:
    """Runs the module as it is. Calls take turns: torch spreads each one over all cores by itself."""

    name = "torch"

    def missing(self) -> str:
        """Never missing."""
        return ""

    def precisions(self) -> tuple[str, ...]:
        """``float32``."""
        return ("float32",)

    def compile(self, network: nn.Module, rows: Array, threads: int, precision: str) -> Run:
        """Move a copy to the accelerator, if there is one."""
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        moved = network if device.type == "cpu" else _copy(network).to(device)
        turn = threading.Lock()

        def run(batch: Array) -> list[Array]:
            with turn, torch.inference_mode():
                return [t.float().cpu().numpy() for t in moved(torch.from_numpy(batch).to(device))]

        return run


def _copy(network: nn.Module) -> nn.Module:
    import copy

    return copy.deepcopy(network)

"""A backbone with sparse codes of its features on top (Raina et al. ICML 2007), made by `pretrain`."""

from __future__ import annotations

from typing import Any

from torch import nn

from jeoni.backbones.architectures import build_architecture
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.coding import code_network
from jeoni.errors import WeightsError

__all__ = ["Coded"]


class Coded:
    """Made by ``jeoni pretrain --method sparse_coding``; loaded from the model folder that it writes."""

    def names(self) -> list[str]:
        """None in advance: the codes are learned from the user's own data."""
        return []

    def build(self, architecture: str, arguments: dict[str, Any]) -> nn.Module:
        """The network below with fresh weights, and codes of random directions.

        Raises:
            WeightsError: arguments that describe no such network.
        """
        below, inner = arguments.get("library"), arguments.get("arguments")
        sizes = [arguments.get(name) for name in ("dim", "atoms", "rounds")]
        penalty = arguments.get("penalty")
        fine = isinstance(below, str) and below != "coded" and isinstance(inner, dict)
        counted = all(isinstance(size, int) and 0 < size <= 100_000 for size in sizes)
        if not (fine and counted and isinstance(penalty, float) and 0 <= penalty < 1e6):
            raise WeightsError(
                f"The arguments of the codes on {architecture} are damaged. Needed: library, arguments, dim, atoms, "
                "rounds and penalty."
            )
        assert isinstance(below, str) and isinstance(inner, dict)
        dim, atoms, rounds = (int(size) for size in sizes if size is not None)
        return code_network(build_architecture(below, architecture, inner), dim, atoms, penalty, rounds).eval()

    def load(self, name: str, weights: str) -> Backbone:
        """Nothing: there are no such backbones by name.

        Raises:
            WeightsError: always; the message says where they come from.
        """
        raise WeightsError(
            f"coded:{name} is no backbone by name: codes are learned from data. Make one with `jeoni pretrain DATA "
            "--method sparse_coding`, then take the model folder of that run."
        )

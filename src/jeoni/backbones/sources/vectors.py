"""Features that exist already (SURF, DeCAF, a table of numbers): one stage that learned nothing, and hands them on."""

from __future__ import annotations

from typing import Any

from torch import nn

from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.weights import fingerprint
from jeoni.errors import WeightsError
from jeoni.modalities.inputs.vector import VectorInput

__all__ = ["Vectors"]


class Vectors:
    """``vectors:800``: vectors of 800 numbers, as they are."""

    def names(self) -> list[str]:
        """None in advance: any length will do."""
        return []

    def build(self, architecture: str, arguments: dict[str, Any]) -> nn.Module:
        """The identity."""
        return nn.Identity().eval()

    def load(self, name: str, weights: str) -> Backbone:
        """For vectors of a length.

        Raises:
            WeightsError: no length, or a weights file where there can be none.
        """
        if not name.isdecimal() or int(name) < 1:
            raise WeightsError(
                f"vectors:{name} tells no length. Needed: how many numbers a vector has, as in vectors:800."
            )
        if weights:
            raise WeightsError(f"vectors:{name} has no weights; it takes no weights file ({weights}).")
        network = self.build("as they are", {})
        return build_backbone(
            network,
            name=f"vectors:{name}",
            architecture="as they are",
            input=VectorInput(int(name)),
            provenance=Provenance("vectors", f"vectors of {name} numbers", "none needed", fingerprint({})),
            library="vectors",
        )

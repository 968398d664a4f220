"""Any timm architecture with random weights: the control that pretrained weights are measured against."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.sources.timm import architectures, build_network, check_architecture, input_of
from jeoni.backbones.weights import fingerprint
from jeoni.errors import WeightsError

__all__ = ["Untrained"]


class Untrained:
    """``untrained:resnet18``; bundled names such as ``efficientnet_lite0`` are understood too."""

    def names(self) -> list[str]:
        """timm's architectures."""
        return architectures()

    def load(self, name: str, weights: str) -> Backbone:
        """Draw the weights with seed 0.

        Raises:
            WeightsError: an unknown architecture, or weights where there can be none.
        """
        if weights:
            raise WeightsError(f"untrained:{name} takes no weights file; use timm:{name} --weights {weights}.")
        architecture = name if name in architectures() else f"tf_{name}"
        check_architecture(architecture if architecture in architectures() else name)
        return _draw(architecture, {}, f"untrained:{name}", 0)


def untrained_twin(backbone: Backbone, seed: int) -> Backbone:
    """The same architecture and input with weights drawn at random."""
    # not the seed that `untrained:` itself draws with: a control must differ from what it controls
    twin = _draw(backbone.architecture, backbone.arguments, f"untrained twin of {backbone.name}", seed + 1)
    return replace(twin, input=backbone.input)


def _draw(architecture: str, arguments: dict[str, Any], name: str, seed: int) -> Backbone:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_network(architecture, arguments)
    digest = fingerprint(network.state_dict())
    return build_backbone(
        network,
        name=name,
        architecture=architecture,
        arguments=arguments,
        input=input_of(network),
        provenance=Provenance("untrained", f"{architecture}, seed {seed}", "none needed", digest),
    )

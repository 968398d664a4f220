"""Any timm architecture with random weights: the control that pretrained weights are measured against."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from jeoni.backbones.architectures import build_architecture
from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.sources.sentences import Sentences
from jeoni.backbones.sources.timm import architectures, check_architecture, input_of
from jeoni.backbones.weights import fingerprint
from jeoni.errors import WeightsError
from jeoni.libraries import has_architecture

__all__ = ["Untrained"]


class Untrained:
    """``untrained:resnet18``; bundled names such as ``efficientnet_lite0`` are understood too."""

    def names(self) -> list[str]:
        """timm's architectures."""
        return architectures()

    def check(self, name: str, weights: str) -> None:
        """Raise what :meth:`load` would raise of the two; draw nothing."""
        if weights:
            raise WeightsError(f"untrained:{name} takes no weights file; use timm:{name} --weights {weights}.")
        if name in Sentences().names():
            Sentences().check(name, "")
        else:
            check_architecture(_architecture(name))

    def load(self, name: str, weights: str) -> Backbone:
        """Draw the weights with seed 0.

        Raises:
            WeightsError: an unknown architecture, or weights where there can be none.
        """
        self.check(name, weights)
        if name in Sentences().names():
            return replace(untrained_twin(Sentences().load(name, ""), -1), name=f"untrained:{name}")
        architecture = _architecture(name)
        network, provenance = _draw("timm", architecture, {}, 0)
        return build_backbone(
            network,
            name=f"untrained:{name}",
            architecture=architecture,
            input=input_of(network),
            provenance=provenance,
        )


def _architecture(name: str) -> str:
    """timm's name of an architecture; some stand there with a prefix."""
    if has_architecture(name) or not has_architecture(f"tf_{name}"):
        return name
    return f"tf_{name}"


def untrained_twin(backbone: Backbone, seed: int) -> Backbone:
    """The same architecture, stages and input with weights drawn at random."""
    # not the seed that `untrained:` itself draws with: a control must differ from what it controls
    network, provenance = _draw(backbone.library, backbone.architecture, backbone.arguments, seed + 1)
    return replace(
        backbone,
        name=f"untrained twin of {backbone.name}",
        network=network.requires_grad_(False),
        provenance=provenance,
        fingerprint=provenance.sha256,
    )


def _draw(library: str, architecture: str, arguments: dict[str, Any], seed: int) -> tuple[nn.Module, Provenance]:
    """Weights for a seed; the process's own generator is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_architecture(library, architecture, arguments)
    digest = fingerprint(network.state_dict())
    return network, Provenance("untrained", f"{architecture}, seed {seed}", "none needed", digest)

"""Backbone: a pretrained network, its stages, what it expects as input, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from jeoni.backbones.coding import CodedNetwork
from jeoni.backbones.detector import DetectorFeatures
from jeoni.backbones.entry import example
from jeoni.backbones.packed import Packed
from jeoni.backbones.stages import Stage, find_stages
from jeoni.backbones.weights import fingerprint
from jeoni.modalities.inputs import Input

__all__ = ["Backbone", "Provenance", "build_backbone"]


@dataclass(frozen=True)
class Provenance:
    """Where weights come from.

    Attributes:
        source: ``bundled``, ``timm``, ``checkpoint``, ``untrained``, or another source's name.
        name: what they are called there.
        licence: of the weights; empty where it is not known.
        sha256: of the file they were read from, or of the tensors where there is no one file.
        url: where more is written about them.
    """

    source: str
    name: str
    licence: str
    sha256: str
    url: str = ""


@dataclass(frozen=True)
class Backbone:
    """A network that can be cut between any two of its stages.

    Attributes:
        name: as the user asked for it.
        network: what :func:`jeoni.backbones.entry.entry` makes of rows, such as normalised float images
            ``(n, 3, size, size)``, to pooled features ``(n, dim)``; in eval mode.
        stages: in the order they run; the last one ends with the features.
        input: what it expects.
        provenance: where its weights come from.
        architecture: its library's name for it.
        arguments: what the library was given to make it.
        dropped: stages of the architecture that were cut off its top.
        beside: stages whose averages over positions are its features, side by side, lowest first; empty: its features
            are what the network gives. See :func:`jeoni.backbones.side_by_side.side_by_side`.
        dim: number of features.
        fingerprint: names the weights in cache keys.
        library: the source that can make ``architecture`` anew.
        preferred: how networks of this kind are trained, where the user does not say; fields of a recipe.
    """

    name: str
    network: nn.Module
    stages: tuple[Stage, ...]
    input: Input
    provenance: Provenance
    architecture: str
    dim: int
    fingerprint: str
    arguments: dict[str, Any] = field(default_factory=dict)
    dropped: int = 0
    beside: tuple[int, ...] = ()
    library: str = "timm"
    preferred: dict[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of stages."""
        return len(self.stages)

    @property
    def learned(self) -> bool:
        """Whether it holds any weights; one for vectors as they are does not."""
        return next(self.network.parameters(), None) is not None

    @property
    def random(self) -> bool:
        """Whether its weights are as they were drawn, so that there is nothing to transfer."""
        return self.provenance.source == "untrained" and self.provenance.sha256 == self.fingerprint


def build_backbone(
    network: nn.Module,
    *,
    name: str,
    architecture: str,
    input: Input,
    provenance: Provenance,
    arguments: dict[str, Any] | None = None,
    library: str = "timm",
    preferred: dict[str, Any] | None = None,
) -> Backbone:
    """Find the stages and the number of features of a headless network, and freeze it.

    Raises:
        WeightsError: a parameter that belongs to no stage.
    """
    network = network.eval().requires_grad_(False)
    given = example(input, 1)
    widths: list[int] = []
    watched = network.register_forward_hook(lambda module, inputs, output: widths.append(output.shape[1]))
    stages = _stages_of(network, given)
    if not widths:  # its stages are known without a run
        with torch.inference_mode():
            network(given)
    watched.remove()
    return Backbone(
        name=name,
        network=network,
        stages=stages,
        input=input,
        provenance=provenance,
        architecture=architecture,
        dim=widths[-1],
        fingerprint=fingerprint(network.state_dict()),
        arguments=arguments or {},
        library=library,
        preferred=preferred or {},
    )


def _stages_of(network: nn.Module, given: Any) -> tuple[Stage, ...]:
    if isinstance(network, Packed):
        return network.stages()
    return (
        network.found_stages(given)
        if isinstance(network, (CodedNetwork, DetectorFeatures))
        else find_stages(network, given)
    )

"""Adversarial discriminative adaptation (Tzeng et al. CVPR 2017, arXiv:1702.05464).

First the network learns the source; then its encoder and head stay, and a second encoder, for the target, begins as a
copy and learns to give features a discriminator takes for the source's (inverted labels). Ours freezes below the cut in
both, and starts from the head fitted on frozen features.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from jeoni.adaptation.alignment import Alignment, Network, Step, only
from jeoni.adaptation.discriminator import Discriminator, domain_loss
from jeoni.training.job import Update

__all__ = ["ADDA"]


@dataclass(frozen=True)
class ADDA(Alignment):
    """A target encoder against a discriminator.

    Attributes:
        hidden: width of the discriminator.
    """

    hidden: int = 256

    trained_before: ClassVar[bool] = True
    weight: ClassVar[float] = 1.0  # type: ignore[misc]  # takes the field away: AdamW does not mind a loss's size

    def build(self, dim: int, classes: int, network: Network, targets: int) -> nn.Module:
        """The discriminator, and the source's encoder as it is."""
        return nn.ModuleDict(
            {"discriminator": Discriminator(dim, self.hidden), "frozen": copy.deepcopy(network.features)}
        )

    def updates(self, step: Step) -> Iterator[Update]:
        """The discriminator, then the encoder; the head is left alone."""
        assert isinstance(step.network.parts, nn.ModuleDict)
        discriminator, encoder = step.network.parts["discriminator"], step.network.parts["frozen"]
        with torch.no_grad():
            source = encoder(step.source)
        target = step.network.features(step.target)
        yield Update(domain_loss(discriminator(source), discriminator(target.detach())), only("parts."))
        taken_for_source = nn.functional.softplus(-discriminator(step.network.features(step.target))).mean()
        yield Update(taken_for_source, only("features."))

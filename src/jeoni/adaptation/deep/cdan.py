"""Conditional adversarial adaptation, CDAN+E (Long et al. NeurIPS 2018, arXiv:1705.10667).

The discriminator sees features and predictions multiplied out, and listens more to examples the classifier is sure of
(weights ``1 + exp(-H)``, with mean 1). Beyond 4,096 products a fixed random projection of both takes their place, as in
the paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from jeoni.adaptation.alignment import Alignment, Batch, Network, Step, ramp
from jeoni.adaptation.discriminator import Discriminator, domain_loss, reverse

__all__ = ["CDAN"]

MOST = 4096
PROJECTED = 1024


@dataclass(frozen=True)
class CDAN(Alignment):
    """Features that do not tell the domain of any class.

    Attributes:
        hidden: width of the discriminator.
    """

    hidden: int = 256

    def build(self, dim: int, classes: int, network: Network, targets: int) -> nn.Module:
        """The discriminator, behind the product."""
        return _Conditional(dim, classes, self.hidden)

    def alignment(self, batch: Batch, step: Step) -> Tensor:
        """The discriminator's weighted loss."""
        strength = ramp(step.progress)
        domain_logits, weights = [], []
        for features, logits in (
            (batch.source_features, batch.source_logits),
            (batch.target_features, batch.target_logits),
        ):
            probs = logits.softmax(1)
            domain_logits.append(step.network.parts(reverse(features, strength), probs.detach()))
            entropy = -(probs * logits.log_softmax(1)).sum(1)
            sure = 1 + torch.exp(-reverse(entropy, strength))
            weights.append(sure / sure.mean().detach())
        return domain_loss(domain_logits[0], domain_logits[1], (weights[0], weights[1]))


class _Conditional(nn.Module):
    def __init__(self, dim: int, classes: int, hidden: int) -> None:
        super().__init__()
        self.whole = dim * classes <= MOST
        if not self.whole:
            self.register_buffer("of_features", torch.randn(dim, PROJECTED))
            self.register_buffer("of_probs", torch.randn(classes, PROJECTED) / PROJECTED**0.5)
        self.discriminator = Discriminator(dim * classes if self.whole else PROJECTED, hidden)

    def forward(self, features: Tensor, probs: Tensor) -> Tensor:
        if self.whole:
            product = (features[:, :, None] * probs[:, None, :]).flatten(1)
        else:
            product = (features @ self.get_buffer("of_features")) * (probs @ self.get_buffer("of_probs"))
        domain_logits: Tensor = self.discriminator(product)
        return domain_logits

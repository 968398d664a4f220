"""Domain-adversarial training (Ganin & Lempitsky ICML 2015; Ganin et al. JMLR 2016, arXiv:1505.07818).

A discriminator learns to tell the domains apart while the features learn to prevent it: the gradient is turned round
between them, weakly at first. Ours differs in AdamW and the loop's schedule.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from jeoni.adaptation.alignment import Alignment, Batch, Network, Step, ramp
from jeoni.adaptation.discriminator import Discriminator, domain_loss, reverse

__all__ = ["DANN"]


@dataclass(frozen=True)
class DANN(Alignment):
    """Features that do not tell the domain.

    Attributes:
        hidden: width of the discriminator.
    """

    hidden: int = 256

    def build(self, dim: int, classes: int, network: Network, targets: int) -> nn.Module:
        """The discriminator."""
        return Discriminator(dim, self.hidden)

    def alignment(self, batch: Batch, step: Step) -> Tensor:
        """The discriminator's loss; the features are pushed the other way."""
        strength = ramp(step.progress)
        domain_logits = [
            step.network.parts(reverse(f, strength)) for f in (batch.source_features, batch.target_features)
        ]
        return domain_loss(domain_logits[0], domain_logits[1])

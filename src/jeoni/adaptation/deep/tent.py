"""TENT (Wang et al. ICLR 2021, arXiv:2006.10726): scales and shifts of batch normalisation, by entropy, at test time.

Batches are normalised by their own statistics while the entropy of the target's predictions is lowered. Ours keeps what
it learned: afterwards the whole target's statistics normalise, taken as by AdaBN, so that predictions do not depend on
what else is in a batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from jeoni.adaptation.deep._alignment import Alignment, Batches, Network, Step, only
from jeoni.adaptation.deep._norms import batch_norms, take_statistics, two_targets
from jeoni.training.loop import Update

__all__ = ["TENT"]


@dataclass(frozen=True)
class TENT(Alignment):
    """Lowers the entropy of predictions."""

    uses_source: ClassVar[bool] = False
    statistics: ClassVar[bool] = True
    frozen: ClassVar[int | None] = 0
    own_statistics: ClassVar[bool] = True

    def build(self, dim: int, classes: int, network: Network, targets: int) -> nn.Module:
        """Nothing; the network must normalise by batch."""
        two_targets("tent", targets)
        batch_norms(network.features, "tent")
        return nn.Identity()

    def wanted(self, name: str, owner: nn.Module) -> bool:
        """Scales and shifts."""
        return isinstance(owner, nn.modules.batchnorm._BatchNorm)

    def updates(self, step: Step) -> Iterator[Update]:
        """Entropy."""
        logits = step.network(step.target).float()
        entropy = -(logits.softmax(1) * logits.log_softmax(1)).sum(1).mean()
        yield Update(self.weight * entropy, only("features."))

    def finish(self, network: Network, target: Batches) -> None:
        """The target's statistics, in the place of the last batches'."""
        take_statistics(network.features, (rows for _, rows in target()))

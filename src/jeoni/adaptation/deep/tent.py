"""TENT (Wang et al. ICLR 2021, arXiv:2006.10726): scales and shifts of batch normalisation, by entropy, at test time.

Batches are normalised by their own statistics while the entropy of the target's predictions is lowered. Ours keeps what
it learned: afterwards the whole target's statistics normalise, taken as by AdaBN, so that predictions do not depend on
what else is in a batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import nn

from jeoni.adaptation.alignment import Alignment, Batches, Network, Step, only
from jeoni.adaptation.norms import batch_norms, take_statistics
from jeoni.training.job import Update

__all__ = ["TENT"]


@dataclass(frozen=True)
class TENT(Alignment):
    """Lowers the entropy of predictions."""

    uses_source: ClassVar[bool] = False
    statistics: ClassVar[bool] = True
    frozen: ClassVar[int | None] = 0
    own_statistics: ClassVar[bool] = True
    least: ClassVar[int] = 2
    # the paper's Adam at 1e-3, alike in all layers, and its number of steps: 10,000 pictures in batches of 200. Batches
    # of 64, its choice for ImageNet, since few have 10,000; afterwards all is normalised by the whole target.
    preferred: ClassVar[Mapping[str, Any]] = {
        "steps": 50, "batch_size": 64, "learning_rate": 1e-3, "depth_decay": 1.0, "warmup": 0.0,
    }  # fmt: skip
    weight: ClassVar[float] = 1.0  # type: ignore[misc]  # takes the field away: AdamW does not mind a loss's size

    def build(self, dim: int, classes: int, network: Network, targets: int) -> nn.Module:
        """Nothing; the network must normalise by batch."""
        batch_norms(network.features, "tent")
        return nn.Identity()

    def wanted(self, name: str, owner: nn.Module) -> bool:
        """Scales and shifts."""
        return isinstance(owner, nn.modules.batchnorm._BatchNorm)

    def updates(self, step: Step) -> Iterator[Update]:
        """Entropy."""
        logits = step.network(step.target).float()
        entropy = -(logits.softmax(1) * logits.log_softmax(1)).sum(1).mean()
        yield Update(entropy, only("features."))

    def finish(self, network: Network, target: Batches) -> None:
        """The target's statistics, in the place of the last batches'."""
        take_statistics(network.features, (rows for _, rows in target()))

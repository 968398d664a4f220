"""AdaBN (Li et al. 2018, arXiv:1603.04779): batch normalisation by the target's statistics; nothing is trained.

Mean and variance of every channel over the whole target, each item counting alike, whatever the order of the files. In
one pass: up to 128 items go through the network together, and the statistics of all layers are exact; of more items
those of the first layer are, and deeper layers see inputs that evenly cut, mixed batches normalised. Ours takes the
source's statistics in the same way before it fits a head. Needs a network with batch normalisation and no source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from jeoni.adaptation.alignment import Alignment, Batches, Network
from jeoni.adaptation.norms import batch_norms, take_statistics

__all__ = ["AdaBN"]


@dataclass(frozen=True)
class AdaBN(Alignment):
    """The target's statistics."""

    uses_source: ClassVar[bool] = False
    frozen: ClassVar[int | None] = 0
    own_statistics: ClassVar[bool] = True
    least: ClassVar[int] = 2
    weight: ClassVar[float] = 1.0  # type: ignore[misc]  # takes the field away: there is no loss

    def build(self, dim: int, classes: int, network: Network, targets: int) -> nn.Module:
        """Nothing; the network must normalise by batch."""
        batch_norms(network.features, "adabn")
        return nn.Identity()

    def prepare(self, network: Network, target: Batches, passed: int) -> None:
        """One pass over the target."""
        take_statistics(network.features, (rows for _, rows in target()))

    def steps(self, wanted: int) -> int:
        """None: all is done before the first step."""
        return 0

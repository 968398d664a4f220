"""Maximum classifier discrepancy (Saito et al. CVPR 2018, arXiv:1712.02560).

Two heads learn the source (A), then to disagree about the target (B), then the features to make them agree (C, several
times). The head that is kept is the first; the second one starts from random weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from jeoni.adaptation.alignment import Alignment, Network, Step, only
from jeoni.training.job import Update

__all__ = ["MCD"]


@dataclass(frozen=True)
class MCD(Alignment):
    """Features on which two heads agree.

    Attributes:
        rounds: how often C is done in a step.
    """

    rounds: int = 4

    def build(self, dim: int, classes: int, network: Network, targets: int) -> nn.Module:
        """The second head."""
        return nn.Linear(dim, classes)

    def updates(self, step: Step) -> Iterator[Update]:
        """A, B, and C."""
        yield Update(self._task(step))
        heads = only("head."), only("parts.")
        yield Update(self._task(step) - self.weight * _disagreement(step), lambda name: any(of(name) for of in heads))
        for _ in range(self.rounds):
            yield Update(self.weight * _disagreement(step), only("features."))

    def _task(self, step: Step) -> Tensor:
        features = step.network.features(step.source)
        return step.task(step.network.head(features)) + step.task(step.network.parts(features))


def _disagreement(step: Step) -> Tensor:
    """Mean distance of both heads' probabilities for the target."""
    features = step.network.features(step.target)
    one, two = step.network.head(features).softmax(1), step.network.parts(features).softmax(1)
    gap: Tensor = (one - two).abs().mean()
    return gap

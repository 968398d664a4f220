"""Transductive information maximisation (TIM-GD, Boudiaf et al. NeurIPS 2020, arXiv:2008.11297).

``CE(support) - H(mean_q p_q) + 0.1 mean_q H(p_q)``, minimised over the class vectors: sure of each query, and all
classes equally frequent. Where they are not, that is wrong: see :mod:`jeoni.few_shot.balance`. Weights, temperature and
fifty steps are those of later comparisons; the paper takes 1,000 smaller ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from jeoni.few_shot.information import maximise
from jeoni.types import FloatArray, IntArray

__all__ = ["TIM"]


@dataclass(frozen=True)
class TIM:
    """Maximise what the queries tell of their classes.

    Attributes:
        sharpness: the temperature of the softmax over distances.
        steps: of the optimiser.
        rate: of its steps.
        marginal: weight of the entropy of the mean.
        conditional: weight of the mean entropy.
    """

    sharpness: float = 10.0
    steps: int = 50
    rate: float = 1e-3
    marginal: float = 1.0
    conditional: float = 0.1

    def __call__(self, support: FloatArray, labels: IntArray, queries: FloatArray, classes: int) -> FloatArray:
        """See :class:`jeoni.few_shot.transductive.Transductive`."""
        return maximise(
            self.objective,
            support,
            labels,
            queries,
            classes,
            sharpness=self.sharpness,
            steps=self.steps,
            rate=self.rate,
        )

    def objective(self, known: Tensor, found: Tensor) -> Tensor:
        """The loss of the support's probabilities ``(n,)`` of their own classes and the queries' ``(m, classes)``."""
        mean = found.mean(0)
        marginal = -(mean * (mean + 1e-12).log()).sum()
        conditional = -(found * (found + 1e-12).log()).sum(1).mean()
        return -(known + 1e-12).log().mean() - self.marginal * marginal + self.conditional * conditional

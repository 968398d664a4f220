"""TIM with alpha-divergences, for classes of unequal frequency (Veilleux et al. NeurIPS 2021, arXiv:2204.11181).

The mutual information is Tsallis': ``I_a = 1/(a-1) (mean_q sum_k p_qk^a - sum_k (mean_q p_qk)^a)``. With ``a`` above 1
it asks less strictly for equal frequencies than Shannon's. They chose ``a`` between 2 and 7 on validation classes; ours
is 2. The cross-entropy of the support is Shannon's.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from jeoni.few_shot.information import maximise
from jeoni.types import FloatArray, IntArray

__all__ = ["AlphaTIM"]


@dataclass(frozen=True)
class AlphaTIM:
    """Maximise the queries' alpha-mutual information with their classes.

    Attributes:
        alpha: 1 is TIM with equal weights of its entropies.
        sharpness: the temperature of the softmax over distances.
        steps: of the optimiser.
        rate: of its steps.
    """

    alpha: float = 2.0
    sharpness: float = 10.0
    steps: int = 50
    rate: float = 1e-3

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
        sure, mean = found.pow(self.alpha).sum(1).mean(), found.mean(0).pow(self.alpha).sum()
        return -(known + 1e-12).log().mean() - (sure - mean) / (self.alpha - 1)

"""VICReg (Bardes, Ponce & LeCun ICLR 2022, arXiv:2105.04906): views agree, and no feature is lost.

Three terms on the projections of two views: their squared difference (25), how far each column's standard deviation
falls below 1 (25), and the squared covariances between columns (1). Ours differs in size, not in kind: a projector of
512 where theirs has 8,192, batches of 64, AdamW in the place of LARS, frozen lower stages whose activations of a few
random views are kept, so that the same views come up again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.pretraining.learning.method import Pretrained, Start
from jeoni.pretraining.learning.two_views import learn_from_views, projector, view_taps
from jeoni.specs import Recipe

__all__ = ["VICReg"]

SMALL = 1e-4


@dataclass(frozen=True)
class VICReg:
    """Variance, invariance, covariance.

    Attributes:
        invariance: weight of the squared difference of two views.
        variance: weight of the hinge on standard deviations.
        covariance: weight of squared covariances.
        width: of the projector's layers.
    """

    modalities: ClassVar[tuple[str, ...]] = ("image", "audio")
    supervised: ClassVar[bool] = False

    invariance: float = 25.0
    variance: float = 25.0
    covariance: float = 1.0
    width: int = 512

    def taps(self, backbone: Backbone, n: int, recipe: Recipe) -> tuple[Tap, ...]:
        """See :class:`jeoni.pretraining.learning.method.Method`."""
        return view_taps(backbone)

    def learn(self, start: Start) -> Pretrained:
        """Train the stages above the cut by two views of each example."""
        terms = ("invariance", "variance", "covariance")
        return learn_from_views(start, "vicreg", terms, lambda dim: projector(dim, self.width), self.terms, repr(self))

    def terms(self, one: Tensor, other: Tensor) -> dict[str, Tensor]:
        """The weighted terms of projections ``(b, k)`` of two views.

        Example:
            >>> flat = torch.zeros(4, 2)
            >>> {name: round(float(value), 2) for name, value in VICReg().terms(flat, flat).items()}
            {'invariance': 0.0, 'variance': 24.75, 'covariance': 0.0}
        """
        pair = (one, other)
        return {
            "invariance": self.invariance * torch.nn.functional.mse_loss(one, other),
            "variance": self.variance * torch.stack([_hinge(rows) for rows in pair]).mean(),
            "covariance": self.covariance * torch.stack([_correlated(rows) for rows in pair]).sum(),
        }


def _hinge(rows: Tensor) -> Tensor:
    """How far standard deviations fall below 1, on average."""
    deviation = torch.sqrt(rows.var(0) + SMALL)
    return torch.relu(1 - deviation).mean()


def _correlated(rows: Tensor) -> Tensor:
    """The sum of squared covariances between different columns, over their number."""
    centred = rows - rows.mean(0)
    covariance = centred.T @ centred / (len(rows) - 1)
    return (covariance.square().sum() - covariance.diagonal().square().sum()) / rows.shape[1]

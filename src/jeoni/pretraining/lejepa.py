"""LeJEPA (Balestriero & LeCun 2025, arXiv:2511.08544): views agree, and projections are an isotropic Gaussian (SIGReg).

Along random unit directions the Epps-Pulley statistic measures how far the projected batch is from a standard normal:
the weighted squared distance of characteristic functions, by the trapezoid rule. One weight in the place of a teacher,
a stop of gradients, or three terms. Ours differs in that it takes two views where the paper has two large and six small
ones, with lower stages frozen and AdamW's default schedule of this package.
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

__all__ = ["LeJEPA"]


@dataclass(frozen=True)
class LeJEPA:
    """Prediction between views, and SIGReg.

    Attributes:
        weight: of SIGReg; the prediction has one minus that.
        directions: random ones, drawn anew in every step.
        knots: of the trapezoid rule between 0 and ``span``.
        span: where the characteristic functions are compared, up to.
        width: of the projector's hidden layers.
        out: numbers of a projection.
    """

    modalities: ClassVar[tuple[str, ...]] = ("image", "audio")
    supervised: ClassVar[bool] = False

    weight: float = 0.02
    directions: int = 256
    knots: int = 17
    span: float = 3.0
    width: int = 512
    out: int = 64

    def taps(self, backbone: Backbone, n: int, recipe: Recipe) -> tuple[Tap, ...]:
        """See :class:`jeoni.pretraining.learning.method.Method`."""
        return view_taps(backbone)

    def learn(self, start: Start) -> Pretrained:
        """Train the stages above the cut by two views of each example."""

        def head(dim: int) -> torch.nn.Module:
            return projector(dim, self.width, out=self.out)

        return learn_from_views(start, "lejepa", ("prediction", "sigreg"), head, self.terms, repr(self))

    def terms(self, one: Tensor, other: Tensor) -> dict[str, Tensor]:
        """The weighted terms of projections ``(b, k)`` of two views."""
        views = torch.stack([one, other])
        prediction = (views - views.mean(0)).square().mean()
        drawn = torch.randn(one.shape[1], self.directions, device=one.device)
        along = views @ (drawn / drawn.norm(dim=0))
        return {
            "prediction": (1 - self.weight) * prediction,
            "sigreg": self.weight * epps_pulley(along, self.knots, self.span).mean(),
        }


def epps_pulley(samples: Tensor, knots: int = 17, span: float = 3.0) -> Tensor:
    """How far samples are from a standard normal (Epps & Pulley 1983), with the weight ``exp(-t² / 2)``.

    Args:
        samples: ``(…, n, m)``: ``m`` samples of ``n`` numbers.
        knots: of the trapezoid rule.
        span: the integral goes from ``-span`` to ``span``.

    Returns:
        ``(…, m)``: ``n`` times the integral of the squared distance of the characteristic functions.
    """
    t = torch.linspace(0, span, knots, device=samples.device, dtype=samples.dtype)
    weights = torch.full_like(t, 2 * span / (knots - 1))
    weights[[0, -1]] /= 2
    normal = torch.exp(-t.square() / 2)
    angles = samples.unsqueeze(-1) * t
    real, imaginary = angles.cos().mean(-3), angles.sin().mean(-3)
    distance = (real - normal).square() + imaginary.square()
    return samples.shape[-2] * (distance @ (weights * normal))

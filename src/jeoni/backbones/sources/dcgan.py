"""The discriminator of a DCGAN (Radford, Metz & Chintala ICLR 2016, arXiv:1511.06434), made by `pretrain`."""

from __future__ import annotations

from typing import Any

from torch import nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.convolutional_gan import SIDES, Discriminator
from jeoni.errors import WeightsError

__all__ = ["DCGAN"]

WIDEST = 1024


class DCGAN:
    """Loaded from the model folder that ``jeoni pretrain --method dcgan`` writes."""

    def names(self) -> list[str]:
        """None in advance: there is one for every run."""
        return []

    def build(self, architecture: str, arguments: dict[str, Any]) -> nn.Module:
        """The discriminator with fresh weights.

        Raises:
            WeightsError: arguments that describe none.
        """
        side, width = arguments.get("side"), arguments.get("width")
        if side not in SIDES or not isinstance(width, int) or not 0 < width <= WIDEST:
            raise WeightsError(
                f"The arguments of the discriminator {architecture} are damaged. Needed: a side "
                f"({' or '.join(map(str, SIDES))}) and a width from 1 to {WIDEST}."
            )
        return Discriminator(side, width).eval()

    def load(self, name: str, weights: str) -> Backbone:
        """Nothing: there are no such backbones by name.

        Raises:
            WeightsError: always; the message says where they come from.
        """
        raise WeightsError(
            f"dcgan:{name} is no backbone by name: a discriminator is trained on data. Make one with `jeoni pretrain "
            "DATA --method dcgan`, then take the model folder of that run."
        )

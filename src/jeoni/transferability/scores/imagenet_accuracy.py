"""Published ImageNet accuracy (Kornblith, Shlens & Le CVPR 2019, arXiv:1805.08974): a fixed list that sees no data.

How well the whole network tells ImageNet's classes apart, from the file ``published.csv``, where each number stands
with its source. An untrained network is right by chance, once in a thousand. What is not in the list, and lower stages,
of which nothing was published, have no score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jeoni.transferability.candidate import Facts, Needs
from jeoni.transferability.published import is_listed, published_accuracy

__all__ = ["ImageNetAccuracy"]

BY_CHANCE = 0.1


@dataclass(frozen=True)
class ImageNetAccuracy:
    """Top-1 accuracy in percent.

    Example:
        >>> ImageNetAccuracy()(Facts("efficientnet_lite0", 3_371_000))
        74.83
    """

    title: ClassVar[str] = "ImageNet accuracy"
    needs: ClassVar[Needs] = "facts"

    def __call__(self, facts: Facts) -> float | None:
        """The accuracy; None where it is not known."""
        if not facts.whole:
            return None
        if not facts.learned:
            return BY_CHANCE if is_listed(facts.name) else None
        return published_accuracy(facts.name)

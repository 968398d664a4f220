"""What transferability scores look at: a backbone's features, its old head's posteriors, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from jeoni.types import Array, FloatArray, IntArray

__all__ = ["FEWEST", "Candidate", "Facts", "FactsScore", "FeaturesScore", "Needs", "PosteriorsScore", "Resampled"]

FEWEST = 5  # backbones below which it cannot be told whether a score orders them

Needs = Literal["features", "posteriors", "facts"]


@dataclass(frozen=True)
class Facts:
    """What is known of a backbone before it sees any data.

    Attributes:
        name: of the backbone, as it was asked for: weights that were trained on are no longer those of the list.
        parameters: of the stages that are used, in numbers.
        learned: False for one with random weights.
        whole: whether all of its stages are used.
    """

    name: str
    parameters: int
    learned: bool = True
    whole: bool = True


@dataclass(frozen=True)
class Candidate:
    """A backbone, or its lower stages, seen on a labelled task.

    Attributes:
        backbone: its name.
        stage: the last stage that is used.
        features: ``(n, d)`` pooled outputs of that stage.
        facts: what is known of it.
        posteriors: ``(n, z)`` probabilities of the classes that it was trained on; None where there is no such head.
        depth: stages that are used.
    """

    backbone: str
    stage: str
    features: Array
    facts: Facts
    posteriors: Array | None = None
    depth: int = 0

    @property
    def name(self) -> str:
        """Backbone and, below the top, the stage."""
        return self.backbone if self.facts.whole else f"{self.backbone} / {self.stage}"


class FeaturesScore(Protocol):
    """A score of features and labels; ``needs`` is ``"features"``."""

    title: ClassVar[str]
    needs: ClassVar[Needs]

    def __call__(self, features: Array, labels: Array, groups: IntArray | None = None) -> float:
        """The score of ``features (n, d)`` for ``labels (n,)``; examples of one of the ``groups (n,)`` are alike.

        Raises:
            ValueError: features and labels that do not go together, or labels of one class.
        """


class PosteriorsScore(Protocol):
    """A score of the old head's posteriors and the new labels; ``needs`` is ``"posteriors"``."""

    title: ClassVar[str]
    needs: ClassVar[Needs]

    def __call__(self, posteriors: Array, labels: Array, groups: IntArray | None = None) -> float:
        """The score of ``posteriors (n, z)``, rows that sum to 1, for ``labels (n,)``.

        Raises:
            ValueError: as of :class:`FeaturesScore`, or rows that are no probabilities.
        """


class FactsScore(Protocol):
    """A score that looks at no data; ``needs`` is ``"facts"``."""

    title: ClassVar[str]
    needs: ClassVar[Needs]

    def __call__(self, facts: Facts) -> float | None:
        """The score; None where it is not known."""


class Resampled(Protocol):
    """What a score offers beside where an interval is cheap to have."""

    def resampled(self, rows: Array, labels: Array, groups: IntArray | None, weights: FloatArray) -> FloatArray:
        """``(b,)`` scores of resamples, from ``weights (b, n)``: how often each example was drawn in each."""

"""Measures of single items: what a paired comparison of two models is about, and how its values are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from jeoni.types import Interval

__all__ = ["ACCURACY", "BALANCED_ACCURACY", "Measure", "Scale", "limits_of"]


class Scale(Protocol):
    """What metrics and measures tell of their values."""

    @property
    def unit(self) -> str:
        """``%`` for a share."""

    @property
    def higher_is_better(self) -> bool:
        """The direction."""


def limits_of(scale: Scale) -> tuple[float, float]:
    """The least and the largest value: shares lie between 0 and 1, errors above 0, R² and correlations below 1.

    Example:
        >>> limits_of(Measure("mae", "mean absolute error", "kg", False))
        (0.0, inf)
    """
    if scale.unit == "%":
        return 0.0, 1.0
    if not scale.higher_is_better:
        return 0.0, float("inf")
    return -float("inf"), float("inf") if scale.unit else 1.0


@dataclass(frozen=True)
class Measure:
    """A mean over items.

    Attributes:
        id: its name in files and options.
        title: in a sentence.
        unit: ``%`` for a share, of which differences are points; else that of a number, or empty.
        higher_is_better: False for an error.
        scale: of one unit, in the task's scores per item, of which higher is always better.
    """

    id: str
    title: str
    unit: str = "%"
    higher_is_better: bool = True
    scale: float = 1.0

    @property
    def is_share(self) -> bool:
        """Whether values lie between 0 and 1."""
        return self.unit == "%"

    def of(self, score: Interval) -> Interval:
        """The measure's value and interval of a mean score, of which higher is better.

        Example:
            >>> Measure("mae", "mean absolute error", "kg", False).of(Interval(-2.0, -3.0, -1.0))
            Interval(value=2.0, low=1.0, high=3.0)
        """
        if self.higher_is_better:
            return score
        return -score

    def written(self, interval: Interval) -> tuple[str, str, str, str]:
        """Value, low and high as a sentence has them, and the unit with a space before it."""
        if self.is_share:
            value, low, high = interval.points()
            return f"{value:.1f}", f"{low:.1f}", f"{high:.1f}", " points"
        value, low, high = interval.value + 0.0, interval.low + 0.0, interval.high + 0.0
        return f"{value:.3g}", f"{low:.3g}", f"{high:.3g}", f" {self.unit}" if self.unit else ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"title": self.title, "unit": self.unit, "higher_is_better": self.higher_is_better}


ACCURACY = Measure("accuracy", "accuracy")
BALANCED_ACCURACY = Measure("balanced_accuracy", "balanced accuracy")

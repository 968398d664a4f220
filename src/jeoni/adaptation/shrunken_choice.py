"""Choosing among methods by a few labelled items, where most of a lead may be luck.

Every method is compared with the source model item by item, by its Brier score on items that it has not learned from.
The lead of a method is the mean of the differences. The largest of a dozen leads is large by luck, and by most luck
where a method's predictions vary most; so leads are shrunken by their standard errors before they are compared. The
source model stays unless a lead is beyond chance: the lower end of its one-sided 95 % interval (Student's) above 0. Of
those that are, and that come to one sure mistake less in a hundred items, the surest is taken, the one of most standard
errors. The Brier score is bounded, so that no single item decides, and it tells sure from unsure, where accuracy knows
only steps of ``1 / n``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from jeoni.types import FloatArray, IntArray, Interval

__all__ = ["Lead", "brier", "choose_shrunken", "leads_of"]

SURE = 0.95
MATERIAL = 0.02  # of a lead: one sure mistake less in a hundred items
MOST = 1e6  # standard errors of a lead that is the same for all items


@dataclass(frozen=True)
class Lead:
    """How much better than the source model a method is on the labelled items.

    Attributes:
        mean: of the differences of Brier scores, positive where the method is better.
        error: its standard error.
        items: of how many items.
    """

    mean: float
    error: float
    items: int

    @property
    def errors(self) -> float:
        """How many standard errors it is."""
        return self.mean / self.error if self.error > 0 else float(np.sign(self.mean)) * MOST

    @property
    def shrunken(self) -> float:
        """What of it is beyond chance: the lower end of its one-sided 95 % interval."""
        return self.mean - self._errors(SURE)

    @property
    def interval(self) -> Interval:
        """The 95 % interval, by Student's distribution."""
        half = self._errors((1 + SURE) / 2)
        return Interval(self.mean, self.mean - half, self.mean + half)

    def _errors(self, level: float) -> float:
        """The standard error times a quantile of Student's distribution."""
        if self.error == 0:
            return 0.0
        return float(student.ppf(level, max(self.items - 1, 1)) * self.error)


def brier(probs: FloatArray, labels: IntArray) -> FloatArray:
    """``(n,)`` Brier scores (1950): squared distances to the truth, from 0 (sure and right) to 2.

    Example:
        >>> brier(np.array([[1.0, 0.0], [0.5, 0.5], [1.0, 0.0]]), np.array([0, 0, 1])).tolist()
        [0.0, 0.5, 2.0]
    """
    truth = np.eye(probs.shape[1])[labels]
    found: FloatArray = np.square(probs - truth).sum(1)
    return found


def leads_of(scores: Mapping[str, FloatArray], source: str) -> dict[str, Lead]:
    """The lead of each method over the source model, paired by item.

    Args:
        scores: by method ``(n,)`` Brier scores of items that it has not learned from.
        source: the name of the source model among them.
    """
    found = {}
    for name, one in scores.items():
        better = scores[source] - one
        error = float(better.std(ddof=1) / np.sqrt(len(better))) if len(better) > 1 else float("inf")
        found[name] = Lead(float(better.mean()), error if name != source else 0.0, len(better))
    return found


def choose_shrunken(leads: Mapping[str, Lead], source: str) -> str:
    """The method whose lead is the surest of those beyond chance; the source model where none is.

    Example:
        >>> leads = {"source_only": Lead(0.0, 0.0, 20), "a": Lead(0.2, 0.3, 20), "b": Lead(0.1, 0.02, 20)}
        >>> choose_shrunken(leads, "source_only")
        'b'
    """
    beyond = [name for name, lead in leads.items() if lead.shrunken > 0 and lead.mean >= MATERIAL]
    return max(beyond, key=lambda name: leads[name].errors, default=source)

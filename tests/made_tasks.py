"""Tasks for tests."""

from __future__ import annotations

from collections.abc import Sequence

from jeoni.specs import Recipe
from jeoni.tasks import Criterion, LossOptions
from jeoni.tasks.classification import Classification
from jeoni.types import Array

__all__ = ["class_loss", "classes"]


def classes(names: Sequence[str] | int) -> Classification:
    """``classes("ab")``, ``classes(["good", "bad"])``, or ``classes(3)`` for three without a meaning."""
    return Classification(tuple(map(str, range(names))) if isinstance(names, int) else tuple(names))


def class_loss(labels: Array, recipe: Recipe, balanced: bool = False) -> Criterion:
    """The loss of a training on these labels, as a strategy makes it."""
    options = LossOptions(balanced, max(0.0, recipe.label_smoothing), max(0.0, recipe.logit_adjustment))
    return classes(int(labels.max()) + 1).criterion(labels, options)

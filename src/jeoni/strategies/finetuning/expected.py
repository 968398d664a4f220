"""The work that :func:`jeoni.strategies.finetuning.tuning.tune` will have, as far as it is known beforehand."""

from __future__ import annotations

from dataclasses import replace

from jeoni.backbones.backbone import Backbone
from jeoni.strategies.finetuning.tuning import FEW, can_tell, parts_of
from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.sizes import Sizes
from jeoni.training.work import BEST_MOMENT, Training, Work, evaluation_steps, whole_steps

__all__ = ["expected_trial", "expected_work"]


def expected_work(
    backbone: Backbone,
    n: int,
    recipe: ResolvedRecipe,
    frozen: int,
    *,
    interpolate: bool = True,
    to_the_end: bool = False,
    statistics: bool = False,
    heads: int = 2,
    sizes: Sizes | None = None,
) -> Work:
    """One training on a part of the examples and, of few of them, another on all.

    Args:
        backbone: what is trained.
        n: training examples.
        recipe: all its defaults resolved.
        frozen: stages that stay.
        interpolate: see :class:`FinetuneConfig`; so are the next two.
        to_the_end: every step is made again.
        statistics: batch normalisation uses batch statistics.
        heads: that are fitted to features on the way.
        sizes: of pictures that grow: a step then counts as much as its pictures have pixels.
    """
    first = interpolate or can_tell(n)
    again = n < FEW
    steps = 0.0
    if first:
        steps += _first_steps(recipe, n)
    if again or not first:
        made = recipe.steps * (BEST_MOMENT if first and not to_the_end else 1.0)
        steps += whole_steps(made, n, recipe.batch_size)
    steps *= sizes.cost() if sizes else 1.0
    return Work(heads, (Training(backbone, frozen, recipe, steps, statistics),))


def expected_trial(whole: Training, n: int) -> Training:
    """Of a training of :func:`expected_work` what comes first, on a part of the ``n`` examples."""
    return replace(whole, steps=min(whole.steps, _first_steps(whole.recipe, n)))


def _first_steps(recipe: ResolvedRecipe, n: int) -> float:
    """With the evaluations of what is held out, in units of steps."""
    held = n // parts_of(n)
    return whole_steps(recipe.steps, n - held, recipe.batch_size) + evaluation_steps(held, recipe.batch_size)

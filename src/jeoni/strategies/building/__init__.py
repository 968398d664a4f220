"""From a strategy's name and the options to the strategy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from jeoni import plugins
from jeoni.assessment.holdout import Strategy
from jeoni.errors import ConfigError
from jeoni.heads.fitting.named import build_head, kind_of_head, named_head
from jeoni.specs import Recipe, TransferOptions
from jeoni.specs.settings import configured, parse_settings, settings_of

__all__ = ["build_arm", "build_strategy", "check_training"]

FOLDER = "jeoni.strategies"


def build_strategy(
    name: str, options: TransferOptions | None = None, settings: Mapping[str, Any] | None = None
) -> Strategy:
    """Make a strategy.

    Args:
        name: its id.
        options: head, class weights, recipe and, if they have it, the most examples of a control are its arguments
            where it has fields of these names.
        settings: values of its other fields; ``head.NAME`` is a field of the head.

    Raises:
        ConfigError: an unknown strategy or head; a setting that the strategy does not have.
    """
    options = options or TransferOptions()
    kind = plugins.load(FOLDER, name)
    of_head, of_strategy = settings_of("head", settings or {})
    declared = {f.name for f in fields(kind)}
    trains = "recipe" in declared
    head = named_head("linear" if trains and options.head == "auto" else options.head, of_head)
    made_head = build_head(head)  # an unknown name or setting is said now, not after the features were computed
    if trains and not getattr(made_head, "trainable", True):
        raise ConfigError(
            f"The head {kind_of_head(head)} is made of examples and cannot be trained, as the strategy {name} does. "
            "Take --head linear, or --strategy probe."
        )
    common = {"head": head, "class_weights": options.class_weights, "recipe": options.recipe}
    if hasattr(options, "control_items"):
        common["control_items"] = options.control_items
    own = {name: value for name, value in common.items() if name in declared}
    made: Strategy = configured(name, kind, of_strategy, own)
    return made


def build_arm(written: str, options: TransferOptions) -> Strategy:
    """Make a strategy of a comparison, which may be written with hyper-parameters of its own: ``lora:rank=4,alpha=8``.

    Raises:
        ConfigError: as of :func:`build_strategy`, and words that are no ``name=value`` pairs.
    """
    name, _, own = written.partition(":")
    return build_strategy(name, options, parse_settings(own, "strategies"))


def check_training(name: str, recipe: Recipe) -> None:
    """Whether what was asked for of a training has an effect.

    Raises:
        ConfigError: the strategy trains no stages.
    """
    if "recipe" in {f.name for f in fields(plugins.load(FOLDER, name))}:
        return
    for option, value in recipe.decided.items():
        raise ConfigError(
            f"{option} is {value!r}; the strategy {name} trains no stages. Leave it out, or take one that "
            "does, such as --strategy finetune."
        )

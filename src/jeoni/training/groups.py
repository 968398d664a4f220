"""Which parameters are trained, and how: a learning rate by depth, weight decay, an anchor, and when it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Cut
from jeoni.spec import Recipe

__all__ = ["Group", "build_groups"]

HEAD = "head"


@dataclass(frozen=True)
class Group:
    """Parameters that are treated alike.

    Attributes:
        name: the stage's name, or ``head``.
        parameters: by their dotted names in the trained network.
        learning_rate: at its highest.
        weight_decay: decoupled (Loshchilov & Hutter 2019).
        starts: the step at which training them begins; they are frozen before.
        anchor: pulls them towards where they started: adds ``anchor / 2 · ‖w - w₀‖²`` to the loss.
    """

    name: str
    parameters: dict[str, nn.Parameter]
    learning_rate: float
    weight_decay: float
    starts: int = 0
    anchor: float = 0.0


def build_groups(
    backbone: Backbone,
    made: Cut,
    network: nn.Module,
    recipe: Recipe,
    *,
    wanted: Callable[[str, nn.Module], bool] = lambda name, owner: True,
    starts: Callable[[int], int] = lambda depth: 0,
    anchor: float = 0.0,
) -> list[Group]:
    """One group per trained stage and kind of parameter, lowest first, then the head's.

    Args:
        backbone: names the stages.
        made: its cut.
        network: rows to logits, with parts ``features`` (what :meth:`Cut.from_rows` gives) and ``head``.
        recipe: settled.
        wanted: of a parameter's own name and the module that owns it, whether it is trained.
        starts: the step at which a stage starts, by its distance from the top (0 is the topmost).
        anchor: of the backbone's parameters; those of the head have none.
    """
    modules, named = dict(network.named_modules()), dict(network.named_parameters())
    groups: list[Group] = []
    stages = backbone.stages[made.frozen :]
    for k, stage in enumerate(stages):
        depth = len(stages) - 1 - k
        rate = recipe.learning_rate * recipe.depth_decay**depth
        chosen = {}
        for plain in stage.parameters:
            name = f"features.{made.prefix}{plain}"
            if name in named and wanted(plain, modules[name.rpartition(".")[0]]):
                chosen[name] = named[name]
        decay = 0.0 if anchor else recipe.weight_decay
        groups += _by_kind(Group(stage.name, chosen, rate, decay, starts(depth), anchor))
    head = {n: p for n, p in named.items() if n.startswith("head.")}
    return [*groups, *_by_kind(Group(HEAD, head, recipe.head_learning_rate, recipe.weight_decay))]


def _by_kind(group: Group) -> list[Group]:
    """Matrices, and vectors without weight decay; what is empty is left out."""
    flat = {n: p for n, p in group.parameters.items() if p.ndim <= 1}
    rest = {n: p for n, p in group.parameters.items() if n not in flat}
    parts = [replace(group, parameters=rest), replace(group, parameters=flat, weight_decay=0.0)]
    return [part for part in parts if part.parameters]

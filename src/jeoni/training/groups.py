"""Which parameters are trained, and how: a learning rate by depth, weight decay, an anchor, and when it starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace

from torch import nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.stages import Stage
from jeoni.training.defaults import ResolvedRecipe

__all__ = ["HEAD", "Group", "build_groups"]

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
    frozen: int,
    prefix: str,
    network: nn.Module,
    recipe: ResolvedRecipe,
    *,
    wanted: Callable[[str, nn.Module], bool] = lambda name, owner: True,
    starts: Callable[[int], int] = lambda depth: 0,
    anchor: float = 0.0,
) -> list[Group]:
    """One group per trained stage and kind of parameter, lowest first, then the head's.

    Args:
        backbone: names the stages.
        frozen: stages below the cut.
        prefix: of the backbone's own parameter names in the network's part ``features``.
        network: rows to outputs, with parts ``features`` and ``head``.
        recipe: all its defaults resolved.
        wanted: of a parameter's own name and the module that owns it, whether it is trained. A parameter that the
            backbone does not have, such as an adapter's, belongs to the stage of the module it lies in.
        starts: the step at which a stage starts, by its distance from the top (0 is the topmost).
        anchor: of the backbone's parameters; those of the head have none.
    """
    modules, named = dict(network.named_modules()), dict(network.named_parameters())
    groups: list[Group] = []
    stages = backbone.stages[frozen:]
    below = {p for stage in backbone.stages[:frozen] for p in stage.parameters}
    members = _members(named, stages, f"features.{prefix}", below)
    for k, stage in enumerate(stages):
        depth = len(stages) - 1 - k
        rate = recipe.learning_rate * recipe.depth_decay**depth
        chosen = {name: named[name] for plain, name in members[k] if wanted(plain, modules[name.rpartition(".")[0]])}
        decay = 0.0 if anchor else recipe.weight_decay
        groups += _by_kind(Group(stage.name, chosen, rate, decay, starts(depth), anchor))
    head = {n: p for n, p in named.items() if n.startswith("head.")}
    return [*groups, *_by_kind(Group(HEAD, head, recipe.head_learning_rate, recipe.weight_decay))]


def _members(
    named: Iterable[str], stages: Sequence[Stage], prefix: str, below: Set[str]
) -> list[list[tuple[str, str]]]:
    """By stage, its parameters' own names and their names in the network, in the network's order."""
    stage_of = {p: k for k, stage in enumerate(stages) for p in stage.parameters}
    owners = {p.rpartition(".")[0]: k for p, k in stage_of.items()}
    found: list[list[tuple[str, str]]] = [[] for _ in stages]
    for name in named:
        plain = inside = name.removeprefix(prefix)
        if plain == name or plain in below:
            continue
        k = stage_of.get(plain)
        while k is None and "." in inside:
            inside = inside.rpartition(".")[0]
            k = owners.get(inside)
        if k is not None:
            found[k].append((plain, name))
    return found


def _by_kind(group: Group) -> list[Group]:
    """Matrices, and vectors without weight decay; what is empty is left out."""
    flat = {n: p for n, p in group.parameters.items() if p.ndim <= 1}
    rest = {n: p for n, p in group.parameters.items() if n not in flat}
    parts = [replace(group, parameters=rest), replace(group, parameters=flat, weight_decay=0.0)]
    return [part for part in parts if part.parameters]

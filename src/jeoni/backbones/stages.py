"""A network as an ordered tuple of stages: disjoint, in the order they run, covering every parameter and buffer.

timm names its layer groups (``group_matcher``); what matches none it silently puts in the last one. Here such a module
belongs to the last stage only if it really runs after all others; anything else is an orphan, and an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from jeoni.errors import WeightsError

__all__ = ["Stage", "find_stages", "watching"]

JOINS_PREVIOUS = 99999
POSITIONS = "_pos_embed"  # a method of ViT-like networks that uses parameters of the stem, and runs like a module
GENERAL_GROUPS = {
    "stem": r"^(?:stem|patch_embed|conv_stem|conv1|bn1|downsample_layers\.0|embed)",
    "blocks": r"^(?:stages|layers|blocks|features|layer)\.?(\d+)",
}


@dataclass(frozen=True)
class Stage:
    """Some consecutive layers of a network.

    Attributes:
        name: ``stem``, ``block 1`` … ``pool``.
        parameters: dotted names of its parameters and buffers.
        modules: its topmost modules that lie wholly inside, in the order they finish; may end with a method's name.
    """

    name: str
    parameters: tuple[str, ...]
    modules: tuple[str, ...]


@contextmanager
def watching(network: nn.Module, points: set[str], seen: Callable[[str, Any], None]) -> Iterator[None]:
    """Call ``seen(name, output)`` whenever one of the named modules, or the method that embeds positions, finishes."""

    def hook(name: str) -> Any:
        return lambda module, inputs, output: seen(name, output)

    handles = [m.register_forward_hook(hook(n)) for n, m in network.named_modules() if n in points]
    method = getattr(network, POSITIONS, None) if POSITIONS in points else None

    def positions(*inputs: Any) -> Any:
        assert method is not None
        output = method(*inputs)
        seen(POSITIONS, output)
        return output

    if method is not None:
        object.__setattr__(network, POSITIONS, positions)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        if method is not None:
            network.__dict__.pop(POSITIONS, None)


def find_stages(network: nn.Module, example: Tensor) -> tuple[Stage, ...]:
    """The stages of a headless network; the last one, ``pool``, ends with the pooled features.

    Args:
        network: float images ``(n, 3, size, size)`` to features ``(n, d)``; in eval mode.
        example: something it takes.

    A network that holds nothing is one stage.

    Raises:
        WeightsError: a parameter that belongs to no stage; the message names it.
    """
    names = [n for n, _ in network.named_parameters()] + [n for n, _ in network.named_buffers()]
    if not names:
        return (Stage("whole", (), ()),)
    groups = _groups(network, names)
    order = _order(network, example)
    last = max((order.get(_owner(n), -1) for n in groups), default=-1)
    groups |= _at_the_start([n for n in names if n not in groups], network, order)
    rest = [n for n in names if n not in groups]
    orphans = [n for n in rest if order.get(_owner(n), -1) <= last]
    if orphans or not groups:
        shown = ", ".join((orphans or names)[:3])
        raise WeightsError(
            f"{type(network).__name__} cannot be cut into stages: {shown} belong{'s' if len(orphans) == 1 else ''} to "
            "none, by name or by the order in which layers run."
        )
    count = max(groups.values()) + 1
    stage_of = {**groups, **dict.fromkeys(rest, count)}
    tops = _topmost(stage_of, order, count)
    titles = ["stem", *(f"block {k}" for k in range(1, count)), "pool"]
    return tuple(
        Stage(title, tuple(n for n in names if stage_of[n] == k), tuple(t for t in tops if tops[t] == k))
        for k, title in enumerate(titles)
    )


def _at_the_start(names: list[str], network: nn.Module, order: dict[str, int]) -> dict[str, int]:
    """Names of what runs before the first block though timm groups it nowhere: tokens and positions, and tables that
    are no parameters and no module's output, such as the periods of rotary positions."""
    tokens = {n for n in names if re.fullmatch(r"(cls|dist|reg|register)_tokens?|pos_embed\d*|pos_embeds?\.\d+", n)}
    parameters = {n for n, _ in network.named_parameters()}
    tables = {n for n in names if n not in parameters and _owner(n) not in order}
    return dict.fromkeys(tokens | tables, 0)


def _groups(network: nn.Module, names: list[str]) -> dict[str, int]:
    """Parameter name to the number of its group, for those that match one."""
    matcher: Any = GENERAL_GROUPS
    if hasattr(network, "group_matcher"):
        matcher = network.group_matcher(coarse=True)  # type: ignore[operator]  # a method that timm adds
    keys = {name: key for name in names if (key := _key(matcher, name)) is not None}
    numbers: dict[tuple[float, ...], int] = {}
    for key in sorted(set(keys.values())):
        joined = numbers and key[-1] == JOINS_PREVIOUS
        numbers[key] = max(numbers.values(), default=-1) + (0 if joined else 1)
    return {name: numbers[key] for name, key in keys.items()}


def _key(matcher: Any, name: str) -> tuple[float, ...] | None:
    if callable(matcher):
        found = matcher(name)
        return tuple(found) if isinstance(found, (tuple, list)) else (float(found),)
    for ordinal, (_, spec) in enumerate(matcher.items()):
        if spec is None:
            continue
        for pattern, suffix in spec if isinstance(spec, (tuple, list)) else [(spec, None)]:
            if match := re.match(pattern, name):
                numbers = [float(g) for g in match.groups() if g is not None]
                return (float(ordinal), *numbers, *(float(s) for s in suffix or ()))
    return None


def _owner(parameter: str) -> str:
    return parameter.rpartition(".")[0]


def _order(network: nn.Module, example: Tensor) -> dict[str, int]:
    """Module name to when it finished, for those that run; the network itself is left out."""
    order: dict[str, int] = {}
    often: set[str] = set()
    names = {n for n, _ in network.named_modules() if n}
    if hasattr(network, POSITIONS):
        names.add(POSITIONS)

    def seen(name: str, output: Any) -> None:
        often.update({name} & order.keys())
        order[name] = max(order.values(), default=-1) + 1

    with watching(network, names, seen), torch.inference_mode():
        network(example)
    # a parameter of the network itself, such as a class token, is used where positions are embedded
    order[""] = order.get(POSITIONS, -1)
    bare = {n for n, m in network.named_modules() if not any(True for _ in _tensors(m))}
    return {n: at for n, at in order.items() if not (n in often and n in bare)}


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    yield from module.parameters()
    yield from module.buffers()


def _topmost(stage_of: dict[str, int], order: dict[str, int], pool: int) -> dict[str, int]:
    """Module name to its one stage, for modules that are not inside another such module, in the order they finish."""
    inside: dict[str, set[int]] = {}
    for parameter, stage in stage_of.items():
        owner = _owner(parameter)
        while True:
            inside.setdefault(owner, set()).add(stage)
            if not owner:
                break
            owner = _owner(owner)
    if POSITIONS in order:
        inside[POSITIONS] = {stage_of[n] for n in stage_of if not _owner(n)} or {0}
    single = {name for name, stages in inside.items() if len(stages) == 1 and name in order and name}
    tops = {n: next(iter(inside[n])) for n in single if n == POSITIONS or _owner(n) not in single}
    bare = {n for n in order if n and n != POSITIONS and n not in inside}
    free = {n for n in bare if _owner(n) not in bare and not any(n.startswith(f"{t}.") for t in tops)}
    end, stage = max(order[n] for n, k in tops.items() if k < pool), 0
    for name in sorted({*tops, *free}, key=order.__getitem__):
        # an activation or pooling layer without parameters belongs to what ran before it; after the last block, to pool
        stage = tops.get(name, pool if order[name] > end else stage)
        tops[name] = stage
    return {n: tops[n] for n in sorted(tops, key=order.__getitem__)}

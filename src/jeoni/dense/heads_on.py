"""Which heads go on a backbone: most on any, some only on that whose checkpoint they are part of."""

from __future__ import annotations

from collections.abc import Sequence

from jeoni import plugins
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.maps import StageMap, map_stages
from jeoni.dense.protocol import DenseHead, DenseTask, HeadFactory, MapShape

__all__ = ["built_head", "fits", "heads_on", "maps_for", "own_head"]

HEADS = "jeoni.dense.heads"


def fits(factory: HeadFactory | type[HeadFactory], backbone: Backbone) -> bool:
    """Whether a head can be built on a backbone."""
    asked = getattr(factory, "fits", None)
    return asked is None or bool(asked(backbone))


def heads_on(folder: str, backbone: Backbone) -> list[str]:
    """The ids of the heads of a folder that can be built on a backbone."""
    return [name for name in plugins.names(folder) if fits(plugins.load(folder, name), backbone)]


def own_head(folder: str, backbone: Backbone) -> str:
    """The head that a backbone's checkpoint came with; empty where it came with none."""
    own = [name for name in heads_on(folder, backbone) if hasattr(plugins.load(folder, name), "fits")]
    return own[0] if own else ""


def maps_for(factory: HeadFactory, backbone: Backbone, task: DenseTask) -> tuple[StageMap, ...]:
    """The stages whose maps a head takes.

    Raises:
        ConfigError: the backbone gives none that it could take.
    """
    strides = getattr(factory, "strides", None)
    return map_stages(backbone, task.strides if strides is None else strides(backbone))


def built_head(factory: HeadFactory, backbone: Backbone, task: DenseTask, maps: Sequence[StageMap]) -> DenseHead:
    """A head with fresh weights, or with those of its checkpoint.

    Raises:
        ConfigError: a head that goes on no such backbone.
    """
    shapes = [MapShape(m.channels, m.stride) for m in maps]
    on = getattr(factory, "build_on", None)
    made: DenseHead = factory.build(task, shapes) if on is None else on(backbone, task, shapes)
    return made

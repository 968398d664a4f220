"""A dense model from its folder, its hashes, bounds and shapes checked before anything is built."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from jeoni import plugins
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.maps import StageMap
from jeoni.backbones.outline import check_shapes, outline
from jeoni.backbones.saved import SavedModel
from jeoni.backbones.schema import SavedHead
from jeoni.backbones.sources.checkpoint import restore_backbone
from jeoni.data.fitted_on import FittedOn
from jeoni.dense.frames import framed
from jeoni.dense.heads_on import built_head, maps_for
from jeoni.dense.model import DenseModel
from jeoni.dense.protocol import DenseHead, DenseTask, HeadFactory, MapShape
from jeoni.dense.reading import TASKS, restore_dense
from jeoni.dense.transfer import build_dense_head
from jeoni.errors import ConfigError, WeightsError

__all__ = ["is_dense_model", "load_dense"]


def is_dense_model(saved: SavedModel) -> bool:
    """Whether a model folder holds a model of places in pictures."""
    return saved.config.task.get("id") in plugins.names(TASKS)


def load_dense(saved: SavedModel) -> DenseModel:
    """The model in a folder.

    Raises:
        WeightsError: a value out of bounds, or parts that do not go together.
        ConfigError: a head that is not installed here.
    """
    config = saved.config
    assert config.head is not None
    backbone = framed(restore_backbone(saved))
    task = restore_dense(config.task)
    factory = _factory(task, config.head)
    maps = _maps_of(saved, config.head, {m.stage: m for m in maps_for(factory, backbone, task)})
    return DenseModel(
        backbone=backbone,
        head=_restored_head(saved, config.head, factory, backbone, task, maps),
        head_id=config.head.id,
        task=task,
        maps=maps,
        frozen=config.cut.frozen,
        reuse=config.cut.reuse,
        training={"statistics": config.cut.statistics} if config.cut.statistics else {},
        facts=config.facts,
        fitted_on=FittedOn.load(saved.folder),
        annotations=config.annotations,
        class_numbers=config.class_numbers,
    )


def _maps_of(saved: SavedModel, kept: SavedHead, known: dict[int, StageMap]) -> tuple[StageMap, ...]:
    """The maps that the head takes; the network must give them as they were saved."""
    found = []
    for stage, channels, stride in kept.maps:
        there = known.get(stage)
        if there is None or (there.channels, there.stride) != (channels, stride):
            raise WeightsError(
                f"{saved.folder}: head.maps names stage {stage} with {channels} channels at stride {stride}; the "
                "backbone gives no such map. Copy the folder anew."
            )
        found.append(there)
    if not found:
        raise WeightsError(f"{saved.folder}: head.maps is empty; a {saved.config.task.get('id')} needs one at least.")
    return tuple(found)


def _factory(task: DenseTask, kept: SavedHead) -> HeadFactory:
    try:
        return build_dense_head(task, kept.id, kept.choice)
    except ConfigError as error:
        raise ConfigError(f"This model's head is not known here; install the package it came with. {error}") from error


def _restored_head(
    saved: SavedModel,
    kept: SavedHead,
    factory: HeadFactory,
    backbone: Backbone,
    task: DenseTask,
    maps: Sequence[StageMap],
) -> DenseHead:
    held, what = saved.shapes_of("head"), f"The head in {saved.folder}"
    shapes = [MapShape(m.channels, m.stride) for m in maps]
    like = getattr(factory, "build_like", None)  # of heads that keep examples: how many is in the shapes alone

    def build() -> DenseHead:
        made: DenseHead = like(held, task, shapes) if like else built_head(factory, backbone, task, maps)
        return made

    check_shapes(outline(build, held, what), held, what, kept.id)
    with torch.random.fork_rng(devices=[]):
        head = build()
    head.load_state_dict(saved.state_of("head"))
    return head.eval()

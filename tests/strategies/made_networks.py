"""A tiny network on tiny pictures, and what the tests of all strategies ask of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from jeoni import plugins
from jeoni.backbones.catalog import load_backbone
from jeoni.data.splits import build_folds
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.specs import Recipe
from jeoni.tasks import load_data
from tests.conftest import TINY

SHORT = Recipe(steps=12, batch_size=8, views=2, head_learning_rate=0.01)
FREE = Recipe(steps=12, batch_size=8, views=2)  # the rate of the head as well is chosen


def small_backbone():
    """The tiny network on tiny pictures: any size will do for a convolutional one."""
    backbone = load_backbone(TINY)
    return dataclasses.replace(backbone, input=dataclasses.replace(backbone.input, size=48))


def build(name, recipe=SHORT):
    kind = plugins.load("jeoni.strategies", name)
    wanted = {f.name for f in dataclasses.fields(kind)}
    return kind(**({"recipe": recipe} if "recipe" in wanted else {}))


def examples(strategy, backbone, root, context=None):
    data, context = load_data(root), context or Context(engine="torch")
    seen = context.extract(data.items, [Request(backbone, strategy.taps(backbone, len(data)))])
    alone = np.arange(len(data))
    return Examples(data, alone, seen, alone, build_folds(data.targets, alone, 3, 1, 0)), context


def tensors(model):
    return {**model.backbone.network.state_dict(), **{f"head.{k}": v for k, v in model.head.state_dict().items()}}


def alike(one, other):
    return one.keys() == other.keys() and all(torch.equal(v, other[k]) for k, v in one.items())

"""What every strategy must do, whichever it is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from jeoni import plugins
from jeoni.backbones.catalog import load_backbone
from jeoni.data.read import load_data
from jeoni.data.splits import build_folds
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from tests.conftest import TINY

STRATEGIES = plugins.names("jeoni.strategies")


def examples(strategy, backbone, root):
    data, context = load_data(root), Context()
    seen = context.extract(data.items, [Request(backbone, strategy.taps(backbone))])
    alone = np.arange(len(data))
    return Examples(data, alone, seen, alone, build_folds(data.labels, alone, 3, 1, 0)), context


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("classes", [2, 10])
def test_frozen_tensors_stay_bit_identical_and_the_result_beats_chance(name, classes, make_photos):
    strategy, backbone = plugins.load("jeoni.strategies", name)(), load_backbone(TINY)
    before = {k: v.clone() for k, v in backbone.network.state_dict().items()}
    train, context = examples(strategy, backbone, make_photos(classes=classes, each=12))
    model = strategy.fit(backbone, train, context)
    after = model.backbone.network.state_dict()
    frozen = [p for stage in backbone.stages[: model.frozen] for p in stage.parameters]
    assert frozen and all(torch.equal(before[p], after[p]) for p in frozen)
    assert all(torch.equal(before[p], backbone.network.state_dict()[p]) for p in before)
    said = model.predict(make_photos("new", classes=classes, each=3, first=600))
    right = np.mean([n.split("/")[0] == label for n, label in zip(said.names, said.labels, strict=True)])
    # ten directions of stripes repeat after three, so that chance among them is higher
    assert right > (0.8 if classes == 2 else 0.15)


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_same_seed_gives_the_same_model_and_it_survives_the_disk(name, make_photos, tmp_path):
    from jeoni.model import load_model

    strategy, backbone = plugins.load("jeoni.strategies", name)(), load_backbone(TINY)
    train, context = examples(strategy, backbone, make_photos())
    first, second = (strategy.fit(backbone, train, context) for _ in range(2))
    new = make_photos("new", each=3, first=600)
    np.testing.assert_array_equal(first.predict(new).probs, second.predict(new).probs)
    first.save(tmp_path / "model")
    np.testing.assert_array_equal(load_model(tmp_path / "model").predict(new).probs, first.predict(new).probs)


@pytest.mark.parametrize("name", STRATEGIES)
def test_hyper_parameters_are_fields_of_a_frozen_dataclass(name):
    kind = plugins.load("jeoni.strategies", name)
    assert dataclasses.is_dataclass(kind) and kind.__dataclass_params__.frozen
    assert plugins.describe("jeoni.strategies", name)

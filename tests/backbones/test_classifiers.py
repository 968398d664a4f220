"""What networks were trained with on top of their features: heads of packaged ones and of our own models."""

from __future__ import annotations

import numpy as np
import torch
from scipy.special import softmax

import jeoni
from jeoni.backbones.catalog import load_classifier
from tests.conftest import TINY


def test_a_model_s_own_head_gives_its_own_probabilities(plain_run):
    model = jeoni.load_model(plain_run / "model")
    weight, bias = load_classifier(str(plain_run / "model"))
    features = torch.randn(5, model.backbone.dim, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        own = model.head(features)
    assert torch.allclose(features @ weight.T + bias, own, atol=1e-5)
    assert softmax((features @ weight.T + bias).numpy(), axis=1).shape == (5, 2)


def test_a_head_that_is_not_linear_and_one_for_numbers_are_none(tmp_path):
    rows = np.random.default_rng(0).normal(size=(24, 6))
    quick = {"control": False, "folds": 2, "repeats": 1, "pictures": False, "quiet": True}
    jeoni.fit((rows, list("ab") * 12), head="mlp", out=tmp_path / "bent", **quick)
    jeoni.fit((rows, rows[:, 0].round(3).tolist()), out=tmp_path / "numbers", **quick)
    assert load_classifier(str(tmp_path / "bent" / "model")) is None
    assert load_classifier(str(tmp_path / "numbers" / "model")) is None


def test_the_packaged_default_s_head_is_read_beside_its_features():
    weight, bias = load_classifier("efficientnet_lite0")
    assert weight.shape == (1000, 1280) and bias.shape == (1000,)
    assert load_classifier(TINY) is None

"""A head's own hyper-parameters, from the command line to the saved model and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

import jeoni
from jeoni.backbones.catalog import load_backbone
from jeoni.errors import ConfigError, WeightsError
from jeoni.heads.fitting.estimator import HeadClassifier
from jeoni.heads.fitting.named import build_head, named_head
from jeoni.heads.linear import Linear
from jeoni.heads.mlp import MLP
from jeoni.models.model import Model
from jeoni.runs import seal
from jeoni.specs import FitSpec, Recipe
from jeoni.specs.settings import parse_settings, settings_of, write_settings
from jeoni.strategies import build_strategy
from jeoni.strategies.finetune import Finetune
from tests.conftest import TINY
from tests.made_tasks import classes
from tests.strategies.made_networks import examples


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("linear", Linear()),
        ("linear:strengths=0.1;1", Linear((0.1, 1.0))),
        ("mlp:hidden=8", MLP((8,))),
        ("mlp:hidden=8;4,dropout=0", MLP((8, 4), 0.0)),
    ],
)
def test_a_head_is_made_by_its_name_and_hyper_parameters(name, head):
    assert build_head(name) == head


def test_settings_are_added_to_a_name_and_replace_those_of_the_same_name():
    assert named_head("mlp", {}) == "mlp"
    assert named_head("mlp:hidden=8,dropout=0.5", {"hidden": "16;4"}) == "mlp:hidden=16;4,dropout=0.5"


def test_settings_come_back_from_words_as_they_were():
    given = parse_settings("head.hidden=8;4,head.dropout=0.1,temperature=2")
    of_head, others = settings_of("head", given)
    assert parse_settings(write_settings(of_head)) == of_head == {"hidden": "8;4", "dropout": 0.1}
    assert others == {"temperature": 2}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mpl", r"'mpl' is not among the known heads. Did you mean mlp\?"),
        ("mlp:hiden=8", r"mlp has no setting 'hiden'. Did you mean hidden\?"),
        ("mlp:hidden=0.5", "hidden is '?0.5'?; it can be whole numbers with semicolons between"),
        ("mlp:hidden", "head is 'hidden'; pairs such as reg=0.1,center=true are needed"),
    ],
)
def test_heads_that_cannot_be_made(name, message):
    with pytest.raises(ConfigError, match=message):
        build_head(name)


def test_strategies_and_the_baseline_get_the_heads_hyper_parameters():
    spec = FitSpec(strategy="distill", head="mlp", set="head.hidden=8,temperature=2")
    strategy = build_strategy(spec.strategy, spec, spec.settings)
    assert (strategy.head, strategy.temperature) == ("mlp:hidden=8", 2.0)
    assert build_strategy("probe", spec, spec.head_settings).head == "mlp:hidden=8"


def features(path):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    np.savez(path, X=rng.normal(size=(60, 3)) + 3 * y[:, None], y=y)
    return path


QUICK = {"control": False, "folds": 2, "repeats": 1, "head": "mlp", "set": "head.hidden=6,head.weight_decays=0.01"}


def test_a_model_keeps_its_heads_hyper_parameters(tmp_path):
    jeoni.fit(features(tmp_path / "a.npz"), out=tmp_path / "run", **QUICK)
    model = jeoni.load_model(tmp_path / "run")
    assert model.head_id == "mlp:hidden=6,weight_decays=0.01"
    assert model.head.layers[0].out_features == 6
    assert len(model.predict(tmp_path / "a.npz").labels) == 60


@pytest.mark.parametrize("head", ["mlp:hidden=7", "mlp:hidden=1000000000000", "mlp:hidden=-1", "mlp:hidden="])
def test_a_model_folder_whose_hyper_parameters_do_not_fit_its_weights_is_refused(tmp_path, head):
    name, backbone = "mlp:hidden=6", load_backbone("vectors:3")
    Model(backbone, build_head(name).build(3, 2), name, classes("ab"), 1, 1).save(tmp_path / "model")
    assert jeoni.load_model(tmp_path / "model").head_id == name
    path = tmp_path / "model" / "config.json"
    config = json.loads(path.read_text())
    config["head"]["id"] = head
    path.write_text(json.dumps(seal(config)))
    with pytest.raises((WeightsError, ConfigError)):
        jeoni.load_model(tmp_path / "model")


@pytest.mark.slow
def test_training_above_the_cut_starts_from_such_a_head(make_photos, tmp_path):
    backbone, strategy = (
        load_backbone(TINY),
        Finetune("mlp:hidden=6,weight_decays=0.1", recipe=Recipe(steps=2, batch_size=8, views=1)),
    )
    train, context = examples(strategy, backbone, make_photos())
    assert strategy.fit(backbone, train, context).head.layers[0].out_features == 6


def test_the_classifier_on_arrays_takes_them_too():
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    fitted = HeadClassifier("mlp:hidden=5,weight_decays=0.1", folds=2).fit(X, y)
    assert fitted.head_.layers[0].out_features == 5
    assert HeadClassifier("linear:strengths=1", strengths=(0.5,)).fit(X, y).choice_["strength"] == 0.5
    with pytest.raises(ValueError, match="takes no weights of examples"):
        fitted.fit(X, y, sample_weight=np.ones(40))

"""What went wrong without a word: held-out items that taught, a saved model that was not the one that was scored."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

import jeoni
from jeoni import plugins
from jeoni.adaptation.adapter import Adapter
from jeoni.adaptation.classifier import AdaptedClassifier
from jeoni.adaptation.methods import model_of
from jeoni.adaptation.transfer import _check_assembled, check_options
from jeoni.backbones.catalog import load_backbone
from jeoni.errors import ConfigError
from jeoni.heads.fitting.estimator import HeadClassifier
from jeoni.specs import AdaptSpec, CompareSpec, DiagnoseSpec, EvaluateSpec, FitSpec, Recipe, TransferOptions
from jeoni.strategies import build_strategy
from tests.conftest import TINY


def test_an_adaptation_takes_no_test_set_for_it_would_become_part_of_source_and_target(make_photos):
    source, target, held = (make_photos(name, first=100 * k) for k, name in enumerate("abc"))
    with pytest.raises(ConfigError, match=r"An adaptation is scored on its target.*jeoni evaluate RUN/model ITEMS"):
        jeoni.adapt(source, target, test=held, backbone=TINY)


class Forgetful(Adapter):
    """Moves target rows by the difference of the means, and does not say so in ``moves``."""

    def _fit(self, Xs, ys, Xt):
        self.shift_ = Xs.mean(0) - Xt.mean(0)

    def _map(self, X, source):
        return X if source else X + self.shift_


def test_an_adapter_that_forgets_its_moves_is_refused_before_its_scores_are_told():
    rng = np.random.default_rng(0)
    ys = np.arange(60) % 2
    Xs = (rng.normal(size=(60, 3)) + 3 * ys[:, None]).astype(np.float32)
    Xt = Xs + np.float32(20)
    fitted = AdaptedClassifier(Forgetful(), HeadClassifier(folds=2)).fit(Xs, ys, Xt)
    assert (fitted.predict(Xt) == ys).mean() > 0.9
    model = model_of(load_backbone("vectors:3"), fitted.estimator_, fitted.adapter_, ("no", "yes"))
    with pytest.raises(ConfigError, match=r"forgetful cannot be saved: .* must say how in moves\(\)"):
        _check_assembled("forgetful", model.predict_features(Xt), fitted.predict_proba(Xt))


@pytest.mark.parametrize("statistics", ["own", "batch", ""])
def test_a_saved_model_keeps_with_what_statistics_it_learned(plain_run, tmp_path, statistics):
    replace(jeoni.load_model(plain_run), statistics=statistics).save(tmp_path / "kept")
    assert jeoni.load_model(tmp_path / "kept").statistics == statistics


@dataclass(frozen=True)
class Odd:
    """A strategy whose own fields are called as options of a run are."""

    head: str = "linear"
    recipe: Recipe = field(default_factory=Recipe)
    weights: float = 0.5
    steps: int = 7


def test_a_strategys_own_field_is_not_what_an_option_of_that_name_says(monkeypatch):
    usual = plugins.load
    monkeypatch.setattr(plugins, "load", lambda folder, name: Odd if name == "odd" else usual(folder, name))
    made = build_strategy("odd", TransferOptions(steps=3))
    assert (made.weights, made.steps, made.recipe.steps) == (0.5, 7, 3)
    assert build_strategy("odd", settings={"weights": 1, "steps": 9}).steps == 9
    with pytest.raises(ConfigError, match=r"odd has no setting 'step'\. Did you mean steps"):
        build_strategy("odd", settings={"step": 9})


@pytest.mark.parametrize(
    "option", [{"backbone": TINY}, {"weights": "a.safetensors"}, {"crop": "center"}, {"seconds": 2.0}]
)
def test_an_option_of_the_backbone_is_refused_beside_a_model_that_brings_its_own(option):
    (name,) = option
    with pytest.raises(ConfigError, match=rf"^{name} is .*; a model brings its own backbone\. Leave it out\."):
        check_options("shot", None, AdaptSpec(**option), start=object())


@pytest.mark.parametrize(
    ("spec", "option", "said"),
    [
        (AdaptSpec, "head", "takes the linear head only"),
        (AdaptSpec, "strategy", "Name the method"),
        (CompareSpec, "strategy", "Name several"),
        (CompareSpec, "set", "Write hyper-parameters behind the strategy that they belong to"),
        (FitSpec, "stratgy", "Did you mean strategy"),
        (DiagnoseSpec, "method", "There is no option 'method'"),
        (EvaluateSpec, "backbone", "There is no option 'backbone'"),
    ],
)
def test_an_option_of_another_verb_is_no_option_and_the_sentence_says_what_to_do(spec, option, said):
    with pytest.raises(ConfigError, match=said):
        spec().changed(**{option: "x"})

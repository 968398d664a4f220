"""What can be said of options is said before data are read: the data of these tests do not exist."""

from __future__ import annotations

import sys

import pytest

import jeoni
from jeoni.errors import ConfigError, MissingExtra, WeightsError
from jeoni.runs import RunFolder
from tests.conftest import TINY

NOWHERE = "no/such/data"


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"strategy": "finetun"}, ConfigError, "Did you mean finetune"),
        ({"head": "liner"}, ConfigError, "Did you mean linear"),
        ({"strategy": "distill", "set": "temprature=2"}, ConfigError, "has no setting 'temprature'.*temperature"),
        ({"engine": "openvin"}, ConfigError, "Did you mean openvino"),
        ({"backbone": "efficientnet_lite7"}, WeightsError, "No backbone is called 'efficientnet_lite7'.*Did you mean"),
        ({"backbone": "bundled:lite"}, WeightsError, "No bundled backbone is called 'lite'"),
        ({"backbone": "timm:reznet18"}, WeightsError, "timm has no architecture 'reznet18'"),
        ({"backbone": "untrained:reznet18"}, WeightsError, "timm has no architecture 'reznet18'"),
        ({"backbone": "sentences:e6"}, WeightsError, "No sentence encoder is called 'e6'"),
        ({"backbone": "voices:ge3e"}, WeightsError, "No voice encoder is called 'ge3e'"),
        ({"weights": "no/weights.pth"}, WeightsError, "There is no weights file no/weights.pth"),
        ({"backbone": TINY, "weights": __file__}, WeightsError, "untrained:test_resnet takes no weights file"),
    ],
)
def test_a_wrong_option_is_told_before_the_data_are_read(options, error, text):
    with pytest.raises(error, match=text):
        jeoni.fit(NOWHERE, **options)


@pytest.mark.parametrize(
    ("module", "options", "text"),
    [
        ("peft", {"strategy": "lora"}, r"The strategy lora needs the package 'peft'.*jeoni\[lora\]"),
        ("transformers", {"backbone": "transformers:a/b"}, r"needs the package 'transformers'.*jeoni\[text\]"),
        ("openvino", {"engine": "openvino"}, r"cannot be used: install it with: pip install 'jeoni\[openvino\]'"),
    ],
)
def test_a_missing_extra_is_told_before_the_data_are_read(monkeypatch, module, options, text):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises((MissingExtra, ConfigError), match=text):
        jeoni.fit(NOWHERE, **options)


def test_compare_checks_every_strategy_first(monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtra, match="The strategy lora"):
        jeoni.compare(NOWHERE, strategies="probe,lora,scratch")


def test_adapt_checks_its_method_first(monkeypatch):
    monkeypatch.setitem(sys.modules, "ot", None)
    with pytest.raises(MissingExtra, match="Optimal transport with method='emd' needs the package 'pot'"):
        jeoni.adapt(NOWHERE, NOWHERE, method="optimal_transport", set="method=emd")
    with pytest.raises(ConfigError, match="method is 'best'; it can be sinkhorn, emd, class_regularised, linear"):
        jeoni.adapt(NOWHERE, NOWHERE, method="optimal_transport", set="method=best")


@pytest.mark.parametrize("verb", [jeoni.predict, jeoni.evaluate])
def test_a_saved_model_is_not_loaded_for_an_unknown_engine(verb):
    with pytest.raises(ConfigError, match="No engine is called 'onnx'"):
        verb("no/such/model", NOWHERE, engine="onnx")


def test_a_folder_that_is_taken_is_told_before_the_data_are_read(tmp_path):
    RunFolder.create(tmp_path / "run").finish({"jeoni": "0"}, print)
    with pytest.raises(ConfigError, match="holds a run already. Say --overwrite"):
        jeoni.fit(NOWHERE, out=tmp_path / "run")


def test_lora_without_a_linear_layer_is_told_before_features_are_computed(make_photos):
    with pytest.raises(ConfigError, match="has no linear layer above stage"):
        jeoni.fit(make_photos(), backbone=TINY, strategy="lora", frozen="6", control=False)

"""The untrained control: on all examples, or on a sample of them that grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

import jeoni
from jeoni.assessment import control as module
from jeoni.assessment.control import control_on_sample, sample_order
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.features.examples import Context
from jeoni.runs import read_json
from jeoni.strategies.probe import Probe
from tests.conftest import TINY
from tests.strategies.made_networks import examples, small_backbone


@dataclass(frozen=True)
class Oracle(Probe):
    """Right about every item from a pretrained network, and about a share of them from its twin."""

    share: float = 0.5
    identity = None

    def fit(self, backbone, train, context):
        twin = backbone.name.startswith("untrained twin")
        return Answers(self.share if twin else 1.0, len(train))


@dataclass(frozen=True)
class Answers:
    share: float
    trained_on: int

    def predict_examples(self, test, backbone, context):
        right = np.arange(len(test)) < round(self.share * len(test))
        answers = np.where(right, test.data.targets, 1 - test.data.targets)
        return np.eye(2)[answers]


@pytest.fixture
def measured(make_photos, monkeypatch):
    """A control on a sample of 120 pictures; the twin's predictions are right for a share of them."""
    monkeypatch.setattr(module, "SIZES", (40,))
    backbone = small_backbone()
    train, context = examples(Probe(), backbone, make_photos(each=60))

    def measure(share, most=100):
        passed = []
        own = Context.extract

        def extract(self, items, requests):
            passed.append(len(items))
            return own(self, items, requests)

        monkeypatch.setattr(Context, "extract", extract)
        twin = untrained_twin(backbone, 0)
        return control_on_sample(Oracle(share=share), backbone, twin, train, context, most, 5), passed

    return measure


def test_beginnings_of_the_order_hold_classes_in_their_shares_and_rare_ones_at_all():
    strata = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [900, 90, 10]))
    order = sample_order(strata, 0)
    assert sorted(order) == list(range(1000))
    assert np.bincount(strata[order[:15]]).tolist() == [5, 5, 5]
    for size in (200, 500):
        assert np.bincount(strata[order[:size]]) == pytest.approx(size * np.array([0.9, 0.09, 0.01]), abs=5)
    assert not np.array_equal(order, sample_order(strata, 1))


def test_a_clear_difference_is_told_from_the_first_look(measured):
    control, passed = measured(0.5)
    assert passed == [40] and control.looks == (40,) and control.of == 120
    assert control.level == pytest.approx(0.975) and control.trained_on == 32
    assert control.differences(0)["accuracy"].low > 0


def test_a_small_difference_is_looked_for_in_more_examples_that_hold_the_first(measured):
    control, passed = measured(1.0)
    assert passed == [40, 100] and control.looks == (40, 100) and len(control.examples) == 100
    first, _ = measured(0.5)
    assert set(first.examples.index) < set(control.examples.index)


def test_both_are_scored_on_the_same_items_by_heads_of_as_many_labels(measured):
    control, _ = measured(0.75)
    assert control.pretrained.shape == control.untrained.shape == (1, len(control.examples), 2)
    difference = control.differences(0)["accuracy"]
    right = [(p[0].argmax(1) == control.examples.data.targets).mean() for p in (control.pretrained, control.untrained)]
    assert difference.value == pytest.approx(right[0] - right[1])


def test_every_class_has_five_examples_however_few_are_asked_for(measured):
    control, _ = measured(0.5, most=4)
    assert np.bincount(control.examples.data.targets).tolist() == [5, 5] and control.looks == (10,)


def test_a_fit_runs_the_untrained_network_on_no_more_than_it_may(make_photos, tmp_path, monkeypatch):
    ran = []
    own = Context.extract

    def extract(self, items, requests):
        ran.extend(len(items) for r in requests if r.backbone.name.startswith("untrained twin"))
        return own(self, items, requests)

    monkeypatch.setattr(Context, "extract", extract)
    options = {"backbone": TINY, "pictures": False, "quiet": True, "folds": 2, "repeats": 1}
    photos = make_photos(each=60)
    sampled = jeoni.fit(photos, out=tmp_path / "sampled", control_items=100, **options)
    assert max(ran) == 100
    whole = jeoni.fit(photos, out=tmp_path / "whole", **options)
    found = read_json(sampled.run / "metrics.json")["control"]
    assert found["sample"] == {"items": 100, "of": 120, "trained_on": 50, "looks": [100], "level": 0.95}
    gain = found["pretrained"]["accuracy"]["value"] - found["untrained"]["accuracy"]["value"]
    assert found["difference"]["accuracy"]["value"] == pytest.approx(gain)
    assert "The control was measured on 100 of 120 training examples" in sampled.summary
    assert "What was transferred" in (sampled.run / "report.html").read_text(encoding="utf-8")
    control = whole.metrics["control"]
    assert "sample" not in control and "of 120 training" not in whole.summary
    gain = whole.metrics["cv"]["accuracy"]["value"] - control["untrained"]["accuracy"]["value"]
    assert control["difference"]["accuracy"]["value"] == pytest.approx(gain)


def test_too_small_a_control_is_refused():
    with pytest.raises(jeoni.ConfigError, match="control_items is 10; it must be at least 100"):
        jeoni.FitSpec(control_items=10)

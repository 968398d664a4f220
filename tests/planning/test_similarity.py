"""Similarity: pretrained against untrained features, stage by stage, on features whose worth is known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from jeoni.backbones.cut import Tap
from jeoni.features.store import FeatureStore
from jeoni.planning.similarity import mean_interval, measure_similarity, sample_of
from tests.planning.made import Rows, made_examples

STAGES = tuple(SimpleNamespace(name=name) for name in ("low", "middle", "top"))
PRETRAINED = SimpleNamespace(fingerprint="pretrained", n=3, stages=STAGES, beside=())
UNTRAINED = SimpleNamespace(fingerprint="untrained", n=3, stages=STAGES, beside=())


def rows(n, apart, seed):
    """``(n, 6)``: the classes lie ``apart`` standard deviations from each other, in one column."""
    made = np.random.default_rng(seed).normal(size=(n, 6)).astype(np.float32)
    made[:, 0] += apart * (np.arange(n) % 2)
    return made


class Context:
    seed = 0

    def __init__(self, untrained):
        self.rows, self.store = untrained, FeatureStore()

    def extract(self, items, requests):
        self.requests = requests
        return Rows({("untrained", 3): self.rows})


def look(apart, untrained, n=300):
    tables = {("pretrained", k + 1): rows(n, a, k) for k, a in enumerate(apart)}
    examples = made_examples(n, tables=tables)
    return measure_similarity(examples, PRETRAINED, UNTRAINED, Context(rows(n, untrained, 9)), stages=(1, 2))


def test_features_that_know_the_classes_are_similar():
    found = look(apart=(0.2, 1.0, 3.0), untrained=0.5)
    assert found.level == "similar" and found.gain.low > 0 and 0.5 < found.removed < 1
    assert found.peak.name == "top" and [stage.stage for stage in found.stages] == [1, 2, 3]


def test_features_that_a_control_reads_later_take_no_pass_of_their_own():
    examples, context = made_examples(60, tables={("pretrained", 3): rows(60, 1.0, 0)}), Context(rows(60, 0.5, 9))
    measure_similarity(examples, PRETRAINED, UNTRAINED, context, kept=(Tap(2, True), Tap(3, True)))
    assert [request.taps for request in context.requests] == [(Tap(3, True), Tap(2, True))]


def test_features_that_know_no_more_than_random_ones_are_different():
    found = look(apart=(0.2, 0.3, 0.5), untrained=0.5)
    assert found.level == "different" and found.gain.low <= 0


def test_a_lower_stage_that_serves_better_is_the_peak():
    found = look(apart=(0.2, 4.0, 1.5), untrained=0.2)
    assert found.peak.name == "middle" and found.lower_is_better and found.level == "different"
    assert found.peak.to_top.low > 0


def test_a_lower_stage_that_is_no_clearer_better_is_not():
    found = look(apart=(0.2, 2.05, 2.0), untrained=0.2)
    assert found.peak.name == "top"


def test_a_sample_has_folds_of_its_own_and_keeps_what_belongs_together():
    examples = made_examples(3000, clusters=np.arange(3000) // 4)
    sample = sample_of(examples, 0)
    assert len(sample) == 1000 and sample.folds.shape == (1, 1000)
    for cluster in np.unique(sample.clusters):
        assert len(np.unique(sample.folds[0, sample.clusters == cluster])) == 1


def test_an_interval_of_a_mean_is_that_of_the_normal_approximation():
    values = np.random.default_rng(0).normal(2.0, 1.0, 400)
    found = mean_interval(values, None, 0)
    error = values.std(ddof=1) / 20
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.03)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.03)


def test_groups_are_resampled_whole():
    values = np.repeat(np.random.default_rng(0).normal(size=40), 10)
    alone, grouped = mean_interval(values, None, 0), mean_interval(values, np.arange(400) // 10, 0)
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)

"""Scores at nested budgets of made data, whose head has a known limit, and the sentence about them."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from jeoni.errors import DataError
from jeoni.evaluation.learning_curve import Promise
from jeoni.evaluation.measures import ACCURACY, Measure
from jeoni.features.store import FeatureStore
from jeoni.locale import translated
from jeoni.planning import more_labels as module
from jeoni.planning.more_labels import Components, can_tell, measure_curve, more_labels, nested_order, said_of
from jeoni.runs.records import MoreLabelsRecord
from jeoni.runs.typed import as_record
from jeoni.tasks.multilabel import Multilabel
from jeoni.tasks.regression import Regression
from jeoni.types import Interval
from tests.made_tasks import classes


def make(n=240, d=20, apart=0.6, seed=0):
    """Two Gaussian classes."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return (rng.normal(size=(n, d)) + apart * (2 * y[:, None] - 1) / d**0.5).astype(np.float32), y


def test_every_beginning_of_a_nested_order_holds_the_classes_in_proportion():
    strata = np.array([0] * 60 + [1] * 30 + [2] * 10)
    order = nested_order(strata, np.arange(100), seed=3)
    assert sorted(order) == list(range(100))
    for size in (10, 20, 50):
        counts = np.bincount(strata[order[:size]], minlength=3)
        assert np.abs(counts - np.array([0.6, 0.3, 0.1]) * size).max() <= 1


def test_clusters_follow_one_another_in_a_nested_order():
    clusters = np.arange(60) // 5
    order = nested_order(np.arange(60) % 2, clusters, seed=0)
    assert (np.diff(clusters[order]) != 0).sum() == 11


def test_components_keep_the_distances_that_few_directions_hold():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 30))
    rows = Components.of(X).rows(X)
    scaled = (X - X.mean(0)) / X.std(0)
    assert rows.shape == (40, 3)
    np.testing.assert_allclose(rows @ rows.T, scaled @ scaled.T, atol=1e-8)


def test_constant_features_give_one_component():
    assert Components.of(np.ones((10, 4))).rows(np.ones((10, 4))).shape == (10, 1)


def test_each_item_is_scored_once_in_a_draw_by_heads_that_know_more_and_more():
    X, y = make(apart=1.5)
    found = measure_curve(X.astype(np.float64), y, classes(2), np.arange(240), draws=2)
    assert found.scores.shape == (2, 5, 240) and set(np.unique(found.scores)) <= {0.0, 1.0}
    np.testing.assert_allclose(found.labels, [24, 48, 96, 144, 192])
    assert found.mean[-1] > found.mean[0]


def test_labels_that_say_nothing_promise_nothing_for_certain():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 10)).astype(np.float32), rng.integers(0, 2, 200)
    told = more_labels(X, y, classes(2), np.arange(200))
    assert told.promise.outcome != "helps"


def test_a_head_that_still_learns_is_promised_to_learn_on_and_does():
    X, y = make(3000, d=200, apart=1.5)
    few = np.arange(800)
    told = more_labels(X[few], y[few], classes(2), few)
    assert told.promise.outcome == "helps"
    test = np.arange(1600, 3000)
    scores = []
    for n in (800, 1600):
        head = measure_head(X[:n], y[:n])
        scores.append(float((head(X[test]) == y[test]).mean()))
    assert told.promise.gain.low <= scores[1] - scores[0] <= told.promise.gain.high


def measure_head(X, y):
    """Linear discriminant analysis of scikit-learn with the shrinkage of Ledoit and Wolf."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(X, y).predict


def test_an_item_is_resampled_with_all_its_scores():
    X, y = make(100)
    found = measure_curve(X.astype(np.float64), y, classes(2), np.arange(100), draws=1)
    resampled = found.resampled(None, seed=0, resamples=300)
    gains = resampled[:, -1] - resampled[:, -2]
    apart = resampled[:, -1].var() + resampled[:, -2].var()
    assert resampled.shape == (300, 5) and gains.var() < apart
    np.testing.assert_allclose(resampled.mean(0), found.mean, atol=0.02)


def test_errors_of_numbers_fall_and_are_told_in_their_unit():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 30)).astype(np.float32)
    values = 5 * X[:, 0] + 3 * X[:, 1] + rng.normal(size=300)
    task, targets, _ = Regression.read({"weight": values.tolist()})
    told = more_labels(X, targets, task, np.arange(300))
    assert not told.measure.higher_is_better
    first, last = told.points[0][1], told.points[-1][1]
    assert first.value > last.value > 0.5 and told.promise.gain.value > 0
    assert translated(told.said, "en") == told.said and told.line[-1][0] == pytest.approx(600)


def test_a_curve_is_measured_once_and_again_where_anything_is_other(tmp_path, monkeypatch):
    X, y = make(n=60)
    store, measured = FeatureStore(tmp_path), []
    genuine = module.measure_curve

    def noted(*given, **named):
        measured.append(given)
        return genuine(*given, **named)

    monkeypatch.setattr(module, "measure_curve", noted)
    ask = partial(more_labels, clusters=np.arange(60), task=classes(2), draws=1, store=store)
    assert ask(X, y) == ask(X, y) == more_labels(X, y, classes(2), np.arange(60), draws=1)
    assert len(measured) == 2  # the last without a store
    for other in ((X + 1, y), (X, 1 - y)):
        ask(*other)
    ask(X, y, seed=1)
    ask(X, y, clusters=np.arange(60) // 2)
    assert len(measured) == 6


def test_the_record_holds_the_curve():
    X, y = make(80)
    told = more_labels(X, y, classes(2), np.arange(80), factor=4.0, draws=1)
    record = as_record(MoreLabelsRecord, told.as_dict(), exact=False)
    assert record.factor == 4 and len(record.points) == 5 and record.line[-1].labels == pytest.approx(320)
    assert record.said.said() == told.said


@pytest.mark.parametrize(
    ("gain", "english", "korean"),
    [
        ((0.021, 0.004, 0.039), "Doubling the labels would add 2.1 points (0.4 to 3.9).", "향상될 것으로"),
        ((0.002, 0.0, 0.006), "Doubling the labels would hardly help: 0.2 points (0.0 to 0.6).", "거의 없을"),
        ((0.02, 0.0, 0.05), "Whether more labels would help cannot be told: 2.0 points (0.0 to 5.0) with 2 times the labels.", "알 수 없습니다"),
    ],
)  # fmt: skip
def test_the_answer_is_a_sentence_in_both_languages(gain, english, korean):
    said = said_of(Promise(100, 2.0, Interval(*gain), Interval(0.9, 0.8, 1.0)), ACCURACY)
    assert said == english and korean in translated(said, "ko")


def test_a_smaller_error_is_an_improvement():
    measure = Measure("mae", "mean absolute error", "kg", False)
    said = said_of(Promise(100, 3.0, Interval(2.0, 1.0, 3.0), Interval(-9.0, -10.0, -8.0)), measure)
    assert said == "3 times the labels would improve the mean absolute error by 2 kg (1 to 3)."


def test_too_few_labels_and_other_tasks_are_said():
    X, y = make(40)
    with pytest.raises(DataError, match=r"There are 40 labels of the task classification; a learning curve needs 50,"):
        more_labels(X, y, classes(2), np.arange(40))
    assert not can_tell(Multilabel(("a", "b")), 1000) and not can_tell(classes(30), 100)

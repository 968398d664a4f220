from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_curve

from jeoni import plugins
from jeoni.errors import ConfigError
from jeoni.evaluation.classes import thresholds
from jeoni.evaluation.evaluate import evaluate
from tests.made_tasks import classes as of_classes

FOLDER = "jeoni.evaluation.metrics.classification"


def make_predictions(n, classes, repeats=None, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes) if repeats is None else (repeats, n, classes))
    logits[..., np.arange(n), labels] += 1
    powers = np.exp(logits)
    return labels, powers / powers.sum(axis=-1, keepdims=True)


def names(classes):
    return [f"class {k}" for k in range(classes)]


@pytest.mark.parametrize("classes", [2, 10])
def test_values_and_counts_are_those_of_scikit_learn(classes):
    labels, probs = make_predictions(300, classes)
    found = evaluate(of_classes(names(classes)), labels, probs, resamples=100)
    predicted = probs.argmax(axis=1)
    assert set(found.metrics) == set(plugins.names(FOLDER))
    assert found.n == 300
    assert found.details["confusion"] == sk.confusion_matrix(labels, predicted).tolist()
    table = sk.precision_recall_fscore_support(labels, predicted)
    for k, row in enumerate(found.breakdown):
        assert row["class"] == f"class {k}"
        for score, column in zip(("precision", "recall", "f1", "support"), table, strict=True):
            value = row[score] if score == "support" else row[score].value
            assert value == pytest.approx(column[k])
    for interval in [*found.metrics.values(), *(row["f1"] for row in found.breakdown)]:
        assert interval.low <= interval.value <= interval.high
        assert interval.low < interval.high


def test_the_same_seed_gives_the_same_evaluation():
    labels, probs = make_predictions(60, 3)
    first, again, other = (evaluate(of_classes(names(3)), labels, probs, seed=s, resamples=50) for s in (1, 1, 2))
    assert first == again
    assert first.metrics["log_loss"] != other.metrics["log_loss"]


def test_the_reliability_curve_has_bins_of_equal_mass_as_scikit_learns():
    labels, probs = make_predictions(400, 2)
    rows = evaluate(of_classes(names(2)), labels, probs, resamples=20).details["reliability"]
    right, confidence = probs.argmax(1) == labels, probs.max(1)
    accuracy, mean = calibration_curve(right, confidence, n_bins=10, strategy="quantile")
    assert [r["count"] for r in rows] == [40] * 10
    assert [r["accuracy"] for r in rows] == pytest.approx(accuracy)
    assert [r["confidence"] for r in rows] == pytest.approx(mean)


def test_items_of_one_confidence_stay_in_one_bin_of_the_reliability_curve():
    probs = np.array([[0.9, 0.1]] * 50 + [[0.6, 0.4]] * 10)
    rows = evaluate(of_classes(names(2)), np.zeros(60, dtype=int), probs, resamples=20).details["reliability"]
    assert [(r["count"], r["low"], r["high"]) for r in rows] == [(10, 0.6, 0.6), (50, 0.9, 0.9)]


def test_of_two_classes_every_threshold_gives_the_counts_of_scikit_learns_roc_curve():
    rng = np.random.default_rng(0)
    labels = (rng.random(80) < 0.3).astype(int)
    sure = np.clip(0.3 + 0.4 * labels + rng.normal(0, 0.2, 80), 0.01, 0.99)
    found = thresholds(labels, np.stack([1 - sure, sure], 1)[None], names(2))
    assert found["positive"] == names(2)[1]
    false_rate, true_rate, cuts = roc_curve(labels, sure, drop_intermediate=False)
    ours = {p["threshold"]: p for p in found["points"]}
    for fpr, tpr, cut in zip(false_rate[1:], true_rate[1:], cuts[1:], strict=True):
        assert ours[cut]["hits"] == pytest.approx(tpr * labels.sum())
        assert ours[cut]["false_alarms"] == pytest.approx(fpr * (1 - labels).sum())
    assert thresholds(labels, np.full((1, 80, 3), 1 / 3), names(3)) is None


def test_repeats_are_averaged_and_do_not_count_as_more_items():
    labels, probs = make_predictions(120, 3)
    once = evaluate(of_classes(names(3)), labels, probs, resamples=200)
    five = evaluate(of_classes(names(3)), labels, np.stack([probs] * 5), resamples=200)
    assert five.details["confusion"] == once.details["confusion"] and five.n == 120
    for name, interval in once.metrics.items():
        assert five.metrics[name].as_dict() == pytest.approx(interval.as_dict())
    assert sum(r["count"] for r in five.details["reliability"]) == pytest.approx(120)


def test_the_value_over_repeats_is_the_mean_of_each_repeats_value():
    labels, probs = make_predictions(80, 2, repeats=3)
    found = evaluate(of_classes(names(2)), labels, probs, resamples=20)
    each = [evaluate(of_classes(names(2)), labels, p, resamples=20) for p in probs]
    for name, interval in found.metrics.items():
        assert interval.value == pytest.approx(np.mean([e.metrics[name].value for e in each]))
    np.testing.assert_allclose(found.details["confusion"], np.mean([e.details["confusion"] for e in each], axis=0))


def test_a_class_absent_from_the_test_labels_has_no_recall_and_the_rest_is_scored():
    labels, probs = make_predictions(90, 3)
    labels = np.where(labels == 2, 0, labels)
    found = evaluate(of_classes(names(3)), labels, probs, resamples=50)
    absent = found.breakdown[2]
    assert absent["support"] == 0
    assert np.isnan(absent["recall"].value) and np.isnan(absent["recall"].low)
    assert absent["precision"].value == 0
    assert all(np.isfinite([i.value, i.low, i.high]).all() for i in found.metrics.values())


def test_with_one_class_in_the_labels_only_roc_auc_is_undefined():
    _, probs = make_predictions(30, 2)
    found = evaluate(of_classes(names(2)), np.zeros(30, dtype=np.int64), probs, resamples=50)
    assert [m for m, i in found.metrics.items() if np.isnan(i.value)] == ["roc_auc"]


def test_a_single_item_has_a_value_and_no_interval():
    found = evaluate(of_classes(names(2)), np.array([1]), np.array([[0.2, 0.8]]))
    accuracy = found.metrics["accuracy"]
    assert accuracy.value == 1.0
    assert np.isnan(accuracy.low) and np.isnan(accuracy.high)
    assert found.details["confusion"] == [[0, 0], [0, 1]]


def test_as_dict_is_plain_and_reads_like_the_run_folder():
    labels, probs = make_predictions(40, 2)
    found = evaluate(of_classes(("good", "bad")), labels, probs, resamples=20)
    plain = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert plain["metrics"]["accuracy"] == found.metrics["accuracy"].as_dict()
    assert plain["per_class"][1]["class"] == "bad"
    assert set(plain["per_class"][1]["recall"]) == {"value", "low", "high"}
    assert plain["class_names"] == ["good", "bad"]


def test_memory_stays_flat_in_the_number_of_resamples():
    import tracemalloc

    labels, probs = make_predictions(5000, 3)
    tracemalloc.start()
    evaluate(of_classes(names(3)), labels, probs, resamples=1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6  # all weights at once are 20 MB, and twice that while they are counted


GOOD = np.full((3, 2), 0.5)


@pytest.mark.parametrize(
    "labels, probs, classes, message",
    [
        ([0, 1], GOOD, 2, r"labels have shape \(2,\) and probs \(3, 2\)"),
        ([0, 1, 1], GOOD[0], 2, r"\(n, K\) or \(R, n, K\) are needed"),
        ([], np.zeros((0, 2)), 2, "no items to score; at least one"),
        ([0, 0, 0], np.ones((3, 1)), 1, r"1 column\(s\); one for each of two or more"),
        ([0, 1, 1], GOOD, 3, "3 class names for 2 columns"),
        ([0, -1, 1], GOOD, 2, "from -1 to 1 .* whole numbers from 0 to 1 .* Leave items without a label out"),
        ([0, 1, 2], GOOD, 2, "from 0 to 2"),
        ([0.0, 1.0, 1.0], GOOD, 2, "float64"),
        ([0, 1, 1], GOOD * np.nan, 2, "no probabilities"),
        ([0, 1, 1], GOOD * 3, 2, "another sum than 1"),
        ([0, 1, 1], np.array([[-1.0, 2.0]] * 3), 2, "negative"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_the_reason(labels, probs, classes, message):
    with pytest.raises(ConfigError, match=message):
        evaluate(of_classes(names(classes)), np.array(labels), probs)


@pytest.mark.parametrize("n", [10, 40])
def test_all_right_is_not_certain_and_the_bound_is_wilsons(n):
    from scipy.stats import binomtest

    labels = np.arange(n) % 2
    result = evaluate(of_classes(["a", "b"]), labels, np.eye(2)[labels] * 0.8 + 0.1, resamples=200)
    wilson = binomtest(n, n).proportion_ci(method="wilson")
    assert result.metrics["accuracy"].low == pytest.approx(wilson.low, abs=1e-6)
    assert result.metrics["accuracy"].high == 1
    assert result.breakdown[0]["recall"].low == pytest.approx(
        binomtest(n // 2, n // 2).proportion_ci(method="wilson").low, abs=1e-6
    )
    wrong = evaluate(of_classes(["a", "b"]), labels, np.eye(2)[1 - labels] * 0.8 + 0.1, resamples=200)
    assert wrong.metrics["accuracy"].high == pytest.approx(1 - wilson.low, abs=1e-6)

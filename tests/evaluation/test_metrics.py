"""Every file in the metrics folder, held against scikit-learn and against its own declaration."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from jeoni import plugins
from jeoni.evaluation.metrics.counts import class_sums, confidence_bins

FOLDER = "jeoni.evaluation.metrics.classification"
NAMES = plugins.names(FOLDER)


def expected_calibration_error(labels, probs):
    """The definition, item by item: bins ((m - 1) / 15, m / 15]."""
    total = 0.0
    confidence, right = probs.max(axis=1), probs.argmax(axis=1) == labels
    for m in range(15):
        inside = [i for i, c in enumerate(confidence) if m / 15 < c <= (m + 1) / 15]
        if inside:
            total += len(inside) / len(labels) * abs(np.mean(confidence[inside]) - np.mean(right[inside]))
    return total


def roc_auc(labels, probs):
    if probs.shape[1] == 2:
        return sk.roc_auc_score(labels, probs[:, 1])
    return sk.roc_auc_score(labels, probs, multi_class="ovr", average="macro")


ORACLES = {
    "accuracy": lambda y, p: sk.accuracy_score(y, p.argmax(axis=1)),
    "balanced_accuracy": lambda y, p: sk.balanced_accuracy_score(y, p.argmax(axis=1)),
    "macro_f1": lambda y, p: sk.f1_score(y, p.argmax(axis=1), average="macro"),
    "roc_auc": roc_auc,
    "log_loss": lambda y, p: sk.log_loss(y, p, labels=range(p.shape[1])),
    "calibration_error": expected_calibration_error,
}


def make_predictions(n, classes, seed=0, ties=False):
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), labels] += 1
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    if ties:
        coarse = np.round(probs * 4) + 1
        probs = coarse / coarse.sum(axis=1, keepdims=True)
    return labels, probs


def load(name):
    return plugins.load(FOLDER, name)()


def test_the_promised_metrics_are_there_and_each_has_an_oracle():
    assert set(NAMES) == set(ORACLES)


@pytest.mark.parametrize("name", NAMES)
def test_a_metric_says_how_to_show_it(name):
    metric = plugins.load(FOLDER, name)
    assert metric.title
    assert metric.unit in ("%", "")
    assert isinstance(metric.higher_is_better, bool)
    assert plugins.describe(FOLDER, name).endswith(".") and ":" in plugins.describe(FOLDER, name)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("name", NAMES)
def test_weights_of_one_give_the_oracle(name, classes, ties):
    labels, probs = make_predictions(150, classes, ties=ties)
    found = load(name)(labels, probs, np.ones((1, 150), dtype=np.float32))
    assert found.shape == (1,)
    assert found[0] == pytest.approx(ORACLES[name](labels, probs), abs=1e-9)


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("name", NAMES)
def test_whole_weights_equal_repeated_rows(name, classes):
    labels, probs = make_predictions(120, classes, seed=1, ties=True)
    weights = np.random.default_rng(2).integers(0, 4, (5, 120))
    weights[:, :classes] = 1  # the oracle of ROC-AUC needs every class
    found = load(name)(labels, probs, weights.astype(np.float32))
    wanted = [ORACLES[name](np.repeat(labels, w), np.repeat(probs, w, axis=0)) for w in weights]
    assert found == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("name", NAMES)
def test_perfect_predictions_are_better_than_random_ones(name, classes):
    labels, random = make_predictions(100, classes)
    random = random[np.random.default_rng(3).permutation(100)]
    once, metric = np.ones((1, 100)), load(name)
    gain = metric(labels, np.eye(classes)[labels], once)[0] - metric(labels, random, once)[0]
    assert (gain > 0) == metric.higher_is_better
    assert gain != 0


@pytest.mark.parametrize("name", NAMES)
def test_the_inputs_are_left_as_they_came(name):
    labels, probs = make_predictions(40, 3)
    weights = np.random.default_rng(0).integers(0, 3, (4, 40)).astype(np.float32)
    before = labels.copy(), probs.copy(), weights.copy()
    load(name)(labels, probs, weights)
    for now, then in zip((labels, probs, weights), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("name", NAMES)
def test_a_resample_without_any_item_is_undefined(name):
    labels, probs = make_predictions(20, 2)
    found = load(name)(labels, probs, np.stack([np.zeros(20), np.ones(20)]))
    assert np.isnan(found[0]) and np.isfinite(found[1])


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "macro_f1"])
def test_a_class_absent_from_labels_and_predictions_is_left_out(name):
    labels, probs = make_predictions(60, 2)
    padded = np.column_stack([probs, np.zeros(60)])
    assert load(name)(labels, padded, np.ones((1, 60)))[0] == pytest.approx(ORACLES[name](labels, padded))


def test_roc_auc_is_undefined_with_one_class_and_a_mean_over_the_present_ones():
    labels, probs = make_predictions(30, 2)
    assert np.isnan(load("roc_auc")(np.zeros(30, dtype=np.int64), probs, np.ones((1, 30)))[0])
    labels, probs = make_predictions(60, 3)
    labels = np.where(labels == 2, 1, labels)
    each = [sk.roc_auc_score(labels == k, probs[:, k]) for k in (0, 1)]
    assert load("roc_auc")(labels, probs, np.ones((1, 60)))[0] == pytest.approx(np.mean(each))


def test_roc_auc_of_constant_scores_is_a_half():
    labels = np.array([0, 0, 0, 1])
    assert load("roc_auc")(labels, np.full((4, 2), 0.5), np.ones((1, 4)))[0] == 0.5


def test_log_loss_of_a_certain_mistake_is_finite():
    found = load("log_loss")(np.array([0]), np.array([[0.0, 1.0]]), np.ones((1, 1)))[0]
    assert found == pytest.approx(-np.log(np.finfo(float).eps))


def test_class_sums_skip_absent_classes_and_items_left_out():
    sums = class_sums(np.array([[1.0, 2.0, 4.0, 8.0]]), np.array([3, -1, 0, 3]), 5)
    assert sums.tolist() == [[4.0, 0.0, 0.0, 9.0, 0.0]]
    assert class_sums(np.ones((2, 1)), np.array([-1]), 2).tolist() == [[0.0, 0.0]] * 2


def test_confidence_bins_hold_their_upper_edge():
    probs = np.array([[0.5, 0.5], [0.51, 0.49], [0.25, 0.75], [1.0, 0.0]])
    place, confidence, right = confidence_bins(np.array([0, 1, 1, 0]), probs, 4)
    assert place.tolist() == [1, 2, 2, 3]
    assert confidence.tolist() == [0.5, 0.51, 0.75, 1.0]
    assert right.tolist() == [1.0, 0.0, 1.0, 1.0]

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax as scipy_softmax

from jeoni.errors import ConfigError
from jeoni.evaluation.calibration import softmax, temperature


def make_logits(n=20_000, classes=3, seed=0):
    """Logits whose softmax is the truth: labels are drawn from it."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=(n, classes))
    chance = rng.random((n, 1))
    return logits, (scipy_softmax(logits, axis=1).cumsum(axis=1) < chance).sum(axis=1)


def test_softmax_is_scipys_and_survives_large_logits():
    logits = np.random.default_rng(0).normal(size=(2, 5, 3))
    np.testing.assert_allclose(softmax(logits), scipy_softmax(logits, axis=-1))
    assert softmax(np.array([1e4, -1e4])).tolist() == [1.0, 0.0]
    assert softmax(np.zeros((1, 2), dtype=np.float32)).dtype == np.float64


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("classes", [2, 10])
def test_the_temperature_undoes_a_known_scaling(classes, scale):
    logits, labels = make_logits(classes=classes)
    assert temperature(scale * logits, labels) == pytest.approx(scale, rel=0.05)


def test_two_classes_have_a_closed_form():
    logits = np.array([[3.0, 0.0]] * 10)
    labels = np.array([0] * 8 + [1] * 2)
    assert temperature(logits, labels) == pytest.approx(3 / np.log(8 / 2), rel=1e-4)


def test_whole_weights_equal_repeated_rows():
    logits, labels = make_logits(n=200)
    weights = np.random.default_rng(1).integers(0, 4, 200)
    repeated = temperature(np.repeat(logits, weights, axis=0), np.repeat(labels, weights))
    assert temperature(logits, labels, weights) == pytest.approx(repeated, rel=1e-4)
    assert temperature(logits, labels) != pytest.approx(repeated, rel=1e-4)


def test_it_stays_within_bounds_and_is_one_where_nothing_is_gained():
    always_right = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert temperature(always_right, np.array([0, 1])) == pytest.approx(0.05, rel=1e-3)
    assert temperature(always_right, np.array([1, 0])) == pytest.approx(20, rel=1e-3)
    assert temperature(np.zeros((4, 3)), np.array([0, 1, 2, 0])) == 1.0


GOOD = np.zeros((2, 2))


@pytest.mark.parametrize(
    "logits, labels, weights, message",
    [
        (GOOD, [0], None, r"logits have shape \(2, 2\), labels \(1,\)"),
        (GOOD, [0, 1], [1.0], r"weights \(1,\)"),
        (GOOD, [0, 2], None, "labels from 0 to 1"),
        (GOOD, [0, -1], None, "Leave items without a label out"),
        (np.zeros((0, 2)), [], None, "There are 0 items"),
        (GOOD + np.inf, [0, 1], None, "Some logits are NaN or infinite"),
        (GOOD, [0, 1], [1.0, -1.0], "not negative"),
        (GOOD, [0, 1], [0.0, 0.0], "at least one must be above 0"),
    ],
)
def test_unusable_input_is_refused_with_the_reason(logits, labels, weights, message):
    given = None if weights is None else np.array(weights)
    with pytest.raises(ConfigError, match=message):
        temperature(logits, np.array(labels, dtype=np.int64), given)


def test_a_few_right_answers_do_not_make_it_certain():
    logits = np.array([[2.0, 0.0], [0.0, 2.0], [3.0, 0.0], [0.0, 3.0]])
    labels = np.array([0, 1, 0, 1])
    assert temperature(logits, labels) < 0.1
    doubtful = temperature(logits, labels, doubt=1 / 6)
    assert 1 < doubtful < 3
    # one logit for all, and one right in (1 - doubt): the closed form
    same = np.array([[1.0, 0.0]] * 10)
    assert temperature(same, np.zeros(10, dtype=int), doubt=0.1) == pytest.approx(1 / np.log(9), rel=1e-3)

from __future__ import annotations

import numpy as np
import pytest

from jeoni.errors import ConfigError
from jeoni.evaluation.compare import paired_difference, sentence
from jeoni.evaluation.evaluate import evaluate
from jeoni.tasks.regression import Regression
from jeoni.types import Interval
from tests.made_tasks import classes as of_classes


def make_predictions(n=200, classes=2, strength=1.0, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.random.default_rng(99).integers(0, classes, n)
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), labels] += strength
    return labels, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("groups", [None, np.repeat(np.arange(50), 4)])
@pytest.mark.parametrize("classes", [2, 10])
def test_identical_predictions_differ_by_exactly_nothing(classes, groups):
    labels, probs = make_predictions(classes=classes)
    for interval in paired_difference(
        of_classes(probs.shape[-1]), labels, probs, probs.copy(), groups, resamples=100
    ).values():
        assert interval == Interval(0.0, 0.0, 0.0)


def test_the_difference_is_that_of_the_two_evaluations_and_turns_round():
    labels, a = make_predictions(strength=2.0)
    _, b = make_predictions(seed=1)
    forth, back = (
        paired_difference(of_classes(a.shape[-1]), labels, a, b),
        paired_difference(of_classes(b.shape[-1]), labels, b, a),
    )
    apart = [evaluate(of_classes("ab"), labels, p, resamples=10).metrics for p in (a, b)]
    for name, interval in forth.items():
        assert interval.value == pytest.approx(apart[0][name].value - apart[1][name].value)
        assert interval.low == pytest.approx(-back[name].high)
    assert forth["accuracy"].low > 0 > forth["log_loss"].high


def test_pairing_narrows_the_interval_where_both_fail_on_the_same_items():
    labels, a = make_predictions(400)
    b = a.copy()
    b[:8] = b[:8, ::-1]
    paired = paired_difference(of_classes(a.shape[-1]), labels, a, b)["accuracy"]
    alone = evaluate(of_classes("ab"), labels, a).metrics["accuracy"]
    assert paired.high - paired.low < 0.5 * (alone.high - alone.low)


def test_the_paired_interval_is_as_wide_as_the_discordant_items_say():
    labels = np.zeros(1000, dtype=np.int64)
    right, wrong = [0.9, 0.1], [0.1, 0.9]
    a = np.array([right] * 900 + [wrong] * 100)
    b = np.array([right] * 800 + [wrong] * 150 + [right] * 50)
    found = paired_difference(of_classes(a.shape[-1]), labels, a, b)["accuracy"]
    assert found.value == pytest.approx(0.05)
    # 100 items speak for a and 50 for b: the variance of a mean of -1, 0 and 1
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.sqrt((0.15 - 0.05**2) / 1000), rel=0.08)


def test_repeats_are_held_against_a_single_prediction():
    labels, a = make_predictions()
    _, b = make_predictions(seed=1)
    single = paired_difference(of_classes(a.shape[-1]), labels, a, b, resamples=50)
    repeated = paired_difference(of_classes(a.shape[-1]), labels, np.stack([a, a, a]), b, resamples=50)
    for name, interval in single.items():
        assert repeated[name].as_dict() == pytest.approx(interval.as_dict())


def test_other_classes_are_refused():
    labels, a = make_predictions()
    with pytest.raises(ConfigError, match="There are 2 class names for 3 columns"):
        paired_difference(of_classes(a.shape[-1]), labels, a, np.full((200, 3), 1 / 3))


def test_what_knows_nothing_predicts_the_class_shares_of_training():
    assert of_classes(4).uninformed(np.array([2, 0, 2, 2])).tolist() == [0.25, 0.0, 0.75, 0.0]


def test_the_majority_has_chance_level_ranking():
    labels, _ = make_predictions()
    metrics = evaluate(
        of_classes("ab"), labels, np.tile(of_classes("ab").uninformed(labels), (200, 1)), resamples=50
    ).metrics
    assert metrics["roc_auc"] == Interval(0.5, 0.5, 0.5)
    assert metrics["balanced_accuracy"].value == 0.5
    assert metrics["accuracy"].value == max(labels.mean(), 1 - labels.mean())
    assert metrics["calibration_error"].value == pytest.approx(0, abs=1e-12)


NAN = float("nan")


@pytest.mark.parametrize(
    "difference, words",
    [
        (Interval(0.098, 0.071, 0.124), "Transfer added 9.8 points (7.1 to 12.4) over an untrained backbone."),
        (Interval(-0.03, -0.052, -0.011), "Transfer cost 3.0 points (1.1 to 5.2) against an untrained backbone."),
        (Interval(0.01, -0.02, 0.04), "Whether transfer helped cannot be told: +1.0 points (-2.0 to 4.0)."),
        (Interval(0.0, 0.0, 0.0), "Whether transfer helped cannot be told: +0.0 points (0.0 to 0.0)."),
        (Interval(1.0, NAN, NAN), "Whether transfer helped cannot be told: the difference has no interval."),
    ],
)
def test_the_verdict_claims_only_what_the_interval_allows(difference, words):
    assert sentence(difference) == words


@pytest.mark.parametrize(
    ("unit", "difference", "who", "words"),
    [
        ("mm", (-0.2, -0.3, -0.1), "pretrained",
         "Transfer lowered the mean absolute error by 0.2 mm (0.1 to 0.3) against an untrained backbone."),
        ("", (-0.2, -0.3, -0.1), "training",
         "Training beyond the linear probe lowered the mean absolute error by 0.2 (0.1 to 0.3)."),
        ("mm", (0.2, 0.1, 0.3), "sharing",
         "Sharing one network raised the mean absolute error by 0.2 mm (0.1 to 0.3) (negative sharing)."),
        ("", (0.1, -0.1, 0.3), "sharing",
         "Whether sharing one network helped cannot be told: +0.1 of mean absolute error (-0.1 to 0.3)."),
    ],
)  # fmt: skip
def test_of_an_error_the_verdict_says_by_how_much_it_is_lower_or_higher(unit, difference, who, words):
    column = f"width ({unit})" if unit else "width"
    task, _, _ = Regression.read({column: [str(k) for k in range(40)]})
    assert sentence(Interval(*difference), task.metrics()["mae"], who=who) == words


def test_the_verdict_speaks_of_the_measure_asked_for():
    assert "points of macro F1 (" in sentence(Interval(0.2, 0.1, 0.3), of_classes(2).metrics()["macro_f1"])

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from jeoni.evaluation.evaluate import evaluate
from jeoni.tasks import Unreadable
from jeoni.tasks.multilabel import Multilabel, best_threshold


def task_targets_outputs(n: int = 150):
    rng = np.random.default_rng(0)
    targets = (rng.random((n, 3)) < [0.5, 0.3, 0.1]).astype(float)
    task = Multilabel(("a", "b", "c"))
    return task, targets, 2 * targets - 1.5 + rng.normal(size=targets.shape)


def test_the_metrics_are_those_of_scikit_learn():
    task, targets, outputs = task_targets_outputs()
    predictions = task.decode(outputs)
    probs, decided = predictions[:, :3], predictions[:, 3:]
    found = evaluate(task, targets, predictions, resamples=20)
    value = {name: score.value for name, score in found.metrics.items()}
    assert value["mean_average_precision"] == pytest.approx(sk.average_precision_score(targets, probs, average="macro"))
    assert value["macro_f1"] == pytest.approx(sk.f1_score(targets, decided, average="macro"))
    assert value["micro_f1"] == pytest.approx(sk.f1_score(targets, decided, average="micro"))
    assert value["exact_match"] == pytest.approx(sk.accuracy_score(targets, decided))
    for k, row in enumerate(found.breakdown):
        assert row["average_precision"].value == pytest.approx(sk.average_precision_score(targets[:, k], probs[:, k]))
        assert row["recall"].value == pytest.approx(sk.recall_score(targets[:, k], decided[:, k]))


def test_tied_scores_count_as_one_step_of_the_curve():
    task, targets, _ = task_targets_outputs(60)
    rng = np.random.default_rng(2)
    probs = rng.integers(0, 4, targets.shape) / 4
    predictions = np.hstack([probs, probs > 0.5])
    found = evaluate(task, targets, predictions, resamples=5).metrics["mean_average_precision"].value
    assert found == pytest.approx(sk.average_precision_score(targets, probs, average="macro"))


def test_what_is_not_known_of_a_label_is_left_out_of_its_scores():
    task, targets, outputs = task_targets_outputs()
    predictions, some = task.decode(outputs), targets.copy()
    some[:50, 1] = np.nan
    found = evaluate(task, some, predictions, resamples=5).breakdown[1]
    assert found["average_precision"].value == pytest.approx(
        sk.average_precision_score(targets[50:, 1], predictions[50:, 1])
    )


def test_thresholds_are_those_of_the_best_f1():
    task, targets, outputs = task_targets_outputs()
    decided = task.with_thresholds(outputs, targets)
    probs = task.decode(outputs)[:, :3]
    for k, threshold in enumerate(decided.thresholds):
        ours = sk.f1_score(targets[:, k], probs[:, k] >= threshold)
        assert ours >= max(sk.f1_score(targets[:, k], probs[:, k] >= t) for t in np.unique(probs[:, k])) - 1e-12
    assert best_threshold(np.array([0.2, 0.3]), np.array([0.0, 0.0])) == 0.5


def test_columns_of_zero_and_one_are_labels_too():
    task, targets, _ = Multilabel.read({"crack": [1, 0, "true"], "dirt": ["0", None, 1.0]})
    assert task.label_names == ("crack", "dirt")
    np.testing.assert_array_equal(targets, [[1, 0], [0, np.nan], [1, 1]])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [0, 1], "b": [0, 2]}, "'b' is to hold 0 and 1, and row 2 says 2"),
        ({"y": ["a/b", "a/b"]}, r"one label only \(a/b\); for several labels in a cell, part them with ; or |"),
    ],
)
def test_cells_that_are_no_sets_of_labels_are_refused(columns, message):
    with pytest.raises(Unreadable, match=message):
        Multilabel.read(columns)


def test_no_label_and_nothing_known_are_two_things():
    task, targets, _ = Multilabel.read({"y": ["a;b", "-", "", []]})
    assert task.known(targets).tolist() == [True, True, False, True]
    assert task.named_targets(targets) == [("a", "b"), (), "", ()]

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from jeoni.errors import DataError
from jeoni.evaluation.evaluate import evaluate
from jeoni.tasks import Unreadable
from jeoni.tasks.regression import Regression
from jeoni.types import Dataset


def task_and_targets(columns: int = 1, n: int = 200):
    rng = np.random.default_rng(0)
    values = 10 + 5 * rng.normal(size=(n, columns))
    task, targets, _ = Regression.read({f"c{k} (kg)": values[:, k].tolist() for k in range(columns)})
    return task, targets, targets + rng.normal(size=targets.shape)


def test_the_metrics_are_those_of_scikit_learn():
    task, targets, predictions = task_and_targets()
    found = evaluate(task, targets, predictions, resamples=20).metrics
    assert found["mae"].value == pytest.approx(sk.mean_absolute_error(targets, predictions))
    assert found["rmse"].value == pytest.approx(sk.root_mean_squared_error(targets, predictions))
    assert found["r2"].value == pytest.approx(sk.r2_score(targets, predictions))


def test_several_numbers_have_metrics_of_their_own_and_their_mean_r2_leads():
    task, targets, predictions = task_and_targets(2)
    targets = targets.copy()
    targets[3, 1] = np.nan
    found = evaluate(task, targets, predictions, resamples=20)
    known = ~np.isnan(targets[:, 1])
    second = sk.r2_score(targets[known, 1], predictions[known, 1])
    assert found.metrics["c1.r2"].value == pytest.approx(second)
    assert found.metrics["r2"].value == pytest.approx((sk.r2_score(targets[:, 0], predictions[:, 0]) + second) / 2)
    assert found.measures["c0.mae"] == {"title": "Mean absolute error, c0", "unit": "kg", "higher_is_better": False}


def test_the_interval_of_the_error_is_as_wide_as_the_normal_theory_says():
    task, targets, predictions = task_and_targets(n=2000)
    found = evaluate(task, targets, predictions).metrics["mae"]
    error = np.abs(targets - predictions).std() / np.sqrt(2000)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_the_network_computes_in_standardised_numbers():
    task, targets, _ = task_and_targets()
    assert task.standardised(targets).mean() == pytest.approx(0, abs=1e-9)
    assert task.standardised(targets).std() == pytest.approx(1)
    np.testing.assert_allclose(task.decode(task.standardised(targets)), targets)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([1, "two", 3.0], r"'y' holds numbers and other things: row 2 says 'two'"),
        ([1, float("inf")], "'y' holds an infinite value in row 2"),
        ([None, "", "nan"], "'y' holds no numbers; all its cells are empty"),
        ([1.0, True], "row 2 says 'True'"),
    ],
)
def test_cells_that_are_no_numbers_are_refused_with_their_row(cells, message):
    with pytest.raises(Unreadable, match=message):
        Regression.read({"y": cells})


@pytest.mark.parametrize(
    ("cells", "message"),
    [([2.0] * 10, "All numbers 'y' to learn from are 2; there is nothing to learn"), ([1.0, 2.0], "holds 2 examples")],
)
def test_numbers_from_which_nothing_can_be_learned_are_refused(cells, message):
    task, targets, _ = Regression.read({"y": cells})
    data = Dataset("t", [None] * len(cells), targets, task)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=message):
        task.check(data)

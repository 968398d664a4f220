from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from jeoni.evaluation.calibration import softmax
from jeoni.heads.fitting import logistic
from jeoni.heads.fitting.logistic import rows_from, solve


def digits(classes: int) -> tuple[np.ndarray, np.ndarray]:
    X, y = load_digits(n_class=classes, return_X_y=True)
    return X[:300].astype(np.float32), y[:300].astype(np.int64)


def scaled(X: np.ndarray) -> np.ndarray:
    """What the solver does to features: standardise, and divide by the root of the columns that vary."""
    deviation = X.std(0)
    alive = deviation > 1e-6 * deviation.max()
    return ((X - X.mean(0)) / np.where(alive, deviation, 1) * alive / np.sqrt(alive.sum())).astype(np.float64)


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("streamed", [False, True])
def test_solutions_are_those_of_scikit_learn_for_all_strengths_at_once(classes, streamed, monkeypatch):
    if streamed:
        monkeypatch.setattr(logistic, "IN_MEMORY_BYTES", 0)
    X, y = digits(classes)
    strengths = np.array([0.1, 1.0, 30.0, 300.0])
    rows = rows_from(X, block_rows=64)
    weights = np.ones((len(y), 4))
    solution = solve(rows, y, weights, 1 / (strengths * len(y)), classes, tolerance=1e-5, steps=400)
    logits = np.concatenate([block.numpy() for _, block in solution.logits()])
    for p, strength in enumerate(strengths):
        oracle = LogisticRegression(C=strength, tol=1e-9, max_iter=10_000).fit(scaled(X), y)
        np.testing.assert_allclose(softmax(logits[..., p]), oracle.predict_proba(scaled(X)), atol=2e-3)


def test_raw_weights_give_the_same_logits_on_raw_features():
    X, y = digits(5)
    solution = solve(rows_from(X), y, np.ones((len(y), 1)), np.array([1e-3]), 5)
    weight, bias = solution.raw(0)
    logits = np.concatenate([block.numpy() for _, block in solution.logits()])[..., 0]
    np.testing.assert_allclose(X @ weight.numpy().T + bias.numpy(), logits, atol=1e-3)


def test_a_problem_is_blind_to_examples_of_weight_zero():
    X, y = digits(3)
    seen = np.arange(len(y)) % 3 != 0
    weights = np.stack([seen, np.ones(len(y))], axis=1).astype(float)
    flipped = np.where(seen, y, 2 - y)
    pair = [solve(rows_from(X), labels, weights, np.array([1e-2, 1e-2]), 3) for labels in (y, flipped)]
    np.testing.assert_allclose(pair[0].weights[..., 0], pair[1].weights[..., 0], atol=1e-3)
    assert (pair[0].weights[..., 1] - pair[1].weights[..., 1]).abs().max() > 0.1


def test_problems_solved_in_parts_are_the_same(monkeypatch):
    X, y = digits(4)
    penalties = np.array([1e-1, 1e-2, 1e-3])
    whole = solve(rows_from(X), y, np.ones((len(y), 3)), penalties, 4)
    monkeypatch.setattr(logistic, "MAX_NUMBERS", 1)
    parts = solve(rows_from(X), y, np.ones((len(y), 3)), penalties, 4)
    np.testing.assert_allclose(whole.weights, parts.weights, atol=5e-2)


@pytest.mark.parametrize("X", [np.zeros((10, 3)), np.full((10, 1), 7.0)])
def test_features_that_never_change_give_the_class_shares(X):
    y = np.array([0] * 7 + [1] * 3)
    solution = solve(rows_from(X.astype(np.float32)), y, np.ones((10, 1)), np.array([1e-2]), 2, tolerance=1e-6)
    logits = np.concatenate([block.numpy() for _, block in solution.logits()])[..., 0]
    np.testing.assert_allclose(softmax(logits)[:, 1], 0.3, atol=1e-3)

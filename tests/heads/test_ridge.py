"""Ridge regression held against scikit-learn's, in both forms, and the choice of strength on folds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from jeoni.data.splits import build_folds
from jeoni.heads.fitting.ridge import fit_ridge


def problem(n, d, seed=0):
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, d)) * rng.uniform(0.1, 10, d) + rng.normal(size=d)).astype(np.float32)
    return X, X[:, :3] @ [0.5, -0.2, 0.1] + rng.normal(size=n)


@pytest.mark.parametrize(("n", "d"), [(40, 100), (200, 12)], ids=["dual", "primal"])
def test_the_fit_is_that_of_scikit_learn(n, d):
    X, y = problem(n, d)
    weight, bias, _, chosen = fit_ridge(X, y[:, None], np.arange(n)[None] % 5, (3.0,))
    scaled = StandardScaler().fit_transform(X.astype(np.float64)) / np.sqrt(d)
    oracle = Ridge(alpha=1 / 3.0).fit(scaled, y)
    np.testing.assert_allclose(X @ weight[0].numpy() + bias[0].item(), oracle.predict(scaled), atol=1e-3)
    assert chosen == [3.0]


@pytest.mark.parametrize(("n", "d"), [(40, 100), (200, 12)], ids=["dual", "primal"])
def test_the_errors_on_the_folds_are_those_of_fits_that_did_not_see_them(n, d):
    X, y = problem(n, d)
    folds = np.stack([np.arange(n) % 5, np.random.default_rng(1).permutation(n) % 4])
    _, _, candidates, chosen = fit_ridge(X, y[:, None], folds, (0.1, 1.0, 10.0))
    scaled = StandardScaler().fit_transform(X.astype(np.float64)) / np.sqrt(d)
    for record in candidates:
        squares = []
        for fold in folds:
            for f in np.unique(fold):
                model = Ridge(alpha=1 / record["strength"]).fit(scaled[fold != f], y[fold != f])
                squares.append((model.predict(scaled[fold == f]) - y[fold == f]) ** 2)
        assert record["mean_squared_error"] == pytest.approx(np.concatenate(squares).mean(), rel=1e-6)
    assert chosen == [min(candidates, key=lambda c: c["mean_squared_error"])["strength"]]


def test_a_missing_number_leaves_its_row_to_the_other_columns():
    X, y = problem(120, 8)
    both = np.stack([y, y**2], axis=1)
    both[:30, 1] = np.nan
    folds = build_folds(np.arange(120) % 4, np.arange(120), 5, 1, 0)
    weight, bias, _, _ = fit_ridge(X, both, folds, (1.0,))
    alone, offset, _, _ = fit_ridge(X, y[:, None], folds, (1.0,))
    np.testing.assert_allclose(weight[0], alone[0], rtol=1e-5)
    assert bias[0] == pytest.approx(float(offset[0]), abs=1e-5) and np.isfinite(weight.numpy()).all()

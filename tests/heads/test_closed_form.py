"""Heads with a closed form equal it, or an independent library."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.preprocessing import StandardScaler

from jeoni.data.splits import build_folds
from jeoni.errors import ConfigError
from jeoni.heads.fitting.named import build_head
from jeoni.heads.gda import precise
from jeoni.tasks.regression import Regression
from tests.made_tasks import classes as of_classes


def make(n=90, d=12, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    return (rng.normal(size=(classes, d))[y] + rng.normal(size=(n, d))).astype(np.float32), y


def fit(name, X, y, weights="none"):
    folds = build_folds(y, np.arange(len(y)), 5, 1, 0)
    return build_head(name).fit(X, y, of_classes(int(y.max()) + 1), folds, weights)


def predicted(fitted, X):
    with torch.inference_mode():
        return fitted.module(torch.from_numpy(X)).argmax(1).numpy()


def test_euclidean_prototypes_are_scikit_learns_nearest_centroid():
    X, y = make()
    found = predicted(fit("prototype:metric=euclidean", X, y), X)
    np.testing.assert_array_equal(found, NearestCentroid().fit(X, y).predict(X))


def test_cosine_prototypes_are_the_centroids_of_centred_unit_features():
    X, y = make()
    unit = X - X.mean(0)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    found = predicted(fit("prototype:metric=cosine", X, y), X)
    np.testing.assert_array_equal(found, NearestCentroid().fit(unit, y).predict(unit))


def test_one_example_of_each_class_is_its_prototype():
    X, y = make(6, 5)
    module = build_head("prototype:metric=euclidean")
    fitted = module.fit(X[:3], y[:3], of_classes(3), np.array([[0, 1, 2]]), "none")
    nearest = ((X[3:, None] - X[None, :3]) ** 2).sum(2).argmin(1)
    np.testing.assert_array_equal(predicted(fitted, X[3:]), nearest)


@pytest.mark.parametrize("n", [60, 8])
def test_the_shrunk_discriminant_is_its_formula(n):
    X, y = make(n, 12)
    means = np.stack([X[y == c].mean(0) for c in range(3)]).astype(np.float64)
    residuals = X - means[y]
    covariance = residuals.T @ residuals / n
    wanted = means @ (12 * np.linalg.inv((n - 1) * covariance + np.trace(covariance) * np.eye(12)))
    np.testing.assert_allclose(precise(residuals, means), wanted, rtol=1e-8)


def test_the_discriminants_decisions_are_those_of_the_uncentred_formula():
    X, y = make(60, 12)
    means = np.stack([X[y == c].mean(0) for c in range(3)]).astype(np.float64)
    weight = precise(X - means[y], means)
    logits = X @ weight.T + np.log(1 / 3) - 0.5 * (weight * means).sum(1)
    np.testing.assert_array_equal(predicted(fit("gda:scaling=raw", X, y), X), logits.argmax(1))


def test_the_discriminant_does_not_mind_units():
    X, y = make(60, 12)
    units = np.where(np.arange(12) % 3, 1.0, 1000.0).astype(np.float32)
    noisy = X.copy()
    noisy[:, ::3] = np.random.default_rng(1).normal(size=(60, 4))
    fitted = fit("gda", noisy * units, y)
    assert fitted.choice["scaling"] == "standardized"
    assert (predicted(fitted, noisy * units) == y).mean() > 0.8
    np.testing.assert_array_equal(
        predicted(fitted, noisy * units), predicted(fit("gda:scaling=standardized", noisy, y), noisy)
    )


def test_of_two_examples_a_class_the_scaling_is_the_papers():
    X, y = make(6, 12)
    assert fit("gda", X, y).choice["scaling"] == "raw"


def test_an_unknown_scaling_is_refused():
    with pytest.raises(ConfigError, match="gda: scaling is 'none'; it can be auto, standardized, raw"):
        fit("gda:scaling=none", *make())


@pytest.mark.parametrize("shape", [(90, 12), (30, 60)])
def test_ridge_is_scikit_learns_on_standardised_features(shape):
    X, y = make(*shape)
    scaled = StandardScaler().fit_transform(X) / shape[1] ** 0.5
    theirs = RidgeClassifier(alpha=1 / 10.0).fit(scaled, y)
    np.testing.assert_array_equal(predicted(fit("ridge:strengths=10", X, y), X), theirs.predict(scaled))


def test_neighbours_are_scikit_learns_by_the_cosine():
    X, y = make()
    moved = X[:60] - X[:60].mean(0), X[60:] - X[:60].mean(0)
    weigh = lambda distance: np.exp((1 - distance) / 0.07)  # noqa: E731
    theirs = KNeighborsClassifier(5, metric="cosine", weights=weigh).fit(moved[0], y[:60])
    np.testing.assert_array_equal(predicted(fit("knn:neighbours=5", X[:60], y[:60]), X[60:]), theirs.predict(moved[1]))


@pytest.mark.parametrize("name", ["gda", "ridge", "knn"])
def test_balanced_weights_move_the_border_towards_the_large_class(name):
    X, y = make(300, 3, 2, seed=3)
    keep = np.flatnonzero((y == 0) | (np.arange(300) % 12 == 1))
    plain, balanced = ((predicted(fit(name, X[keep], y[keep], w), X) == 1).mean() for w in ("none", "balanced"))
    assert balanced > plain


@pytest.mark.parametrize("name", ["prototype", "gda", "ridge", "knn"])
def test_numbers_are_refused(name):
    task = Regression(("y",), ("",), (0.0,), (1.0,))
    with pytest.raises(
        ConfigError, match=f"The head {name} is for classes; for the task regression take --head linear"
    ):
        build_head(name).fit(np.zeros((4, 2)), np.zeros((4, 1)), task, np.zeros((1, 4), dtype=int), "none")


def test_an_unknown_metric_is_refused():
    with pytest.raises(ConfigError, match="prototype: metric is 'l1'; it can be auto, euclidean, cosine"):
        fit("prototype:metric=l1", *make())

"""What every head must do, whichever it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jeoni import plugins
from jeoni.data.splits import build_folds
from jeoni.heads.fitting.named import build_head
from jeoni.heads.linear import _own_folds
from tests.made_tasks import classes as of_classes

HEADS = plugins.names("jeoni.heads")
LIGHT = {"mlp": "mlp:hidden=32,weight_decays=0.01", "cosine": "cosine:learning_rates=0.01"}  # one candidate each


def light(name):
    """The head, with as little to choose from as it takes."""
    return build_head(LIGHT.get(name, name))


def make_task(classes: int, n: int = 120, d: int = 20, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    return (rng.normal(size=(classes, d))[labels] * 1.5 + rng.normal(size=(n, d))).astype(np.float32), labels


def fit(head, X, y, classes, weights="auto"):
    """On five folds; on two where every fold is a training in steps."""
    folds = 2 if hasattr(head, "weight_decays") or hasattr(head, "learning_rates") else 5
    return head.fit(X, y, of_classes(classes), build_folds(y, np.arange(len(y)), folds, 1, 0), weights)


def probs(module, X):
    with torch.inference_mode():
        return torch.softmax(module(torch.from_numpy(X)), 1).numpy()


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("classes", [2, 10])
def test_better_than_chance_on_new_examples(name, classes):
    X, y = make_task(classes, 240)
    fitted = fit(light(name), X[:160], y[:160], classes)
    predicted = probs(fitted.module, X[160:])
    assert (predicted.argmax(1) == y[160:]).mean() > 2 / classes * 0.85
    np.testing.assert_allclose(predicted.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("name", HEADS)
def test_loads_into_an_empty_module_and_repeats_itself(name):
    X, y = make_task(3)
    head = light(name)
    first, second = fit(head, X, y, 3), fit(head, X, y, 3)
    shapes = {name: tuple(value.shape) for name, value in first.module.state_dict().items()}
    empty = head.build_like(shapes, X.shape[1], 3) if hasattr(head, "build_like") else head.build(X.shape[1], 3)
    empty.load_state_dict(first.module.state_dict())
    np.testing.assert_array_equal(probs(empty, X), probs(first.module, X))
    np.testing.assert_array_equal(probs(second.module, X), probs(first.module, X))
    assert first.choice and not first.module.training


@pytest.mark.parametrize("name", HEADS)
def test_more_features_than_examples(name):
    X, y = make_task(2, 40, 300)
    assert (probs(fit(light(name), X, y, 2).module, X).argmax(1) == y).mean() > 0.9


def test_a_hidden_layer_separates_what_a_line_cannot():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (600, 2)).astype(np.float32)
    y = ((X[:, 0] > 0) ^ (X[:, 1] > 0)).astype(np.int64)
    right = {
        name: (
            probs(fit(plugins.load("jeoni.heads", name)(), X[:400], y[:400], 2).module, X[400:]).argmax(1) == y[400:]
        ).mean()
        for name in ("linear", "mlp")
    }
    assert right["linear"] < 0.65 and right["mlp"] > 0.9


def test_the_cosine_head_looks_at_the_angle_alone():
    X, y = make_task(3)
    module = fit(plugins.load("jeoni.heads", "cosine")(), X, y, 3).module
    centre = X.mean(0)
    stretched = (centre + 3 * (X - centre)).astype(np.float32)
    np.testing.assert_allclose(probs(module, X), probs(module, stretched), atol=1e-3)


def test_probabilities_of_the_linear_head_are_calibrated():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(4000, 8)).astype(np.float32)
    y = (rng.uniform(size=4000) < 1 / (1 + np.exp(-2 * X[:, 0]))).astype(np.int64)
    module = fit(plugins.load("jeoni.heads", "linear")(), X[:400], y[:400], 2).module
    p = probs(module, X[400:])[:, 1]
    for low in (0.1, 0.3, 0.5, 0.7):
        near = (p > low) & (p < low + 0.2)
        assert abs(y[400:][near].mean() - p[near].mean()) < 0.08


def test_balanced_weights_move_the_border_towards_the_large_class():
    X, y = make_task(2, 400, 3)
    keep = np.flatnonzero((y == 0) | (np.arange(400) % 20 == 1))
    head = plugins.load("jeoni.heads", "linear")()
    plain, balanced = (probs(fit(head, X[keep], y[keep], 2, w).module, X)[:, 1].mean() for w in ("none", "balanced"))
    assert balanced > plain + 0.05


def test_unweighted_stays_unless_the_folds_speak_clearly():
    rng = np.random.default_rng(0)
    y = np.array([0] * 140 + [1] * 60)
    X = rng.normal(size=(200, 5)).astype(np.float32)
    assert fit(plugins.load("jeoni.heads", "linear")(), X, y, 2).choice["class_weights"] == "none"


def test_folds_that_are_drawn_anew_for_a_rare_label_keep_clusters_whole():
    clusters = np.arange(60) // 3
    rare = np.isin(clusters, (0, 1, 2, 3)).astype(np.int64)
    in_one_fold = np.where(rare == 1, 0, 1 + clusters % 4)[None]
    found = _own_folds(in_one_fold, rare, clusters)[0]
    assert all(len(set(found[clusters == c])) == 1 for c in clusters)
    assert all(rare[found != f].any() for f in np.unique(found))


def test_a_label_in_one_cluster_is_learned_all_the_same():
    clusters, rare = np.arange(60) // 3, (np.arange(60) < 3).astype(np.int64)
    in_one_fold = np.where(rare == 1, 0, 1 + clusters % 4)[None]
    found = _own_folds(in_one_fold, rare, clusters)[0]
    assert all(rare[found != f].any() for f in np.unique(found))
    np.testing.assert_array_equal(found, _own_folds(in_one_fold, rare, None)[0])


def test_folds_that_teach_every_label_stay_as_they_are():
    folds, labels = np.arange(20)[None] % 4, np.arange(20) // 4 % 2
    np.testing.assert_array_equal(_own_folds(folds, labels, np.arange(20)), folds)

"""Transductive methods are their formulas, and what they promise holds on made data."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jeoni import plugins
from jeoni.evaluation.calibration import softmax
from jeoni.few_shot.balance import balance_test
from jeoni.few_shot.episodes import TRANSDUCTIVE
from jeoni.few_shot.transductive.alpha_tim import AlphaTIM
from jeoni.few_shot.transductive.auto import Auto
from jeoni.few_shot.transductive.bd_cspn import BDCSPN
from jeoni.few_shot.transductive.laplacian_shot import LaplacianShot
from jeoni.few_shot.transductive.tim import TIM
from jeoni.few_shot.vectors import centred_unit_rows, distances, rectified_means


def blobs(shares=(1, 1, 1), *, shots=1, queries=45, apart=2.0, seed=0):
    """Support, labels, queries and their classes."""
    rng = np.random.default_rng(seed)
    means = apart * rng.normal(size=(len(shares), 10))
    labels = np.repeat(np.arange(len(shares)), shots)
    counts = (np.array(shares) / sum(shares) * queries).round().astype(int)
    true = np.repeat(np.arange(len(shares)), counts)
    return (
        means[labels] + rng.normal(size=(len(labels), 10)),
        labels,
        means[true] + rng.normal(size=(len(true), 10)),
        true,
    )


@pytest.mark.parametrize("name", plugins.names(TRANSDUCTIVE))
def test_every_method_gives_probabilities_and_finds_what_lies_apart(name):
    support, labels, queries, true = blobs(apart=4.0)
    found = plugins.load(TRANSDUCTIVE, name)()(support, labels, queries, 3)
    assert found.shape == (45, 3)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-5)
    assert (found.argmax(1) == true).all()


@pytest.mark.parametrize("name", plugins.names(TRANSDUCTIVE))
def test_one_query_alone_and_a_class_without_queries_are_no_trouble(name):
    support, labels, queries, _ = blobs()
    assert np.isfinite(plugins.load(TRANSDUCTIVE, name)()(support, labels, queries[:1], 3)).all()


def test_rectified_means_are_the_papers_weighted_sums():
    support, labels, queries, _ = blobs(shots=2)
    rows, others = centred_unit_rows(support, queries)
    found, moved = rectified_means(rows, labels, others, 3)
    np.testing.assert_allclose(moved.mean(0), rows.mean(0), atol=1e-12)
    everything, means = np.concatenate([rows, moved]), np.stack([rows[labels == c].mean(0) for c in range(3)])
    cosines = np.array([[x @ m / np.linalg.norm(x) / np.linalg.norm(m) for m in means] for x in everything])
    for c in range(3):
        own = cosines.argmax(1) == c
        weights = np.exp(10 * cosines[own, c]) / np.exp(10 * cosines[own, c]).sum()
        np.testing.assert_allclose(found[c], weights @ everything[own], atol=1e-9)


def test_laplacian_shot_is_a_fixed_point_of_its_update_and_without_weight_the_nearest_mean():
    support, labels, queries, _ = blobs(apart=1.0)
    rows, others = centred_unit_rows(support, queries)
    means, moved = rectified_means(rows, labels, others, 3)
    costs = distances(moved, means)
    np.testing.assert_allclose(LaplacianShot(weight=0.0)(support, labels, queries, 3), softmax(-costs), atol=1e-9)
    far = distances(moved, moved) + 1e9 * np.eye(len(moved))
    nearest = np.zeros_like(far)
    np.put_along_axis(nearest, far.argsort(1)[:, :3], 1.0, axis=1)
    graph = (nearest + nearest.T) / 2
    found = LaplacianShot(weight=0.3, steps=500)(support, labels, queries, 3)
    np.testing.assert_allclose(found, softmax(-costs + 0.3 * graph @ found), atol=1e-5)


def test_tims_objective_is_its_formula():
    known, found = torch.tensor([0.7, 0.4]), torch.tensor([[0.6, 0.4], [0.1, 0.9]])
    mean = np.array([0.35, 0.65])
    entropy = -(mean * np.log(mean)).sum()
    conditional = -(0.6 * np.log(0.6) + 0.4 * np.log(0.4) + 0.1 * np.log(0.1) + 0.9 * np.log(0.9)) / 2
    expected = -np.log([0.7, 0.4]).mean() - entropy + 0.1 * conditional
    assert TIM().objective(known, found).item() == pytest.approx(expected, abs=1e-6)


def test_the_alpha_objective_becomes_that_of_tim_near_one():
    known = torch.tensor([0.7, 0.4], dtype=torch.float64)
    found = torch.tensor([[0.6, 0.4], [0.1, 0.9]], dtype=torch.float64)
    near, shannon = AlphaTIM(alpha=1 + 1e-5).objective(known, found), TIM(conditional=1.0).objective(known, found)
    assert near.item() == pytest.approx(shannon.item(), abs=1e-4)


def test_bd_cspn_takes_the_rectified_mean_with_the_largest_cosine():
    support, labels, queries, _ = blobs(apart=1.0)
    means, moved = rectified_means(*(lambda r: (r[0], labels, r[1]))(centred_unit_rows(support, queries)), 3)
    cosines = np.array([[q @ m / np.linalg.norm(q) / np.linalg.norm(m) for m in means] for q in moved])
    np.testing.assert_array_equal(BDCSPN()(support, labels, queries, 3).argmax(1), cosines.argmax(1))


def accuracy(method, shares):
    found = []
    for seed in range(10):
        support, labels, queries, true = blobs(shares, apart=0.8, seed=seed)
        found.append((method(support, labels, queries, 3).argmax(1) == true).mean())
    return np.mean(found)


def test_auto_is_tim_where_queries_are_balanced_and_alpha_tim_where_they_are_not():
    support, labels, queries, _ = blobs(apart=3.0)
    np.testing.assert_allclose(Auto()(support, labels, queries, 3), TIM()(support, labels, queries, 3))
    support, labels, queries, _ = blobs((40, 3, 2), apart=3.0)
    np.testing.assert_allclose(Auto()(support, labels, queries, 3), AlphaTIM()(support, labels, queries, 3))


def test_the_test_of_balance_holds_its_level_and_finds_the_shares():
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(200):
        true = rng.integers(0, 3, 100)
        logits = 2 * np.eye(3)[true] + rng.normal(size=(100, 3))
        refused += balance_test(softmax(2 * logits)).p < 0.05  # 2: the posterior of such logits
    assert refused < 24  # 10 are expected, with a standard deviation of 3
    true = rng.choice(3, 2000, p=[0.7, 0.2, 0.1])
    found = balance_test(softmax(2 * (2 * np.eye(3)[true] + rng.normal(size=(2000, 3)))))
    assert found.p < 1e-6
    np.testing.assert_allclose(found.shares, [0.7, 0.2, 0.1], atol=0.03)

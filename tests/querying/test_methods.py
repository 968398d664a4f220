"""Each query method where the right answer is known, or beside an independent library."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.cluster import kmeans_plusplus

from jeoni.querying.badge import BADGE, residuals
from jeoni.querying.choosing.clusters import clusters_of, middles
from jeoni.querying.choosing.pool import Pool
from jeoni.querying.choosing.seeding import seed_products
from jeoni.querying.dropquery import DropQuery, changes
from jeoni.querying.entropy import Entropy
from jeoni.querying.kmeans import KMeansCentroids
from jeoni.querying.margin import Margin
from jeoni.querying.probcover import ProbCover, pure_radius
from jeoni.querying.random import Random
from jeoni.querying.typiclust import TypiClust, typicality
from tests.querying.made_pools import CENTRES, blobs, half_labelled, pool_of


class Says:
    """A learner that gives the rows themselves as probabilities."""

    known = np.arange(3)

    def probs(self, rows):
        return np.abs(rows) / np.abs(rows).sum(1, keepdims=True)


def of_probs(probs) -> Pool:
    return Pool(np.asarray(probs, dtype=float), np.zeros((2, 3)), np.array([0, 1]), Says(), 0)


UNSURE = [[0.9, 0.05, 0.05], [0.5, 0.49, 0.01], [0.4, 0.3, 0.3], [0.6, 0.35, 0.05]]


def test_margin_takes_the_smallest_difference_of_the_two_highest_probabilities():
    chosen = Margin()(of_probs(UNSURE), 3)
    assert chosen.index.tolist() == [1, 2, 3]
    np.testing.assert_allclose(chosen.scores, [0.01, 0.1, 0.25])


def test_entropy_takes_the_highest_in_nats():
    chosen = Entropy()(of_probs(UNSURE), 2)
    assert chosen.index.tolist() == [2, 3]
    np.testing.assert_allclose(chosen.scores[0], -(0.4 * np.log(0.4) + 0.6 * np.log(0.3)))


@pytest.mark.parametrize("method, theirs", [(Margin(), "margin_sampling"), (Entropy(), "entropy")])
def test_uncertainty_is_that_of_scikit_activeml(method, theirs):
    skactiveml = pytest.importorskip("skactiveml.pool")
    pool = half_labelled()
    scores = skactiveml.uncertainty_scores(pool.probs, method=theirs)
    chosen = method(pool, 10)
    np.testing.assert_allclose(np.sort(scores[chosen.index])[::-1], np.sort(scores)[::-1][:10])


def test_the_gradient_embedding_is_that_of_autograd():
    pool = half_labelled()
    layer = torch.nn.Linear(3, 3).double()
    rows = torch.from_numpy(pool.rows[:6])
    logits = layer(rows)
    probs = logits.softmax(1).detach().numpy()
    ours = np.einsum("nk,nd->nkd", residuals(probs), pool.rows[:6])
    for i in range(6):
        loss = torch.nn.functional.cross_entropy(logits[i : i + 1], logits[i : i + 1].argmax(1))
        (theirs,) = torch.autograd.grad(loss, layer.weight, retain_graph=True)
        np.testing.assert_allclose(ours[i], theirs.numpy(), atol=1e-12)


def test_badge_begins_with_the_longest_gradient_and_says_its_length():
    pool = half_labelled()
    lengths = np.linalg.norm(np.einsum("nk,nd->nkd", residuals(pool.probs), pool.rows), axis=(1, 2))
    chosen = BADGE()(pool, 5)
    assert chosen.index[0] == lengths.argmax()
    np.testing.assert_allclose(chosen.scores, lengths[chosen.index])


def test_seeding_finds_one_row_of_each_far_cloud_as_scikit_learns_does():
    rows, labels = blobs()
    ours = [set(labels[seed_products(np.ones((len(rows), 1)), rows, 3, seed)].tolist()) for seed in range(10)]
    theirs = [set(labels[kmeans_plusplus(rows, 3, random_state=seed, n_local_trials=1)[1]]) for seed in range(10)]
    assert ours == theirs == [{0, 1, 2}] * 10


def test_seeding_goes_by_the_distances_of_outer_products():
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(40, 2)), rng.normal(size=(40, 3))
    written_out = np.einsum("nk,nd->nkd", left, right).reshape(40, 6)
    ours = seed_products(left, right, 12, seed=3)
    np.testing.assert_array_equal(ours, seed_products(np.ones((40, 1)), written_out, 12, seed=3))


def test_kmeans_takes_the_middle_of_each_cloud_the_largest_first():
    rows, labels = blobs()
    rows, labels = rows[10:], labels[10:]  # the first cloud is half as large
    chosen = KMeansCentroids()(pool_of(rows), 3)
    assert labels[chosen.index[-1]] == 0 and set(labels[chosen.index]) == {0, 1, 2}
    np.testing.assert_allclose(chosen.scores, [0.4, 0.4, 0.2])


@pytest.mark.parametrize("method", [KMeansCentroids(), TypiClust(), ProbCover(radius=0.5)])
def test_a_cloud_that_has_a_label_comes_last(method):
    rows, labels = blobs()
    chosen = method(pool_of(rows, CENTRES[[1]], np.array([1])), 2)
    assert set(labels[chosen.index]) == {0, 2}


def test_the_middle_is_the_row_nearest_to_the_mean_of_its_cluster():
    rows = np.array([[0.0], [1.0], [2.2], [10.0], [11.0], [14.0]])
    cluster, centroids = clusters_of(rows, 2, seed=0)
    found = middles(rows, cluster, centroids)
    assert sorted(found.tolist()) == [1, 4]


def test_typiclust_takes_the_densest_row_of_each_cloud():
    rng = np.random.default_rng(0)
    tight = CENTRES[0] + rng.normal(scale=0.02, size=(12, 3))
    loose = CENTRES[0] + rng.normal(scale=1.0, size=(8, 3))
    other = CENTRES[1] + rng.normal(scale=0.3, size=(9, 3))
    chosen = TypiClust(neighbours=5)(pool_of(np.concatenate([tight, loose, other])), 2)
    assert chosen.index[0] < 12 and chosen.index[1] >= 20


def test_typicality_is_one_over_the_mean_distance_to_the_neighbours():
    rows = np.array([[0.0], [1.0], [3.0], [7.0]])
    np.testing.assert_allclose(typicality(rows, 2), 1 / (np.array([2.0, 1.5, 2.5, 5.0]) + 1e-5))


def test_typiclust_leaves_tiny_clusters_out_and_comes_back_to_them_at_the_end():
    rows, _ = blobs(each=8)
    rows = np.concatenate([rows, [[-5.0, -5.0, -5.0], [-5.0, -5.1, -5.0]]])
    chosen = TypiClust()(pool_of(rows), 4)
    assert 24 not in chosen.index and 25 not in chosen.index
    everything = TypiClust()(pool_of(rows), len(rows))
    assert sorted(everything.index.tolist()) == list(range(len(rows)))


def test_probcover_covers_most_with_each_item():
    angle = np.deg2rad([0, 1, 2, 3, 4, 40, 42, 44, 80, 120, 160])
    rows = np.stack([np.cos(angle), np.sin(angle)], 1)
    chosen = ProbCover(radius=float(2 * np.sin(np.deg2rad(2.2) / 2)))(pool_of(rows), 3)
    assert chosen.index[:2].tolist() == [2, 6]
    np.testing.assert_allclose(chosen.scores, [5 / 11, 3 / 11, 1 / 11])


def test_the_radius_is_the_largest_that_is_pure_enough():
    rows, labels = blobs(each=10)
    apart = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    radius = pure_radius(rows, apart, 3, 1.0, seed=0)
    between = apart[labels[:, None] != labels[None]].min()
    assert radius < between and radius == pytest.approx(between)
    assert pure_radius(rows, apart, 3, 0.5, seed=0) > radius


def test_one_cluster_has_no_purity_and_gets_half_of_the_largest_distance():
    rows = np.arange(4.0)[:, None]
    assert pure_radius(rows, np.abs(rows - rows.T), 1, 0.95, 0) == 1.5


class Compares(Says):
    """Takes the first class where the first column is not below the third, else the second class."""

    def probs(self, rows):
        first = np.where(rows[:, 0] >= rows[:, 2], 0.9, 0.1)
        return np.stack([first, 1 - first], 1)


def test_dropquery_takes_what_changes_its_class_under_dropout():
    sure, torn = np.tile([9.0, 9.0, 0.0], (60, 1)), np.tile([2.0, 0.0, 1.9], (60, 1))
    pool = Pool(np.concatenate([sure, torn]), sure[:2], np.array([0, 1]), Compares(), 0)
    changed = changes(pool, 400, 0.5)
    assert (changed[:60] == 0).all()
    assert changed[60:].mean() / 400 == pytest.approx(0.25, abs=0.01)  # the first is dropped and the third is not
    chosen = DropQuery(passes=3, dropout=0.5, candidates=1)(pool, 4)
    assert (chosen.index >= 60).all() and (chosen.scores > 0.5).all()


def test_random_draws_every_item_equally_often():
    rows = np.zeros((5, 2))
    first = [Random()(pool_of(rows, seed=seed), 1).index[0] for seed in range(500)]
    counts = np.bincount(first, minlength=5)
    assert counts.min() > 70 and np.isnan(Random()(pool_of(rows), 2).scores).all()

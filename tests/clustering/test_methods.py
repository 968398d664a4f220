"""Every way of clustering finds what is plainly there, gives the same for the same seed, and equals its library."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.cluster
from scipy.optimize import check_grad
from sklearn.metrics import adjusted_rand_score, mutual_info_score

from jeoni import plugins
from jeoni.clustering.choice import METHODS, build_clusterer, check_number
from jeoni.clustering.linear_start import linear_start, scaled
from jeoni.clustering.methods.information_maximising import _objective, mutual_information
from jeoni.clustering.methods.kmeans import KMeans
from jeoni.clustering.methods.spectral import Spectral
from jeoni.clustering.methods.turtle import Turtle, _extended, _soft_labels, _towards
from jeoni.clustering.protocol import joined
from jeoni.errors import ConfigError, DataError

QUICK = {"turtle": {"steps": 100}}


def blobs(clusters: int = 3, each: int = 30, dim: int = 4, apart: float = 8.0, seed: int = 0):
    """Groups of examples that lie far from each other, and which is which."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(clusters), each)
    means = apart * np.linalg.qr(rng.normal(size=(max(dim, clusters), max(dim, clusters))))[0][:clusters, :dim]
    return means[labels] + rng.normal(size=(len(labels), dim)), labels


@pytest.mark.parametrize("name", plugins.names(METHODS))
def test_a_method_finds_groups_that_lie_apart_and_repeats_itself(name):
    rows, labels = blobs()
    method = build_clusterer(name, QUICK.get(name))
    found = method.fit([rows], 3, 0)
    assert found.shape == labels.shape and found.dtype == np.int64
    assert found.min() >= 0 and found.max() < 3
    assert adjusted_rand_score(labels, found) == pytest.approx(1.0)
    assert (method.fit([rows], 3, 0) == found).all()


@pytest.mark.parametrize("name", plugins.names(METHODS))
def test_a_method_takes_several_spaces_of_which_none_alone_tells_all(name):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 25)
    first = 8.0 * np.eye(2)[labels // 2] + rng.normal(size=(100, 2))
    second = 8.0 * np.eye(2)[labels % 2] + rng.normal(size=(100, 2))
    centred = [one - one.mean(0) for one in (first, second)]
    found = build_clusterer(name, QUICK.get(name)).fit(centred, 4, 0)
    assert adjusted_rand_score(labels, found) > 0.9


def test_kmeans_gives_the_labels_of_scikit_learn():
    rows, _ = blobs(apart=2.0)
    expected = sklearn.cluster.KMeans(3, n_init=10, random_state=5).fit(rows).labels_
    assert (KMeans().fit([rows], 3, 5) == expected).all()


def test_spectral_clustering_finds_rings_that_kmeans_cannot():
    angles = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    rows, labels = np.concatenate([ring, 4 * ring]), np.repeat([0, 1], 80)
    assert adjusted_rand_score(labels, Spectral(5).fit([rows], 2, 0)) == 1.0
    assert adjusted_rand_score(labels, KMeans().fit([rows], 2, 0)) < 0.3


def test_joined_spaces_have_the_same_weight():
    one, other = np.eye(3), np.zeros((3, 2))
    distances = np.square(joined([one, other])[0] - joined([one, other])[1]).sum()
    assert distances == pytest.approx(1.0)  # the mean of 2 and 0
    assert joined([one]) is one


def test_a_step_of_turtles_classifier_goes_along_the_gradient_of_its_cross_entropy():
    import torch

    rows, _ = blobs()
    z = _extended(rows)
    labels = torch.softmax(torch.randn(len(z), 3, generator=torch.Generator().manual_seed(0)), 1)
    weights = torch.zeros(z.shape[1], 3, requires_grad=True)
    torch.nn.functional.cross_entropy(z @ weights, labels).backward()
    expected = weights.grad.clone()
    moved = torch.zeros(z.shape[1], 3)
    _towards([moved], [z], labels, torch.optim.SGD([moved], lr=1.0))
    assert torch.allclose(moved, -expected, atol=1e-6)


def test_turtles_loss_is_cross_entropy_less_gamma_times_the_entropy_of_the_mean_label():
    import torch

    z = [torch.ones(4, 3), torch.ones(4, 3)]
    zero = [torch.zeros(3, 2), torch.zeros(3, 2)]
    theta = [torch.nn.Linear(2, 2) for _ in z]
    for module in theta:
        torch.nn.init.zeros_(module.weight)
        torch.nn.init.zeros_(module.bias)
    labels, by_space = _soft_labels(theta, z)
    loss = Turtle(gamma=10.0)._loss(zero, z, labels, by_space).item()
    # even labels and even classifiers: log 2 of each space, and an entropy of log 2 of each
    assert loss == pytest.approx(2 * np.log(2) - 10 * 2 * np.log(2))


def test_turtle_finds_groups_from_random_weights_too():
    rows, labels = blobs()
    assert adjusted_rand_score(labels, Turtle(start="random").fit([rows], 3, 0)) == pytest.approx(1.0)


def test_turtle_has_two_starts():
    with pytest.raises(ConfigError, match="turtle: start is 'cold'; it can be kmeans or random"):
        build_clusterer("turtle", {"start": "cold"})


def test_a_linear_start_says_what_clusters_say():
    rows, labels = blobs()
    centred = scaled(rows - rows.mean(0))
    assert ((centred @ linear_start(centred, labels, 3)).argmax(1) == labels).all()
    assert np.mean(np.square(centred)) == pytest.approx(1.0)
    assert (scaled(np.zeros((2, 2))) == 0).all()


def test_turtle_ends_early_where_clusters_are_settled(monkeypatch):
    rows, _ = blobs()
    steps = []
    original = Turtle._loss
    monkeypatch.setattr(Turtle, "_loss", lambda self, *given: (steps.append(1), original(self, *given))[1])
    Turtle(steps=2000).fit([rows], 3, 0)
    assert 50 <= len(steps) < 1000


def test_information_maximising_climbs_the_gradient_of_what_it_maximises():
    rows, _ = blobs(each=5)
    extended = np.column_stack([rows, np.ones(len(rows))])
    rng = np.random.default_rng(0)

    def value(flat):
        return _objective(extended, flat.reshape(5, 3), 0.01)[0]

    def gradient(flat):
        return _objective(extended, flat.reshape(5, 3), 0.01)[1].ravel()

    assert check_grad(value, gradient, 0.1 * rng.normal(size=15)) < 1e-5


def test_mutual_information_of_hard_clusters_is_their_entropy():
    clusters = np.repeat([0, 1, 2], [10, 20, 30])
    assert mutual_information(np.eye(3)[clusters]) == pytest.approx(mutual_info_score(clusters, clusters))
    assert mutual_information(np.full((5, 2), 0.5)) == pytest.approx(0.0)


def test_an_unknown_method_or_setting_is_said_with_the_known_ones():
    with pytest.raises(ConfigError, match="kmeans"):
        build_clusterer("kmean")
    with pytest.raises(ConfigError, match="kmeans has no setting 'start'.*It has: starts"):
        build_clusterer("kmeans", {"start": 3})


@pytest.mark.parametrize(("clusters", "n"), [(10, 10), (11, 10)])
def test_a_cluster_for_each_item_is_refused(clusters, n):
    with pytest.raises(ConfigError, match=f"clusters is {clusters}, and there are 10 items.*at most 5"):
        check_number(clusters, n)


def test_hardly_any_items_are_refused():
    with pytest.raises(DataError, match="Items that can be used: 3; clusters need at least 4. Give a folder"):
        check_number(None, 3)
    check_number(2, 4)

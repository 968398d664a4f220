from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from jeoni.data.splits import build_folds, check_clusters, repeats_for, split_test
from jeoni.errors import DataError


def make_labels(*counts, seed=0):
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))


def make_clusters(n, size, seed=0):
    """Clusters of one up to ``2 * size - 1`` items."""
    sizes = np.random.default_rng(seed).integers(1, 2 * size, n)
    return np.repeat(np.arange(n), sizes)[:n]


@pytest.mark.parametrize("n, repeats", [(10, 10), (199, 10), (200, 3), (999, 3), (1000, 1)])
def test_few_examples_are_drawn_more_often(n, repeats):
    assert repeats_for(n) == repeats


def test_folds_keep_the_proportions_of_classes():
    labels = make_labels(100, 50, 25)
    folds = build_folds(labels, np.arange(175), 5, 2, seed=0)
    assert folds.shape == (2, 175)
    for row in folds:
        for k, count in enumerate((20, 10, 5)):
            assert np.bincount(row[labels == k]).tolist() == [count] * 5
    assert (folds[0] != folds[1]).any()


@pytest.mark.parametrize("seed", range(10))
def test_folds_of_single_items_are_those_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(rng.integers(0, rng.integers(2, 8), rng.integers(30, 120)))
    count = int(rng.integers(2, 6))
    parts = StratifiedKFold(count, shuffle=True, random_state=seed)
    theirs = np.zeros(len(labels), dtype=np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class with fewer items than folds
        for number, (_, held) in enumerate(parts.split(labels, labels)):
            theirs[held] = number
    assert np.array_equal(build_folds(labels, np.arange(len(labels)), count, 1, seed)[0], theirs)


@pytest.mark.parametrize("seed", range(10))
def test_folds_never_split_a_cluster_and_are_never_empty(seed):
    labels, clusters = make_labels(120, 80, seed=seed), make_clusters(200, 4, seed)
    for row in build_folds(labels, clusters, 5, 3, seed):
        assert all(len(set(row[clusters == c])) == 1 for c in np.unique(clusters))
        assert len(np.unique(row)) == row.max() + 1 == 5


@pytest.mark.parametrize("largest, expected", [(2, 2), (3, 3), (4, 4), (9, 5)])
def test_there_are_fewer_folds_where_every_class_is_small(largest, expected):
    labels = make_labels(largest, 2, largest)
    assert build_folds(labels, np.arange(len(labels)), 5, 1, 0).max() + 1 == expected


@pytest.mark.parametrize("rare", [1, 2, 4])
def test_a_rare_class_makes_folds_no_fewer_and_is_held_out_once_each(rare):
    labels = make_labels(40, rare)
    (fold,) = build_folds(labels, np.arange(len(labels)), 5, 1, 0)
    assert fold.max() + 1 == 5
    assert np.bincount(fold[labels == 1]).max() == 1


def test_it_is_clusters_that_count():
    labels = np.repeat([0, 1], [20, 10])
    clusters = np.concatenate([np.repeat([1, 2, 3], [8, 6, 6]), np.repeat([50, 51, 52], [4, 3, 3])])
    assert build_folds(labels, clusters, 5, 1, 0).max() + 1 == 3


@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.3, 0.4, 0.5, 0.7])
def test_the_test_part_has_the_share_of_every_class_that_was_asked_for(fraction):
    labels = make_labels(100, 60, 40)
    test = split_test(labels, np.arange(200), fraction, seed=0)
    for k, count in enumerate((100, 60, 40)):
        assert test[labels == k].sum() == round(fraction * count)


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("smallest", [1, 2, 3])
def test_a_small_class_does_not_swell_the_test_part(smallest, alone):
    labels = make_labels(800, 200, smallest)
    clusters = np.arange(len(labels))
    if not alone:
        pair = np.flatnonzero(labels == 0)[:2]
        clusters[pair[1]] = clusters[pair[0]]
    test = split_test(labels, clusters, 0.2, seed=0)
    assert 0.19 < test.mean() < 0.21
    assert test[labels == 2].sum() == (smallest > 1)  # one each side, or in training where there is one only


@pytest.mark.parametrize("seed", range(10))
def test_the_test_part_keeps_clusters_whole_and_classes_on_both_sides(seed):
    labels, clusters = make_labels(150, 40, 10, seed=seed), make_clusters(200, 4, seed)
    test = split_test(labels, clusters, 0.2, seed)
    assert all(len(set(test[clusters == c])) == 1 for c in np.unique(clusters))
    assert 0.15 < test.mean() < 0.27
    for k in range(3):
        assert 0 < test[labels == k].sum() < (labels == k).sum()
    assert abs(test[labels == 0].mean() - 0.2) < 0.05


@pytest.mark.parametrize("seed", range(5))
def test_two_clusters_are_one_for_each_side(seed):
    labels = np.array([0, 1] * 10)
    test = split_test(labels, np.repeat([3, 9], [16, 4]), 0.2, seed)
    assert test.tolist() == [False] * 16 + [True] * 4


def test_clusters_of_one_class_each_go_whole_to_either_side():
    labels = np.repeat([0, 1], 12)
    clusters = np.repeat(np.arange(8), 3)
    test = split_test(labels, clusters, 0.25, 0)
    assert (test[labels == 0].sum(), test[labels == 1].sum()) == (3, 3)


def test_a_class_in_unwieldy_clusters_only_is_still_on_both_sides():
    labels = np.concatenate([np.repeat([0, 1], [95, 1]), np.repeat([0, 1], [95, 1]), np.zeros(10, np.int64)])
    clusters = np.concatenate([np.repeat([0, 1], 96), np.arange(2, 12)])
    assert split_test(labels, clusters, 0.2, 0)[labels == 1].sum() == 1


def test_splits_are_the_same_for_a_seed_and_others_for_another():
    labels, clusters = make_labels(90, 60), make_clusters(150, 3)
    for draw in (lambda s: split_test(labels, clusters, 0.2, s), lambda s: build_folds(labels, clusters, 5, 2, s)):
        assert np.array_equal(draw(1), draw(1)) and not np.array_equal(draw(1), draw(2))


@pytest.mark.parametrize("draw", [lambda y, c: split_test(y, c, 0.2, 0), lambda y, c: build_folds(y, c, 5, 1, 0)])
def test_one_cluster_cannot_be_split(draw):
    with pytest.raises(DataError, match=r"All 20 examples belong together.* At least 2 groups are needed"):
        draw(np.array([0, 1] * 10), np.zeros(20, np.int64))


def test_two_groups_leave_none_to_learn_from_beside_a_test_part():
    with pytest.raises(
        DataError, match=r"^The 60 examples are in 2 groups \(40, 20 examples\).* At least 3 groups .* --test\.$"
    ):
        check_clusters(np.repeat([7, 9], [40, 20]))
    check_clusters(np.array([0, 1, 1, 2]))


def test_one_example_per_class_cannot_be_folded():
    with pytest.raises(DataError, match="Every class has one example left"):
        build_folds(np.arange(3), np.arange(3), 5, 1, 0)

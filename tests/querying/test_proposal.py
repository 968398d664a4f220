"""From features and labels to a list: what is chosen by default, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from jeoni.errors import ConfigError
from jeoni.querying.choosing.learner import fit_learner
from jeoni.querying.choosing.proposal import build_querier, method_for, propose
from tests.querying.made_pools import blobs


def some_known(labels, each=3):
    known = np.full(len(labels), -1)
    for k in np.unique(labels):
        known[np.flatnonzero(labels == k)[:each]] = k
    return known


@pytest.mark.parametrize("classes, method", [(0, "kmeans"), (1, "kmeans"), (2, "dropquery")])
def test_auto_is_the_cold_start_until_two_classes_have_a_label(classes, method):
    assert method_for("auto", classes) == method


@pytest.mark.parametrize("classes, said", [(0, "there are no labels"), (1, "the labels are of one class only")])
def test_a_method_that_needs_labels_of_two_classes_says_so(classes, said):
    with pytest.raises(ConfigError, match=rf"^margin goes by a classifier, .*{said}.*--method kmeans, typiclust"):
        method_for("margin", classes)


def test_an_unknown_method_and_an_unknown_setting_are_named():
    with pytest.raises(ConfigError, match=r"'margn' is no query method. Did you mean .*margin.* Known: auto, badge, "):
        build_querier("margn")
    with pytest.raises(ConfigError, match="neighbors"):
        build_querier("typiclust", {"neighbors": 5})
    assert build_querier("typiclust", {"neighbours": 5}).neighbours == 5


@pytest.mark.parametrize("budget", [0, 61])
def test_a_budget_beyond_the_pool_is_refused_with_both_numbers(budget):
    rows, _ = blobs()
    with pytest.raises(ConfigError, match=rf"The budget is {budget} and the pool holds 60 items without a label"):
        propose(rows, np.full(60, -1), budget)


def test_labelled_items_are_not_asked_for_again_and_others_get_a_suggestion():
    rows, labels = blobs()
    known = some_known(labels)
    found = propose(rows, known, 51, method="random")
    assert set(found.index) == set(np.flatnonzero(known < 0))
    np.testing.assert_array_equal(found.suggested, labels[found.index])
    assert (found.confidence > 1 / 3).all()


def test_only_what_may_be_chosen_is_chosen():
    rows, _ = blobs()
    able = np.arange(60) < 5
    assert set(propose(rows, np.full(60, -1), 5, able=able).index) == set(range(5))


def test_a_head_has_columns_for_the_known_classes_only():
    rows, labels = blobs()
    learner = fit_learner(rows[20:], labels[20:])
    assert learner.known.tolist() == [1, 2] and learner.probs(rows).shape == (60, 2)
    assert set(learner.predict(rows[:5])) <= {1, 2}
    assert fit_learner(rows[:20], labels[:20]) is None


def test_a_head_on_one_item_of_each_class_predicts_without_folds():
    rows, labels = blobs()
    learner = fit_learner(rows[[0, 20, 40]], labels[[0, 20, 40]])
    assert (learner.predict(rows) == labels).mean() > 0.9

"""Heads that are taken from the store are those that were fitted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from jeoni.data.splits import build_folds
from jeoni.features.results import find_bytes, keep_bytes
from jeoni.features.store import FeatureStore
from jeoni.heads.fitting.named import build_head
from jeoni.models.kept_heads import KIND, fit_head_once
from jeoni.tasks.multilabel import Multilabel
from jeoni.tasks.regression import Regression
from tests.made_tasks import classes

ONE = b"1" * 16


def fitted(head, task, targets):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(len(targets), 6)).astype(np.float32)
    strata = targets if targets.dtype.kind == "i" else np.arange(len(targets)) % 2
    folds = build_folds(strata, np.arange(len(targets)), 3, 1, 0)
    return rows, build_head(head).fit(rows, targets, task, folds, "none")


LABELS = np.arange(30) % 3
NUMBERS = np.random.default_rng(1).normal(size=(30, 1))
MARKS = (np.random.default_rng(2).random((30, 2)) > 0.5).astype(float)


@pytest.mark.parametrize(
    ("head", "task", "targets"),
    [
        ("linear", classes(3), LABELS),
        ("gda", classes(3), LABELS),
        ("linear", Regression(("width",), ("mm",), (0.5,), (2.0,)), NUMBERS),
        ("linear", Multilabel(("red", "large")), MARKS),
    ],
)
def test_a_head_from_the_store_is_the_one_that_was_fitted(head, task, targets):
    store, calls = FeatureStore(), []
    rows, made = fitted(head, task, targets)

    def fit():
        calls.append(1)
        return made

    first, second = (fit_head_once(store, ONE, fit) for _ in range(2))
    assert len(calls) == 1 and first is made
    assert (second.choice, second.candidates, second.task, second.id) == (
        made.choice,
        made.candidates,
        made.task,
        made.id,
    )
    with torch.inference_mode():
        given = torch.from_numpy(rows)
        assert torch.equal(second.module(given), made.module(given))


def test_a_head_that_is_no_affine_map_is_fitted_each_time():
    calls, (_, made) = [], fitted("knn", classes(3), LABELS)
    for _ in range(2):
        assert fit_head_once(FeatureStore(), ONE, lambda: calls.append(1) or made) is made
    assert len(calls) == 2


def test_bytes_that_are_no_head_are_not_taken_for_one():
    store, (_, made) = FeatureStore(), fitted("linear", classes(3), LABELS)
    keep_bytes(store, KIND, ONE, b"not a head")
    assert fit_head_once(store, ONE, lambda: made) is made
    assert find_bytes(store, KIND, ONE) == b"not a head"

"""Suspects are found out of fold, and left out of training without any held-out label having a say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jeoni.assessment.holdout import assess, by_cross_validation
from jeoni.assessment.out_of_fold import out_of_fold_probs
from jeoni.assessment.split import split_examples
from jeoni.assessment.suspects import DropSuspects, check_droppable, kept_of, outcome_of, suspects_of
from jeoni.backbones.cut import Tap
from jeoni.data.checks import check_content
from jeoni.errors import ConfigError
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.heads.linear import Linear
from jeoni.specs import FitSpec
from jeoni.strategies.probe import Probe
from jeoni.tasks import load_data
from jeoni.tasks.regression import Regression
from jeoni.verbs.session.reading import choose_backbone
from tests.made_tasks import classes

WRONG = np.array([3, 20, 41, 58])


@pytest.fixture
def made():
    """``made(test)``: two groups of vectors that lie apart, four of sixty labels flipped; backbone, split, context."""

    def make(test: int = 0):
        rng = np.random.default_rng(0)
        true = np.arange(60 + test) % 2
        X = (rng.normal(size=(60 + test, 6)) + 3 * true[:, None]).astype(np.float32)
        given = true.copy()
        given[WRONG] = 1 - given[WRONG]
        data = load_data((X, [f"class {k}" for k in given]))
        part = np.array([""] * 60 + ["test"] * test)
        data = replace(data, part=part if test else data.part)
        backbone, context = choose_backbone(data, FitSpec()), Context()
        seen = context.extract(data.items, [Request(backbone, (Tap(backbone.n, True),))])
        checked = check_content(data, seen.digests, seen.signatures, seen.near, seen.readable, seen.errors)
        split = split_examples(data, seen, checked, folds=3, repeats=2, test_fraction=0.2, least=1000, seed=0)
        return backbone, split, context

    return make


def test_flipped_labels_are_suspects_with_the_other_class_suggested(made):
    backbone, split, context = made()
    found = suspects_of(assess(Probe(), backbone, split, context), backbone, split, context)
    rows = found.rows(split.train.data)
    assert sorted(one.item for one in rows) == WRONG.tolist()
    assert all(one.given != one.suggested and not one.left_out for one in rows)
    findings = found.findings(split.train.data)
    assert {f.kind for f in findings} == {"label_suspect"} and {f.action for f in findings} == {"kept"}
    assert "models that had not seen it take it for class" in findings[0].detail


def test_beside_a_test_set_training_items_are_judged_by_the_folds_that_chose_the_head(made, monkeypatch):
    backbone, split, context = made(test=20)
    found = assess(Probe(), backbone, split, context)
    monkeypatch.setattr(Linear, "fit", lambda *given: pytest.fail("a head was fitted once more"))
    assert found.model.held_out.shape == (2, 60, 2)
    suspects = suspects_of(found, backbone, split, context)
    assert len(suspects.index) == 80 and set(WRONG) <= {int(k) for k in suspects.index[suspects.noise.index]}


def test_out_of_fold_predictions_are_those_of_heads_that_did_not_see_the_item_and_stay_in_the_store(made, monkeypatch):
    backbone, split, context = made()
    train = split.train
    first = out_of_fold_probs(backbone, train, context)
    fold = train.folds[0]
    seen, held = np.flatnonzero(fold != 0), np.flatnonzero(fold == 0)
    changed = train.data.targets.copy()
    changed[held[0]] = 1 - changed[held[0]]
    other = out_of_fold_probs(backbone, train.with_targets(changed), context)
    assert not np.allclose(other[0, seen], first[0, seen]) and other.shape == (2, 60, 2)
    monkeypatch.setattr(Linear, "fit", lambda *given: pytest.fail("it was computed once more"))
    np.testing.assert_array_equal(out_of_fold_probs(backbone, train, context), first)


def test_a_head_that_keeps_no_predictions_is_replaced_by_the_linear_one(made):
    backbone, split, context = made()
    mlp = out_of_fold_probs(backbone, split.train, context, "mlp:hidden=2")
    np.testing.assert_allclose(mlp, out_of_fold_probs(backbone, split.train, context, "linear"))


def test_where_logits_are_not_kept_a_head_is_fitted_to_each_fold(made, monkeypatch):
    backbone, split, context = made()
    monkeypatch.setattr("jeoni.heads.linear.SELECTION_ROWS", 30)
    probs = out_of_fold_probs(backbone, split.train, context)
    right = probs.mean(0).argmax(1) == split.train.data.targets
    assert not right[WRONG].any() and right.mean() > 0.9


def test_dropping_suspects_fits_to_the_others_and_no_held_out_label_decides(made):
    backbone, split, context = made()
    dropping = DropSuspects(Probe())
    found = assess(dropping, backbone, split, context)
    assert found.model.choice["left_out"] == 4
    assert dropping.left_out(backbone, split.train, context).tolist() == WRONG.tolist()
    item = 10
    targets = split.train.data.targets.copy()
    targets[item] = 1 - targets[item]
    changed = by_cross_validation(DropSuspects(replace(Probe(), class_weights="none")), backbone, split.train, context)
    other = by_cross_validation(
        DropSuspects(replace(Probe(), class_weights="none")), backbone, split.train.with_targets(targets), context
    )
    np.testing.assert_array_equal(changed.predictions[:, item], other.predictions[:, item])


def test_nothing_is_left_out_of_what_scores(made):
    backbone, split, context = made(test=20)
    dropping = DropSuspects(Probe())
    found = assess(dropping, backbone, split, context)
    plain = assess(Probe(), backbone, split, context).predictions
    left_out = dropping.left_out(backbone, split.train, context)
    suspects = suspects_of(found, backbone, split, context, left_out=left_out)
    assert found.predictions.shape == (1, 20, 2) and not suspects.left_out[60:].any()
    outcome = outcome_of(suspects, found, plain, split, seed=0)
    assert outcome.as_dict()["left_out"] == 4 and outcome.as_dict()["trained_on"] == 60
    assert outcome.said[-2] == "4 of 60 training items were left out as suspects."
    assert set(outcome.without) == set(outcome.difference)


def test_its_work_and_identity_are_those_of_the_strategy_and_more(made):
    backbone, split, _ = made()
    dropping = DropSuspects(Probe())
    assert dropping.work(backbone, 60, 60).heads == 2
    assert dropping.identity(backbone, split.train) != Probe().identity(backbone, split.train)
    assert dropping.taps(backbone, 60) == Probe().taps(backbone, 60)

    class Trained:
        def taps(self, backbone, n):
            return ()

    assert DropSuspects(Trained()).identity(backbone, split.train) is None
    assert DropSuspects(Trained()).work(backbone, 60, 60).heads == 1


def test_a_class_loses_no_more_than_half_of_its_items():
    labels = np.array([0] * 30 + [1] * 6)
    probs = np.tile([0.9, 0.1], (36, 1))
    probs[30:, 0] = [0.99, 0.98, 0.97, 0.96, 0.95, 0.2]
    probs[30:, 1] = 1 - probs[30:, 0]
    kept = kept_of(labels, probs[None])
    assert (labels[kept] == 1).sum() >= 3 and (labels[kept] == 0).sum() == 30
    assert len(kept_of(labels, np.zeros((0, 36, 2)))) == 36


def test_other_tasks_have_no_suspects():
    check_droppable(classes(2))
    with pytest.raises(
        ConfigError, match=r"--drop-suspects is for classes: one class for each item\. The task is regr"
    ):
        check_droppable(Regression.read({"weight": [1.0, 2.0]})[0])

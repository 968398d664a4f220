"""Each method against its paper's formula, or against an independent library."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from jeoni.errors import ConfigError, DataError
from jeoni.zero_shot_learning.calibrations.batch import Batch
from jeoni.zero_shot_learning.calibrations.contextual import Contextual
from jeoni.zero_shot_learning.dap import DAP
from jeoni.zero_shot_learning.devise import DeViSE, hinge_rank_loss
from jeoni.zero_shot_learning.eszsl import ESZSL
from jeoni.zero_shot_learning.nearest_name import NearestName
from tests.made_zero_shot import ATTRIBUTES, UNSEEN
from tests.zero_shot.test_contract import seen_vectors, taught


@pytest.mark.parametrize(("n", "d"), [(40, 7), (12, 30)])
def test_eszsl_is_its_closed_form_with_more_rows_than_columns_and_with_fewer(n, d):
    rng = np.random.default_rng(0)
    x, y, s = rng.normal(size=(n, d)), np.arange(n) % 4, rng.normal(size=(4, 5))
    gamma, lambda_ = 0.3, 2.0
    (found,) = ESZSL().candidates(x, y, s, [{"gamma": gamma, "lambda": lambda_}], 0)
    signs = 2.0 * (y[:, None] == np.arange(4)) - 1
    left = np.linalg.inv(x.T @ x + gamma * np.eye(d))
    v = left @ x.T @ signs @ s @ np.linalg.inv(s.T @ s + lambda_ * np.eye(5))  # (d, a), as in the paper
    new = rng.normal(size=(3, 5))
    assert np.allclose(found.scores_of(new)(x), x @ v @ new.T)


def test_eszsl_leaves_the_papers_objective_no_descent():
    """At the closed form the gradient of the paper's objective, eq. 5, is zero."""
    rng = np.random.default_rng(1)
    x, s = torch.from_numpy(rng.normal(size=(30, 6))), torch.from_numpy(rng.normal(size=(3, 4)))
    labels = np.arange(30) % 3
    y = torch.from_numpy(2.0 * (labels[:, None] == np.arange(3)) - 1)
    gamma, lambda_ = 0.7, 0.2
    (found,) = ESZSL(gamma=gamma, lambda_=lambda_).candidates(
        x.numpy(), labels, s.numpy(), [{"gamma": gamma, "lambda": lambda_}], 0
    )
    v = torch.from_numpy(found.matrix.T.copy()).requires_grad_()
    loss = (x @ v @ s.T - y).square().sum() + gamma * (v @ s.T).square().sum()
    (loss + lambda_ * (x @ v).square().sum() + gamma * lambda_ * v.square().sum()).backward()
    assert v.grad.abs().max() < 1e-9


def test_eszsl_tries_the_papers_grid_unless_told():
    grid = {(one["gamma"], one["lambda"]) for one in ESZSL().settings()}
    assert grid == {(10.0**g, 10.0**s) for g in range(-3, 4) for s in range(-3, 4)}
    assert ESZSL(gamma=2.0, lambda_=3.0).settings() == [{"gamma": 2.0, "lambda": 3.0}]


def test_dap_is_the_product_of_attribute_probabilities_over_their_priors():
    x, y = taught()
    attributes = seen_vectors()
    (found,) = DAP().candidates(x, y, attributes, [{"C": 1.0}], 0)
    held = np.random.default_rng(2).normal(size=(10, 6))
    has = np.column_stack(
        [LogisticRegression(C=1.0, max_iter=500).fit(x, attributes[y, m]).predict_proba(held)[:, 1] for m in range(4)]
    )
    new = np.array([ATTRIBUTES[name] for name in UNSEEN], dtype=float)
    prior = attributes.mean(0)
    product = np.array(
        [
            [np.prod(np.where(a, row, 1 - row)) / np.prod(np.where(a, prior, 1 - prior)) for a in new > 0.5]
            for row in has
        ]
    )
    ours = found.scores_of(new)(held)
    assert np.allclose(ours[:, 0] - ours[:, 1], np.log(product[:, 0] / product[:, 1]), atol=1e-6)


def test_dap_learns_nothing_of_an_attribute_that_all_seen_classes_have():
    x, y = taught()
    attributes = np.column_stack([seen_vectors(), np.ones(6)])
    (found,) = DAP().candidates(x, y, attributes, [{"C": 1.0}], 0)
    assert not found.matrix[-1].any() and found.offset[-1] == 0


def test_the_loss_of_devise_is_its_papers_sum_over_wrong_classes():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(5, 4)), np.array([0, 3, 1, 1, 2])
    by_hand = [
        sum(max(0.0, 0.1 - row[y] + row[j]) for j in range(4) if j != y) for row, y in zip(scores, labels, strict=True)
    ]
    found = hinge_rank_loss(torch.from_numpy(scores), torch.from_numpy(labels), 0.1)
    assert float(found) == pytest.approx(np.mean(by_hand))


def test_devise_puts_seen_classes_ahead_by_its_margin():
    x, y = taught(noise=0.05)
    (found,) = DeViSE(steps=2000).candidates(x, y, seen_vectors(), [{"weight_decay": 0.0}], 0)
    unit = seen_vectors() / np.linalg.norm(seen_vectors(), axis=1, keepdims=True)
    scores = torch.from_numpy(found.scores_of(unit)(x))
    assert hinge_rank_loss(scores, torch.from_numpy(y), 0.1) < 0.01


def test_devise_with_few_classes_in_a_wide_space_stays_in_the_span_of_their_vectors():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 5)), np.arange(60) % 3
    x += 2 * np.eye(5)[y]
    vectors = rng.normal(size=(3, 12))
    (found,) = DeViSE().candidates(x, y, vectors, [{"weight_decay": 1e-3}], 0)
    basis = np.linalg.qr(vectors.T)[0]
    assert np.allclose(basis @ basis.T @ found.matrix, found.matrix, atol=1e-5)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert (found.scores_of(unit)(x).argmax(1) == y).mean() > 0.8


def test_the_nearest_name_is_the_one_of_the_largest_cosine():
    rng = np.random.default_rng(0)
    x, names = rng.normal(size=(20, 5)), rng.normal(size=(3, 5))
    names /= np.linalg.norm(names, axis=1, keepdims=True)
    expected = torch.nn.functional.cosine_similarity(torch.from_numpy(x)[:, None], torch.from_numpy(names)[None], dim=2)
    assert np.allclose(NearestName().scores(names)(x), expected.numpy())


def test_batch_calibration_leaves_each_class_a_mean_of_zero_as_its_papers_does_of_log_probabilities():
    """Of probabilities that hardly differ between items, the log of their mean is the mean of their logs."""
    rng = np.random.default_rng(0)
    scores = np.array([3.0, 0.0, -1.0]) + 0.01 * rng.normal(size=(200, 3))
    taken = Batch()(scores, None)
    assert np.allclose((scores - taken).mean(0), 0)
    probs = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    theirs = np.log(probs) - np.log(probs.mean(0))
    ours = (scores - taken) - np.log(np.exp(scores - taken).sum(1, keepdims=True))
    assert (theirs.argmax(1) == ours.argmax(1)).mean() > 0.99


def test_contextual_calibration_makes_texts_without_content_undecided():
    """Zhao et al.: W = diag(p_cf)^-1 makes the probabilities of content-free input uniform."""
    neutral = np.array([[2.0, 0.5, -1.0]])
    left = neutral - Contextual()(np.zeros((5, 3)), neutral)
    assert np.allclose(left, 0)


def test_batch_calibration_of_few_items_and_contextual_calibration_of_images_are_refused():
    with pytest.raises(DataError, match="batch needs 20 items at least, there are 3. Give more items, or say --calib"):
        Batch()(np.zeros((3, 2)), None)
    with pytest.raises(ConfigError, match="contextual needs texts without content.*Say --calibration batch, or none"):
        Contextual()(np.zeros((30, 2)), None)

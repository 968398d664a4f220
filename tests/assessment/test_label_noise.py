"""Confident learning: its formula by hand, cleanlab on the same probabilities, and what it must never do."""

from __future__ import annotations

import numpy as np
import pytest

from jeoni.assessment.label_noise import find_label_noise, name_suspects
from jeoni.errors import ConfigError


def make(n=600, classes=3, noise=0.15, seed=0, sharp=3.0):
    """Labels of which a share is flipped, probabilities that know the truth more or less, and what was flipped."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, n)
    logits = rng.normal(size=(n, classes))
    logits[np.arange(n), true] += sharp
    probs = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    wrong = rng.random(n) < noise
    labels = np.where(wrong, (true + rng.integers(1, classes, n)) % classes, true)
    return labels, probs, np.flatnonzero(wrong)


def test_thresholds_joint_and_share_are_those_of_an_example_worked_by_hand():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    second = np.array([0.1, 0.2, 0.3, 0.9, 0.9, 0.8, 0.7, 0.6])
    found = find_label_noise(labels, np.stack([1 - second, second], axis=1))
    np.testing.assert_allclose(found.thresholds, [0.625, 0.75])
    # of those labelled 0 three reach 0.625 for 0, one reaches 0.75 for 1; of those labelled 1 two reach 0.75
    np.testing.assert_allclose(found.joint, [[3, 1], [0, 4]])
    assert found.share.value == pytest.approx(1 / 8)
    assert found.index.tolist() == [3] and found.suggested.tolist() == [1]
    assert found.scores.tolist() == [pytest.approx(0.1)]


def test_the_normalised_margin_is_half_of_the_difference_to_the_best_other_class_and_one():
    labels, probs, _ = make()
    found = find_label_noise(labels, probs, score="normalised_margin")
    first = found.index[0]
    others = np.delete(probs[first], labels[first])
    assert found.scores[0] == pytest.approx((probs[first, labels[first]] - others.max() + 1) / 2)
    assert (np.diff(found.scores) >= 0).all()


@pytest.mark.parametrize(("ours", "theirs"), [("noise_rate", "prune_by_noise_rate"), ("off_diagonal", "confident_learning")])  # fmt: skip
@pytest.mark.parametrize(("score", "rank"), [("self_confidence", "self_confidence"), ("normalised_margin", "normalized_margin")])  # fmt: skip
@pytest.mark.parametrize(("classes", "seed"), [(2, 0), (2, 1), (3, 2), (3, 4)])
def test_suspects_and_their_order_are_those_of_cleanlab(ours, theirs, score, rank, classes, seed):
    filters = pytest.importorskip("cleanlab.filter", reason="cleanlab is not installed: pip install cleanlab")
    labels, probs, _ = make(classes=classes, seed=seed, sharp=2.0)
    given = {"filter_by": theirs, "return_indices_ranked_by": rank, "n_jobs": 1}
    expected = filters.find_label_issues(labels, probs, **given)
    found = find_label_noise(labels, probs, method=ours, score=score)
    assert len(expected) > 20
    assert found.index.tolist() == expected.tolist()


def test_flipped_labels_are_found_and_their_share_is_estimated():
    labels, probs, wrong = make(2000, noise=0.1, sharp=8.0)
    found = find_label_noise(labels, probs)
    assert np.isin(found.index, wrong).mean() > 0.98 and np.isin(wrong, found.index).mean() > 0.95
    assert found.share.low <= len(wrong) / 2000 <= found.share.high and found.is_clear


def test_right_labels_of_a_sure_model_are_no_suspects_and_the_share_is_not_certain_to_be_zero():
    labels = np.repeat([0, 1], 50)
    probs = np.where(labels[:, None] == [0, 1], 0.95, 0.05)
    found = find_label_noise(labels, probs)
    assert not len(found.index) and not found.is_clear
    assert found.share.value == found.share.low == 0 and 0 < found.share.high < 0.05


def test_the_order_of_classes_and_items_changes_nothing():
    labels, probs, _ = make(seed=4)
    swapped, order = np.array([2, 0, 1]), np.random.default_rng(0).permutation(len(labels))
    plain = find_label_noise(labels, probs)
    moved = find_label_noise(swapped[labels][order], probs[order][:, np.argsort(swapped)])
    assert set(order[moved.index].tolist()) == set(plain.index.tolist())
    assert moved.share.value == pytest.approx(plain.share.value)


def test_suspects_are_named_alike_without_an_estimate_of_their_share():
    labels, probs, _ = make(seed=7)
    assert name_suspects(labels, probs).tolist() == find_label_noise(labels, probs).index.tolist()


def test_repeats_are_averaged():
    labels, probs, _ = make(seed=5)
    other = np.roll(probs, 1, axis=0)
    both = find_label_noise(labels, np.stack([probs, other]))
    assert both.index.tolist() == find_label_noise(labels, (probs + other) / 2).index.tolist()


def test_groups_that_are_resampled_whole_widen_the_interval():
    labels, probs, _ = make(400, seed=6)
    order = np.argsort(probs[np.arange(400), labels])
    groups = np.empty(400, dtype=np.int64)
    groups[order] = np.arange(400) // 40  # each of items that fit alike
    alone, together = (find_label_noise(labels, probs, groups=g).share for g in (None, groups))
    assert together.value == alone.value and together.high - together.low > 1.5 * (alone.high - alone.low)


def test_a_class_never_loses_all_its_items():
    labels = np.array([0] * 20 + [1] * 3)
    probs = np.tile([0.99, 0.01], (23, 1))
    probs[-3:] = [[0.99, 0.01], [0.98, 0.02], [0.97, 0.03]]
    assert len(find_label_noise(labels, probs).index) <= 2


@pytest.mark.parametrize(
    ("labels", "probs", "options", "message"),
    [
        ([0, 1], np.eye(2), {"method": "both"}, r"method is 'both'; it can be noise_rate or off_diagonal"),
        (
            [0, 1],
            np.eye(2),
            {"score": "entropy"},
            r"score is 'entropy'; it can be self_confidence or normalised_margin",
        ),
        ([0, 1, 1], np.eye(2), {}, r"probs has shape \(2, 2\) and labels \(3,\); \(n, classes\)"),
        ([0, 1], np.ones((2, 1)), {}, r"with two classes at least"),
        ([0, 2], np.eye(2), {}, r"There are 2 labels for 2 classes; .* labels from 0 to 1\. Leave items without"),
        ([0, -1], np.eye(2), {}, r"labels from 0 to 1"),
        ([0, 1], 3 * np.eye(2), {}, r"Probabilities between 0 and 1 are needed; apply a softmax"),
        ([0, 1], np.full((2, 2), np.nan), {}, r"Probabilities between 0 and 1 are needed"),
    ],
)
def test_what_cannot_be_used_is_said(labels, probs, options, message):
    with pytest.raises(ConfigError, match=message):
        find_label_noise(np.array(labels), probs, **options)

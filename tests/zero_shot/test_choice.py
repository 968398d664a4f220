"""Folds over classes, handicaps, and what names mean."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import hmean

from jeoni.heads.fitting.closed_form import unit_rows
from jeoni.heads.fitting.mapped import Mapped
from jeoni.zero_shot_learning.eszsl import ESZSL
from jeoni.zero_shot_learning.semantics.choice import Standard, class_folds, learn
from jeoni.zero_shot_learning.semantics.class_texts import ClassText
from jeoni.zero_shot_learning.semantics.linear import LinearScores
from jeoni.zero_shot_learning.semantics.meaning import alike_names, hardly_said, meaningless, nameless_findings
from jeoni.zero_shot_learning.semantics.stacking import choose_handicap, harmonic_mean, per_class_accuracy
from tests.zero_shot.test_contract import seen_vectors, taught


@pytest.mark.parametrize(
    ("seen", "unseen", "sizes"), [(8, 2, [2] * 4), (8, 6, [4, 4]), (40, 10, [10] * 4), (3, 2, []), (4, 1, [2, 2])]
)
def test_folds_over_classes_hold_out_about_as_many_as_are_unseen_and_each_class_once(seen, unseen, sizes):
    folds = class_folds(seen, unseen, 0)
    assert [len(fold) for fold in folds] == sizes
    assert not sizes or sorted(np.concatenate(folds)) == list(range(seen))


def test_there_are_five_folds_at_most():
    assert [len(fold) for fold in class_folds(100, 2, 0)] == [20] * 5


def test_a_held_out_class_teaches_nothing_in_its_fold():
    """Rows of a held-out class that are replaced by nonsense leave what its fold learned as it was."""

    class Spy(ESZSL):
        def candidates(self, features, labels, vectors, settings, seed):
            seen_by.append((features.copy(), len(vectors)))
            return super().candidates(features, labels, vectors, settings, seed)

    seen_by: list[tuple[np.ndarray, int]] = []
    x, y = taught()
    learn(Spy(), x, y, seen_vectors(), 2, 0)
    before = seen_by[0][0]
    seen_by.clear()
    out = np.isin(y, class_folds(6, 2, 0)[0])
    learn(Spy(), np.where(out[:, None], 1000.0, x), y, seen_vectors(), 2, 0)
    assert np.array_equal(seen_by[0][0], before) and seen_by[0][1] == 4


def test_with_three_seen_classes_nothing_is_chosen():
    x, y = taught()
    found = learn(ESZSL(), x[y < 3], y[y < 3], seen_vectors()[:3], 2, 0)
    assert found.folds == 0 and found.setting == ESZSL().settings()[0] and found.temperature == 1.0
    assert np.isnan(found.accuracy[0])
    assert choose_handicap(ESZSL(), found, x[y < 3], y[y < 3], seen_vectors()[:3], 2, 0) == 0.0


def test_scores_for_rows_as_they_are_equal_those_for_standardised_ones():
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(3, 2, size=(30, 4)), np.full(30, 5.0)])
    standard, scores = Standard.of(x), LinearScores(rng.normal(size=(3, 5)), rng.normal(size=3))
    assert np.allclose(standard.before(scores)(x), scores(standard(x)))
    assert np.allclose(standard(x)[:, :4].std(0), 1 / np.sqrt(5)) and not standard(x)[:, 4].any()


def test_the_head_gives_the_scores_divided_by_the_temperature_and_is_the_same_when_rebuilt():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(7, 5)).astype(np.float32)
    for directions in (False, True):
        scores = LinearScores(rng.normal(size=(3, 5)), rng.normal(size=3), directions, temperature=0.5)
        head = scores.module()
        with torch.inference_mode():
            assert np.allclose(head(torch.from_numpy(x)).numpy(), scores(x) / 0.5, atol=1e-5)
    assert isinstance(head, Mapped)
    again = Mapped(**head.describe(), classes=3)
    again.load_state_dict(head.state_dict())
    with torch.inference_mode():
        assert torch.equal(again(torch.from_numpy(x)), head(torch.from_numpy(x)))


def own_directions(each: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and labels of 15 classes, each with a direction of its own beside those of its attributes; the attributes.

    What is learned of a seen class's own direction makes it preferred, as real features do.
    """
    fixed, rng = np.random.default_rng(3), np.random.default_rng(seed)
    vectors = unit_rows(fixed.normal(size=(15, 5)))
    directions, own = fixed.normal(size=(5, 40)), fixed.normal(size=(15, 40))
    labels = np.repeat(np.arange(15), each)
    return vectors[labels] @ directions + own[labels] + rng.normal(size=(len(labels), 40)), labels, vectors


def test_a_handicap_raises_the_harmonic_mean_where_seen_classes_are_preferred():
    x, y, vectors = own_directions(20, seed=0)
    seen = y < 12
    learned = learn(ESZSL(), x[seen], y[seen], vectors[:12], 3, 0)
    gamma = choose_handicap(ESZSL(), learned, x[seen], y[seen], vectors[:12], 3, 0)
    held, true, _ = own_directions(20, seed=1)
    scores = learned.scores_of(vectors)

    def found(by: float) -> tuple[float, float]:
        right = scores.lowered(by * (np.arange(15) < 12))(held).argmax(1) == true
        return per_class_accuracy(right[true < 12], true[true < 12]), per_class_accuracy(
            right[true >= 12], true[true >= 12]
        )

    assert gamma > 0
    assert harmonic_mean(*found(gamma)) > harmonic_mean(*found(0.0)) + 0.1


def test_a_handicap_is_never_a_bonus():
    x, y = taught()
    learned = learn(ESZSL(), x, y, seen_vectors(), 2, 0)  # of rows of different length the longer ones are preferred
    assert choose_handicap(ESZSL(), learned, x, y, seen_vectors(), 2, 0) == 0.0


def test_the_harmonic_mean_is_scipys():
    assert harmonic_mean(0.9, 0.3) == pytest.approx(hmean([0.9, 0.3])) and harmonic_mean(0.0, 0.0) == 0.0


class Words:
    """A tokenizer of whole words that falls back to letters."""

    def encode(self, text, add_special_tokens=True):
        known = {"cat", "dog", "praise", "긍정", "class", "0"}
        tokens = [t for word in text.split() for t in ([word] if word in known else ["x", *word[1:]])]
        return type("Encoding", (), {"tokens": ["[UNK]"] if "☃xy" in text else tokens})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cat", ""),
        ("긍정", ""),
        ("0", "it is a number, not a word"),
        ("class_3", "it is a number, not a word"),
        ("?!", "it holds no letters"),
        ("q", "it is a single letter"),
        ("xqzt", "the encoder knows no such word, and reads it in pieces: x q z t"),
        ("☃xy", "unknown to the encoder"),
    ],
)
def test_a_name_without_a_meaning_is_told_from_one_with(name, said):
    found = meaningless(name, Words())
    assert said in (found or "") and bool(said) == bool(found)


def test_a_described_class_may_have_any_name():
    findings = nameless_findings([ClassText("0"), ClassText("1", ("a good review",))], Words())
    assert [f.kind for f in findings] == ["meaningless_name"]
    assert 'describe it: --classes "0=what it is"' in findings[0].action


def test_classes_whose_vectors_are_nearly_the_same_are_found():
    vectors = np.array([[1.0, 0.0], [1.0, 0.01], [0.0, 1.0]])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    (found,) = alike_names([ClassText("puma"), ClassText("cougar"), ClassText("cat")], vectors)
    assert "'puma' and 'cougar' are nearly the same to the encoder" in found.detail


def test_a_class_that_hardly_any_item_is_taken_for_is_told_where_there_are_items_enough():
    said = np.array([0] * 30 + [1] * 30)
    (found,) = hardly_said(["a", "b", "c"], said)
    assert found.detail == "'c' was predicted for 0 of 60 items" and "--calibration batch" in found.action
    assert hardly_said(["a", "b", "c"], np.append(said, [2, 2, 2])) == [] == hardly_said(["a", "b"], said[:10])

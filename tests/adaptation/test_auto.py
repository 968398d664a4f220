"""Choosing without target labels: helps where it can be seen to help, and leaves the source model alone otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from jeoni.adaptation import MSDA, AutoAdaptedClassifier, Standardize
from jeoni.adaptation.auto import _better_representations, candidates_for, judging_validators
from jeoni.adaptation.candidate import REPAIRS
from jeoni.adaptation.trying import probabilities, try_adapter
from jeoni.heads.fitting.estimator import HeadClassifier


def classes(seed: int, n: int, shares, d: int = 8, noise: float = 1.0):
    """Three Gaussian classes in the given shares."""
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(77).normal(scale=1.6, size=(3, d))
    y = rng.choice(3, n, p=shares)
    return means[y] + noise * rng.normal(size=(n, d)), y


VALIDATORS = tuple(judging_validators())
EVEN, SKEWED = [1 / 3] * 3, [0.8, 0.15, 0.05]


def gain(Xs, ys, Xt, yt, **options):
    auto = AutoAdaptedClassifier(**{"estimator": LogisticRegression(max_iter=1000), **options}).fit(Xs, ys, Xt)
    alone = auto.tried_[0].fitted
    return auto, float((auto.predict(Xt) == yt).mean() - (alone.predict(Xt) == yt).mean())


def test_another_scale_and_offset_are_mended():
    Xs, ys = classes(0, 200, EVEN, noise=2.0)
    Xt, yt = classes(1, 200, EVEN, noise=2.0)
    auto, better = gain(Xs, ys, Xt * np.linspace(0.1, 1.0, Xt.shape[1]) + 2.0, yt)
    assert auto.chosen_ in {c.name for c in candidates_for("subspace")} and better > 0.1
    assert "convince" in auto.why_


def test_other_class_shares_are_mended_and_never_by_moving():
    Xs, ys = classes(0, 400, EVEN, noise=2.5)
    Xt, yt = classes(1, 400, SKEWED, noise=2.5)
    auto, better = gain(Xs, ys, Xt, yt)
    assert auto.diagnosis_.kinds == ("label",)
    assert auto.chosen_ in {c.name for c in candidates_for("label")} and better > 0.02


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))])
def test_no_harm_is_done(seed):
    """A mean that moved with the class shares looks like an offset: matching it would cost a third of all items."""
    Xs, ys = classes(10 + seed, 300, EVEN)
    Xt, yt = classes(20 + seed, 300, SKEWED)
    _, better = gain(Xs, ys, Xt + 0.4, yt)
    assert better > -0.02


def test_without_a_shift_nothing_is_tried():
    Xs, ys = classes(0, 200, EVEN)
    Xt, _ = classes(1, 200, EVEN)
    auto = AutoAdaptedClassifier().fit(Xs, ys, Xt)
    assert auto.chosen_ == "source_only" and len(auto.tried_) == 1
    assert isinstance(auto.classifier_.estimator_, HeadClassifier)  # a strong rival: tuned and calibrated
    assert auto.why_ == "no shift is seen that an adapter could mend"


def test_few_rows_are_left_alone():
    Xs, ys = classes(0, 60, EVEN)
    auto = AutoAdaptedClassifier().fit(Xs, ys, Xs[:12] + 3)
    assert auto.chosen_ == "source_only" and auto.diagnosis_ is None and "too few rows" in auto.why_


@pytest.mark.slow
def test_the_diagnosis_calls_classes_by_name():
    Xs, ys = classes(0, 300, EVEN)
    Xt, _ = classes(1, 300, SKEWED)
    found = AutoAdaptedClassifier(LogisticRegression(), class_names=["ant", "bee", "cat"]).fit(Xs, ys, Xt).diagnosis_
    assert set(found.source_shares) == {"ant", "bee", "cat"} and any("Class ant has" in s for s in found.sentences)


def test_labels_that_are_none_are_refused():
    Xs, ys = classes(0, 60, EVEN)
    with pytest.raises(ValueError, match="ys contains NaN"):
        AutoAdaptedClassifier().fit(Xs, np.where(ys == 0, np.nan, ys), Xs)
    with pytest.raises(ValueError, match="60 rows of the source and 1 of the target; two of each are needed"):
        AutoAdaptedClassifier().fit(Xs, ys, Xs[:1])


@pytest.mark.slow
def test_target_rows_are_all_it_sees_and_words_may_be_labels():
    Xs, ys = classes(0, 200, EVEN)
    Xt, _ = classes(1, 200, EVEN)
    words = np.array(["ant", "bee", "cat"])[ys]
    auto = AutoAdaptedClassifier(SVC()).fit(Xs, words, Xt * 2 + 1)
    again = AutoAdaptedClassifier(SVC()).fit(Xs, words, Xt * 2 + 1)
    assert set(auto.predict(Xt)) <= set(words) and auto.chosen_ == again.chosen_
    probs = auto.predict_proba(Xt)
    assert probs.shape == (200, 3)
    np.testing.assert_allclose(probs.sum(1), 1)


@pytest.mark.parametrize(
    ("shift", "names"),
    [
        ("label", ["em"]),
        ("covariate", ["kmm", "discriminative", "msda"]),
        ("subspace", ["standardize", "coral", "optimal_transport", "msda"]),
        ("label and subspace", ["coral", "standardize+em", "msda"]),
        ("undecided", []),
    ],
)
def test_adapters_that_declare_a_shift_are_candidates_for_it_the_simple_first(shift, names):
    assert [c.name for c in candidates_for(shift)] == names


def test_candidates_have_the_settings_and_the_scaling_that_they_declare():
    transport = candidates_for("subspace")[2].prepared
    assert transport.method == "linear"
    coral, em, msda = (c.prepared for c in candidates_for("label and subspace"))
    assert isinstance(coral, Standardize) and isinstance(em, Standardize) and isinstance(msda, MSDA)


def test_validators_with_margins_take_part():
    assert VALIDATORS == ("entropy", "information_maximization", "circular")
    by_kind = {
        kind: {n: v.margins[kind] for n, v in judging_validators().items() if kind in v.margins} for kind in REPAIRS
    }
    assert by_kind == {
        "moves": {"entropy": 0.02, "information_maximization": 0.1, "circular": -0.02},
        "moves far": {"information_maximization": 0.1, "circular": 0.1},
        "weighs classes": {"entropy": -0.15, "circular": -0.15},
        "weighs rows": {"entropy": 0.02, "circular": -0.1},
        "represents": {"circular": -0.02},
    }


def test_what_cannot_be_fitted_is_noted():
    Xs, ys = classes(0, 60, EVEN)

    class Broken(Standardize):
        def _fit(self, Xs, ys, Xt):
            raise ValueError("it is broken. Mend it.")

    tried = try_adapter("broken", Broken(), LogisticRegression(), Xs, ys, Xs, VALIDATORS)
    assert tried.fitted is None and tried.note == "it is broken"


def test_classifiers_without_probabilities_are_given_some():
    Xs, ys = classes(0, 90, EVEN)
    for model in (SVC().fit(Xs, ys), SVC().fit(Xs, ys == 0), LogisticRegression().fit(Xs, ys)):
        probs = probabilities(model, Xs)
        np.testing.assert_allclose(probs.sum(1), 1)
        assert (model.classes_[probs.argmax(1)] == model.predict(Xs)).mean() > 0.95


def words(seed: int, n: int, usual: float, rare: float):
    """Rows of 0 and 1: words of two themes, of which each domain prefers others."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    own = np.where(np.arange(120) % 60 < 30, usual, rare)
    theme = np.arange(120) // 60 == y[:, None]
    return (rng.random((n, 120)) < np.where(theme, own, 0.4 * own)).astype(float), y


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "beyond_chance"), [(1, False), (2, True)])
def test_a_representation_is_judged_by_held_out_source_rows(seed, beyond_chance):
    """Here every repair makes the source itself harder to learn, and the validators would believe it."""
    Xs, ys = words(2 * seed, 400, 0.2, 0.04)
    Xt, yt = words(2 * seed + 1, 400, 0.04, 0.2)
    auto, better = gain(Xs, ys, Xt, yt)
    assert auto.gains_["msda"]["entropy"] > 0.02  # which is no reason
    if beyond_chance:
        assert auto.chosen_ == "msda" and better > 0.02
    else:
        assert auto.chosen_ == "source_only"


@pytest.fixture(scope="module")
def tried_words():
    Xs, ys = words(0, 300, 0.2, 0.04)
    Xt, _ = words(1, 300, 0.1, 0.1)
    tried = {
        n: try_adapter(n, a, LogisticRegression(), Xs, ys, Xt, VALIDATORS) for n, a in (("", None), ("msda", MSDA()))
    }
    return Xs, Xt, *tried.values()


@pytest.mark.parametrize(("gained", "found"), [(0.1, {"msda"}), (0.0, set()), (-0.1, set())])
def test_a_representation_must_tell_the_source_better_beyond_chance(tried_words, gained, found):
    Xs, Xt, alone, other = tried_words
    losses = alone.losses - gained - np.linspace(-0.1, 0.1, len(Xs))
    assert _better_representations(alone, [replace(other, losses=losses)], Xs, Xt, 0) == found


def test_a_representation_must_not_be_worse_where_the_target_lies(tried_words):
    Xs, Xt, alone, other = tried_words
    rare = (np.arange(120) % 60 >= 30) & (Xs > 0)  # words that the target has more often
    like = rare.sum(1) >= np.quantile(rare.sum(1), 0.9)
    for there, found in ((-0.5, set()), (0.3, {"msda"})):
        losses = alone.losses - np.where(like, there, 0.3)
        assert (alone.losses - losses).mean() > 0.1
        assert _better_representations(alone, [replace(other, losses=losses)], Xs, Xt, 0) == found


def test_a_source_that_cannot_be_learned_says_so():
    Xs, ys = classes(0, 60, EVEN)
    with pytest.raises(ValueError, match="source cannot be learned"):
        AutoAdaptedClassifier(LogisticRegression(C=-1.0)).fit(Xs, ys, 3 * Xs + 2)


@pytest.mark.slow
def test_what_is_too_large_is_not_tried_and_says_so(monkeypatch):
    monkeypatch.setattr("jeoni.adaptation.shallow.msda.LAYERED", 10)
    monkeypatch.setattr("jeoni.adaptation.shallow.optimal_transport.WIDE", 7)
    Xs, ys = classes(0, 100, EVEN)
    tried = AutoAdaptedClassifier().fit(Xs, ys, 0.2 * Xs + 3).tried_
    notes = {t.name: t.note for t in tried if t.fitted is None}
    assert set(notes) == {"optimal_transport", "msda"} and all(n.startswith("not tried") for n in notes.values())
    monkeypatch.setattr("jeoni.adaptation.shallow.msda.SOLVED", 7)
    notes = {t.name: t.note for t in AutoAdaptedClassifier().fit(Xs, ys, 0.2 * Xs + 3).tried_}
    assert notes["msda"] == "not tried on more than 7 columns"

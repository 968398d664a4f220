"""Choosing without target labels: helps where it can be seen to help, and leaves the source model alone otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from jeoni.adaptation import AutoAdaptedClassifier, Standardize
from jeoni.adaptation.auto import JUDGES, MARGINS, REMEDIES, _made
from jeoni.adaptation.trying import probabilities, try_adapter


def classes(seed: int, n: int, shares, d: int = 8, noise: float = 1.0):
    """Three Gaussian classes in the given shares."""
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(77).normal(scale=1.6, size=(3, d))
    y = rng.choice(3, n, p=shares)
    return means[y] + noise * rng.normal(size=(n, d)), y


EVEN, SKEWED = [1 / 3] * 3, [0.8, 0.15, 0.05]


def gain(Xs, ys, Xt, yt, **options):
    auto = AutoAdaptedClassifier(**options).fit(Xs, ys, Xt)
    alone = auto.tried_[0].fitted
    return auto, float((auto.predict(Xt) == yt).mean() - (alone.predict(Xt) == yt).mean())


def test_another_scale_and_offset_are_mended():
    Xs, ys = classes(0, 300, EVEN, noise=2.0)
    Xt, yt = classes(1, 300, EVEN, noise=2.0)
    auto, better = gain(Xs, ys, Xt * np.linspace(0.1, 1.0, Xt.shape[1]) + 2.0, yt)
    assert auto.chosen_ in REMEDIES["subspace"] and better > 0.1
    assert "convince" in auto.why_


def test_other_class_shares_are_mended_and_never_by_moving():
    Xs, ys = classes(0, 400, EVEN, noise=2.5)
    Xt, yt = classes(1, 400, SKEWED, noise=2.5)
    auto, better = gain(Xs, ys, Xt, yt)
    assert auto.diagnosis_.kinds == ("label",)
    assert auto.chosen_ in REMEDIES["label"] and better > 0.02


@pytest.mark.parametrize("seed", range(4))
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
    assert auto.why_ == "no shift is seen that an adapter could mend"


def test_few_rows_are_left_alone():
    Xs, ys = classes(0, 60, EVEN)
    auto = AutoAdaptedClassifier().fit(Xs, ys, Xs[:12] + 3)
    assert auto.chosen_ == "source_only" and auto.diagnosis_ is None and "too few rows" in auto.why_


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


def test_remedies_and_margins_name_what_there_is():
    for names in REMEDIES.values():
        for name in names:
            assert _made(name) is not None
    assert isinstance(_made("standardize+em"), Standardize)
    assert all(set(least) <= set(JUDGES) for least in MARGINS.values())


def test_what_cannot_be_fitted_is_noted():
    Xs, ys = classes(0, 60, EVEN)

    class Broken(Standardize):
        def _fit(self, Xs, ys, Xt):
            raise ValueError("it is broken. Mend it.")

    tried = try_adapter("broken", Broken(), LogisticRegression(), Xs, ys, Xs, JUDGES)
    assert tried.fitted is None and tried.note == "it is broken"


def test_classifiers_without_probabilities_are_given_some():
    Xs, ys = classes(0, 90, EVEN)
    for model in (SVC().fit(Xs, ys), SVC().fit(Xs, ys == 0), LogisticRegression().fit(Xs, ys)):
        probs = probabilities(model, Xs)
        np.testing.assert_allclose(probs.sum(1), 1)
        assert (model.classes_[probs.argmax(1)] == model.predict(Xs)).mean() > 0.95

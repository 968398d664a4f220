"""Label shift: weights of classes against known shares, abstention and sums by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from sklearn.svm import LinearSVC

from jeoni.adaptation import BBSE, EM, KLIEP, KMM, RLLS, ULSIF, AdaptedClassifier, Discriminative
from jeoni.adaptation.adapter import effective_size
from jeoni.adaptation.posteriors import calibrated, confusion, cross_fitted
from jeoni.adaptation.shallow import em as em_file
from jeoni.adaptation.shallow.bbse import _solved
from jeoni.adaptation.shallow.rlls import _nearest, _penalty

PARABOLA = make_pipeline(PolynomialFeatures(2), LogisticRegression())
COVARIATE = [KMM(), KLIEP(), ULSIF(), Discriminative()]
LABEL = [BBSE(), BBSE(soft=True), RLLS(), EM(), EM(calibration="temperature")]


def name(adapter):
    return repr(adapter)


def labels_shifted(priors, n: int, seed: int, distance: float = 3.0, ns: int = 0):
    """Unit Gaussians, evenly many in the source."""
    rng = np.random.default_rng(seed)
    K = len(priors)
    means = distance * np.eye(K, max(2, K - 1))
    ys, yt = np.arange(ns or n) % K, rng.choice(K, n, p=priors)
    return means[ys] + rng.normal(size=(len(ys), means.shape[1])), ys, means[yt] + rng.normal(size=(n, means.shape[1]))


def posteriors_of_the_rivals():
    rs = np.random.RandomState(0)
    means = np.array([[0, 0], [2, 0], [0, 2.0]])

    def draw(shares, n):
        y = rs.choice(3, n, p=shares)
        return means[y] + rs.randn(n, 2), y

    def log_probs(x):
        logits = -0.7 * ((x[:, None] - means) ** 2).sum(2) + np.log([0.5, 0.3, 0.2])
        return logits - np.log(np.exp(logits).sum(1, keepdims=True))

    (x, y), (xt, _) = draw([0.5, 0.3, 0.2], 400), draw([0.1, 0.3, 0.6], 300)
    return log_probs(x), y, log_probs(xt)


# label shift


@pytest.mark.parametrize("adapter", LABEL, ids=name)
def test_class_shares_of_the_target_are_found(adapter):
    priors = np.array([0.6, 0.1, 0.25, 0.05])
    Xs, ys, Xt = labels_shifted(priors, 2000, 0)
    found = clone(adapter).fit(Xs, np.array(list("abcd"))[ys], Xt)
    np.testing.assert_allclose(found.priors_, priors, atol=0.03)
    np.testing.assert_allclose(found.class_weights_, 4 * found.priors_)
    np.testing.assert_allclose(found.weights_, found.class_weights_[ys])
    assert found.effective_size_ == pytest.approx(effective_size(found.weights_))


@pytest.mark.parametrize("adapter", LABEL, ids=name)
def test_the_error_of_class_weights_shrinks_with_the_number_of_examples(adapter):
    errors = {n: [] for n in (150, 2400)}
    for n, found in errors.items():
        for seed in range(6):
            priors = np.random.default_rng(seed).dirichlet(np.ones(3))
            fitted = clone(adapter).fit(*labels_shifted(priors, n, seed, distance=2.0))
            found.append(((fitted.class_weights_ - 3 * priors) ** 2).mean())
    assert np.mean(errors[2400]) < 0.3 * np.mean(errors[150])


@pytest.mark.parametrize("adapter", LABEL, ids=name)
def test_two_classes_and_twenty_will_do(adapter):
    for K in (2, 20):
        Xs, ys, Xt = labels_shifted(np.ones(K) / K, 40 * K, 0, distance=4.0)
        np.testing.assert_allclose(clone(adapter).fit(Xs, ys, Xt).priors_, np.ones(K) / K, atol=0.1)


@pytest.mark.parametrize("adapter", [BBSE(), RLLS(), EM()], ids=name)
def test_a_class_of_few_examples_is_in_every_training_part(adapter):
    Xs, ys, Xt = labels_shifted([0.5, 0.3, 0.2], 300, 0, distance=15.0)
    words = np.array(list("abc"))[ys]
    three, one = (np.concatenate([np.flatnonzero(ys < 2), np.flatnonzero(ys == 2)[:k]]) for k in (3, 1))
    np.testing.assert_allclose(clone(adapter).fit(Xs[three], words[three], Xt).priors_, [0.5, 0.3, 0.2], atol=0.1)
    with pytest.raises(ValueError, match="Class c has one example"):
        clone(adapter).fit(Xs[one], words[one], Xt)


def test_confusions_that_say_nothing():
    Xs, ys, Xt = labels_shifted([0.8, 0.2], 200, 0)
    blind = DummyClassifier(strategy="prior")
    with pytest.raises(ValueError, match="confusion matrix is singular"):
        BBSE(blind).fit(Xs, ys, Xt)
    for adapter in (RLLS(blind), EM(blind)):
        np.testing.assert_allclose(adapter.fit(Xs, ys, Xt).priors_, 0.5, atol=1e-6)


def test_classifiers_without_probabilities_are_refused():
    Xs, ys, Xt = labels_shifted([0.8, 0.2], 100, 0)
    for adapter in (BBSE(LinearSVC()), Discriminative(LinearSVC())):
        with pytest.raises(ValueError, match="LinearSVC has no predict_proba"):
            adapter.fit(Xs, ys, Xt)


def test_probabilities_are_those_of_classifiers_that_have_not_seen_the_row():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 80)), np.arange(60) % 2  # nothing to learn, all to remember
    held, target = cross_fitted(None, X, y, X, 0)
    assert target.shape == (5 * 60, 2)
    assert (held.argmax(1) == y).mean() < 0.7 < (target[:60].argmax(1) == y).mean()
    shuffled = rng.permutation(60)
    np.testing.assert_allclose(held[shuffled], cross_fitted(None, X[shuffled], y[shuffled], X, 0)[0], atol=1e-8)


def test_label_shift_is_that_of_abstention():
    held, y, target = posteriors_of_the_rivals()
    # abstention 0.1.3.1
    hard, soft = (confusion(held, y, target, soft) for soft in (False, True))
    np.testing.assert_allclose(_solved(hard), [0.17135129, 0.86176048, 3.46564205], rtol=1e-7)
    np.testing.assert_allclose(_solved(soft), [0.09465913, 0.93588131, 3.5446744], rtol=1e-6)
    # its EM with tolerance=1e-12 on posteriors that were calibrated before: inside, it forgets to
    for how, said in [
        (None, [0.23159211, 0.85331823, 3.24692911]),
        ("temperature", [0.15436704, 0.84992105, 3.36168929]),
        ("bcts", [0.16414227, 0.85221766, 3.50141537]),
    ]:
        ours = EM(calibration=how)._class_weights(held, y, target)
        np.testing.assert_allclose(ours, said, atol=2e-3 if how else 1e-4)


@pytest.mark.parametrize(
    ("alpha", "said"),
    # abstention 0.1.3.1 with cvxpy 1.9.3
    [
        (0.01, [0.17135129, 0.86176048, 3.46564205]),
        (0.3, [0.54788298, 0.89369747, 1.59211241]),
        (0.4, [0.7911407, 0.94372931, 1.12397574]),
        (1.0, [1.0, 1.0, 1.0]),
    ],
)
def test_rlls_is_that_of_abstention(alpha, said):
    held, y, target = posteriors_of_the_rivals()
    np.testing.assert_allclose(RLLS(alpha=alpha)._class_weights(held, y, target), said, atol=2e-4)


def test_rlls_without_penalty_is_bbse_where_that_is_positive():
    held, y, target = posteriors_of_the_rivals()
    plain = _solved(confusion(held, y, target, False))
    assert plain.min() > 0
    np.testing.assert_allclose(RLLS(alpha=0)._class_weights(held, y, target), plain, rtol=1e-5)
    np.testing.assert_allclose(RLLS(gamma=0)._class_weights(held, y, target), 1)
    for wrong in ({"alpha": -1.0}, {"gamma": 2.0}):
        with pytest.raises(ValueError, match="gamma from 0 to 1"):
            RLLS(**wrong)._class_weights(held, y, target)


def test_rlls_finds_no_cheaper_neighbour():
    rng = np.random.default_rng(0)
    for penalty in (0.003, 0.03, 0.1):
        C = rng.dirichlet(np.ones(5), 5).T / 5
        b = C @ rng.uniform(-1, 3, 5) + 0.01 * rng.normal(size=5)

        def cost(theta, C=C, b=b, penalty=penalty):
            return np.linalg.norm(C @ theta - b) + penalty * np.linalg.norm(theta)

        best = _nearest(C, b, penalty)
        assert best.min() >= -1
        steps = np.concatenate([scale * rng.normal(size=(500, 5)) for scale in (1e-4, 1e-2, 0.3)])
        assert min(cost(np.maximum(-1, best + step)) for step in steps) >= cost(best) - 1e-9


def test_the_penalty_is_the_papers():
    assert _penalty(1000, 10) == pytest.approx(3 * (2 * np.log(400) / 3000 + np.sqrt(2 * np.log(400) / 1000)))


def test_each_round_of_em_makes_the_target_likelier():
    held, _, target = posteriors_of_the_rivals()
    before = np.exp(held).mean(0)
    like = np.exp(target) / before
    shares, likelihood = before, []
    for _ in range(30):
        likelihood.append(np.log(like @ shares).mean())
        shares = em_file._round(like, shares)
    assert (np.diff(likelihood) > 0).all()
    assert np.log(like @ em_file._likeliest(target, before)).mean() >= likelihood[-1] - 1e-9


@pytest.mark.parametrize("how", ["bcts", "temperature", None])
def test_no_shift_is_a_fixed_point(how):
    held, y, _ = posteriors_of_the_rivals()
    np.testing.assert_allclose(EM(calibration=how)._class_weights(held, y, held), 1, atol=1e-9)
    for soft in (False, True):
        np.testing.assert_allclose(_solved(confusion(held, y, held, soft)), 1, rtol=1e-9)
    np.testing.assert_allclose(RLLS()._class_weights(held, y, held), 1, atol=1e-6)


def test_calibration_lowers_the_loss_and_bias_correction_gives_the_classes_their_shares():
    held, y, _ = posteriors_of_the_rivals()
    losses = [-calibrated(held, y, held, how)[0][np.arange(400), y].mean() for how in (None, "temperature", "bcts")]
    assert losses[0] > losses[1] > losses[2]
    # abstention 0.1.3.1, TempScaling without and with biases
    np.testing.assert_allclose(losses[1:], [0.50434212, 0.50340382], atol=1e-6)
    np.testing.assert_allclose(np.exp(calibrated(held, y, held, "bcts")[0]).mean(0), np.bincount(y) / 400, atol=1e-6)
    with pytest.raises(ValueError, match="calibration is 'platt'"):
        calibrated(held, y, held, "platt")


@pytest.mark.parametrize("adapter", [BBSE(), RLLS(), EM()], ids=name)
def test_class_weights_raise_the_accuracy_in_the_target(adapter):
    Xs, ys, _ = labels_shifted([0.5, 0.5], 1000, 0, distance=1.0)
    there = np.flatnonzero((ys == 0) | (np.arange(1000) % 9 == 0))  # 10 % of class 1
    plain, weighted = (
        (AdaptedClassifier(a).fit(Xs, ys, Xs[there]).predict(Xs[there]) == ys[there]).mean() for a in (None, adapter)
    )
    assert weighted > plain + 0.05

"""Weights of examples against known ratios, other solvers and the numbers of other libraries."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, minimize
from scipy.spatial.distance import pdist
from scipy.stats import norm
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from jeoni.adaptation import BBSE, EM, KLIEP, KMM, RLLS, ULSIF, AdaptedClassifier, Discriminative
from jeoni.adaptation.adapter import effective_size
from jeoni.adaptation.kernels import line_up, median_distance, rbf, spread
from jeoni.adaptation.shallow.kmm import _features
from jeoni.adaptation.shallow.ulsif import _left_out_error

PARABOLA = make_pipeline(PolynomialFeatures(2), LogisticRegression())
COVARIATE = [KMM(), KLIEP(), ULSIF(), Discriminative()]
LABEL = [BBSE(), BBSE(soft=True), RLLS(), EM(), EM(calibration="temperature")]


def name(adapter):
    return repr(adapter)


def shifted(n: int, seed: int):
    """Rows of N(0, 1) and N(0.8, 0.8), and the density ratio at the first, of mean 1."""
    rng = np.random.default_rng(seed)
    Xs, Xt = rng.normal(size=(n, 1)), rng.normal(0.8, 0.8, size=(n, 1))
    ratio = norm.pdf(Xs[:, 0], 0.8, 0.8) / norm.pdf(Xs[:, 0])
    return Xs, Xt, ratio / ratio.mean()


def like_the_rivals():
    """The rows on which the other libraries' numbers below were measured."""
    rs = np.random.RandomState(0)  # the same draw in every version
    return rs.randn(60, 2), 0.7 * rs.randn(40, 2) + [0.8, 0]


# kernels


def test_median_distance_is_the_pooled_median():
    rs = np.random.RandomState(0)
    y = np.arange(400) % 5
    f = rs.randn(5, 32)[y] + rs.randn(400, 32)
    assert median_distance(f[:200], f[200:] * 1.3 + 0.2) == pytest.approx(12.88061928, abs=1e-8)


def test_median_distance_of_many_rows_is_near_and_does_not_hang_on_their_order():
    X = np.random.default_rng(0).normal(size=(3000, 4)) ** 3
    found = median_distance(X)
    assert found == pytest.approx(np.median(pdist(X)), rel=0.03)
    assert found == median_distance(X[np.random.default_rng(1).permutation(3000)])


def test_median_distance_stays_above_zero():
    assert median_distance(np.zeros((5, 2))) == 1
    assert median_distance(np.r_[np.zeros((9, 1)), [[3.0]]]) == 3
    assert median_distance(np.ones((1, 2))) == 1


def test_spread_rows_do_not_hang_on_their_order():
    X = np.random.default_rng(0).normal(size=(500, 3))
    shuffled = np.random.default_rng(1).permutation(500)
    np.testing.assert_array_equal(X[spread(X, 40)], X[shuffled][spread(X[shuffled], 40)])
    np.testing.assert_array_equal(X[line_up(X)], X[shuffled][line_up(X[shuffled])])
    assert len(set(spread(X, 40).tolist())) == 40 and len(spread(X, 600)) == 500


def test_rbf_is_that_of_scikit_learn():
    X, Y = like_the_rivals()
    np.testing.assert_allclose(rbf(X, Y, 0.5), rbf_kernel(X, Y, gamma=2.0), rtol=1e-12)


# covariate shift


@pytest.mark.parametrize("adapter", [*COVARIATE[:3], Discriminative(PARABOLA)], ids=name)
def test_the_known_ratio_of_gaussians_is_found(adapter):
    Xs, Xt, ratio = shifted(1000, 0)
    found = clone(adapter).fit(Xs, None, Xt)
    assert np.corrcoef(ratio, found.weights_)[0, 1] > 0.93
    assert np.sqrt(((ratio - found.weights_) ** 2).mean()) < 0.6 * ratio.std()
    assert found.effective_size_ == pytest.approx(effective_size(ratio), rel=0.35)


@pytest.mark.parametrize("adapter", COVARIATE, ids=name)
def test_weights_bring_means_nearer(adapter):
    Xs, Xt, _ = shifted(600, 1)
    w = clone(adapter).fit(Xs, None, Xt).weights_
    assert abs(np.average(Xs[:, 0], weights=w) - Xt.mean()) < 0.2 * abs(Xs.mean() - Xt.mean())


@pytest.mark.parametrize("adapter", COVARIATE, ids=name)
def test_without_shift_weights_are_about_equal(adapter):
    rng = np.random.default_rng(0)
    Xs, Xt = rng.normal(size=(2, 800, 3))
    assert clone(adapter).fit(Xs, None, Xt).effective_size_ > 0.85 * 800


@pytest.mark.parametrize("adapter", COVARIATE, ids=name)
def test_the_unit_of_the_features_does_not_matter(adapter):
    Xs, Xt, _ = shifted(200, 2)
    one, other = (clone(adapter).fit(k * Xs, None, k * Xt).weights_ for k in (1, 1000))
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("adapter", COVARIATE, ids=name)
def test_the_order_of_rows_does_not_matter(adapter):
    Xs, Xt, _ = shifted(300, 3)
    shuffled = np.random.default_rng(0).permutation(300)
    one = clone(adapter).fit(Xs, None, Xt).weights_
    other = clone(adapter).fit(Xs[shuffled], None, Xt[shuffled]).weights_
    np.testing.assert_allclose(one[shuffled], other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("adapter", COVARIATE, ids=name)
def test_weights_help_where_the_model_is_too_simple(adapter):
    """A line through a bent boundary has to choose where it fits: at the target."""
    rng = np.random.default_rng(0)
    Xs, Xt = rng.normal(0, 1, size=(1000, 2)), rng.normal([1.2, 0], 0.5, size=(1000, 2))
    ys, yt = (X[:, 1] > X[:, 0] ** 2 - 1 for X in (Xs, Xt))
    plain, weighted = (
        (AdaptedClassifier(a, LogisticRegression()).fit(Xs, ys, Xt).predict(Xt) == yt).mean() for a in (None, adapter)
    )
    assert weighted > plain + 0.05


@pytest.mark.parametrize("adapter", COVARIATE, ids=name)
def test_weights_on_too_few_examples_are_refused(adapter):
    rng = np.random.default_rng(0)
    Xs, Xt = rng.normal(size=(400, 2)), rng.normal([3.0, 0], 0.05, size=(300, 2))
    with pytest.raises(ValueError, match=r"The weights rest on .* of 400 source examples.*hardly overlap"):
        clone(adapter).fit(Xs, None, Xt)


def test_the_share_that_is_refused_can_be_set():
    Xs, Xt, _ = shifted(200, 0)
    for adapter in COVARIATE:
        with pytest.raises(ValueError, match=r"wants 99% at least \(least_effective\)"):
            clone(adapter).set_params(least_effective=0.99).fit(Xs, None, Xt)


def test_kmm_reaches_the_optimum_of_a_general_solver():
    Xs, Xt = like_the_rivals()
    Xs, n, eps = Xs[:25], 25, 0.1
    K, pull = rbf_kernel(Xs, gamma=0.5), n * rbf_kernel(Xs, Xt, gamma=0.5).mean(1)

    def cost(b):
        return 0.5 * b @ K @ b - pull @ b + 0.15 * (b - 1) @ (b - 1)

    other = minimize(
        cost, np.ones(n), jac=lambda b: K @ b + 0.3 * (b - 1) - pull, method="SLSQP", bounds=Bounds(0, 2.0),
        constraints=LinearConstraint(np.ones(n), n * (1 - eps), n * (1 + eps)), options={"maxiter": 1000, "ftol": 1e-14},
    )  # fmt: skip
    ours = KMM(1.0, bound=2.0, eps=eps, ridge=0.3).fit(Xs, None, Xt).weights_
    b = ours * other.x.mean()
    assert other.success and b.max() <= 2 + 1e-6  # a bound that binds
    assert cost(b) <= other.fun + 1e-6 * abs(other.fun)


def test_kmm_is_that_of_adapt_and_cvxopt():
    Xs, Xt = like_the_rivals()
    # adapt 0.4.5 with tol=1e-12; cvxopt 1.3.3 on the same matrices gives the same
    published = [3.69137145, 0.20178297, 1.01552724, 0.00000001, 1.51898794, 1.82798932]
    w = KMM(1.0, ridge=0).fit(Xs, None, Xt).weights_
    np.testing.assert_allclose(w[:6], published, atol=2e-3)  # the valley is flat
    K, pull = rbf_kernel(Xs, gamma=0.5), 60 * rbf_kernel(Xs, Xt, gamma=0.5).mean(1)
    b = w * (pull @ w) / (w @ K @ w)
    assert 0.5 * b @ K @ b - pull @ b == pytest.approx(-916.8683811348, abs=1e-5)


@pytest.mark.parametrize("ridge", [0.0, 1.0])
def test_kmm_weighs_one_sample_for_itself_alike(ridge):
    Xs, _, _ = shifted(120, 0)
    for exact in (2000, 100):
        np.testing.assert_allclose(KMM(ridge=ridge, exact=exact).fit(Xs, None, Xs).weights_, 1, atol=1e-4)


def test_kmms_ridge_draws_weights_towards_one():
    Xs, Xt, _ = shifted(200, 0)
    far = [float(np.abs(KMM(ridge=r).fit(Xs, None, Xt).weights_ - 1).max()) for r in (0.1, 1.0, 10.0, 1e5)]
    assert far == sorted(far, reverse=True) and far[-1] < 0.01 < 0.5 < far[0]


def test_kmm_of_many_rows_is_near_the_whole_kernels():
    Xs, Xt, _ = shifted(1200, 4)
    whole, thin = (KMM(exact=k).fit(Xs, None, Xt).weights_ for k in (2000, 100))
    assert np.sqrt(((whole - thin) ** 2).mean()) < 0.01
    F, mean = _features(Xs, Xt, 1.0)
    assert F.shape[1] <= 500
    np.testing.assert_allclose(F @ mean, rbf(Xs, Xt, 1.0).mean(1), atol=1e-6)


def test_kmm_gives_equal_rows_equal_weights():
    Xs, Xt = like_the_rivals()
    w = KMM(ridge=0).fit(np.repeat(Xs, 2, 0), None, Xt).weights_
    np.testing.assert_allclose(w[::2], w[1::2], atol=1e-6)


def test_kmm_bounds_are_checked():
    Xs, Xt = like_the_rivals()
    for wrong in ({"bound": 1.0}, {"eps": -0.1}, {"ridge": -1.0}):
        with pytest.raises(ValueError, match="bound must be above 1"):
            KMM(**wrong).fit(Xs, None, Xt)


def test_kliep_is_that_of_adapt_and_cvxpy():
    Xs, Xt = like_the_rivals()
    found = KLIEP(1.0).fit(Xs, None, Xt)
    # cvxpy 1.9.3 with Clarabel: the optimum; adapt 0.4.5 (algo="PG", tol=1e-12) agrees to four digits
    np.testing.assert_allclose(
        found.weights_[:6], [2.6598537, 0.22741498, 1.77561428, 2.92307793, 1.01969897, 0.50985178], atol=2e-3
    )
    likelihood = np.log(rbf(Xt, found.centres_, 1.0) @ found.alpha_).mean()
    assert likelihood == pytest.approx(0.5067480134, abs=1e-5)
    np.testing.assert_allclose(rbf(Xs, found.centres_, 1.0) @ found.alpha_, found.weights_, rtol=1e-8)


def test_kliep_prefers_the_width_that_fits():
    rng = np.random.default_rng(0)
    Xs = rng.uniform(-3, 3, size=(500, 1))
    narrow = rng.choice([-2.0, 0.0, 2.0], 500)[:, None] + 0.1 * rng.normal(size=(500, 1))
    wide = rng.normal(size=(500, 1))
    assert KLIEP().fit(Xs, None, narrow).width_ < 0.8 * KLIEP().fit(Xs, None, wide).width_
    assert KLIEP().fit(Xs, None, Xs[:100]).width_ > 1.0


@pytest.mark.parametrize(
    ("alpha", "said"),
    # densratio 0.4.0 (method="RuLSIF", sigma 1, lambda 0.1) and adapt 0.4.5 (RULSIF), which agree to all digits
    [
        (0.0, [1.80002977, 0.37834929, 1.28253994, 2.27674474, 1.21423747, 0.76570967]),
        (0.1, [1.74706834, 0.4010852, 1.23681732, 2.22209753, 1.23213029, 0.80329741]),
        (0.5, [1.59951116, 0.48420732, 1.10296094, 2.02899765, 1.27874525, 0.9317756]),
    ],
)
def test_ulsif_is_that_of_densratio_and_adapt(alpha, said):
    Xs, Xt = like_the_rivals()
    found = ULSIF(alpha, width=1.0, strength=0.1).fit(Xs, None, Xt)
    np.testing.assert_allclose(found.weights_[:6], said, rtol=1e-7)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_ulsif_leaves_one_out_exactly(alpha):
    Xs, Xt = like_the_rivals()
    S, T = rbf(Xs, Xt[:15], 0.7), rbf(Xt, Xt[:15], 0.7)
    pairs_s, pairs_t = np.arange(40), np.arange(40)[::-1]
    errors = []
    for i, j in zip(pairs_s, pairs_t, strict=True):
        s, t = np.delete(S, i, 0), np.delete(T, j, 0)
        H = (1 - alpha) * s.T @ s / len(s) + alpha * t.T @ t / len(t) + 0.05 * np.eye(15)
        theta = np.maximum(0, np.linalg.solve(H, t.mean(0)))
        there, here = S[i] @ theta, T[j] @ theta
        errors.append((1 - alpha) * there**2 / 2 + alpha * here**2 / 2 - here)
    assert _left_out_error(S, T, pairs_s, pairs_t, alpha, 0.05) == pytest.approx(np.mean(errors), rel=1e-10)


def test_ulsif_of_a_share_stays_below_its_inverse():
    Xs, Xt, _ = shifted(400, 0)
    found = ULSIF(0.5).fit(Xs, None, Xt)
    assert (rbf(Xt, found.centres_, found.width_) @ found.alpha_).max() < 2 * 1.15
    with pytest.raises(ValueError, match="a share from 0 to below 1"):
        ULSIF(1.0).fit(Xs, None, Xt)


def test_discriminative_clips_and_flattens():
    Xs, Xt, _ = shifted(400, 0)
    sizes = [
        Discriminative(**k).fit(Xs, None, Xt).effective_size_ for k in ({"clip": 1.0}, {"clip": 0.8}, {"flatten": 0.3})
    ]
    assert sizes[0] < sizes[1] and sizes[0] < sizes[2]
    np.testing.assert_allclose(Discriminative(flatten=0.0).fit(Xs, None, Xt).weights_, 1)
    for wrong in ({"clip": 0.0}, {"flatten": 2.0}):
        with pytest.raises(ValueError, match="clip is above 0"):
            Discriminative(**wrong).fit(Xs, None, Xt)


def test_discriminative_does_not_hang_on_the_number_of_target_rows():
    Xs, Xt, _ = shifted(600, 5)
    few, many = (Discriminative().fit(Xs, None, X).weights_ for X in (Xt[::4], np.repeat(Xt[::4], 4, 0)))
    assert np.corrcoef(few, many)[0, 1] > 0.97


def test_discriminative_cools_an_estimator_that_is_too_certain():
    rng = np.random.default_rng(0)
    Xs, Xt = rng.normal(size=(2, 60, 50))
    assert Discriminative(LogisticRegression(C=1e4, max_iter=5000)).fit(Xs, None, Xt).temperature_ > 5

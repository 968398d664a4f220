"""Adapters that move rows, against known answers and golden numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from jeoni.adaptation import CORAL, MSDA, TCA, AdaptedClassifier, OptimalTransport, Standardize, SubspaceAlignment
from jeoni.adaptation.methods import build_method
from jeoni.adaptation.shallow import tca
from jeoni.adaptation.shallow.msda import _denoising
from jeoni.heads.fitting.mapped import Mapped, mapped
from jeoni.heads.fitting.maps import Affine, Denoise, RBFFeatures


def golden():
    """The recipe that published numbers were computed with."""
    rs = np.random.RandomState(0)
    y = np.arange(400) % 5
    mu = rs.randn(5, 32)
    f = mu[y] + rs.randn(400, 32)
    return f[:200], f[200:] * 1.3 + 0.2


def turned(seed: int = 0, n: int = 300, d: int = 4):
    """A Gaussian, and another one with its own mean and covariance."""
    rng = np.random.default_rng(seed)
    A, B = (np.eye(d) + 0.4 * rng.normal(size=(d, d)) for _ in range(2))
    return rng.normal(size=(n, d)) @ A, rng.normal(size=(n, d)) @ B + 2.0


def test_coral_gives_the_golden_numbers():
    A, B = golden()
    moved = CORAL(reg=1.0).fit(A, None, B).transform(A, source=True)
    assert np.linalg.norm(moved) == pytest.approx(137.54382091, rel=1e-8)
    np.testing.assert_allclose(moved[0, :3], [1.72591498, 3.0123519, 2.32456898], rtol=1e-7)


def test_coral_gives_the_targets_covariance_and_where_asked_its_mean():
    Xs, Xt = turned()
    moved = CORAL(reg=0.0, center=True).fit(Xs, None, Xt).transform(Xs, source=True)
    np.testing.assert_allclose(np.cov(moved.T), np.cov(Xt.T), atol=1e-10)
    np.testing.assert_allclose(moved.mean(0), Xt.mean(0), atol=1e-10)
    assert CORAL(reg=0.0).fit(Xs, None, Xt).transform(Xs, source=True).mean() != pytest.approx(Xt.mean())
    shrunk = CORAL(reg="shrink").fit(Xs, None, Xt).transform(Xs, source=True)
    assert np.isfinite(shrunk).all()
    with pytest.raises(ValueError, match="a number from 0, or 'shrink'"):
        CORAL(reg=-1.0).fit(Xs, None, Xt)


def test_coral_of_fewer_rows_than_columns_stays_in_the_span():
    rng = np.random.default_rng(0)
    Xs, Xt = rng.normal(size=(10, 30)), rng.normal(size=(8, 30))
    moved = CORAL(reg=0.0).fit(Xs, None, Xt).transform(Xs, source=True)
    assert np.isfinite(moved).all() and np.linalg.matrix_rank(np.cov(moved.T)) <= 7


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_coral_takes_the_papers_optimum_where_ranks_are_low(dtype):
    rng = np.random.default_rng(0)
    Xs, Xt = rng.normal(size=(6, 30)), rng.normal(size=(15, 30))
    moved = CORAL(reg=0.0).fit(Xs.astype(dtype), None, Xt.astype(dtype)).transform(Xs.astype(dtype), source=True)
    # Sun, Feng & Saenko, theorem 1: of the target's axes the five largest, as many as the source has
    values, vectors = np.linalg.eigh(np.cov(Xt.T))
    top = vectors[:, -5:] * np.sqrt(values[-5:])
    S, U = np.linalg.eigh(np.cov(Xs.T))
    wanted = Xs @ (U[:, -5:] / np.sqrt(S[-5:])) @ U[:, -5:].T @ top @ vectors[:, -5:].T
    np.testing.assert_allclose(moved, wanted, atol=1e-10 if dtype is np.float64 else 1e-4)


def test_moves_equal_those_of_skada():
    """Norms and first rows as skada 0.6.0 gives them for the same rows; its CORAL takes the mean off both domains."""
    Xs, Xt = turned()
    moved = CORAL(reg=0.0, center=True).fit(Xs, None, Xt).transform(Xs, source=True) - Xt.mean(0)
    assert np.linalg.norm(moved) == pytest.approx(39.22543341148669, rel=1e-9)
    np.testing.assert_allclose(moved[0], [-0.2137080926, 0.476381212, -0.0218152262, 0.1922349094], atol=1e-9)
    fitted = SubspaceAlignment(2).fit(Xs, None, Xt)
    Zs, Zt = fitted.transform(Xs, source=True), fitted.transform(Xt)
    assert np.linalg.norm(Zs) == pytest.approx(25.642038276698376, rel=1e-9)
    assert np.linalg.norm(Zt) == pytest.approx(34.92840426104788, rel=1e-9)
    np.testing.assert_allclose(np.abs([Zs[0], Zt[0]]), [[0.7478409237, 0.0214668338], [3.5795829138, 3.037434012]])


@pytest.mark.parametrize("reg", [0.0, "shrink"])
def test_coral_without_a_constant_needs_rows_that_differ(reg):
    Xs, Xt = turned()
    for few in (Xt[:1], np.repeat(Xt[:1], 3, 0)):
        with pytest.raises(ValueError, match="at least 2 rows that differ in each domain; the target has"):
            CORAL(reg).fit(Xs, None, few)
        with pytest.raises(ValueError, match="the source has"):
            CORAL(reg).fit(few, None, Xt)
        assert np.isfinite(CORAL().fit(Xs, None, few).transform(Xs, source=True)).all()


# ---- shifts that each is made for


def signs(n: int) -> tuple[np.ndarray, np.ndarray]:
    y = np.arange(n) % 2
    return y, 2 * y - 1


def recoloured(seed: int, n: int = 200):
    """The target's axes are stretched and turned, about the same mean."""
    rng, (y, sign) = np.random.default_rng(seed), signs(n)
    turn = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
    Xs, Xt = (np.c_[sign + 0.35 * rng.normal(size=n), 1.06 * rng.normal(size=n)] for _ in range(2))
    return Xs, y, Xt @ turn @ np.diag([4, 0.5]) @ turn.T, y


def other_plane(seed: int, n: int = 200):
    """Of ten columns both domains vary in two directions, the target's turned by 60 degrees and moved."""
    rng, (y, sign) = np.random.default_rng(seed), signs(n)
    basis = np.linalg.qr(np.random.default_rng(7).normal(size=(10, 10)))[0]
    here, there = basis[:, :2], 0.5 * basis[:, :2] + np.sqrt(0.75) * basis[:, 2:4]
    planes = [np.c_[3 * sign + rng.normal(size=n), 1.5 * rng.normal(size=n)] for _ in range(2)]
    Xs, Xt = (
        plane @ axes.T + 0.1 * rng.normal(size=(n, 10)) for plane, axes in zip(planes, (here, there), strict=True)
    )
    return Xs, y, Xt + 4 * here[:, 0], y


def one_column_elsewhere(seed: int, n: int = 200):
    """The column that tells the source's classes best lies elsewhere in the target, and tells nothing."""
    rng, (y, sign) = np.random.default_rng(seed), signs(n)
    Xs, Xt = (np.c_[told + 0.3 * rng.normal(size=n), sign + 0.5 * rng.normal(size=n)] for told in (sign, 3))
    return Xs, y, Xt, y


def scattered(seed: int, n: int = 180):
    """Three classes, each moved its own way."""
    rng, y = np.random.default_rng(seed), np.arange(n) % 3
    here = np.array([[0, 0], [4, 0], [0, 4]])
    there = here + np.array([[2.5, 2.5], [3, 0], [0, 3]])
    return (here[y] + 0.5 * rng.normal(size=(n, 2)), y, there[y] + 0.5 * rng.normal(size=(n, 2)), y)


def other_words(seed: int, n: int = 600):
    """Presence of words: each domain has its own for a class, and only weak ones are common to both."""
    rng, (y, _) = np.random.default_rng(seed), signs(n)

    def rows(own: int) -> np.ndarray:
        chance = np.zeros((n, 60))
        for k in (0, 1):
            chance[y == k, own + 10 * k : own + 10 * k + 10] = 0.4
            chance[y == k, 40 + 10 * k : 50 + 10 * k] = 0.2
            chance[y == k, 50 - 10 * k : 60 - 10 * k] = 0.08
        return (rng.random((n, 60)) < chance).astype(float)

    return rows(0), y, rows(20), y


@pytest.mark.parametrize(
    ("adapter", "data", "gain", "least"),
    [
        (CORAL(), recoloured, 0.07, 0.93),
        (CORAL(reg=0.0), recoloured, 0.1, 0.97),
        (OptimalTransport("linear"), recoloured, 0.1, 0.97),
        (SubspaceAlignment(2), other_plane, 0.4, 0.98),
        (TCA(1), one_column_elsewhere, 0.4, 0.95),
        (TCA(1, kernel="rbf"), one_column_elsewhere, 0.3, 0.9),
        (OptimalTransport(), scattered, 0.3, 0.98),
        (OptimalTransport("emd"), scattered, 0.3, 0.98),
        (OptimalTransport("class_regularised"), scattered, 0.3, 0.98),
        (MSDA(layers=3), other_words, 0.06, 0.8),
    ],
)
def test_an_adapter_gains_under_the_shift_it_is_made_for(adapter, data, gain, least):
    found = []
    for seed in range(2 if data is scattered else 4):  # transport between many rows takes longest, and gains most
        Xs, ys, Xt, yt = data(seed)
        both = (AdaptedClassifier(a, LogisticRegression(max_iter=1000)).fit(Xs, ys, Xt) for a in (adapter, None))
        found.append([float((one.predict(Xt) == yt).mean()) for one in both])
    with_it, without = np.mean(found, 0)
    assert with_it >= without + gain
    assert with_it >= least


def test_transfer_components_by_name_are_not_principal_components_and_mu_counts():
    Xs, _, Xt, _ = one_column_elsewhere(0)

    def gap(**settings):
        fitted = build_method("tca", {"components": 1, **settings}).fit(Xs, None, Xt)
        Zs, Zt = fitted.transform(Xs, source=True)[:, 0], fitted.transform(Xt)[:, 0]
        return abs(Zs.mean() - Zt.mean()) / np.concatenate([Zs, Zt]).std()

    X = np.concatenate([Xs, Xt])
    first = (X - X.mean(0)) @ np.linalg.svd(X - X.mean(0), full_matrices=False)[2][0]
    principal = abs(first[: len(Xs)].mean() - first[len(Xs) :].mean()) / first.std()
    assert gap() < 0.1 * principal
    assert gap(mu=1e6) == pytest.approx(principal, rel=0.1), "all that counts is its size, nearly as in PCA"
    assert gap(mu=0.01) < gap(mu=100.0) < gap(mu=1e6)
    assert isinstance(build_method("tca", {"kernel": "rbf"}), Standardize)
    assert not isinstance(build_method("tca", {}), Standardize)


def test_scale_changes_neither_axes_nor_components():
    Xs, Xt = turned()
    for adapter, grows in ((SubspaceAlignment(2), 1000.0), (TCA(2), 1.0), (TCA(2, kernel="rbf"), 1.0)):
        one = adapter.fit(Xs, None, Xt).transform(Xs, source=True)
        many = adapter.fit(1000 * Xs, None, 1000 * Xt).transform(1000 * Xs, source=True)
        np.testing.assert_allclose(many / grows, one, rtol=1e-6, atol=1e-8)


def test_rows_that_do_not_vary_are_refused():
    same = np.ones((10, 3))
    for adapter in (SubspaceAlignment(), TCA()):
        with pytest.raises(ValueError, match="not vary"):
            adapter.fit(same, None, same)


def test_standardisation_makes_domains_alike_and_goes_on():
    Xs, Xt = turned()
    fitted = Standardize().fit(Xs, None, Xt)
    for X, source in ((Xs, True), (Xt, False)):
        Z = fitted.transform(X, source=source)
        np.testing.assert_allclose(Z.mean(0), 0, atol=1e-12)
        np.testing.assert_allclose(Z.std(0), 1)
    flat = np.concatenate([Xt, np.ones((len(Xt), 1))], 1), np.concatenate([Xs, np.ones((len(Xs), 1))], 1)
    assert np.isfinite(Standardize().fit(flat[1], None, flat[0]).transform(flat[0])).all()


@pytest.mark.parametrize(
    ("adapter", "kinds"),
    [
        (Standardize(CORAL()), [Affine]),
        (TCA(3), [Affine]),
        (Standardize(SubspaceAlignment()), [Affine]),
        (TCA(3, kernel="rbf"), [RBFFeatures, Affine]),
        (Standardize(TCA(3, kernel="rbf")), [Affine, RBFFeatures, Affine]),
        (MSDA(layers=2), [Denoise]),
        (Standardize(MSDA(layers=2, keep=False)), [Affine, Denoise]),
    ],
)
def test_a_saved_model_can_make_the_same_moves(adapter, kinds):
    Xs, Xt = turned()
    fitted = adapter.fit(Xs, None, Xt)
    moves = fitted.moves()
    assert [type(m) for m in moves] == kinds
    wanted = fitted.transform(Xt)
    head = mapped(moves, wanted.shape[1], 2)
    again = Mapped(**json.loads(json.dumps(head.describe())), classes=2)
    again.load_state_dict(head.state_dict())
    np.testing.assert_allclose(again.moves(torch.from_numpy(Xt).float()), wanted, atol=2e-5)


def test_equal_subspaces_are_left_as_they_are():
    Xs, _ = turned()
    fitted = SubspaceAlignment(3).fit(Xs, None, Xs)
    np.testing.assert_allclose(fitted.transform(Xs, source=True), fitted.transform(Xs), atol=1e-10)


def test_subspace_alignment_is_the_papers_matrix():
    Xs, Xt = turned()
    fitted = SubspaceAlignment(2).fit(Xs, None, Xt)
    Ps, Pt = (np.linalg.svd(X - X.mean(0))[2][:2].T for X in (Xs, Xt))
    wanted = (Xs - Xs.mean(0)) @ Ps @ Ps.T @ Pt
    found = fitted.transform(Xs, source=True)
    signs = np.sign((wanted * found).sum(0))
    np.testing.assert_allclose(found * signs, wanted, atol=1e-9)
    with pytest.raises(ValueError, match="a number from 1"):
        SubspaceAlignment(-1).fit(Xs, None, Xt)


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_transfer_components_bring_the_means_together(kernel):
    Xs, Xt = turned()
    fitted = TCA(2, kernel=kernel, mu=0.01).fit(Xs, None, Xt)
    Zs, Zt = fitted.transform(Xs, source=True), fitted.transform(Xt)
    spread = np.concatenate([Zs, Zt]).std(0)
    before = np.abs(Xs.mean(0) - Xt.mean(0)) / np.concatenate([Xs, Xt]).std(0)
    assert (np.abs(Zs.mean(0) - Zt.mean(0)) / spread).max() < 0.2 * before.max()
    assert (spread > 0).all()


def test_transfer_components_solve_the_papers_problem():
    Xs, Xt = turned(n=20)
    fitted = TCA(3, kernel="rbf", mu=0.7).fit(Xs, None, Xt)
    X = np.concatenate([Xs, Xt])
    squares = ((X[:, None] - X[None]) ** 2).sum(-1)
    K = np.exp(-squares / (2 * fitted.width_**2))
    e = np.repeat([1 / 20, -1 / 20], 20)[:, None]
    H = np.eye(40) - 1 / 40
    values, vectors = np.linalg.eig(np.linalg.solve(K @ e @ e.T @ K + 0.7 * np.eye(40), K @ H @ K))
    W = vectors[:, np.argsort(-values.real)[:3]].real
    found = fitted.components_
    for k in range(3):
        cosine = W[:, k] @ found[:, k] / np.linalg.norm(W[:, k]) / np.linalg.norm(found[:, k])
        assert abs(cosine) == pytest.approx(1, abs=1e-6)


def test_many_rows_are_spanned_by_landmarks():
    Xs, Xt = turned(n=600)
    exact, thin = TCA(2, exact=2000).fit(Xs, None, Xt), TCA(2, exact=100, landmarks=60).fit(Xs, None, Xt)
    assert len(exact.landmarks_) == 1200 and not exact.approximate_
    assert len(thin.landmarks_) == 60 and thin.approximate_
    one, two = exact.transform(Xt), thin.transform(Xt)
    for k in range(2):
        assert abs(np.corrcoef(one[:, k], two[:, k])[0, 1]) > 0.99
    other = TCA(2, exact=100, landmarks=60, seed=1).fit(Xs, None, Xt)
    assert not np.array_equal(other.landmarks_, thin.landmarks_)


def test_blocks_do_not_change_components(monkeypatch):
    Xs, Xt = turned(n=90)
    whole = TCA(2, kernel="rbf").fit(Xs, None, Xt).transform(Xt)
    monkeypatch.setattr(tca, "BLOCK", 7)
    np.testing.assert_allclose(TCA(2, kernel="rbf").fit(Xs, None, Xt).transform(Xt), whole, atol=1e-9)


def test_components_do_not_depend_on_the_order_of_rows():
    Xs, Xt = turned(n=50)
    order = np.random.default_rng(3).permutation(50)
    here = TCA(2).fit(Xs, None, Xt).transform(Xt)
    np.testing.assert_allclose(TCA(2).fit(Xs[order], None, Xt[order[::-1]]).transform(Xt), here, atol=1e-9)


def test_denoising_is_the_best_of_many_real_deletions():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 4)) + 1
    copies = np.tile(X, (4000, 1))
    deleted = np.concatenate([copies * (rng.random(copies.shape) > 0.4), np.ones((len(copies), 1))], 1)
    wanted = np.linalg.lstsq(deleted, copies, rcond=None)[0].T
    np.testing.assert_allclose(_denoising(X, 0.4), wanted, atol=0.02)


def test_denoising_is_the_papers_formula():
    X = np.random.default_rng(0).normal(size=(40, 5)) + 1
    Xb = np.vstack([X.T, np.ones(40)])
    S, q = Xb @ Xb.T, np.array([0.7] * 5 + [1.0])
    Q = S * np.outer(q, q)
    Q[np.arange(6), np.arange(6)] = q * np.diag(S)
    W = (S[:-1] * q) @ np.linalg.inv(Q + 1e-5 * np.eye(6))
    np.testing.assert_allclose(_denoising(X, 0.3), W, atol=1e-10)
    fitted = MSDA(layers=1, noise=0.3, keep=False).fit(X[:25], None, X[25:])
    np.testing.assert_allclose(fitted.transform(X), np.tanh(W @ Xb).T, atol=1e-10)


def test_denoising_without_noise_changes_nothing():
    X = np.random.default_rng(0).normal(size=(50, 4))
    np.testing.assert_allclose(_denoising(X, 0.0) @ np.append(X[0], 1), X[0], atol=1e-6)
    with pytest.raises(ValueError, match="from 0 to below 1"):
        MSDA(noise=1.0).fit(X, None, X)


def test_stacked_layers_are_given_beside_the_input():
    Xs, Xt = turned(n=30)
    fitted = MSDA(layers=2).fit(Xs, None, Xt)
    moved = fitted.transform(Xt)
    assert moved.shape == (30, 12)
    np.testing.assert_array_equal(moved[:, :4], Xt)
    np.testing.assert_array_equal(moved[:, 8:], MSDA(layers=2, keep=False).fit(Xs, None, Xt).transform(Xt))

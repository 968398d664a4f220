"""Adapters that move rows, against known answers and golden numbers."""

from __future__ import annotations

import numpy as np
import pytest

from jeoni.adaptation import CORAL, MSDA, TCA, OptimalTransport, Standardize, SubspaceAlignment
from jeoni.adaptation.shallow import optimal_transport
from jeoni.adaptation.shallow.msda import _denoising


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
    "adapter",
    [
        Standardize(),
        Standardize(CORAL()),
        SubspaceAlignment(2),
        TCA(3),
        Standardize(TCA(2)),
        Standardize(SubspaceAlignment()),
    ],
)
def test_what_is_said_to_be_affine_is(adapter):
    Xs, Xt = turned()
    fitted = adapter.fit(Xs, None, Xt)
    matrix, shift = fitted.affine()
    np.testing.assert_allclose(Xt @ matrix + shift, fitted.transform(Xt), atol=1e-9)


def test_what_is_not_affine_says_so():
    Xs, Xt = turned()
    assert CORAL().fit(Xs, None, Xt).affine() is None
    for adapter in (TCA(kernel="rbf"), MSDA(layers=1)):
        with pytest.raises(ValueError, match="not affine"):
            adapter.fit(Xs, None, Xt).affine()


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
    assert len(exact.landmarks_) == 1200 and len(thin.landmarks_) == 60
    one, two = exact.transform(Xt), thin.transform(Xt)
    for k in range(2):
        assert abs(np.corrcoef(one[:, k], two[:, k])[0, 1]) > 0.9


def test_the_linear_map_carries_one_gaussian_onto_the_other():
    Xs, Xt = turned()
    moved = OptimalTransport("linear", shrink=0.0).fit(Xs, None, Xt).transform(Xs, source=True)
    np.testing.assert_allclose(moved.mean(0), Xt.mean(0), atol=1e-8)
    np.testing.assert_allclose(np.cov(moved.T), np.cov(Xt.T), atol=1e-7)
    # of all such maps, the one whose matrix is symmetric and positive: the gradient of a convex function
    matrix = OptimalTransport("linear", shrink=0.0).fit(Xs, None, Xt)._matrix
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-9)
    assert np.linalg.eigvalsh(matrix).min() > 0


def test_exact_transport_finds_who_is_whose():
    rng = np.random.default_rng(0)
    Xs = rng.normal(size=(40, 2)) * 5
    order = rng.permutation(40)
    Xt = (Xs + 0.1)[order]
    moved = OptimalTransport("emd").fit(Xs, None, Xt).transform(Xs, source=True)
    np.testing.assert_allclose(moved, Xs + 0.1, atol=1e-8)
    new = Xs[:3] + 0.001
    np.testing.assert_allclose(
        OptimalTransport("emd").fit(Xs, None, Xt).transform(new, source=True), new + 0.1, atol=1e-8
    )


@pytest.mark.parametrize("method", ["sinkhorn", "emd", "class_regularised"])
def test_plans_have_the_right_margins_whatever_the_scale(method):
    Xs, Xt = turned(n=60)
    ys = np.arange(60) % 2
    fitted = OptimalTransport(method).fit(Xs, ys, Xt)
    np.testing.assert_allclose(fitted.plan_.sum(1), 1 / 60, rtol=1e-3)
    np.testing.assert_allclose(fitted.plan_.sum(0), 1 / 60, rtol=1e-3)
    large = OptimalTransport(method).fit(1000 * Xs, ys, 1000 * Xt)
    np.testing.assert_allclose(large.plan_, fitted.plan_, atol=1e-5)


def test_class_regularisation_keeps_classes_apart():
    rng = np.random.default_rng(0)
    ys = np.arange(80) % 2
    Xs, Xt = rng.normal(size=(80, 2)) + 0.8 * ys[:, None], rng.normal(size=(60, 2))

    def mixed(method, **options):
        plan = OptimalTransport(method, **options).fit(Xs, ys, Xt).plan_
        shares = np.stack([plan[ys == k].sum(0) for k in (0, 1)])
        return float(np.minimum(*shares).sum())

    assert mixed("class_regularised", class_reg=0.5) < 0.8 * mixed("sinkhorn")


def test_what_transport_cannot_do_is_said(monkeypatch):
    Xs, Xt = turned(n=20)
    with pytest.raises(ValueError, match="it can be sinkhorn, emd"):
        OptimalTransport("best").fit(Xs, None, Xt)
    with pytest.raises(ValueError, match="needs the source's labels"):
        OptimalTransport("class_regularised").fit(Xs, None, Xt)
    monkeypatch.setattr(optimal_transport, "PAIRS", 300)
    with pytest.raises(ValueError, match="Use method='linear', or fewer rows"):
        OptimalTransport().fit(Xs, None, Xt)


def test_without_pot_the_message_says_how_to_get_it(monkeypatch):
    import sys

    from jeoni.errors import MissingExtra

    monkeypatch.setitem(sys.modules, "ot", None)
    Xs, Xt = turned(n=20)
    with pytest.raises(MissingExtra, match=r"pip install 'jeoni\[transport\]'"):
        OptimalTransport().fit(Xs, None, Xt)
    OptimalTransport("linear").fit(Xs, None, Xt)


def test_denoising_is_the_best_of_many_real_deletions():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 4)) + 1
    copies = np.tile(X, (4000, 1))
    deleted = np.concatenate([copies * (rng.random(copies.shape) > 0.4), np.ones((len(copies), 1))], 1)
    wanted = np.linalg.lstsq(deleted, copies, rcond=None)[0].T
    np.testing.assert_allclose(_denoising(X, 0.4), wanted, atol=0.02)


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

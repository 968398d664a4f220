"""Optimal transport: linear maps and plans, against POT and known answers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from jeoni.adaptation import OptimalTransport
from jeoni.adaptation.shallow import optimal_transport


def turned(seed: int = 0, n: int = 300, d: int = 4):
    """A Gaussian, and another one with its own mean and covariance."""
    rng = np.random.default_rng(seed)
    A, B = (np.eye(d) + 0.4 * rng.normal(size=(d, d)) for _ in range(2))
    return rng.normal(size=(n, d)) @ A, rng.normal(size=(n, d)) @ B + 2.0


def test_the_linear_map_carries_one_gaussian_onto_the_other():
    Xs, Xt = turned()
    moved = OptimalTransport("linear", shrink=0.0).fit(Xs, None, Xt).transform(Xs, source=True)
    np.testing.assert_allclose(moved.mean(0), Xt.mean(0), atol=1e-8)
    np.testing.assert_allclose(np.cov(moved.T), np.cov(Xt.T), atol=1e-7)
    # of all such maps, the one whose matrix is symmetric and positive: the gradient of a convex function
    matrix = OptimalTransport("linear", shrink=0.0).fit(Xs, None, Xt)._matrix
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-9)
    assert np.linalg.eigvalsh(matrix).min() > 0


def test_plans_and_maps_equal_those_of_pot(monkeypatch):
    ot = pytest.importorskip("ot")
    Xs, Xt = turned()
    matrix, shift = ot.gaussian.empirical_bures_wasserstein_mapping(Xs, Xt, reg=0)
    moved = OptimalTransport("linear", shrink=0.0).fit(Xs, None, Xt).transform(Xs, source=True)
    np.testing.assert_allclose(moved, Xs @ matrix + shift, atol=1e-10)
    Xs, Xt, ys, a = Xs[:60], Xt[:60], np.arange(60) % 2, np.full(60, 1 / 60)
    cost = ot.dist(Xs, Xt) / ot.dist(Xs, Xt).mean()
    monkeypatch.setattr(optimal_transport, "PRECISION", 1e-9)
    plan = OptimalTransport("sinkhorn", reg=0.05).fit(Xs, None, Xt).plan_
    np.testing.assert_allclose(plan, ot.sinkhorn(a, a, cost, 0.05, stopThr=1e-12, numItermax=5000), atol=1e-10)
    exact = OptimalTransport("emd").fit(Xs, None, Xt).plan_
    assert (exact * cost).sum() == pytest.approx(ot.emd2(a, a, cost), rel=1e-12)
    # POT adds its smallest mass before ours is counted in target rows
    monkeypatch.setattr(optimal_transport, "FLOOR", 1e-3 * 60)
    regular = OptimalTransport("class_regularised", class_reg=0.2).fit(Xs, ys, Xt).plan_
    theirs = ot.da.sinkhorn_lpl1_mm(a, ys, a, cost, 0.05, eta=0.2 / np.sqrt(60), numInnerItermax=5000)
    np.testing.assert_allclose(regular, theirs, atol=1e-8)


def test_a_plan_that_does_not_converge_is_told():
    Xs, Xt = turned(n=60)
    with pytest.warns(ConvergenceWarning, match="off its margins"):
        OptimalTransport("sinkhorn", reg=1e-5).fit(Xs, None, Xt)


def test_the_linear_map_of_fewer_rows_than_columns_stays_finite_in_single_precision():
    rng = np.random.default_rng(0)
    Xs, Xt = (rng.normal(size=(n, 30)).astype(np.float32) for n in (12, 9))
    for shrink in (0.0, 1e-3):
        moved = OptimalTransport("linear", shrink=shrink).fit(Xs, None, Xt).transform(Xs, source=True)
        assert moved.dtype == np.float32 and np.abs(moved).max() < 50
        np.testing.assert_allclose(moved.mean(0), Xt.mean(0), atol=1e-4)


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

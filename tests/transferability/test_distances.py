"""What every distance must keep to, and numbers from independent libraries."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.stats import energy_distance, wasserstein_distance

from jeoni import plugins
from jeoni.transferability.distances.coral_distance import CoralDistance
from jeoni.transferability.distances.energy import Energy
from jeoni.transferability.distances.frechet import Frechet
from jeoni.transferability.distances.mmd import MMD
from jeoni.transferability.distances.proxy_a_distance import ProxyADistance
from jeoni.transferability.distances.sliced_wasserstein import SlicedWasserstein

FOLDER = "jeoni.transferability.distances"
NAMES = plugins.names(FOLDER)


@pytest.fixture(params=NAMES)
def distance(request):
    return plugins.load(FOLDER, request.param)()


def sample(n: int = 90, d: int = 4, seed: int = 0, scale: float = 1.0, place: float = 0.0):
    return np.random.default_rng(seed).normal(place, scale, size=(n, d))


@pytest.fixture(scope="module")
def golden():
    """Two samples whose distances other implementations gave."""
    rs = np.random.RandomState(0)
    f = rs.randn(5, 32)[np.arange(400) % 5] + rs.randn(400, 32)
    assert f.sum() == pytest.approx(1099.3097965644351)
    return f[:200], f[200:] * 1.3 + 0.2


@pytest.mark.parametrize("name", NAMES)
def test_files_describe_themselves(name):
    assert plugins.describe(FOLDER, name)
    cls = plugins.load(FOLDER, name)
    assert plugins.holding(FOLDER, cls.__name__) == name
    assert is_dataclass(cls) and cls.__dataclass_params__.frozen
    assert all(field.name in (cls.__doc__ or "") for field in fields(cls))


def test_a_sample_is_not_far_from_itself(distance):
    X = sample()
    far = distance(X, sample(seed=1, scale=2.0, place=1.0))
    assert abs(distance(X, X)) <= 0.1 * far


def test_it_grows_with_the_shift(distance):
    X, Y = sample(), sample(seed=1)
    values = [distance(X, Y * (1 + by) + by) for by in (0.0, 0.3, 0.8)]
    assert values == sorted(values) and len(set(values)) == 3


def test_either_sample_may_come_first(distance):
    X, Y = sample(), sample(n=70, seed=1, scale=1.5)
    assert distance(X, Y) == pytest.approx(distance(Y, X), rel=1e-9, abs=1e-12)


def test_the_order_of_rows_does_not_matter(distance):
    X, Y = sample(), sample(n=70, seed=1, scale=1.5)
    rng = np.random.default_rng(2)
    assert distance(rng.permutation(X), rng.permutation(Y)) == pytest.approx(distance(X, Y), rel=1e-9, abs=1e-12)


def test_inputs_stay_as_they_are(distance):
    X, Y = sample(), sample(seed=1)
    kept = X.copy(), Y.copy()
    X.setflags(write=False)
    Y.setflags(write=False)
    distance(X, Y)
    np.testing.assert_array_equal(X, kept[0])
    np.testing.assert_array_equal(Y, kept[1])


def test_single_precision_is_enough(distance):
    X, Y = sample(), sample(seed=1, scale=1.5)
    assert distance(X.astype(np.float32), Y.astype(np.float32)) == pytest.approx(distance(X, Y), rel=1e-3)


def test_columns_may_outnumber_rows(distance):
    X, Y = sample(n=12, d=60), sample(n=15, d=60, seed=1, place=1.0)
    assert 0 < distance(X, Y) < np.inf


def test_constant_columns_do_no_harm(distance):
    X, Y = sample(), sample(seed=1)
    X[:, 0] = Y[:, 0] = 3.0
    assert np.isfinite(distance(X, Y))
    assert distance(np.ones((8, 3)), np.ones((9, 3))) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("nan source", "Xs contains NaN"),
        ("nan target", "Xt contains NaN"),
        ("dimensions", "The source has 4 features and the target 3"),
        ("flat", "Expected 2D array"),
        ("one row", "and 1 of the target; two of each are needed"),
    ],
)
def test_bad_input_is_refused_with_a_reason(distance, broken, said):
    X = sample()
    holed = np.where(np.arange(len(X))[:, None] == 3, np.nan, X)
    given = {
        "nan source": (holed, X),
        "nan target": (X, holed),
        "dimensions": (X, X[:, :3]),
        "flat": (X[:, 0], X),
        "one row": (X, X[:1]),
    }[broken]
    with pytest.raises(ValueError, match=said):
        distance(*given)


def test_mmd_equals_the_golden_number(golden):
    assert MMD()(*golden) == pytest.approx(0.01615879, abs=5e-9)
    assert MMD().test(*golden).value == pytest.approx(0.01615879, abs=5e-9)


def test_mmd_equals_the_toy_worked_out_by_hand():
    # exp(-d²): every pair but four is too far to count; cross pairs at d² = 5, 11, 11 and 11, one inside Y at 11
    X = np.arange(1.0, 10).reshape(3, 3)
    Y = np.array([[7.0, 6, 5], [4, 3, 2], [1, 1, 8], [0, 2, 5]])
    pooled = np.concatenate([X, Y])
    squared = ((pooled[:, None] - pooled) ** 2).sum(2)
    middle = np.sqrt(np.median(squared[np.triu_indices(7, 1)]))
    found = MMD(widths=(np.sqrt(0.5) / middle,))(X, Y)
    cross = [np.exp(-float(((x - y) ** 2).sum())) for x in X for y in Y]
    assert found == pytest.approx(2 * np.exp(-11) / 12 - 2 * np.mean(cross), abs=1e-10)
    assert found + 1 / 3 + 1 / 4 == pytest.approx(0.5822, abs=5e-5)  # the published, biased one counts the diagonals


def test_mmd_is_right_about_chance():
    """Without a shift, p-values are uniform: one in ten is below a tenth."""
    test = MMD(permutations=99).test
    ps = np.array([test(sample(30, 3, seed=k), sample(40, 3, seed=500 + k)).p for k in range(200)])
    assert 0.05 <= (ps <= 0.1).mean() <= 0.16  # 0.1 ± 0.021
    assert 0.4 <= ps.mean() <= 0.6


def test_mmd_test_sees_a_shift_of_place_or_of_shape():
    assert MMD().test(sample(), sample(seed=1, place=0.7)).p == 1 / 501
    rng = np.random.default_rng(0)
    round_, square = rng.normal(size=(600, 1)), rng.choice([-1.0, 1.0], size=(600, 1)) + rng.normal(0, 0.1, (600, 1))
    assert MMD(widths=(0.25,)).test(round_, square).p <= 0.01


def test_mmd_test_does_not_depend_on_order_or_on_who_is_the_source():
    X, Y = sample(60), sample(45, seed=1, place=0.15)
    rng = np.random.default_rng(3)
    here = MMD().test(X, Y).p
    assert 0.002 < here < 0.9
    assert MMD().test(Y, X).p == here
    assert MMD().test(rng.permutation(X), rng.permutation(Y)).p == here


@pytest.mark.parametrize("cls", [MMD, ProxyADistance, Energy])
def test_many_rows_are_thinned_without_bias(cls):
    X, Y = sample(1000, 2), sample(1000, 2, seed=1, place=0.5)
    few = [cls(most=300, seed=k)(X, Y) for k in range(2)]
    assert np.mean(few) == pytest.approx(cls()(X, Y), rel=0.25)
    rng = np.random.default_rng(4)
    assert cls(most=300)(rng.permutation(X), rng.permutation(Y)) == pytest.approx(few[0], rel=1e-9)


def test_frechet_equals_the_golden_number_and_the_matrix_root(golden):
    assert Frechet()(*golden) == pytest.approx(12.21603596, abs=5e-9)
    A, B = (X[:25] for X in golden)  # fewer rows than columns
    S, T = np.cov(A.T), np.cov(B.T)
    root = sqrtm(S + 1e-12 * np.eye(32)).real
    whole = sqrtm(root @ T @ root + 1e-12 * np.eye(32)).real
    known = ((A.mean(0) - B.mean(0)) ** 2).sum() + np.trace(S + T - 2 * whole)
    assert Frechet()(A, B) == pytest.approx(known, rel=1e-4)


def test_coral_distance_equals_the_golden_number_and_does_not_see_means(golden):
    A, B = golden
    assert CoralDistance()(A, B) == pytest.approx(5.3677906517e-02, abs=1e-12)
    assert CoralDistance()(A, A + 5) == pytest.approx(0, abs=1e-20)


def test_energy_and_sliced_wasserstein_equal_scipy_on_a_line():
    X, Y = sample(50, 1), sample(33, 1, seed=1, scale=2.0)
    assert Energy()(X, Y) == pytest.approx(energy_distance(X[:, 0], Y[:, 0]) ** 2, rel=1e-10)
    assert SlicedWasserstein(power=1)(X, Y) == pytest.approx(wasserstein_distance(X[:, 0], Y[:, 0]), rel=1e-10)


def test_sliced_wasserstein_equals_pot(golden):
    A, B = golden  # POT 0.9.7.post1, with the directions of seed 0
    assert SlicedWasserstein()(A, B) == pytest.approx(0.5437579434515483, rel=1e-10)
    assert SlicedWasserstein()(A[:150], B) == pytest.approx(0.5579763594659903, rel=1e-10)
    assert SlicedWasserstein(power=1)(A[:150], B) == pytest.approx(0.4293946905402517, rel=1e-10)


def test_proxy_a_distance_comes_near_the_best_linear_error():
    # two Gaussians two standard deviations apart: the best error is Phi(-1) = 0.1587
    X, Y = sample(2000, 2), sample(2000, 2, seed=1)
    assert ProxyADistance()(X, Y + np.array([2, 0])) == pytest.approx(2 * (1 - 2 * 0.1587), abs=0.05)


def test_proxy_a_distance_counts_both_domains_alike_and_is_not_too_good():
    assert ProxyADistance()(sample(300, 2), sample(30, 2, seed=1, place=3.0)) > 1.8
    many = [ProxyADistance()(sample(25, 40, seed=k), sample(25, 40, seed=100 + k)) for k in range(3)]
    assert np.mean(many) < 0.4


def test_proxy_a_distance_needs_a_few_rows():
    with pytest.raises(ValueError, match="One sample has 3 rows"):
        ProxyADistance()(sample(3), sample(9))

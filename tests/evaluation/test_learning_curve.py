"""Curves that are of a form are found again; bounds hold; the promise is as wide as what is not known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

from jeoni.errors import ConfigError
from jeoni.evaluation.learning_curve import DECAYS, LearningCurve, fit_curves

N = np.array([50.0, 100.0, 200.0, 300.0, 400.0])


def noisy(scores, error, resamples=300, seed=0):
    return scores + np.random.default_rng(seed).normal(0, error, (resamples, len(scores)))


def curve(scores, error=1e-4, labels=400, best=1.0):
    return LearningCurve.fit(N, noisy(scores, error), labels, best)


@pytest.mark.parametrize("decay", [DECAYS[5], DECAYS[10]])
def test_a_pow4_curve_is_found_again(decay):
    scores = 0.9 - 0.2 * (N / 400 + 0.1) ** -decay
    found = fit_curves("pow4", N, scores[None], np.ones(5), 1.0)
    assert found.error[0] < 1e-12
    np.testing.assert_allclose(found.at(np.array([800.0]))[0], 0.9 - 0.2 * 2.1**-decay, atol=1e-6)


def test_an_mmf4_curve_is_found_again_as_its_authors_write_it():
    a, b, c, d = 0.5, 3.0, 0.9, float(DECAYS[9])
    scores = (a * b + c * (N / 400) ** d) / (b + (N / 400) ** d)
    found = fit_curves("mmf4", N, scores[None], np.ones(5), 1.0)
    expected = (a * b + c * 2**d) / (b + 2**d)
    assert found.at(np.array([800.0]))[0, 0] == pytest.approx(expected, abs=2e-3)


def test_the_grid_is_as_good_as_a_free_search():
    rng = np.random.default_rng(1)
    scores = 0.85 - 0.3 * (N + 40) ** -0.4 + rng.normal(0, 0.004, 5)

    def off(p):
        return p[0] - p[1] * (N / 400 + p[3]) ** -p[2] - scores

    starts = [(0.9, 0.1, c, 0.1) for c in (0.2, 0.5, 1.0)]
    bounds = ([-9, 0, 0.1, 0], [1, 9, 1.5, 3])
    free = min(float(np.mean(least_squares(off, s, bounds=bounds).fun ** 2)) for s in starts)
    assert fit_curves("pow4", N, scores[None], np.ones(5), 1.0).error[0] <= 1.05 * free


def test_a_curve_never_falls_and_is_never_better_than_perfect():
    falling = fit_curves("pow4", N, np.linspace(0.9, 0.7, 5)[None], np.ones(5), 1.0)
    assert falling.drop[0] == 0 and falling.limit[0] == pytest.approx(0.8)
    steep = np.array([0.5, 0.7, 0.85, 0.95, 0.995])
    for form in ("pow4", "mmf4"):
        found = fit_curves(form, N, steep[None], np.ones(5), 1.0)
        assert found.limit[0] <= 1 and found.at(np.array([1600.0]))[0, 0] <= 1


def test_many_curves_at_once_are_what_each_alone_is():
    some = noisy(0.9 - 0.1 * (N / 400) ** -0.5, 0.01, 5)
    together = fit_curves("mmf4", N, some, np.ones(5), 1.0).at(np.array([800.0]))[:, 0]
    alone = [fit_curves("mmf4", N, one[None], np.ones(5), 1.0).at(np.array([800.0]))[0, 0] for one in some]
    np.testing.assert_allclose(together, alone)


def test_a_curve_that_rises_promises_what_its_form_says():
    found = curve(0.9 - 0.1 * (N / 400) ** -DECAYS[8]).promise()
    assert found.outcome == "helps" and found.gain.low < found.gain.value < found.gain.high
    assert found.gain.low <= 0.1 - 0.1 * 2 ** -DECAYS[8] <= found.gain.high
    assert found.score.value == pytest.approx(0.8 + found.gain.value, abs=5e-3)


def test_a_flat_curve_promises_little():
    assert curve(np.full(5, 0.9)).promise().outcome == "little"


def test_a_noisy_curve_promises_nothing_that_can_be_told():
    found = curve(np.array([0.70, 0.72, 0.71, 0.735, 0.73]), error=0.02).promise()
    assert found.outcome == "cannot tell" and found.gain.high > 0.01


def test_what_is_told_is_the_mean_over_the_fits_of_both_forms():
    found = curve(0.9 - 0.1 * (N / 400) ** -0.5, error=0.01)
    ends = np.array([400.0, 800.0])
    each = [np.diff(fit.at(ends), axis=1)[:, 0].mean() for fit in found.fits]
    assert found.promise().gain.value == pytest.approx(np.mean(each)) and each[0] != each[1]


def test_further_off_less_is_known():
    made = curve(0.9 - 0.1 * (N / 400) ** -0.5, error=0.004)
    two, four = (made.promise(factor).gain for factor in (2.0, 4.0))
    assert four.value > two.value and four.high - four.low > two.high - two.low


def test_errors_of_a_regression_have_zero_as_their_best():
    found = LearningCurve.fit(N, noisy(-1 / N, 1e-5), 400, 0.0)
    assert max(score.high for score in found.at(np.array([800.0, 1600.0]))) <= 0


@pytest.mark.parametrize("factor", [1.0, 4.5, float("nan")])
def test_a_factor_beyond_the_horizon_is_refused(factor):
    with pytest.raises(ConfigError, match=r"factor is .*; it must be above 1 and at most 4: no curve tells"):
        curve(np.full(5, 0.9)).promise(factor)


def test_an_unknown_form_and_too_few_points_are_refused():
    with pytest.raises(ConfigError, match=r"form is 'exp'; it can be pow4 or mmf4\."):
        fit_curves("exp", N, np.ones((1, 5)), np.ones(5), 1.0)
    with pytest.raises(ConfigError, match=r"A curve has 3 points; 4 are needed to fit one\. Take more budgets\."):
        fit_curves("pow4", N[:3], np.ones((1, 3)), np.ones(3), 1.0)

"""Learning curves and what they promise: POW4 and MMF4, fitted within bounds, told no further than a limited horizon.

POW4 is ``a - b (n + d)^-c``, MMF4 (Morgan, Mercer & Flodin 1975) ``(a b + c n^d) / (b + n^d)``: the two that
extrapolated best on 265 tasks (Viering, Loog et al., TU Delft 2025; LCDB 1.1). A power law without an offset promises
too much: Mahmood et al. (2023, arXiv:2303.01598) found twelvefold overestimates of the data needed.

Both have the form ``limit - drop · shape(n)`` where the shape falls from 1 or less to 0 and has two parameters. So for
each pair of these on a grid, limit and drop follow in closed form: there are no local minima, and every resample of the
scores is fitted at once. Bounds: a curve never falls (``drop >= 0``), and its limit is no better than perfect.

Ours differs from the papers in the grid in the place of a search, and in what is told: items and draws are resampled,
each resample is fitted by both forms, and value and interval are of all these fits, so that they tell what the form
itself leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.errors import ConfigError
from jeoni.evaluation.intervals import bootstrap_interval
from jeoni.types import Array, FloatArray, Interval

__all__ = ["FORMS", "FURTHEST", "GRIDS", "SMALL", "CurveFit", "LearningCurve", "Promise", "fit_curves"]

FURTHEST = 4.0  # times the labels that there are: beyond that no curve tells anything
FEWEST_POINTS = 4
SMALL = 0.01  # of a share: a point
DECAYS = np.geomspace(0.1, 1.5, 18)  # a steeper curve would end where the data do: a form that fits any last point
OFFSETS = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0)  # of POW4, in units of the largest number of labels
MIDDLES = np.geomspace(0.003, 10.0, 24)  # of MMF4, where half of the drop is made up, in the same units


@dataclass(frozen=True)
class CurveFit:
    """One form, fitted to several curves at once.

    Attributes:
        form: ``pow4`` or ``mmf4``.
        limit: ``(B,)`` the score with endless labels.
        drop: ``(B,)`` what is taken from it where the shape is 1.
        shape: ``(B, 2)`` decay, and offset (POW4) or middle (MMF4), the latter in units of :attr:`unit` labels.
        unit: the number of labels that is 1 within the shape.
        error: ``(B,)`` the weighted mean squared error.
    """

    form: str
    limit: FloatArray
    drop: FloatArray
    shape: FloatArray
    unit: float
    error: FloatArray

    def at(self, n: Array) -> FloatArray:
        """``(B, m)`` scores at ``(m,)`` numbers of labels."""
        values = np.asarray(n, dtype=np.float64)[None] / self.unit
        falls = SHAPES[self.form](values, self.shape[:, :1], self.shape[:, 1:])
        found: FloatArray = self.limit[:, None] - self.drop[:, None] * falls
        return found


def _pow4(n: FloatArray, decay: FloatArray, offset: FloatArray) -> FloatArray:
    """``(n + d)^-c``."""
    found: FloatArray = (n + offset) ** -decay
    return found


def _mmf4(n: FloatArray, decay: FloatArray, middle: FloatArray) -> FloatArray:
    """``b / (b + n^d)`` with ``b`` written as the middle to the power of ``d``."""
    found: FloatArray = 1 / (1 + (n / middle) ** decay)
    return found


SHAPES = {"pow4": _pow4, "mmf4": _mmf4}
GRIDS = {
    "pow4": np.array([(decay, offset) for decay in DECAYS for offset in OFFSETS]),
    "mmf4": np.array([(decay, middle) for decay in DECAYS for middle in MIDDLES]),
}
FORMS = tuple(SHAPES)


def fit_curves(
    form: str, n: Array, scores: FloatArray, weights: FloatArray, best: float, grid: FloatArray | None = None
) -> CurveFit:
    """Fit one form to several curves over the same numbers of labels.

    Args:
        form: ``pow4`` or ``mmf4``.
        n: ``(k,)`` numbers of labels, rising.
        scores: ``(B, k)``, higher is better.
        weights: ``(k,)`` what each point counts.
        best: the score of a perfect model, which no limit exceeds.
        grid: ``(m, 2)`` shapes to choose from; None: those of the form.

    Raises:
        ConfigError: an unknown form, or fewer points than a form has parameters.
    """
    if form not in SHAPES:
        raise ConfigError(f"form is {form!r}; it can be {' or '.join(FORMS)}.")
    if len(n) < FEWEST_POINTS:
        raise ConfigError(f"A curve has {len(n)} points; {FEWEST_POINTS} are needed to fit one. Take more budgets.")
    shapes = GRIDS[form] if grid is None else grid
    unit = float(np.max(n))
    falls = SHAPES[form](np.asarray(n, dtype=np.float64)[None] / unit, shapes[:, :1], shapes[:, 1:])
    limit, drop = _closed_form(falls, scores, weights / weights.sum(), best)
    errors = _errors(falls, scores, weights / weights.sum(), limit, drop)
    chosen = errors.argmin(1)
    rows = np.arange(len(scores))
    return CurveFit(form, limit[rows, chosen], drop[rows, chosen], shapes[chosen], unit, errors[rows, chosen])


def _closed_form(
    falls: FloatArray, scores: FloatArray, weights: FloatArray, best: float
) -> tuple[FloatArray, FloatArray]:
    """Limits and drops ``(B, m)`` of weighted least squares for ``(m, k)`` shapes and ``(B, k)`` scores, in bounds."""
    mean_fall, mean_score = falls @ weights, scores @ weights
    centred = falls - mean_fall[:, None]
    spread = (centred**2) @ weights
    slope = -(scores * weights) @ centred.T / np.maximum(spread, 1e-300)
    drop = np.maximum(slope, 0.0)
    limit = mean_score[:, None] + drop * mean_fall
    beyond = limit > best
    held = ((best - scores) * weights) @ falls.T / np.maximum((falls**2) @ weights, 1e-300)
    return np.where(beyond, best, limit), np.where(beyond, np.maximum(held, 0.0), drop)


def _errors(
    falls: FloatArray, scores: FloatArray, weights: FloatArray, limit: FloatArray, drop: FloatArray
) -> FloatArray:
    """``(B, m)`` weighted mean squared errors."""
    found = np.zeros(limit.shape)
    for k, weight in enumerate(weights):
        found += weight * (limit - drop * falls[:, k] - scores[:, k : k + 1]) ** 2
    return found


@dataclass(frozen=True)
class Promise:
    """What more labels would add.

    Attributes:
        labels: that there are.
        factor: times as many there would be.
        gain: what that would add to the score, with its 95 % interval.
        score: what would be reached.
        small: a gain below is not worth the labels.
    """

    labels: int
    factor: float
    gain: Interval
    score: Interval
    small: float = SMALL

    @property
    def outcome(self) -> str:
        """``little``: less than :attr:`small`, by the whole interval; ``helps``: something for certain; else
        ``cannot tell``.

        A curve cannot fall, so that noise alone gives a gain above zero: a tenth of :attr:`small` is not counted.
        """
        if self.gain.high < self.small:
            return "little"
        return "helps" if self.gain.low > self.small / 10 else "cannot tell"


@dataclass(frozen=True)
class LearningCurve:
    """Both forms, fitted to the mean scores of resampled items and draws.

    The value that is told is the mean over these fits (bagging, Breiman 1996): a single fit of four parameters to five
    points is further off.

    Attributes:
        labels: that there are.
        fits: of the resamples, one of each form.
    """

    labels: int
    fits: tuple[CurveFit, ...]

    @classmethod
    def fit(cls, n: Array, resampled: FloatArray, labels: int, best: float) -> LearningCurve:
        """Fit both forms; points count by the inverse of their variance.

        Args:
            n: ``(k,)`` numbers of labels that were tried, rising.
            resampled: ``(B, k)`` the mean score at each, of resampled items and draws; higher is better.
            labels: that there are.
            best: the score of a perfect model.

        Raises:
            ConfigError: too few points.
        """
        spread = resampled.var(0)
        weights = 1 / np.maximum(spread, max(1e-12, 1e-3 * float(spread.max())))
        return cls(labels, tuple(fit_curves(form, n, resampled, weights, best) for form in FORMS))

    def _scores(self, n: Array) -> FloatArray:
        """``(B, m)`` of all fits."""
        return np.concatenate([fit.at(n) for fit in self.fits])

    def at(self, n: Array) -> list[Interval]:
        """The score at ``(m,)`` numbers of labels, with an interval that holds both forms."""
        return [bootstrap_interval(float(scores.mean()), scores) for scores in self._scores(n).T]

    def promise(self, factor: float = 2.0, small: float = SMALL) -> Promise:
        """What ``factor`` times the labels would add.

        Raises:
            ConfigError: a factor that is not above 1, or beyond :data:`FURTHEST`.
        """
        if not 1 < factor <= FURTHEST:
            raise ConfigError(
                f"factor is {factor:g}; it must be above 1 and at most {FURTHEST:g}: no curve tells what lies beyond."
            )
        ends = np.array([self.labels, factor * self.labels])
        gains = np.diff(self._scores(ends), axis=1)[:, 0]
        gain = bootstrap_interval(float(gains.mean()), gains)
        return Promise(self.labels, factor, gain, self.at(ends)[1], small)

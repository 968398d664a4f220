"""Did transfer help, hurt, or can these data not tell? One paired comparison, and several of them.

Wang, Dai, Póczos & Carbonell CVPR 2019 (arXiv:1811.09751): transfer is negative where it errs more than the same
algorithm without it. McNemar 1947; Nadeau & Bengio 2003 for splits that overlap; Holm 1979 for several comparisons;
Owen 2007 (pigeonhole bootstrap) for an interval over test items and training draws together. Ours asks for two
witnesses: the interval leaves out zero, and the corrected p-value is below 5 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from jeoni.errors import ConfigError
from jeoni.evaluation.amounts import amount_of
from jeoni.evaluation.intervals import bootstrap_interval
from jeoni.evaluation.measures import ACCURACY, BALANCED_ACCURACY, Measure
from jeoni.locale import Said
from jeoni.types import Array, FloatArray, IntArray, Interval

__all__ = [
    "Verdict",
    "class_weights",
    "compare_pairs",
    "correct",
    "corrected_t",
    "doubts",
    "holm",
    "mcnemar",
    "pigeonhole",
    "sign_flips",
    "smallest_visible",
    "undecided",
    "unequal",
    "visible_by",
    "words",
]

UNEQUAL = 1.5  # the largest class over the smallest, above which the two part
LEVEL = 0.05
POWER = 0.8
RESAMPLES = 2000
FLIPS = 20_000
MOST_SIZES = 5000


@dataclass(frozen=True)
class Verdict:
    """The outcome of one comparison.

    Attributes:
        outcome: ``helped``, ``hurt`` or ``cannot tell``.
        difference: the mean score of ours minus that of the control with its 95 % interval; above 0 ours is better.
        p: of no difference, corrected for several comparisons where there are any: McNemar's exact test for one
            training draw (with weights, the sign-flip test, which is McNemar's where all weights are equal), Nadeau
            and Bengio's corrected t-test for several.
        mcnemar_p: McNemar's exact test over items, each counted once.
        visible: the smallest true difference that these data would have shown in four of five attempts.
        n: different test items.
        draws: training draws.
        measure: what the scores are.
        reason: why it cannot be told whatever the numbers are, such as a control that learned nothing; else empty.
    """

    outcome: str
    difference: Interval
    p: float
    mcnemar_p: float
    visible: float
    n: int
    draws: int
    measure: Measure = ACCURACY
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For ``verdict.json``."""
        return {**asdict(self), "measure": self.measure.id}


def mcnemar(only_a: int, only_b: int) -> float:
    """Exact two-sided p-value of as many discordant pairs.

    Args:
        only_a: items that only a has right.
        only_b: items that only b has right.

    Example:
        >>> round(mcnemar(1, 9), 4)
        0.0215
    """
    discordant = only_a + only_b
    if discordant == 0:
        return 1.0
    return float(min(1.0, 2 * stats.binom.cdf(min(only_a, only_b), discordant, 0.5)))


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """p-values corrected for there being several (Holm 1979), by the same names.

    Example:
        >>> holm({"a": 0.01, "b": 0.04})
        {'a': 0.02, 'b': 0.04}
    """
    found: dict[str, float] = {}
    largest = 0.0
    for rank, name in enumerate(sorted(p, key=lambda k: p[k])):
        largest = max(largest, min(1.0, (len(p) - rank) * p[name]))
        found[name] = largest
    return {name: found[name] for name in p}


def smallest_visible(discordant: float, n: int) -> float:
    """The difference in accuracy that ``n`` items show with 80 % power at 5 %.

    Args:
        discordant: the share of items that one of the two has right and the other wrong.
        n: test items.

    Example:
        >>> round(smallest_visible(0.1, 314), 3)
        0.05
    """
    return float(min(1.0, _reach() * np.sqrt(max(discordant, 1 / n) / n)))


def compare_pairs(
    scores_a: Array,
    scores_b: Array,
    items: IntArray,
    draws: IntArray,
    *,
    overlap: float = 0.0,
    seed: int = 0,
    weights: FloatArray | None = None,
    measure: Measure | None = None,
) -> Verdict:
    """Ours (a) against a control (b): every entry is one test item, predicted by both from the same training draw.

    Args:
        scores_a: ``(m,)`` of a, higher is better; of a classification, whether it was right.
        scores_b: the same of b.
        items: ``(m,)`` which test item it was; items that are not independent share a number.
        draws: ``(m,)`` the training draw it was predicted from.
        overlap: test items per training item, n_test / n_train, where draws share training examples; else 0.
        seed: of the bootstrap.
        weights: ``(m,)`` of each entry, by which the classes count alike (:func:`class_weights`): the difference is
            then one of balanced accuracy. None: all entries count alike.
        measure: what the scores are; left out, accuracy, or with weights balanced accuracy.

    Raises:
        ConfigError: lengths that differ, or nothing to compare.

    Example:
        >>> a, b = np.ones(40, dtype=bool), np.arange(40) >= 10
        >>> compare_pairs(a, b, np.arange(40), np.zeros(40, dtype=int)).outcome
        'helped'
    """
    lengths = {len(scores_a), len(scores_b), len(items), len(draws)}
    if len(lengths) > 1 or not len(scores_a):
        raise ConfigError(f"The parts of a comparison have lengths {sorted(lengths)}; one length above 0 is needed.")
    gain = np.asarray(scores_a, dtype=float) - np.asarray(scores_b, dtype=float)
    weight = np.ones(len(gain)) if weights is None else np.asarray(weights, dtype=float)
    interval = pigeonhole(gain, items, draws, seed, weights)
    _, item = np.unique(items, return_inverse=True)
    by_item = np.bincount(item, weights=gain)
    exact = mcnemar(int((by_item > 0).sum()), int((by_item < 0).sum()))
    _, draw = np.unique(draws, return_inverse=True)
    by_draw = np.bincount(draw, weights=gain * weight) / np.bincount(draw, weights=weight)
    decided = bool(np.isin(gain, (-1, 0, 1)).all())  # right or wrong: McNemar's test is exact
    one = exact if weights is None and decided else sign_flips(np.bincount(item, weights=gain * weight), seed)
    # two or three draws may by luck be alike; that of the items is the least error there can be
    least = np.bincount(item, weights=gain * weight / weight.sum()).std() * np.sqrt(len(by_item))
    p = one if len(by_draw) == 1 else corrected_t(by_draw, overlap, float(least))
    n = len(by_item)
    visible = visible_by(interval)
    if decided:
        visible = max(smallest_visible(float(np.average(gain != 0, weights=weight)), n), visible)
    measure = measure or (ACCURACY if weights is None else BALANCED_ACCURACY)
    visible = min(1.0, visible) if measure.is_share else visible
    return _decided(Verdict("", interval, p, exact, visible, n, len(by_draw), measure))


def correct(verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """Several comparisons, their p-values corrected by Holm's method, each decided anew."""
    p = holm({name: v.p for name, v in verdicts.items()})
    return {name: _decided(replace(v, p=p[name])) for name, v in verdicts.items()}


def undecided(verdict: Verdict, reason: str) -> Verdict:
    """The same numbers, of which nothing follows for a reason that lies outside them."""
    return replace(verdict, outcome="cannot tell", reason=reason)


def class_weights(labels: IntArray) -> FloatArray:
    """``(m,)``: what an entry of each class counts where all classes shall count alike; 1 on average.

    Example:
        >>> class_weights(np.array([0, 0, 0, 1])).round(2).tolist()
        [0.67, 0.67, 0.67, 2.0]
    """
    _, own, counts = np.unique(labels, return_inverse=True, return_counts=True)
    weights: FloatArray = (len(labels) / (len(counts) * counts))[own]
    return weights


def unequal(labels: IntArray) -> bool:
    """Whether classes are so unequal in number that accuracy and balanced accuracy say different things.

    Example:
        >>> unequal(np.array([0, 0, 1])), unequal(np.array([0, 1]))
        (True, False)
    """
    counts = np.bincount(labels)
    return bool(counts.max() > UNEQUAL * counts[counts > 0].min())


def sign_flips(gains: Array, seed: int = 0) -> float:
    """Two-sided p-value of ``gains (n,)`` by item having no direction: how often a sum with random signs is as far off.

    Edgington & Onghena 2007; with gains of one size this is McNemar's test, up to the luck of 20,000 draws.
    """
    some = gains[gains != 0]
    if not len(some):
        return 1.0
    # the sum of g signs of one size is 2 Binomial(g, 1/2) - g: sizes are few, one per class and number of draws
    sizes, counts = np.unique(np.abs(some).round(12), return_counts=True)
    if len(sizes) > MOST_SIZES:  # a sum of so many different ones is normal
        return float(max(2 * stats.norm.sf(abs(float(some.sum())) / np.sqrt((some**2).sum())), 1 / (FLIPS + 1)))
    rng = np.random.default_rng(seed)
    sums = sum(size * (2.0 * rng.binomial(g, 0.5, FLIPS) - g) for size, g in zip(sizes, counts, strict=True))
    far = np.abs(sums) >= abs(float(some.sum())) - 1e-9
    return float((far.sum() + 1) / (FLIPS + 1))


def pigeonhole(
    values: Array,
    items: IntArray,
    draws: IntArray,
    seed: int = 0,
    weights: FloatArray | None = None,
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> Interval:
    """The mean of ``values (m,)`` with its 95 % interval, over resampled items and resampled draws together.

    Args:
        values: one per entry.
        items: ``(m,)`` which item each entry is about.
        draws: ``(m,)`` the training draw it comes from.
        seed: of the bootstrap.
        weights: ``(m,)`` of each entry in the mean; None: all count alike.
        limits: the least and the largest mean that there can be.
    """
    rng = np.random.default_rng(seed)
    _, item = np.unique(items, return_inverse=True)
    _, draw = np.unique(draws, return_inverse=True)
    n, count = int(item.max()) + 1, int(draw.max()) + 1
    values = np.asarray(values, dtype=float)
    weight = np.ones(len(values)) if weights is None else weights
    mean = float(np.average(values, weights=weight))
    sums, sizes = np.zeros((n, count)), np.zeros((n, count))
    np.add.at(sums, (item, draw), values * weight)
    np.add.at(sizes, (item, draw), weight)
    means: list[FloatArray] = []
    chunk = max(1, min(RESAMPLES, 4_000_000 // n))
    for start in range(0, RESAMPLES, chunk):
        size = min(chunk, RESAMPLES - start)
        by_item, by_draw = _counts(n, size, rng), _counts(count, size, rng)
        total = (by_item @ sizes * by_draw).sum(1)
        # where items belong to one draw each, a resample may by chance hold none; it says nothing
        here = (by_item @ sums * by_draw).sum(1)
        means.append(np.where(total > 0, here / np.where(total > 0, total, 1), mean))
    return bootstrap_interval(mean, np.concatenate(means), n, 1 - LEVEL, limits)


def _counts(n: int, size: int, rng: np.random.Generator) -> FloatArray:
    """``(size, n)``: how often each of ``n`` is drawn in ``n`` draws with replacement."""
    drawn = rng.integers(0, n, (size, n)) + n * np.arange(size)[:, None]
    return np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(float)


def _decided(verdict: Verdict) -> Verdict:
    """With the outcome that its interval and its p-value warrant."""
    d, outcome = verdict.difference, "cannot tell"
    if verdict.p < LEVEL and d.low > 0:
        outcome = "helped"
    if verdict.p < LEVEL and d.high < 0:
        outcome = "hurt"
    return replace(verdict, outcome=outcome)


def visible_by(interval: Interval) -> float:
    """The smallest true difference that such an interval would have shown in four of five attempts.

    Example:
        >>> round(visible_by(Interval(0.0, -0.0196, 0.0196)), 4)
        0.028
    """
    error = (interval.high - interval.low) / (2 * stats.norm.ppf(1 - LEVEL / 2))
    return float(_reach() * error)


def _reach() -> float:
    """Standard errors by which a true difference must exceed zero to be seen with the wanted power."""
    return float(stats.norm.ppf(1 - LEVEL / 2) + stats.norm.ppf(POWER))


def corrected_t(gains: FloatArray, overlap: float, least: float) -> float:
    """Nadeau and Bengio's corrected resampled t-test over draws, two-sided; an error below ``least`` is luck."""
    error = max(float(gains.std(ddof=1)) * np.sqrt(1 / len(gains) + overlap), least)
    if error == 0:
        return 1.0 if gains.mean() == 0 else 0.0
    return float(2 * stats.t.sf(abs(gains.mean()) / error, len(gains) - 1))


def words(verdict: Verdict, what: str, control: str) -> Said:
    """The verdict in a sentence.

    Args:
        verdict: to be told.
        what: ours, for example ``finetune``.
        control: what it was compared with, for example ``scratch``.

    Example:
        >>> said = Verdict("helped", Interval(0.061, 0.039, 0.082), 0.001, 0.001, 0.03, 525, 5)
        >>> words(said, "probe", "scratch")
        'Transfer helped: probe is 6.1 points more accurate than scratch (3.9 to 8.2).'
    """
    who = {"what": what, "control": control}
    if verdict.reason:
        return Said("verdict.unclear_alone", **who)
    if verdict.outcome == "cannot tell":
        return Said("verdict.unclear", **who, amount=_measured(verdict))
    measure, better = verdict.measure, verdict.outcome == "helped"
    gain = verdict.difference if better else _turned(verdict.difference)
    value, low, high, unit = measure.written(gain)
    if measure.is_share:
        way = "" if measure.id == ACCURACY.id else "_by"
    else:
        value, way = f"{value}{unit}", "_higher" if better == measure.higher_is_better else "_lower"
    named = {"measure": measure.title, "value": value, "low": low, "high": high}
    return Said(f"verdict.{verdict.outcome}{way}", **who, **named)


def doubts(verdict: Verdict) -> list[Said]:
    """The sentences beside a verdict that cannot be told: why, or how large a difference could have been seen."""
    if verdict.reason:
        return [Said("verdict.reason", reason=verdict.reason), Said("verdict.measured", amount=_measured(verdict))]
    if verdict.outcome != "cannot tell":
        return []
    n = f"{verdict.n:,}"
    if verdict.measure.is_share:
        return [Said("verdict.visible_points", n=n, visible=f"{100 * verdict.visible:.1f}")]
    unit = f" {verdict.measure.unit}" if verdict.measure.unit else ""
    return [Said("verdict.visible", n=n, visible=f"{verdict.visible:.2g}{unit}")]


def _measured(verdict: Verdict) -> Said:
    """The difference in the measure itself, of which higher may be worse."""
    measure = verdict.measure
    return amount_of(measure.of(verdict.difference), measure.title, measure.unit, signed=True)


def _turned(interval: Interval) -> Interval:
    return Interval(-interval.value, -interval.high, -interval.low)

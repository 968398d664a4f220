"""Scores and differences as parts of a sentence: value, interval, unit."""

from __future__ import annotations

import math

from jeoni.evaluation.intervals import FEW_UNITS, units_of
from jeoni.locale import Said
from jeoni.types import IntArray, Interval

__all__ = ["amount_of", "in_sentence", "said_of_few_groups", "said_score"]

SHARE = "%"


def amount_of(change: Interval, title: str, unit: str, *, signed: bool = False, named: bool = True) -> Said:
    """A difference of two scores with its interval.

    Args:
        change: the difference.
        title: of the measure; that of accuracy goes without saying.
        unit: of the measure; ``%`` is a share, of which differences are points.
        signed: with a plus where it is one.
        named: say the measure.

    Example:
        >>> amount_of(Interval(0.098, 0.071, 0.124), "Accuracy", "%")
        '9.8 points (7.1 to 12.4)'
    """
    if math.isnan(change.low) or math.isnan(change.high):
        return Said("amount.no_interval")
    sign = "+" if signed else ""
    if unit == SHARE:
        value, low, high = change.points()
        kind, written = "points", {"value": f"{value:{sign}.1f}", "low": f"{low:.1f}", "high": f"{high:.1f}"}
    else:
        kind, written = "number", {"low": _number(change.low), "high": _number(change.high)}
        written["value"] = _number(change.value, sign)
    if kind == "number" and unit:
        kind, written["unit"] = "unit", unit
    if named and title.lower() != "accuracy":
        return Said(f"amount.{kind}_of", **written, measure=in_sentence(title))
    return Said(f"amount.{kind}", **written)


def said_score(score: Interval, title: str, unit: str, *, in_target: bool = False) -> Said:
    """How good it is, in the sentence that leads.

    Args:
        score: in the measure's own unit, a share where that is ``%``.
        title: of the measure.
        unit: of the measure.
        in_target: of an adaptation, whose accuracy is that in the target domain.

    Example:
        >>> said_score(Interval(0.836, 0.801, 0.869), "Accuracy", "%")
        '83.6 % correct (80.1 to 86.9).'
        >>> said_score(Interval(0.24, 0.22, 0.26), "Mean absolute error", "mm")
        'Mean absolute error 0.24 mm (0.22 to 0.26).'
        >>> said_score(Interval(0.722, math.nan, math.nan), "Accuracy", "%")
        '72.2 % correct. There is no interval: all that was tested is of one group.'
    """
    if unit == SHARE:
        value, low, high = (f"{part:.1f}" for part in score.points())
        kind = "percent" if title.lower() != "accuracy" else "correct_in_target" if in_target else "correct"
    else:
        value, low, high = (_number(part) for part in (score.value, score.low, score.high))
        kind = "unit" if unit else "number"
    what = {} if kind.startswith("correct") else {"measure": title}
    what |= {"unit": unit} if kind == "unit" else {}
    if math.isnan(score.low) or math.isnan(score.high):
        return Said("score.of_one_group", score=Said(f"score.{kind}_alone", value=value, **what))
    return Said(f"score.{kind}", value=value, low=low, high=high, **what)


def said_of_few_groups(groups: IntArray | None) -> list[Said]:
    """Why a score's interval is wide, where what was tested comes in few groups; else nothing.

    Args:
        groups: ``(n,)`` of what was tested; None where each stands alone.

    Example:
        >>> str(said_of_few_groups(np.array([0, 0, 1, 1, 2]))[0]).partition(";")[0]
        'The score is over 3 groups only, so its interval is wide'
        >>> said_of_few_groups(np.arange(20))
        []
    """
    if groups is None or not 1 < (count := units_of(len(groups), groups)) < FEW_UNITS:
        return []
    return [Said("score.few_groups", n=f"{count}")]


def _number(value: float, sign: str = "") -> str:
    return f"{value + 0.0:{sign}.3g}"


def in_sentence(title: str) -> str:
    """A measure's title within a sentence.

    Example:
        >>> in_sentence("Macro F1"), in_sentence("ROC-AUC")
        ('macro F1', 'ROC-AUC')
    """
    return title[0].lower() + title[1:] if title[1:2].islower() else title

"""Scores and differences as parts of a sentence: value, interval, unit."""

from __future__ import annotations

import math

from jeoni.locale import Said
from jeoni.types import Interval

__all__ = ["amount_of", "in_sentence", "said_score"]

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


def said_score(score: Interval, title: str, unit: str) -> Said:
    """How good it is, in the sentence that leads.

    Example:
        >>> said_score(Interval(0.836, 0.801, 0.869), "Accuracy", "%")
        '83.6 % correct (80.1 to 86.9).'
        >>> said_score(Interval(0.24, 0.22, 0.26), "Mean absolute error", "mm")
        'Mean absolute error 0.24 mm (0.22 to 0.26).'
    """
    if unit != SHARE:
        numbers = {"value": _number(score.value), "low": _number(score.low), "high": _number(score.high)}
        return (
            Said("score.unit", measure=title, unit=unit, **numbers)
            if unit
            else Said("score.number", measure=title, **numbers)
        )
    value, low, high = (f"{part:.1f}" for part in score.points())
    if title.lower() == "accuracy":
        return Said("score.correct", value=value, low=low, high=high)
    return Said("score.percent", measure=title, value=value, low=low, high=high)


def _number(value: float, sign: str = "") -> str:
    return f"{value + 0.0:{sign}.3g}"


def in_sentence(title: str) -> str:
    """A measure's title within a sentence.

    Example:
        >>> in_sentence("Macro F1"), in_sentence("ROC-AUC")
        ('macro F1', 'ROC-AUC')
    """
    return title[0].lower() + title[1:] if title[1:2].islower() else title

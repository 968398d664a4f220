"""A plan of places in pictures in words, and as the content of ``plan.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoni._version import __version__
from jeoni.dense.protocol import DenseTask
from jeoni.evaluation.amounts import amount_of, said_score
from jeoni.evaluation.measures import Measure
from jeoni.locale import Said, paragraph
from jeoni.planning.dense_pricing import Priced
from jeoni.planning.dense_race import DenseRace
from jeoni.planning.dense_rules import FEW, DenseCandidate, DenseRule
from jeoni.planning.profile import Profile
from jeoni.specs.amounts import write_duration
from jeoni.types import Interval

__all__ = ["DenseChoice", "dense_plan_content", "said_of_rule"]


@dataclass(frozen=True)
class DenseChoice:
    """What a plan came to.

    Attributes:
        candidates: all of them.
        priced: what they take; empty where that was not asked for.
        chosen: the one that is taken.
        rule: the line of the table that names one.
        race: of those that were tried; None where nothing was.
        learned: pictures to learn from.
        asked: whether the candidates were to be tried.
        needed_s: the budget that would have been enough to try two; None where more time would not have helped.
    """

    candidates: Sequence[DenseCandidate]
    priced: Mapping[DenseCandidate, Priced]
    chosen: DenseCandidate
    rule: DenseRule
    race: DenseRace | None
    learned: int
    asked: bool = False
    needed_s: float | None = None


def dense_plan_content(
    choice: DenseChoice, task: DenseTask, profile: Profile, options: Mapping[str, str], language: str
) -> dict[str, Any]:
    """The content of ``plan.json``, a :class:`jeoni.runs.records.PlanRecord`, but for what only a run knows.

    Args:
        choice: what was found.
        task: of the pictures.
        profile: of the pictures.
        options: that every candidate shares, such as the backbone.
        language: of the summary.
    """
    measure = task.metrics()[task.headline]
    return {
        "jeoni": __version__,
        "task": task.id,
        "measure": measure.title,
        "unit": measure.unit,
        "higher_is_better": measure.higher_is_better,
        "labelled": choice.learned,
        "classes": {one.name: one.items for one in profile.classes},
        "size": "few" if choice.learned < FEW else "many",
        "rule": choice.rule.id,
        "rule_source": choice.rule.source,
        "candidates": [_candidate_record(one, choice, options) for one in choice.candidates],
        "chosen": choice.chosen.name,
        "options": {**options, **choice.chosen.options},
        "pays": True,
        "complete": choice.race is not None,
        "profile": profile.as_dict(),
        **paragraph(_said(choice, task), language),
    }


def _candidate_record(one: DenseCandidate, choice: DenseChoice, options: Mapping[str, str]) -> dict[str, Any]:
    priced, race = choice.priced.get(one), choice.race
    raced = race.raced.get(one) if race else None
    record: dict[str, Any] = {
        "name": one.name,
        "way": one.strategy,
        "options": {**options, **one.options},
        "state": _state(one, choice),
        "trains": one.trains,
    }
    if raced is not None and race is not None:
        against = raced.to_chosen
        record |= {"folds": 1, "items": race.held, "score": raced.score.as_dict(), "seconds": round(raced.seconds, 1)}
        record["to_chosen"] = against.as_dict() if against else None
    if priced is not None:
        price = priced.price
        record |= {"fold_s": round(price.fold_s, 1), "final_s": round(price.final_s, 1)}
        record |= {"disk_bytes": price.disk_bytes, "memory_bytes": price.memory_bytes}
    return record


def _state(one: DenseCandidate, choice: DenseChoice) -> str:
    if one == choice.chosen:
        return "chosen"
    if choice.race is None:
        return "not tried"
    return "beaten" if one in choice.race.raced else "no time"


def said_of_rule(rule: DenseRule, learned: int) -> Said:
    """Why the rule names what it names."""
    return Said(f"dense.{rule.id}", n=f"{learned:,}", few=f"{FEW}")


def _said(choice: DenseChoice, task: DenseTask) -> list[Said]:
    """What was chosen, and why, in sentences."""
    measure, race = task.metrics()[task.headline], choice.race
    if race is None:
        taken = Said("planning.take_alone", name=choice.chosen.name)
        return [taken, said_of_rule(choice.rule, choice.learned), _why_by_rule(choice)]
    score = race.raced[race.chosen].score
    said = [Said("planning.take", name=race.chosen.name, score=said_score(score, measure.title, measure.unit))]
    said += _against_next(race, measure)
    return [*said, Said("dense.tried", n=f"{race.held:,}", percent=f"{max(1, round(100 * race.share))}")]


def _why_by_rule(choice: DenseChoice) -> Said:
    """Why nothing was tried, and what would be enough to try two candidates."""
    if not choice.asked:
        return Said("dense.by_rule")
    if choice.needed_s is None:
        return Said("dense.not_scored")
    return Said("dense.not_tried", budget=write_duration(choice.needed_s))


def _against_next(race: DenseRace, measure: Measure) -> list[Said]:
    """The best of the others: beaten, or no clearer than its error better."""
    gains = {one: raced.to_chosen for one, raced in race.raced.items() if raced.to_chosen is not None}
    if not gains:
        return []
    sign = 1 if measure.higher_is_better else -1
    best = max(gains, key=lambda one: _or_worst(sign * gains[one].value))
    gain = gains[best]
    if sign * gain.value > 0:
        return [Said("planning.tie", best=best.name, gain=_amount(gain, measure))]
    return [Said("planning.beats", other=best.name, gain=_amount(-gain, measure))]


def _or_worst(value: float) -> float:
    return value if np.isfinite(value) else -np.inf


def _amount(gain: Interval, measure: Measure) -> Said:
    return amount_of(gain, measure.title, measure.unit, named=False)

"""A plan in words and as the content of ``plan.json``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jeoni._version import __version__
from jeoni.console.durations import duration
from jeoni.evaluation.amounts import amount_of, said_score
from jeoni.evaluation.measures import Measure
from jeoni.locale import Said, paragraph
from jeoni.planning.data_look import DataLook
from jeoni.planning.plan import Plan, Question
from jeoni.planning.price import Price
from jeoni.planning.race import Outcome
from jeoni.planning.rules import REMOVED
from jeoni.planning.similarity import Similarity
from jeoni.planning.source import SourceLook
from jeoni.tasks import strata_of, task_of
from jeoni.types import Dataset, Interval

__all__ = ["plan_content", "said_of"]

FLATTERED = 0.005  # of a share, from which on it is worth a word
CLASSES_SAID = 5
TRYING = 2.0  # times a whole fit: what trying a candidate and then fitting it takes, at the least


def plan_content(
    plan: Plan,
    question: Question,
    data: Dataset,
    sha256: str,
    *,
    tested: int,
    budget_s: float | None,
    language: str,
    source: SourceLook | None = None,
    look: DataLook | None = None,
) -> dict[str, Any]:
    """The content of ``plan.json``, a :class:`jeoni.runs.records.PlanRecord`.

    Args:
        plan: what was found.
        question: what it was made for.
        data: all examples.
        sha256: of their content and labels.
        tested: examples that are kept as test set.
        budget_s: seconds there were; None for no limit.
        language: of the summary.
        source: one's own upstream data, where they were looked at.
        look: what is said of the data, where they were looked at.
    """
    measure = task_of(data).measure
    chosen = plan.chosen.candidate
    strata = strata_of(data)
    names = getattr(data.task, "class_names", ())
    counts = np.bincount(strata[strata >= 0], minlength=len(names))
    return {
        "jeoni": __version__,
        "data": data.name,
        "data_sha256": sha256,
        "task": task_of(data).id,
        "measure": measure.title,
        "unit": measure.unit,
        "higher_is_better": measure.higher_is_better,
        "labelled": len(question.train),
        "tested": tested,
        "classes": {name: int(count) for name, count in zip(names, counts, strict=False)},
        "seed": question.context.seed,
        "size": plan.rule.size,
        "rule": plan.rule.id,
        "rule_source": plan.rule.source,
        "similarity": _similarity_record(plan.similarity, question, measure),
        "source": _source_record(source, measure),
        "candidates": [_candidate_record(outcome, plan, question, measure) for outcome in plan.race.outcomes],
        "chosen": chosen.name,
        "options": dict(chosen.options),
        "pays": plan.pays,
        "optimism": _rounded(plan.optimism),
        "budget_s": budget_s,
        "complete": plan.race.complete,
        "seconds": round(plan.seconds, 1),
        **(look.as_dict() if look else {}),
        **paragraph([*said_of(plan, question), *_said_source(source, measure), *(look.said if look else [])], language),
    }


def said_of(plan: Plan, question: Question) -> list[Said]:
    """What was chosen, and why, in sentences."""
    measure = task_of(question.train.data).measure
    seed, chosen = question.context.seed, plan.chosen
    score = plan.race.score(chosen, seed)
    name = chosen.candidate.name
    found = [
        Said("planning.take", name=name, score=_said_score(score, measure))
        if score is not None
        else Said("planning.take_alone", name=name)
    ]
    if not plan.pays:
        found.append(Said("planning.no_transfer", name=name, backbone=question.backbones[0].name))
    else:
        found += _against_next(plan, seed, measure)
    if plan.similarity is not None:
        found += _said_similarity(plan.similarity, question.backbones[0].name, measure)
    kind = plan.rule.id if plan.similarity is not None else f"{plan.rule.size}_unknown"
    found.append(Said(f"planning.{kind}", n=f"{len(question.train):,}"))
    found += [*_said_shortened(plan), *_said_untried(plan)]
    if plan.optimism is not None and measure.is_share and plan.optimism >= FLATTERED:
        raced = sum(outcome.raced for outcome in plan.race.outcomes)
        found.append(Said("planning.optimism", n=f"{raced}", points=f"{100 * plan.optimism:.1f}"))
    return found


def _against_next(plan: Plan, seed: int, measure: Measure) -> list[Said]:
    """The best of the others: beaten, or no clearer than its error better."""
    others = [o for o in plan.race.outcomes if o is not plan.chosen and o.raced and not o.candidate.control]
    gains = {o.candidate.name: plan.race.to_chosen(o, seed) for o in others}
    known = {name: gain for name, gain in gains.items() if gain is not None}
    if not known:
        return []
    best = max(known, key=lambda name: known[name].value)
    gain = known[best]
    if gain.value > 0:
        return [Said("planning.tie", best=best, gain=_amount(gain, measure))]
    return [Said("planning.beats", other=best, gain=_amount(-gain, measure))]


def _said_similarity(similarity: Similarity, backbone: str, measure: Measure) -> list[Said]:
    gain, removed = similarity.gain, round(100 * similarity.removed)
    kind = "similar" if similarity.level == "similar" or similarity.removed >= REMOVED else "little"
    if gain.high < 0:
        kind = "harms"
    elif gain.low <= 0:
        kind = "unclear"
    values = {"removed": f"{removed}"} if kind in ("similar", "little") else {}
    found = [Said(f"planning.{kind}", backbone=backbone, gain=_amount(gain, measure), **values)]
    if similarity.lower_is_better:
        peak = similarity.peak
        found.append(Said("planning.peak", stage=peak.name, gain=_amount(peak.to_top, measure)))
    return found


def _said_source(source: SourceLook | None, measure: Measure) -> list[Said]:
    """Which labels are shared, how far apart features lie, and whether learning from both pays."""
    if source is None:
        return []
    shared = ", ".join(source.shared[:CLASSES_SAID])
    found = [Said(f"planning.labels_{source.labels.replace('-', '_')}", source=source.name, shared=shared)]
    if source.copies:
        found.append(Said("planning.source_copies", source=source.name, n=f"{source.copies:,}"))
    distance = source.distances.get("proxy_a_distance")
    if distance is not None:
        found.append(Said("planning.distance", source=source.name, value=f"{distance:.2f}"))
    if source.gain is None:
        return found
    kind = "helps" if source.gain.low > 0 else "hurts" if source.gain.high < 0 else "unclear"
    gain = -source.gain if kind == "hurts" else source.gain
    return [*found, Said(f"planning.source_{kind}", source=source.name, gain=_amount(gain, measure))]


def _said_shortened(plan: Plan) -> list[Said]:
    """Candidates whose trainings were shortened so that they could be tried, and by how much."""
    names = [f"{one.candidate.name} (at {round(100 * one.length)} %)" for one in plan.race.shortened]
    return [Said("planning.shortened", names=", ".join(names))] if names else []


def _said_untried(plan: Plan) -> list[Said]:
    """Candidates that nothing or little is known of, and what would try them."""
    late = [outcome for outcome in plan.untried if outcome.state == "no time"]
    some = plan.race.unfinished
    found = [Said("planning.some_folds", names=", ".join(o.candidate.name for o in some))] if some else []
    if late:
        return [*found, Said("planning.no_time", names=", ".join(o.candidate.name for o in late))]
    if found:
        return found
    waiting = plan.untried
    if not waiting:
        return []
    first = waiting[0].price
    if first is None:
        return [Said("planning.untried_unknown", names=", ".join(o.candidate.name for o in waiting))]
    named = [f"{o.candidate.name} (~{duration(o.price.final_s)})" for o in waiting if o.price]
    minutes = max(1, math.ceil(TRYING * first.final_s / 60))
    minutes = minutes if minutes < 10 else 5 * math.ceil(minutes / 5)
    return [Said("planning.untried", names=", ".join(named), budget=f"{minutes}m")]


def _said_score(score: Interval, measure: Measure) -> Said:
    return said_score(measure.of(score), measure.title[0].upper() + measure.title[1:], measure.unit)


def _amount(gain: Interval, measure: Measure) -> Said:
    return amount_of(gain, measure.title, measure.unit, named=False)


def _similarity_record(similarity: Similarity | None, question: Question, measure: Measure) -> dict[str, Any] | None:
    if similarity is None:
        return None
    return {
        "backbone": question.backbones[0].name,
        "level": similarity.level,
        "pretrained": measure.of(similarity.pretrained).as_dict(),
        "untrained": measure.of(similarity.untrained).as_dict(),
        "gain": similarity.gain.as_dict(),
        "removed": _rounded(similarity.removed),
        "examples": similarity.examples,
        "peak": similarity.peak.name,
        "stages": [
            {"name": s.name, "stage": s.stage, "score": measure.of(s.score).as_dict(), "to_top": s.to_top.as_dict()}
            for s in similarity.stages
        ],
    }


def _source_record(source: SourceLook | None, measure: Measure) -> dict[str, Any] | None:
    if source is None:
        return None
    scores = {name: getattr(source, name) for name in ("target_only", "source_only", "both")}
    return {
        "name": source.name,
        "items": source.items,
        "copies": source.copies,
        "labels": source.labels,
        "shared": list(source.shared),
        "distances": {name: _rounded(value) for name, value in source.distances.items()},
        **{name: measure.of(score).as_dict() if score else None for name, score in scores.items()},
        "gain": source.gain.as_dict() if source.gain else None,
    }


def _candidate_record(outcome: Outcome, plan: Plan, question: Question, measure: Measure) -> dict[str, Any]:
    seed, candidate = question.context.seed, outcome.candidate
    score, against = plan.race.score(outcome, seed), plan.race.to_chosen(outcome, seed)
    return {
        "name": candidate.name,
        "way": candidate.way,
        "options": dict(candidate.options),
        "state": outcome.state,
        "control": candidate.control,
        "trains": candidate.trains,
        "folds": outcome.folds,
        "items": outcome.items,
        "score": measure.of(score).as_dict() if score else None,
        "to_chosen": against.as_dict() if against and outcome is not plan.chosen else None,
        "loss": _rounded(outcome.loss) if outcome.raced else None,
        "seconds": round(outcome.seconds, 1),
        "length": round(outcome.length, 2),
        **_priced(outcome.price),
    }


def _priced(price: Price | None) -> dict[str, Any]:
    if price is None:
        return {}
    seconds = {"fold_s": round(price.fold_s, 1), "final_s": round(price.final_s, 1)}
    return {**seconds, "disk_bytes": price.disk_bytes, "memory_bytes": price.memory_bytes}


def _rounded(value: float | None, digits: int = 5) -> float | None:
    return None if value is None else round(value, digits)

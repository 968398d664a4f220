"""The record of a training that goes to its end: its course, its rates, and the rows it learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.groups import Group
from jeoni.training.job import History

__all__ = ["training_facts"]


def training_facts(
    history: History, groups: Sequence[Group], recipe: ResolvedRecipe, rows: dict[str, object], statistics: bool
) -> dict[str, Any]:
    """The record of a training; see :class:`jeoni.runs.records.TrainingRecord`."""
    rates = {g.name: {"learning_rate": g.learning_rate, "starts": g.starts} for g in groups}
    return {
        "recipe": asdict(recipe),
        "steps": history.steps,
        "best_step": history.best_step,
        "full_steps": history.full,
        "limit": history.limit,
        "evaluations": history.evaluations,
        "seconds": round(history.seconds, 3),
        "earlier_s": round(history.earlier_s, 3),
        "examples": history.examples,
        "share": 1.0,
        "moment": "last",
        "rows": rows,
        "frozen_identical": True,
        "rates": rates,
        "statistics": "batch" if statistics else "own",
    }

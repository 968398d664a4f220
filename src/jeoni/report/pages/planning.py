"""The page of a plan: what to take and why, the candidates, the similarity stage by stage, and the table of rules."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from jeoni.errors import ConfigError
from jeoni.locale import table
from jeoni.report.card import Card
from jeoni.report.files import Figures
from jeoni.report.label_quality import more_labels_view, suspects_view
from jeoni.report.parts import findings_view, headline
from jeoni.report.plans import plan_view
from jeoni.report.profile import profile_view
from jeoni.runs.records import PlanRecord, RunRecord, told_in
from jeoni.runs.typed import read_record
from jeoni.specs import FitSpec
from jeoni.specs.written import command_line

__all__ = ["PlanningPage"]

OF_A_PLAN = ("backbone", "budget", "disk")  # what a plan was made within, and with: the choice is in their place


class PlanningPage:
    """The page of ``kind`` ``planning``."""

    def view(self, run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
        """See :class:`jeoni.report.pages.Page`."""
        plan = read_record(PlanRecord, run / "plan.json")
        return {
            **headline(told_in(words["lang"], plan.said, plan.summary)),
            **plan_view(plan, words),
            "command": _command(plan, record),
            "profile": profile_view(plan.profile, words["lang"]),
            "suspects": suspects_view(plan.label_noise, figures, words["lang"], {}),
            "more_labels": more_labels_view(plan.more_labels, figures, words["lang"]),
            "findings": findings_view(run, record.findings, _told(words)),
        }

    def card(self, run: Path, language: str) -> Card:
        """See :class:`jeoni.report.pages.Page`."""
        plan = read_record(PlanRecord, run / "plan.json")
        about = table("planning", language)["about_plan"]
        values = {"n": f"{plan.labelled:,}", "candidates": f"{len(plan.candidates)}"}
        summary = " ".join(told_in(language, plan.said, plan.summary))
        return Card(summary=summary, about=str(about).format(**values), scores=[])


def _told(words: dict[str, Any]) -> dict[str, Any]:
    """With what checks of annotations find."""
    return {**words, "kinds": {**words["kinds"], **table("places", words["lang"])["place_kinds"]}}


def _command(plan: PlanRecord, record: RunRecord) -> str:
    """The command that does what was planned: with what was said of the data, and what was chosen."""
    data = record.data.origin or record.data.name
    try:
        return command_line(FitSpec().changed(**{**_said_of_data(record), **plan.options}), "fit", data)
    except (ConfigError, ValueError):  # options of another version
        return command_line(FitSpec(), "fit", data)


def _said_of_data(record: RunRecord) -> dict[str, Any]:
    """Options of the plan that a fit has too, as they were before they were written.

    Raises:
        ValueError: one that is not written as a record writes them.
    """
    shared = [f for f in fields(FitSpec) if f.name in record.spec and f.name not in OF_A_PLAN]
    written = {f.name: record.spec[f.name] for f in shared}
    return {f.name: written[f.name] if isinstance(f.default, str) else json.loads(str(written[f.name])) for f in shared}

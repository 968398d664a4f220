"""The page of a plan: what to take and why, the candidates, the similarity stage by stage, and the table of rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jeoni.locale import table
from jeoni.report.card import Card
from jeoni.report.files import Figures
from jeoni.report.label_quality import more_labels_view, suspects_view
from jeoni.report.parts import findings_view, headline
from jeoni.report.plans import plan_view
from jeoni.report.profile import profile_view
from jeoni.runs.records import PlanRecord, RunRecord, told_in
from jeoni.runs.typed import read_record

__all__ = ["PlanningPage"]


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
    """The command that does what was planned."""
    options = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in plan.options.items())
    return f"jeoni fit {record.data.origin or record.data.name} {options}"

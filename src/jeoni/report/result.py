"""A run in a few lines, and as a card for a notebook: what its report says at more length."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import Any

from jeoni.locale import language_of, table
from jeoni.report.kinds import page_of
from jeoni.runs.records import RunRecord
from jeoni.runs.typed import read_record

__all__ = ["result_card", "result_lines"]

WIDTH = 96  # letters of a line


def result_lines(run: Path) -> list[str]:
    """The summary, the first scores with their intervals, and where report and model lie; at most eight lines.

    Args:
        run: a finished run folder.

    Raises:
        DataError: its records cannot be read.
    """
    content = _content(run)
    words = content["w"]
    lines = [_cut(content["summary"], 3 * WIDTH)]
    if content["scores"]:
        lines += [f"{row['name']} {row['value']} ({words['span'].format(**row)})" for row in content["scores"]]
    width = max(len(words["report"]), len(words["model"]))
    lines.append(f"{words['report']:{width}}  {run / 'report.html'}")
    if (run / "model").is_dir():
        lines.append(f"{words['model']:{width}}  {run / 'model'}")
    return lines


def result_card(run: Path) -> str:
    """The same as HTML that stands alone: headline, scores with intervals, confusion matrix, link to the report.

    Args:
        run: a finished run folder.

    Raises:
        DataError: its records cannot be read.
    """
    import jinja2

    template = (resources.files("jeoni.report") / "templates" / "result.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    link = os.path.relpath(run / "report.html")
    return environment.from_string(template).render(**_content(run), link=link, run=str(run))


def _content(run: Path) -> dict[str, Any]:
    """The run's card, with the words around it."""
    record = read_record(RunRecord, run / "run.json")
    language = language_of(str(record.spec.get("language", "en")))
    return {"w": table("cli", language), **vars(page_of(record.kind).card(run, language))}


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 2]} …"

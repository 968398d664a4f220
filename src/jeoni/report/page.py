"""The content of the page: the run folder's files, put into words and proportions for the templates."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from jeoni.errors import DataError, StorageError
from jeoni.files.outputs import write_text
from jeoni.locale import Said, has_table, measure_name, table, translated
from jeoni.report import formats
from jeoni.report.contents import Contents
from jeoni.report.files import Figures
from jeoni.report.kinds import page_of
from jeoni.runs.folder import UNFINISHED
from jeoni.runs.records import RunRecord, told_in
from jeoni.runs.typed import read_content, read_record

__all__ = ["write_report"]


def write_report(run: Path, language: str) -> Path:
    """Write ``report.html``; see :func:`jeoni.report.render`."""
    from jeoni.report.environment import page_environment

    record = _record(run)
    own = table(record.kind, language) if has_table(record.kind) else {}
    words = {**table("page", language), **own}
    figures = Figures(run / "figures")
    try:
        figures.folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(f"{figures.folder} cannot be written: {error.strerror or error}.") from error
    kind = page_of(record.kind)
    environment = page_environment([Path(inspect.getfile(type(kind))).parent])
    environment.filters.update(
        number=formats.number,
        percent=formats.percent,
        count=formats.count,
        seconds=partial(formats.seconds, written=words["seconds"]),
        short=partial(_item_name, language=language),
        rate=formats.rate,
        whole=formats.whole,
        quoted=formats.quoted,
        options_whole=formats.options_whole,
        term=partial(measure_name, language=language),
    )
    shown = {
        "w": words,
        "toc": Contents(),
        "of_classes": record.data.task in ("", "classification"),
        "run": record,
        "warnings": _warnings(record, words),
        "engine_notes": _told(record.engine.notes, record, words) if record.engine else [],
        "style": _asset("style.css"),
        "script": _asset("script.js"),
        **kind.view(run, record, figures, words),
    }
    page = environment.get_template(f"{record.kind}.html").render(shown)
    target = run / "report.html"
    write_text(target, page)
    return target


def _record(run: Path) -> RunRecord:
    """``run.json`` of a run that came to its end.

    Raises:
        DataError: there is none, or it cannot be used.
    """
    path = run / "run.json"
    if not os.path.lexists(path):
        raise DataError(
            Said("error.not_a_run", run=str(run)),
            path=str(run),
        )
    content = read_content(path)
    if isinstance(content, dict) and content.get("state") == UNFINISHED["state"] and "machine" not in content:
        raise DataError(
            f"{run} holds a run that did not come to its end, so there is nothing to report. "
            f"Go on with --resume {run}, or run it again.",
            path=str(run),
        )
    return read_record(RunRecord, path)


def _warnings(record: RunRecord, words: dict[str, Any]) -> list[str]:
    """Notes before all else: the run's warnings, and that it was interrupted."""
    resumed = [words["resumed"].format(n=record.calls)] if record.calls > 1 else []
    return [*_told(record.warnings, record, words), *resumed]


def _told(texts: Sequence[str], record: RunRecord, words: dict[str, Any]) -> list[str]:
    """Texts of a record in the page's language, as far as they are sentences that can be told in it."""
    said = []
    for text in texts:
        warned = record.warned.get(text)
        said += told_in(words["lang"], [warned], text) if warned else [translated(text, words["lang"])]
    return said


def _item_name(path: str, language: str) -> str:
    """The end of an item's path; one that has a number in the place of a path is told in the page's language."""
    return translated(formats.short(path), language)


def _asset(name: str) -> str:
    return (resources.files("jeoni.report") / "templates" / name).read_text(encoding="utf-8")

"""A page for each kind of run: a file here, its template of the same name in ``templates``, its words in ``locale``.

A kind's own words stand in ``locale/LANGUAGE/KIND.py`` where there is such a file; those of all pages in ``page.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from jeoni.report.card import Card
from jeoni.report.files import Figures
from jeoni.runs.records import RunRecord

__all__ = ["Page"]


class Page(Protocol):
    """What a kind of run shows of its records."""

    def view(self, run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
        """What the template is filled with.

        Args:
            run: the folder.
            record: its ``run.json``.
            figures: the run's folder of figures, whose files can be taken into the page.
            words: of the page's language.

        Raises:
            DataError: a file of the run is missing or cannot be used.
        """

    def card(self, run: Path, language: str) -> Card:
        """The run in a few lines, for a terminal and a notebook.

        Raises:
            DataError: a file of the run is missing or cannot be used.
        """

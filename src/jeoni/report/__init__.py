"""One self-contained HTML file from a run folder. No torch: a report can be rebuilt on any machine."""

from __future__ import annotations

from pathlib import Path

__all__ = ["render"]


def render(run: str | Path, language: str = "auto") -> Path:
    """Write ``report.html`` and the figures in it.

    Args:
        run: a run folder, as ``jeoni fit`` writes it.
        language: ``en``, ``ko``, or ``auto``, which goes by LC_ALL or LANG.

    Returns:
        The path of the report.

    Raises:
        DataError: not a run folder, or one without its metrics.
        StorageError: the folder cannot be written.
    """
    from jeoni.locale import language_of
    from jeoni.report.page import write_report

    return write_report(Path(run), language_of(language))

"""The chart of a pretraining's loss, term by term."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jeoni.report.figures import INK, SERIES, keep_figure, plain_axes
from jeoni.runs.records.pretraining import CourseRecord

__all__ = ["course_chart"]


def course_chart(course: CourseRecord, folder: Path, words: dict[str, Any]) -> str:
    """Each term by step; writes ``course.svg`` and ``.png``, returns the SVG for the page.

    Args:
        course: the steps, and each term's mean loss up to there.
        folder: where the files go.
        words: of the report's language.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    axes = figure.add_subplot()
    for color, (name, values) in zip(SERIES, course.terms.items(), strict=False):
        axes.plot(course.steps, values, color=color, linewidth=2, label=name)
    axes.set(xlabel=words["step"], ylabel=words["loss_axis"], ylim=(0, None))
    axes.margins(x=0.02)
    if len(course.terms) > 1:
        axes.legend(frameon=False, labelcolor=INK, fontsize=9)
    plain_axes(axes)
    return keep_figure(figure, folder, "course", words["course"])

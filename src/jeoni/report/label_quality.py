"""What pages show of labels: the suspect ones, and whether more of them would help."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jeoni.locale import measure_name, table, translated
from jeoni.report.drawn import drawn_once
from jeoni.report.figures import ACCENT, FAINT, INK, keep_figure, plain_axes
from jeoni.report.files import Figures
from jeoni.runs.records import LabelNoiseRecord, Measure, MoreLabelsRecord, SuspectsRecord
from jeoni.runs.typed import read_if_there

__all__ = ["more_labels_chart", "more_labels_view", "suspects_view"]


def suspects_view(
    noise: LabelNoiseRecord | None, figures: Figures, language: str, measures: Mapping[str, Measure]
) -> dict[str, Any] | None:
    """The gallery of suspects, and what leaving them out did; None where no label is suspect.

    Args:
        noise: of ``metrics.json``.
        figures: the run's folder of figures.
        language: of the page.
        measures: what the scores are, by their names.
    """
    if noise is None or not (noise.suspects or noise.left_out):
        return None
    words = table("label_noise", language)
    shown = read_if_there(SuspectsRecord, figures.folder / "suspects.json")
    entries = [
        {
            **vars(one),
            "src": figures.inline(one.thumb, ".jpg"),
            "sound": figures.inline(one.sound, ".flac", ".mp3"),
        }
        for one in (shown.suspects if shown else ())
    ]
    left_out = words["suspects_left_out"].format(n=f"{noise.left_out:,}", of=f"{noise.trained_on:,}")
    return {
        "words": words,
        "noise": noise,
        "entries": entries,
        "rest": shown.rest if shown else 0,
        "scores": _scores(noise, language, measures),
        "note": left_out if noise.difference is not None else words["suspects_kept"],
    }


def _scores(noise: LabelNoiseRecord, language: str, measures: Mapping[str, Measure]) -> list[dict[str, Any]]:
    """The scores with the suspects in training, and what leaving them out added; nothing where none was left out."""
    without, gained = noise.without or {}, noise.difference or {}
    return [
        {
            "title": measure_name(measure.title, language),
            "unit": measure.unit,
            "higher": measure.higher_is_better,
            "without": without[name],
            "difference": gained[name],
        }
        for name, measure in measures.items()
        if name in without and name in gained
    ]


def more_labels_view(found: MoreLabelsRecord | None, figures: Figures, language: str) -> dict[str, Any] | None:
    """The learning curve with its sentence; None where there is none.

    Args:
        found: of ``metrics.json`` or a plan.
        figures: the run's folder of figures.
        language: of the page.
    """
    if found is None:
        return None
    words = table("more_labels", language)
    return {
        "words": words,
        "sentence": translated(found.said.said(), language),
        "note": words["more_labels_note"].format(factor=f"{found.factor:g}"),
        "chart": more_labels_chart(found, figures.folder, words, language),
    }


@drawn_once
def more_labels_chart(found: MoreLabelsRecord, folder: Path, words: Any, language: str) -> str:
    """Measured scores, and the band of the curves; writes ``more_labels.svg`` and ``.png``, returns the SVG.

    Args:
        found: points and curve.
        folder: where the files go.
        words: ``locale/LANGUAGE/more_labels.py``.
        language: of the page.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.6), layout="constrained")
    axes = figure.add_subplot()
    numbers = [point.labels for point in found.line]
    low, high = [point.score.low for point in found.line], [point.score.high for point in found.line]
    axes.fill_between(numbers, low, high, color=ACCENT, alpha=0.15, linewidth=0)
    axes.plot(numbers, [p.score.value for p in found.line], color=ACCENT, linewidth=2, label=words["more_labels_curve"])
    values = [point.score.value for point in found.points]
    below = [point.score.value - point.score.low for point in found.points]
    above = [point.score.high - point.score.value for point in found.points]
    places = [point.labels for point in found.points]
    measured = words["more_labels_measured"]
    axes.errorbar(places, values, yerr=(below, above), fmt="o", color=INK, markersize=5, linewidth=1, label=measured)
    axes.axvline(found.labels, color=FAINT, linewidth=1.5, zorder=0)
    axes.annotate(
        words["more_labels_now"].format(n=f"{found.labels:,}"),
        (found.labels, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(5, -4),
        textcoords="offset points",
        va="top",
        color=INK,
        fontsize=9,
    )
    axes.set_xscale("log")
    ticks = [*places, found.factor * found.labels]
    axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
    axes.minorticks_off()
    share = found.measure.unit == "%"
    title, unit = measure_name(found.measure.title, language), found.measure.unit
    axes.set(xlabel=words["more_labels_axis"], ylabel=title if share or not unit else f"{title} [{unit}]")
    axes.yaxis.set_major_formatter(lambda v, _: f"{100 * v:.0f} %" if share else f"{v:.4g}")
    axes.margins(x=0.03)
    axes.legend(frameon=False, labelcolor=INK, fontsize=9, loc="lower right" if found.measure.higher_is_better else 0)
    plain_axes(axes)
    return keep_figure(figure, folder, "more_labels", words["more_labels"])

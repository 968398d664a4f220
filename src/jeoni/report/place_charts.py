"""Charts of dense tasks: precision and recall, sizes of objects, distances of keypoints, scores of anomalies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jeoni.report.drawn import drawn_once
from jeoni.report.figures import ACCENT, FAINT, INK, SERIES, keep_figure, plain_axes
from jeoni.runs.records import AnomalyDetails
from jeoni.runs.records.place_details import PrecisionRecall, Sizes, Within

__all__ = ["precision_recall_chart", "roc_chart", "scores_chart", "sizes_chart", "within_chart"]

STYLES = ("-", "--", "-.", ":")
BINS = 30
LONGEST = 24  # letters of a name in a legend
SQUARE, WIDE = (4.6, 4.2), (5.4, 3.4)


@drawn_once
def precision_recall_chart(curves: Sequence[PrecisionRecall], folder: Path, words: dict[str, Any]) -> str:
    """Precision against recall of each class; writes ``precision-recall.svg`` and ``.png``, returns the SVG.

    Args:
        curves: of at most as many classes as there are colours.
        folder: where the files go.
        words: of the report's language.
    """
    figure, axes = _begun(SQUARE)
    for k, curve in enumerate(curves):
        points = [(r, p) for r, p in zip(curve.recall, curve.precision, strict=True) if r is not None]
        if not points:
            continue
        recall, precision = [0.0, *(r for r, _ in points)], [points[0][1], *(p for _, p in points)]
        axes.plot(recall, precision, color=SERIES[k], linewidth=2, linestyle=STYLES[k % 4], label=_short(curve.name))
    axes.set(xlim=(0, 1.02), ylim=(0, 1.03), xlabel=words["recall_axis"], ylabel=words["precision_axis"])
    _percent(axes.xaxis, axes.yaxis)
    _legend(axes, "lower left")
    return keep_figure(figure, folder, "precision-recall", words["curves"])


@drawn_once
def sizes_chart(sizes: Sizes, folder: Path, words: dict[str, Any]) -> str:
    """How many objects there are of each size; writes ``sizes.svg`` and ``.png``, returns the SVG.

    Args:
        sizes: the histogram.
        folder: where the files go.
        words: of the report's language.
    """
    figure, axes = _begun(WIDE)
    names = [f"{low:g}–{high:g}" for low, high in zip(sizes.edges, sizes.edges[1:], strict=False)]
    names[-1] = f"≥ {sizes.edges[-2]:g}"
    bars = axes.bar(range(len(names)), sizes.counts, width=0.8, color=ACCENT)
    axes.bar_label(bars, labels=[f"{n:,}" if n else "" for n in sizes.counts], color=INK, fontsize=8, padding=2)
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set(xlabel=words["size_axis"], ylabel=words["objects_axis"])
    return keep_figure(figure, folder, "sizes", words["sizes"])


@drawn_once
def within_chart(pixels: Sequence[float], within: Sequence[Within], folder: Path, words: dict[str, Any]) -> str:
    """The share of places within so many pixels; writes ``within.svg`` and ``.png``, returns the SVG.

    Args:
        pixels: the distances.
        within: the shares of each keypoint, at most as many as there are colours.
        folder: where the files go.
        words: of the report's language.
    """
    figure, axes = _begun(WIDE)
    for k, one in enumerate(within):
        axes.plot(pixels, one.shares, color=SERIES[k], linewidth=2, linestyle=STYLES[k % 4], label=_short(one.name))
    axes.set(xlim=(0, max(pixels)), ylim=(0, 1.03), xlabel=words["distance_axis"], ylabel=words["within_axis"])
    _percent(axes.yaxis)
    _legend(axes, "lower right")
    return keep_figure(figure, folder, "within", words["within"])


@drawn_once
def scores_chart(details: AnomalyDetails, folder: Path, words: dict[str, Any]) -> str:
    """How the scores of normal and defective pictures lie; writes ``scores.svg`` and ``.png``, returns the SVG.

    Args:
        details: the scores and the threshold.
        folder: where the files go.
        words: of the report's language.
    """
    figure, axes = _begun(WIDE)
    every = [*details.normal, *details.defective, details.threshold]
    ends = min(every), max(max(every), min(every) + 1e-9)
    shown = ((details.normal, SERIES[0], "normal", ""), (details.defective, SERIES[1], "defective", "//"))
    for values, colour, name, hatch in shown:
        if values:
            label = f"{words[name]} ({len(values):,})"
            axes.hist(
                values, bins=BINS, range=ends, color=colour, alpha=0.6, label=label, hatch=hatch, edgecolor=colour
            )
    axes.axvline(details.threshold, color=INK, linewidth=1.5, linestyle="--", label=words["threshold_line"])
    axes.set(xlabel=words["score_axis"], ylabel=words["pictures_axis"])
    _legend(axes, "best")
    return keep_figure(figure, folder, "scores", words["score_histogram"])


@drawn_once
def roc_chart(details: AnomalyDetails, folder: Path, words: dict[str, Any]) -> str:
    """Defects found against false alarms; writes ``roc.svg`` and ``.png``, returns the SVG.

    Args:
        details: the scores and the threshold.
        folder: where the files go.
        words: of the report's language.
    """
    figure, axes = _begun(SQUARE)
    alarms, found = roc_points(details.normal, details.defective)
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1.5, linestyle="--")
    axes.plot(alarms, found, color=ACCENT, linewidth=2)
    at = [_above(values, details.threshold) for values in (details.normal, details.defective)]
    axes.plot(*([value] for value in at), marker="o", color=INK, linestyle="", label=words["threshold_line"])
    axes.set(xlim=(-0.02, 1.02), ylim=(0, 1.03), xlabel=words["alarms_axis"], ylabel=words["found_axis"])
    _percent(axes.xaxis, axes.yaxis)
    _legend(axes, "lower right")
    return keep_figure(figure, folder, "roc", words["roc"])


def roc_points(normal: Sequence[float], defective: Sequence[float]) -> tuple[list[float], list[float]]:
    """False alarms and defects found, as shares, from the highest threshold to the lowest; equal scores count at once.

    Example:
        >>> roc_points([0.1, 0.5], [0.5, 0.9])
        ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0])
    """
    ranked = sorted([*((-v, 0) for v in normal), *((-v, 1) for v in defective)])
    counts, alarms, found = [0, 0], [0.0], [0.0]
    for k, (value, kind) in enumerate(ranked):
        counts[kind] += 1
        if k + 1 == len(ranked) or ranked[k + 1][0] != value:
            alarms.append(counts[0] / max(1, len(normal)))
            found.append(counts[1] / max(1, len(defective)))
    return alarms, found


def _above(values: Sequence[float], threshold: float) -> float:
    """The share of scores above a threshold."""
    return sum(value > threshold for value in values) / max(1, len(values))


def _begun(size: tuple[float, float]) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    plain_axes(axes)
    return figure, axes


def _percent(*axes: Any) -> None:
    for axis in axes:
        axis.set_major_formatter(lambda v, _: f"{100 * v:.0f} %")


def _legend(axes: Any, place: str) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, labelcolor=INK, fontsize=8.5, loc=place)


def _short(name: str) -> str:
    shown = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
    return shown.replace("$", r"\$").lstrip("_") or "–"

"""What a page shows of a dense task beyond its scores: charts and tables, which differ from task to task."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from jeoni.errors import DataError
from jeoni.report.figures import SERIES
from jeoni.report.files import Figures
from jeoni.report.parts import confusion_view
from jeoni.report.place_charts import precision_recall_chart, roc_chart, scores_chart, sizes_chart, within_chart
from jeoni.runs.records import (
    AnomalyDetails,
    DenseMetrics,
    DetectionDetails,
    PoseDetails,
    SegmentationDetails,
    TaskDetails,
)
from jeoni.runs.typed import as_record

__all__ = ["details_view"]

T = TypeVar("T")
MOST = len(SERIES)  # lines of a chart


def details_view(metrics: DenseMetrics, run: Path, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
    """Charts, each with a title and a note; a confusion matrix; counts at the threshold: as far as the task has them.

    Args:
        metrics: of the run.
        run: the folder.
        figures: its folder of figures.
        words: of the page's language.

    Raises:
        DataError: details that cannot be used.
    """
    shown: dict[str, Any] = {"charts": [], "confusion": None, "outcomes": [], "threshold": None}
    view = VIEWS.get(metrics.task)
    return shown if view is None else {**shown, **view(metrics, run, figures, words)}


def _read(kind: type[T], metrics: DenseMetrics, run: Path) -> T:
    try:
        return as_record(kind, metrics.details, exact=False)
    except ValueError as error:
        path = run / "metrics.json"
        raise DataError(
            f"{path} cannot be used: details: {error}. It was damaged, or changed by another program; repeat the run.",
            path=str(path),
        ) from error


def _detection(metrics: DenseMetrics, run: Path, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
    details = _read(DetectionDetails, metrics, run)
    counts = {row.name: row.count for row in metrics.rows}
    curves = sorted((c for c in details.curves if c.recall), key=lambda c: -counts.get(c.name, 0))
    charts = []
    if curves:
        more = words["more_classes"].format(n=len(curves) - MOST) if len(curves) > MOST else ""
        chart = precision_recall_chart(curves[:MOST], figures.folder, words)
        charts.append(_chart(words["curves"], chart, f"{words['curves_note']} {more}"))
    if any(details.sizes.counts):
        charts.append(_chart(words["sizes"], sizes_chart(details.sizes, figures.folder, words), words["sizes_note"]))
    return {"charts": charts, "outcomes": details.at_threshold, "threshold": details.threshold}


def _segmentation(metrics: DenseMetrics, run: Path, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
    details = _read(SegmentationDetails, metrics, run)
    return {"confusion": confusion_view(TaskDetails(class_names=details.class_names, confusion=details.confusion))}


def _pose(metrics: DenseMetrics, run: Path, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
    details = _read(PoseDetails, metrics, run)
    if not details.pixels or not details.within:
        return {}
    chart = within_chart(details.pixels, details.within[:MOST], figures.folder, words)
    return {"charts": [_chart(words["within"], chart, words["within_note"])]}


def _anomaly(metrics: DenseMetrics, run: Path, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
    details = _read(AnomalyDetails, metrics, run)
    charts = []
    if details.normal or details.defective:
        chart = scores_chart(details, figures.folder, words)
        charts.append(_chart(words["score_histogram"], chart, words["score_histogram_note"]))
    if details.normal and details.defective:
        charts.append(_chart(words["roc"], roc_chart(details, figures.folder, words), words["roc_note"]))
    return {"charts": charts}


def _chart(title: str, chart: str, note: str) -> dict[str, str]:
    return {"title": title, "chart": chart, "note": note.strip()}


View = Callable[[DenseMetrics, Path, Figures, dict[str, Any]], dict[str, Any]]
VIEWS: dict[str, View] = {
    "detection": _detection,
    "segmentation": _segmentation,
    "pose": _pose,
    "anomaly": _anomaly,
}

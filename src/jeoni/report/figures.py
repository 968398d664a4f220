"""The report's charts, drawn by matplotlib; their colours become CSS variables, so that they follow light and dark."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from jeoni.files.outputs import write_bytes, write_text
from jeoni.report.drawn import drawn_once
from jeoni.runs.records import Bin, Evaluated, Measure, NumberOfClusters, Numbers, Point, ProbedStage

__all__ = [
    "FAINT",
    "INK",
    "SERIES",
    "keep_figure",
    "labels_chart",
    "numbers_chart",
    "numbers_of_clusters_chart",
    "plain_axes",
    "reliability_chart",
    "stages_chart",
    "time_chart",
    "training_chart",
]

LONGEST_LABEL = 40
SQUARE = (0.165, 0.125, 0.82, 0.86)  # where the longest tick is "100 %": a layout that asks takes half of the drawing

# drawn in these colours, which then are replaced by the page's variables
INK, FAINT, ACCENT = "#010203", "#040506", "#070809"
SERIES = tuple(f"#0a0b1{k}" for k in range(8))
VARIABLES = {INK: "var(--ink)", FAINT: "var(--faint)", ACCENT: "var(--accent)"}
VARIABLES |= {color: f"var(--c{k})" for k, color in enumerate(SERIES)}
ON_PAPER = {INK: "#1c2024", FAINT: "#c9ced6", ACCENT: "#2f6fdb"}
ON_PAPER |= dict(
    zip(SERIES, ("#2f6fdb", "#e07b1a", "#1f9e89", "#c2408f", "#8e6bd8", "#b59a00", "#4aa3df", "#a5523b"), strict=True)
)


@drawn_once
def reliability_chart(bins: Sequence[Bin], folder: Path, words: dict[str, Any], mark: str = "") -> str:
    """Confidence against accuracy; writes ``reliability.svg`` and ``.png``, returns the SVG for the page.

    Args:
        bins: ``confidence``, ``accuracy`` and ``count`` of each bin that holds items.
        folder: where the files go.
        words: of the report's language.
        mark: behind the files' name, where there are several.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.2))
    axes = figure.add_axes(SQUARE)
    total = sum(b.count for b in bins) or 1
    low = min([0.4, *(b.confidence - 0.06 for b in bins), *(b.accuracy - 0.06 for b in bins)])
    low = max(0.0, low)
    axes.plot([low, 1], [low, 1], color=FAINT, linewidth=1.5, zorder=1)
    axes.plot([b.confidence for b in bins], [b.accuracy for b in bins], color=ACCENT, linewidth=1, alpha=0.5, zorder=2)
    axes.scatter(
        [b.confidence for b in bins],
        [b.accuracy for b in bins],
        s=[24 + 900 * b.count / total for b in bins],
        color=ACCENT,
        alpha=0.75,
        linewidths=0,
        zorder=3,
    )
    axes.set(xlim=(low, 1.03), ylim=(low, 1.03), xlabel=words["confidence"], ylabel=words["share_right"])
    for b in bins:
        place: dict[str, Any] = {
            "xytext": (0, -13),
            "textcoords": "offset points",
            "ha": "center",
            "va": "top",
            "fontsize": 8,
            "color": INK,
        }
        axes.annotate(f"{b.count:.0f}", (b.confidence, b.accuracy), **place)
    plain_axes(axes)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda v, _: f"{100 * v:.0f} %")
    return keep_figure(figure, folder, f"reliability{_file_mark(mark)}", words["reliability"])


@drawn_once
def numbers_chart(numbers: Numbers, folder: Path, words: dict[str, Any], mark: str = "") -> str:
    """Predicted against true values; writes ``numbers.svg`` and ``.png``, returns the SVG for the page.

    Args:
        numbers: name, unit, and pairs of true and predicted values.
        folder: where the files go.
        words: of the report's language.
        mark: behind the files' name, where there are several.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.add_subplot()
    true, predicted = [a for a, _ in numbers.points], [b for _, b in numbers.points]
    low, high = min([*true, *predicted, 0] if not true else [*true, *predicted]), max([*true, *predicted, 1e-12])
    margin = 0.04 * (high - low or 1)
    ends = (low - margin, high + margin)
    axes.plot(ends, ends, color=FAINT, linewidth=1.5, zorder=1)
    size = 26 if len(true) < 200 else 12
    axes.scatter(true, predicted, s=size, color=ACCENT, alpha=0.55, linewidths=0, zorder=3)
    unit = f" ({numbers.unit})" if numbers.unit else ""
    axes.set(xlim=ends, ylim=ends, xlabel=f"{words['true_value']}{unit}", ylabel=f"{words['predicted_value']}{unit}")
    plain_axes(axes)
    return keep_figure(figure, folder, f"numbers{_file_mark(mark)}", words["numbers"])


def _file_mark(mark: str) -> str:
    return re.sub(r"[^a-zA-Z0-9-]", lambda m: f"_{ord(m[0]):x}", mark)[:60]


@drawn_once
def training_chart(evaluations: Sequence[Evaluated], best_step: int, folder: Path, words: dict[str, Any]) -> str:
    """Losses by step; writes ``training.svg`` and ``.png``, returns the SVG for the page.

    Args:
        evaluations: ``step``, ``loss`` and ``held`` (None without a held-out part) of each.
        best_step: marked.
        folder: where the files go.
        words: of the report's language.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    axes = figure.add_subplot()
    steps = [one.step for one in evaluations]
    lines = ((words["training_loss"], "loss", FAINT), (words["held_loss"], "held", ACCENT))
    for title, key, color in lines:
        values = [getattr(one, key) for one in evaluations]
        if not values or any(v is None for v in values):
            continue
        axes.plot(steps, values, color=color, linewidth=2)
        axes.annotate(title, (steps[-1], values[-1]), xytext=(6, 0), textcoords="offset points", va="center", color=INK)
        if key == "held" and best_step in steps:
            axes.scatter([best_step], [values[steps.index(best_step)]], s=46, color=color, linewidths=0, zorder=3)
    axes.set(xlabel=words["step"], ylabel=words["log_loss"], ylim=(0, None))
    axes.margins(x=0.02)
    plain_axes(axes)
    return keep_figure(figure, folder, "training", words["training"])


@drawn_once
def labels_chart(points: Sequence[Point], measure: Measure, folder: Path, words: dict[str, Any]) -> str:
    """The measure against training examples, one line and band per strategy; writes ``labels.svg`` and ``.png``.

    Args:
        points: ``strategy``, ``n_train`` and ``score`` with its interval.
        measure: what the scores are.
        folder: where the files go.
        words: of the report's language.
    """
    return _curves(
        points,
        "n_train",
        words["axis_labels"],
        "labels",
        words["curve_labels"],
        folder,
        bands=True,
        measure=measure,
    )


@drawn_once
def time_chart(points: Sequence[Point], measure: Measure, folder: Path, words: dict[str, Any]) -> str:
    """The measure against the time that fitting took; as :func:`labels_chart`, without bands."""
    return _curves(
        points,
        "seconds",
        words["axis_time"],
        "time",
        words["curve_time"],
        folder,
        bands=False,
        measure=measure,
    )


@drawn_once
def stages_chart(stages: Sequence[ProbedStage], measure: Measure, folder: Path, words: dict[str, Any]) -> str:
    """The measure of a linear probe on every stage's features; writes ``stages.svg`` and ``.png``.

    Args:
        stages: ``name`` and ``score`` with its interval, lowest first.
        measure: what the scores are.
        folder: where the files go.
        words: of the report's language.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    axes = figure.add_subplot()
    place = range(len(stages))
    axes.fill_between(
        place,
        [s.score.low for s in stages],
        [s.score.high for s in stages],
        color=ACCENT,
        alpha=0.15,
        linewidth=0,
    )
    axes.plot(place, [s.score.value for s in stages], color=ACCENT, linewidth=2, marker="o", markersize=6)
    axes.set(ylabel=_axis(measure))
    axes.set_xticks(
        list(place), [_label(s.name) for s in stages], rotation=0 if len(stages) <= 10 else 45, parse_math=False
    )
    _format_values(axes, measure)
    plain_axes(axes)
    return keep_figure(figure, folder, "stages", words["curve_stages"])


@drawn_once
def numbers_of_clusters_chart(
    numbers: Sequence[NumberOfClusters], chosen: int, folder: Path, words: dict[str, Any]
) -> str:
    """Stability, with its range, and silhouette by number of clusters; writes ``clusters.svg`` and ``.png``.

    Args:
        numbers: that were tried, rising; empty gives no chart.
        chosen: marked.
        folder: where the files go.
        words: of the report's language.
    """
    if not numbers:
        return ""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    axes = figure.add_subplot()
    places = [one.clusters for one in numbers]
    axes.fill_between(
        places, [one.low for one in numbers], [one.high for one in numbers], color=ACCENT, alpha=0.15, linewidth=0
    )
    lines = ((words["stability"], "stability", ACCENT), (words["silhouette"], "silhouette", SERIES[1]))
    for title, key, color in lines:
        values = [getattr(one, key) for one in numbers]
        axes.plot(places, values, color=color, linewidth=2, marker="o", markersize=5, label=title)
    if chosen in places:
        axes.axvline(chosen, color=FAINT, linewidth=1.5, zorder=0, label=words["chosen_number"].format(n=chosen))
    axes.set(xlabel=words["number_axis"], xticks=places)
    axes.legend(frameon=False, loc="upper right", labelcolor=INK)
    plain_axes(axes)
    return keep_figure(figure, folder, "clusters", words["number"])


def _axis(measure: Measure) -> str:
    return f"{measure.title} [{measure.unit}]" if measure.unit not in ("", "%") else measure.title


def _format_values(axes: Any, measure: Measure) -> None:
    share = measure.unit == "%"
    axes.yaxis.set_major_formatter(lambda v, _: f"{100 * v:.0f} %" if share else f"{v:.4g}")


def _curves(
    points: Sequence[Point],
    key: str,
    label: str,
    name: str,
    title: str,
    folder: Path,
    *,
    bands: bool,
    measure: Measure,
) -> str:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4.0), layout="constrained")
    axes = figure.add_subplot()
    ends = []
    for color, strategy in zip(SERIES, dict.fromkeys(p.strategy for p in points), strict=False):
        some = sorted((p for p in points if p.strategy == strategy), key=lambda p: p.n_train)
        x, y = [getattr(p, key) for p in some], [p.score.value for p in some]
        if bands:
            low, high = [p.score.low for p in some], [p.score.high for p in some]
            axes.fill_between(x, low, high, color=color, alpha=0.14, linewidth=0)
        axes.plot(x, y, color=color, linewidth=2, marker="o", markersize=6)
        ends.append((y[-1], x[-1], strategy, color))
    axes.set_xscale("log")
    axes.set(xlabel=label, ylabel=_axis(measure))
    _format_values(axes, measure)
    axes.xaxis.set_major_formatter(lambda v, _: f"{v:,.10g}")
    axes.minorticks_off()
    if bands:
        axes.set_xticks(
            sorted({getattr(p, key) for p in points}), [f"{v:,.0f}" for v in sorted({getattr(p, key) for p in points})]
        )
    axes.margins(x=0.04)
    _name_lines(axes, ends, apart=bands)
    plain_axes(axes)
    return keep_figure(figure, folder, name, title)


def _name_lines(axes: Any, ends: list[tuple[float, float, str, str]], apart: bool) -> None:
    """Each line's name at its end; where all end at the same place, moved apart."""
    low, high = axes.get_ylim()
    step, last = 0.065 * (high - low), float("-inf")
    for y, x, name, color in sorted(ends):
        at = max(y, last + step) if apart else y
        axes.annotate(
            _label(name),
            (x, y),
            parse_math=False,
            xytext=(10, (at - y) / (high - low) * 230),
            textcoords="offset points",
            va="center",
            color=color,
        )
        last = at


def _label(name: str) -> str:
    """A name as a label: a chart has little room."""
    return name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1]}…"


def plain_axes(axes: Any) -> None:
    """Two thin spines, no ticks."""
    axes.spines[["top", "right"]].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(colors=INK, length=0, labelsize=9)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)


def keep_figure(figure: Any, folder: Path, name: str, title: str) -> str:
    """Both files, and the SVG as part of a page."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, **_fonts()}), _any_letter():
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    figure.set_layout_engine("none")  # what was laid out stays where it is, and is not laid out again
    svg = buffer.getvalue()
    paper = svg
    for color, printed in ON_PAPER.items():
        paper = paper.replace(color, printed)
    write_text(folder / f"{name}.svg", paper)
    for artist in figure.findobj():
        for get, put in (
            ("get_color", "set_color"),
            ("get_facecolor", "set_facecolor"),
            ("get_edgecolor", "set_edgecolor"),
        ):
            _repaint(artist, get, put)
    drawn = io.BytesIO()
    with matplotlib.rc_context(_fonts()), _any_letter():
        figure.savefig(drawn, format="png", dpi=160, facecolor="white")
    write_bytes(folder / f"{name}.png", drawn.getvalue())
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', rf'\1 role="img" aria-label="{title}"', body, count=1)
    body = re.sub(r"font: [^;\"]*?(\d+)px[^;\"]*", r"font-size: \1px", body)
    for color, variable in VARIABLES.items():
        body = body.replace(color, variable)
    return body


KOREAN = ("Noto Sans CJK KR", "Noto Sans KR", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo", "NanumBarunGothic")


@cache
def _fonts() -> dict[str, Any]:
    """The font of charts, with one for Korean behind it where this machine has one."""
    from matplotlib.font_manager import fontManager

    here = {font.name for font in fontManager.ttflist}
    return {"font.sans-serif": ["DejaVu Sans", *(name for name in KOREAN if name in here)]}


@contextmanager
def _any_letter() -> Iterator[None]:
    """Draw letters that no font here has, as a box: in the page the browser has its own fonts."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        yield


def _repaint(artist: Any, get: str, put: str) -> None:
    from matplotlib.colors import to_hex

    if not (hasattr(artist, get) and hasattr(artist, put)):
        return
    try:
        color = to_hex(getattr(artist, get)())
    except ValueError:  # collections hold one colour per point
        colors = getattr(artist, get)()
        color = to_hex(colors[0][:3]) if len(colors) else ""
    if color in ON_PAPER:
        getattr(artist, put)(ON_PAPER[color])

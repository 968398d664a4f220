"""The report's charts, drawn by matplotlib; their colours become CSS variables, so that they follow light and dark."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["reliability_chart"]

# drawn in these colours, which then are replaced by the page's variables
INK, FAINT, ACCENT = "#010203", "#040506", "#070809"
VARIABLES = {INK: "var(--ink)", FAINT: "var(--faint)", ACCENT: "var(--accent)"}
ON_PAPER = {INK: "#1c2024", FAINT: "#c9ced6", ACCENT: "#2f6fdb"}


def reliability_chart(bins: Sequence[dict[str, Any]], folder: Path, words: dict[str, Any]) -> str:
    """Confidence against accuracy; writes ``reliability.svg`` and ``.png``, returns the SVG for the page.

    Args:
        bins: ``confidence``, ``accuracy`` and ``count`` of each bin that holds items.
        folder: where the files go.
        words: of the report's language.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.2), layout="constrained")
    axes = figure.add_subplot()
    total = sum(b["count"] for b in bins) or 1
    low = min([0.4, *(b["confidence"] - 0.06 for b in bins), *(b["accuracy"] - 0.06 for b in bins)])
    low = max(0.0, low)
    axes.plot([low, 1], [low, 1], color=FAINT, linewidth=1.5, zorder=1)
    axes.plot(
        [b["confidence"] for b in bins], [b["accuracy"] for b in bins], color=ACCENT, linewidth=1, alpha=0.5, zorder=2
    )
    axes.scatter(
        [b["confidence"] for b in bins],
        [b["accuracy"] for b in bins],
        s=[24 + 900 * b["count"] / total for b in bins],
        color=ACCENT,
        alpha=0.75,
        linewidths=0,
        zorder=3,
    )
    axes.set(xlim=(low, 1.03), ylim=(low, 1.03), xlabel="confidence", ylabel="share that is right")
    axes.spines[["top", "right"]].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(colors=INK, length=0, labelsize=9)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda v, _: f"{100 * v:.0f} %")
    return _keep(figure, folder, "reliability", words["reliability"])


def training_chart(looks: Sequence[dict[str, Any]], best_step: int, folder: Path, words: dict[str, Any]) -> str:
    """Losses by step; writes ``training.svg`` and ``.png``, returns the SVG for the page.

    Args:
        looks: ``step``, ``loss`` and ``held`` (None without a held-out part) of each look.
        best_step: marked.
        folder: where the files go.
        words: of the report's language.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    axes = figure.add_subplot()
    steps = [look["step"] for look in looks]
    lines = ((words["training_loss"], "loss", FAINT), (words["held_loss"], "held", ACCENT))
    for title, key, color in lines:
        values = [look[key] for look in looks]
        if not values or any(v is None for v in values):
            continue
        axes.plot(steps, values, color=color, linewidth=2)
        axes.annotate(title, (steps[-1], values[-1]), xytext=(6, 0), textcoords="offset points", va="center", color=INK)
        if key == "held" and best_step in steps:
            axes.scatter([best_step], [values[steps.index(best_step)]], s=46, color=color, linewidths=0, zorder=3)
    axes.set(xlabel="step", ylabel="log-loss", ylim=(0, None))
    axes.margins(x=0.02)
    axes.spines[["top", "right"]].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(colors=INK, length=0, labelsize=9)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    return _keep(figure, folder, "training", words["training"])


def _keep(figure: Any, folder: Path, name: str, title: str) -> str:
    """Both files, and the SVG as part of a page."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.family": "sans-serif"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    paper = svg
    for drawn, printed in ON_PAPER.items():
        paper = paper.replace(drawn, printed)
    (folder / f"{name}.svg").write_text(paper, encoding="utf-8")
    for artist in figure.findobj():
        for get, put in (
            ("get_color", "set_color"),
            ("get_facecolor", "set_facecolor"),
            ("get_edgecolor", "set_edgecolor"),
        ):
            _repaint(artist, get, put)
    figure.savefig(folder / f"{name}.png", dpi=160, facecolor="white")
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) width="[^"]*"', rf'\1 role="img" aria-label="{title}"', body, count=1)
    body = re.sub(r"font: [^;\"]*?(\d+)px[^;\"]*", r"font-size: \1px", body)
    for drawn, variable in VARIABLES.items():
        body = body.replace(drawn, variable)
    return body


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

"""What the page shows: the run folder's files, put into words and proportions for the templates."""

from __future__ import annotations

import base64
import re
from importlib import import_module, resources
from pathlib import Path
from typing import Any

from jeoni import plugins
from jeoni.cells import read_rows
from jeoni.errors import DataError, JeoniError
from jeoni.outputs import real_path, write_text
from jeoni.report.adaptation import adaptation_view
from jeoni.report.figures import labels_chart, reliability_chart, stages_chart, time_chart, training_chart
from jeoni.runs import read_json

__all__ = ["write_report"]

METRICS = "jeoni.evaluation.metrics"
ROWS = 200
CLASSES_IN_MATRIX = 15
PALETTE = 8
MOST_BYTES = 50_000_000
KEYS = ("accuracy", "macro_f1", "roc_auc")


def write_report(run: Path, language: str = "en") -> Path:
    """Write ``report.html``; see :func:`jeoni.report.render`."""
    if not (run / "run.json").exists():
        raise DataError(
            f"{run} is not a run folder: run.json is missing. Needed: a folder that `jeoni fit` wrote.",
            path=str(run),
        )
    words = import_module(f"jeoni.report.locale.{language}").WORDS
    kind = read_json(run / "run.json").get("kind", "report")
    views = {"comparison": _comparison, "adaptation": _adaptation, "report": _view}
    try:
        page = _page(kind, views[kind](run, words))
    except (JeoniError, MemoryError):
        raise
    except Exception as error:  # of records that anybody may have changed: any
        said = f"{type(error).__name__}: {error}"
        raise DataError(
            f"The files in {run} do not hold what a run writes ({said}): the run is unfinished, or they were changed. "
            "Fit again, or put the files back.",
            path=str(run),
        ) from error
    target = run / "report.html"
    write_text(target, page)
    return target


def _page(kind: str, view: dict[str, Any]) -> str:
    import jinja2

    templates = resources.files("jeoni.report") / "templates"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(templates)), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        number=_number, percent=_percent, count=_count, seconds=_seconds, short=_short, rate=_rate, whole=_whole
    )
    return environment.get_template(f"{kind}.html").render(view)


def _view(run: Path, words: dict[str, Any]) -> dict[str, Any]:
    record, metrics = read_json(run / "run.json"), read_json(run / "metrics.json")
    figures = run / "figures"
    figures.mkdir(exist_ok=True)
    how = metrics["estimate"]
    control = metrics.get("control") or {}
    return {
        "w": words,
        "run": record,
        "metrics": metrics,
        "summary": re.split(r"(?<=\.) (?=[A-Z])", metrics["summary"].replace(" %", "\u00a0%")),
        "how": how,
        "scores": [_score_row(name, score, control) for name, score in metrics[how].items()],
        "keys": [_score_row(name, metrics[how][name], control) for name in KEYS if name in metrics[how]],
        "control": control,
        "confusion": _confusion(metrics),
        "reliability": reliability_chart(metrics["reliability"], figures, words) if metrics["reliability"] else "",
        "gallery": _gallery(figures),
        "looks": _looks(figures),
        "inside": _inside(figures),
        "map": _map(figures, metrics["class_names"]),
        "findings": _findings(run, record.get("findings", {}), words),
        "stages": _stages(record["cut"]["stages"]),
        "training": _training(record.get("training") or {}, figures, words),
        "contest": [{"name": name, **score} for name, score in (record.get("contest") or {}).items()],
        "contest_scratch": "scratch" in (record.get("contest") or {}),
        "style": _asset("style.css"),
        "script": _asset("script.js"),
    }


def _comparison(run: Path, words: dict[str, Any]) -> dict[str, Any]:
    """What the page of a comparison shows."""
    found, verdict = read_json(run / "comparison.json"), read_json(run / "verdict.json")
    figures, points, stages = run / "figures", found["points"], found["stages"]
    figures.mkdir(exist_ok=True)
    strategies = list(dict.fromkeys(p["strategy"] for p in points))
    at = {(p["strategy"], p["budget"]): p for p in points}
    budgets = list(dict.fromkeys(p["budget"] for p in points))
    measure = verdict.get("measure", "accuracy")
    words = {**words, "axis_accuracy": words["measures"][measure]}
    return {
        "w": words,
        "measure_note": words["measure_notes"].get(measure, ""),
        "run": read_json(run / "run.json"),
        "verdict": verdict,
        **_headline(verdict["summary"]),
        "points": points,
        "strategies": strategies,
        "table": [{"budget": b, "cells": [at.get((s, b)) for s in strategies]} for b in budgets],
        "labels": labels_chart(points, figures, words),
        "time": time_chart(points, figures, words),
        "stages": stages_chart(stages, figures, words) if stages else "",
        "best_stage": max(stages, key=lambda s: s["accuracy"]["value"])["name"] if stages else "",
        "style": _asset("style.css"),
        "script": _asset("script.js"),
    }


def _adaptation(run: Path, words: dict[str, Any]) -> dict[str, Any]:
    """What the page of an adaptation shows."""
    record = read_json(run / "run.json")
    view = adaptation_view(run, words, _score_row)
    return {
        "w": words,
        "run": record,
        **_headline(view["metrics"]["summary"]),
        **view,
        "findings": _findings(run, record.get("findings", {}), words),
        "training": _training(record.get("training") or {}, run / "figures", words),
        "style": _asset("style.css"),
        "script": _asset("script.js"),
    }


def _headline(summary: str) -> dict[str, str]:
    """What is said in large letters, and what follows it: the first clause leads. Numbers keep their units."""
    kept = summary.replace(" %", "\u00a0%")
    lead, colon, rest = kept.partition(": the difference")
    if colon:
        return {"headline": f"{lead}.", "detail": f"The difference{rest}"}
    lead, bracket, rest = kept.partition(" (95")
    return {"headline": f"{lead}." if bracket else lead, "detail": f"95{rest.replace(')', '', 1)}" if bracket else ""}


def _asset(name: str) -> str:
    return (resources.files("jeoni.report") / "templates" / name).read_text(encoding="utf-8")


def _score_row(name: str, score: dict[str, Any], control: dict[str, Any]) -> dict[str, Any]:
    """One measure: its title, its place on a bar from 0 to its top, and the controls beside it."""
    known = name in plugins.names(METRICS)
    kind = plugins.load(METRICS, name) if known else None
    unit = getattr(kind, "unit", "")
    others = {k: (control.get(k) or {}).get(name) for k in ("untrained", "majority", "probe", "difference")}
    values = [v for s in (score, others["untrained"], others["majority"]) if s for v in s.values() if v is not None]
    top = 1.0 if unit == "%" else max([1e-9, *values]) * 1.1
    return {
        "name": name,
        "title": getattr(kind, "title", name.replace("_", " ")),
        "unit": unit,
        "higher": getattr(kind, "higher_is_better", True),
        "score": score,
        **others,
        "bar": {
            k: _span(s, top) for k, s in {"score": score, **others}.items() if s and k not in ("probe", "difference")
        },
    }


def _span(score: dict[str, Any], top: float) -> dict[str, float] | None:
    """Places in percent of a bar's width."""
    if score["value"] is None:
        return None
    low, high = (score[k] if score[k] is not None else score["value"] for k in ("low", "high"))
    place = {k: 100 * min(1.0, max(0.0, v / top)) for k, v in (("value", score["value"]), ("low", low), ("high", high))}
    return {**place, "width": max(0.4, place["high"] - place["low"])}


def _confusion(metrics: dict[str, Any]) -> dict[str, Any]:
    """The matrix with each cell's share of its row; of many classes, only the worst pairs."""
    names, matrix = metrics["class_names"], metrics["confusion"]
    rows = [
        {
            "name": name,
            "cells": [{"count": c, "share": c / sum(row) if sum(row) else 0.0} for c in row],
            "total": sum(row),
        }
        for name, row in zip(names, matrix, strict=True)
    ]
    pairs = [
        {"true": rows[i]["name"], "predicted": names[j], "count": cell["count"], "total": rows[i]["total"]}
        for i in range(len(rows))
        for j, cell in enumerate(rows[i]["cells"])
        if i != j and cell["count"] > 0
    ]
    pairs.sort(key=lambda p: -p["count"])
    return {"names": names, "rows": rows if len(names) <= CLASSES_IN_MATRIX else [], "pairs": pairs[:12]}


def _gallery(figures: Path) -> dict[str, list[dict[str, Any]]]:
    """Mistakes and doubts, each with its text or thumbnail inside the page."""
    if not (figures / "gallery.json").exists():
        return {}
    shown: dict[str, list[dict[str, Any]]] = read_json(figures / "gallery.json")
    return {
        kind: [
            {
                "text": "",
                **e,
                "src": _picture(figures, e.get("thumb", "")),
                "sound": _sound(figures, e.get("sound", "")),
            }
            for e in entries
        ]
        for kind, entries in shown.items()
    }


def _looks(figures: Path) -> dict[str, list[dict[str, Any]]]:
    """What decided: where the network looked, each picture inside the page, or which words counted."""
    if not (figures / "looks.json").exists():
        return {}
    shown: dict[str, list[dict[str, Any]]] = read_json(figures / "looks.json")
    return {
        kind: [
            {
                **e,
                "sources": [_inline(figures, f, "image/jpeg") for f in e.get("files", [])],
                "words": [{**w, "pieces": _weighed(w["pieces"])} for w in e.get("words", [])],
            }
            for e in entries
        ]
        for kind, entries in shown.items()
    }


def _weighed(pieces: list[tuple[str, float]]) -> list[dict[str, Any]]:
    """Words with the strength of their shade, 0 … 1 of the strongest; faint ones have none."""
    top = max([0.02, *(abs(weight) for _, weight in pieces)])
    return [
        {"text": text, "strength": abs(w) / top if abs(w) > 0.05 * top else 0, "against": w < 0, "weight": w}
        for text, w in pieces
    ]


def _picture(figures: Path, name: str) -> str:
    return _inline(figures, name, "image/jpeg") if name and (figures / name).exists() else ""


def _sound(figures: Path, name: str) -> str:
    kind = "audio/flac" if name.endswith(".flac") else "audio/mpeg"
    return _inline(figures, name, kind) if name and (figures / name).exists() else ""


def _inside(figures: Path) -> dict[str, Any] | None:
    """First filters, and what stages respond to, each picture inside the page."""
    if not (figures / "inside.json").exists():
        return None
    found: dict[str, Any] = read_json(figures / "inside.json")
    filters = _inline(figures, found["filters"], "image/png") if found["filters"] else ""
    stages = [{**s, "sources": [_inline(figures, f, "image/jpeg") for f in s["files"]]} for s in found["stages"]]
    return {"filters": filters, "stages": stages} if filters or stages else None


def _map(figures: Path, names: list[str]) -> dict[str, Any] | None:
    if not (figures / "map.json").exists():
        return None
    found: dict[str, Any] = read_json(figures / "map.json")
    number = {n: k for k, n in enumerate(names)}
    points = [
        {
            "text": "",
            **p,
            "color": number.get(p["label"], 0) % PALETTE,
            "wrong": p["label"] != p["predicted"],
            "index": i,
        }
        for i, p in enumerate(found["points"])
    ]
    sprite = _picture(figures, found.get("sprite", ""))
    # mistakes last, so that they lie on top
    return {**found, "points": sorted(points, key=lambda p: p["wrong"]), "src": sprite}


def _inline(figures: Path, name: str, kind: str) -> str:
    """A file among the figures, as part of the page; whoever sends the page on sends no other file with it.

    Raises:
        DataError: it lies elsewhere, or is no file of a picture's or a sound's size.
    """
    path = real_path(figures / name)
    if real_path(figures) not in path.parents or not path.is_file() or path.stat().st_size > MOST_BYTES:
        raise DataError(f"{name!r} is not a picture or sound in {figures}; its record was changed.", path=str(figures))
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _findings(run: Path, counts: dict[str, int], words: dict[str, Any]) -> dict[str, Any]:
    rows: list[dict[str, str]] = []
    if (run / "issues.csv").exists():
        rows = read_rows(run / "issues.csv")
    kinds = words["kinds"]
    summary = [{"count": n, "text": kinds.get(k, k.replace("_", " "))} for k, n in counts.items() if n]
    return {"summary": summary, "rows": rows[:ROWS], "rest": max(0, len(rows) - ROWS)}


def _stages(stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With the shares of parameters and time, for their bars."""
    parameters = sum(s["parameters"] for s in stages) or 1
    time = sum(s["ms_per_image"] for s in stages) or 1
    return [
        {
            "state": "frozen" if s["frozen"] else "trained",
            "learning_rate": None,
            "batch_norm": "",
            "kept_bytes": None,
            **s,
            "parameter_share": 100 * s["parameters"] / parameters,
            "time_share": 100 * s["ms_per_image"] / time,
            "shape": " × ".join(str(d) for d in s["output_shape"]),
        }
        for s in stages
    ]


def _training(record: dict[str, Any], figures: Path, words: dict[str, Any]) -> dict[str, Any] | None:
    """What was trained, in sentences, with the curve of the losses."""
    if not record:
        return None
    share, rows = record["share"], record["rows"]
    between = words["share_between"].format(percent=100 * share)
    views = words["rows_views"].format(n=rows["views"]) if rows.get("views") else ""
    kept = words["rows_cached"].format(kb=rows.get("row_bytes", 0) / 1000, mb=rows.get("bytes", 0) / 1e6, views=views)
    trials = ", ".join(
        f"{rate}: {words['trial_failed'] if v is None else f'{v:.3f}'}" for rate, v in record.get("trials", {}).items()
    )
    note = "training_note_all"
    if record.get("held_out"):
        note = "training_note_last" if record.get("moment") == "last" else "training_note"
    return {
        "trials": {},
        "shortened": "",
        "ruined": False,
        **record,
        "note": words[note],
        "share_note": words["share"].get(share, between),
        "rows_note": kept if rows.get("cached") else words["rows_live"],
        "trials_said": trials,
        "per_s": round(record["examples"] / record["seconds"]) if record["seconds"] else 0,
        "chart": training_chart(record["looks"], record["best_step"], figures, words),
    }


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{100 * value:.{digits}f}"


def _count(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.1e}".replace("e-0", "e-")


def _short(path: str) -> str:
    """The last two parts of a path: the folder often says the class."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])

"""The content of the page: the run folder's files, put into words and proportions for the templates."""

from __future__ import annotations

import heapq
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from jeoni import plugins
from jeoni.errors import DataError, StorageError
from jeoni.files.outputs import write_text
from jeoni.locale import Said, measure_name, table
from jeoni.report.adaptation import adaptation_view
from jeoni.report.contents import Contents
from jeoni.report.figures import (
    labels_chart,
    numbers_chart,
    reliability_chart,
    stages_chart,
    time_chart,
    training_chart,
)
from jeoni.report.files import Figures, read_rows
from jeoni.report.result import LEADING
from jeoni.report.thresholds import thresholds_view
from jeoni.runs.folder import UNFINISHED
from jeoni.runs.records import (
    ComparisonRecord,
    Controls,
    Example,
    Explained,
    ExplanationsRecord,
    FitMetrics,
    GalleryRecord,
    InsideRecord,
    MapRecord,
    Measure,
    PairsRecord,
    ProbedStage,
    RunRecord,
    Score,
    Shared,
    Stage,
    TaskDetails,
    TrainingRecord,
    VerdictRecord,
    told_in,
)
from jeoni.runs.typed import read_content, read_if_there, read_record

__all__ = ["write_report"]

METRICS = "jeoni.evaluation.metrics.classification"
ROWS = 200
CLASSES_IN_MATRIX = 15
PAIRS = 12
PALETTE = 8
MOST_KEYS = 4
SINGLES = ("average_precision", "precision", "recall", "f1", "mae")


def write_report(run: Path, language: str) -> Path:
    """Write ``report.html``; see :func:`jeoni.report.render`."""
    import jinja2

    record = _record(run)
    words = dict(table("page", language))
    figures = Figures(run / "figures")
    try:
        figures.folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(f"{figures.folder} cannot be written: {error.strerror or error}.") from error
    view = {"comparison": _comparison, "adaptation": _adaptation, "report": _view}[record.kind]
    templates = resources.files("jeoni.report") / "templates"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(templates)), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        number=_number,
        percent=_percent,
        count=_count,
        seconds=partial(_seconds, written=words["seconds"]),
        short=_short,
        rate=_rate,
        whole=_whole,
        quoted=_quoted,
        term=partial(measure_name, language=language),
    )
    shown = {
        "w": words,
        "toc": Contents(),
        "of_classes": record.data.task in ("", "classification"),
        "run": record,
        "warnings": _warnings(record, words),
        "style": _asset("style.css"),
        "script": _asset("script.js"),
        **view(run, record, figures, words),
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
    said = []
    for text in record.warnings:
        warned = record.warned.get(text)
        said += told_in(words["lang"], [warned], text) if warned else [text]
    return [*said, *resumed]


def _view(run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
    metrics = read_record(FitMetrics, run / "metrics.json")
    if record.cut is None or record.head is None:
        raise DataError(f"{run / 'run.json'} cannot be used: cut or head is missing; repeat the run.", path=str(run))
    control, training = metrics.control or Controls(), record.training
    rows = {name: _score_row(name, score, control, metrics.measures) for name, score in metrics.scores.items()}
    alike = read_if_there(PairsRecord, figures.folder / "pairs.json")
    explanations = read_if_there(ExplanationsRecord, figures.folder / "explanations.json") or read_if_there(
        ExplanationsRecord, figures.folder / "looks.json"
    )
    return {
        "metrics": metrics,
        **_headline(told_in(words["lang"], metrics.said, metrics.summary)),
        "how": metrics.estimate,
        "scores": list(rows.values()),
        "keys": [rows[name] for name in _leading(metrics) if name in rows],
        "control": control,
        "blocks": [_block(name, part, figures, words) for name, part in (metrics.parts or {"": metrics}).items()],
        "singles": [key for key in SINGLES if any(getattr(row, key) for row in metrics.per_class)],
        "gallery": _gallery(figures),
        "explanations": _explanations(explanations, figures),
        "explained_by_words": bool(explanations and any(e.words for e in (*explanations.hits, *explanations.mistakes))),
        "inside": _inside(figures),
        "map": _map(figures, metrics.class_names),
        "sharing": [_shared(one, words["lang"]) for one in metrics.sharing],
        "findings": _findings(run, record.findings, words, shown=alike is not None),
        "alike": _alike(alike, figures),
        "stages": _stages(record.cut.stages),
        "training": _training(training, figures, words),
        "contest": [{"name": name, **vars(score)} for name, score in (record.contest or {}).items()],
        "contest_scratch": "scratch" in (record.contest or {}),
    }


def _comparison(run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
    """The content of a comparison's page."""
    found = read_record(ComparisonRecord, run / "comparison.json")
    verdict = read_record(VerdictRecord, run / "verdict.json")
    points, stages = found.points, found.stages
    strategies = list(dict.fromkeys(p.strategy for p in points))
    at = {(p.strategy, p.budget): p for p in points}
    budgets = list(dict.fromkeys(p.budget for p in points))
    measure, sign = verdict.compared_by, 1 if verdict.compared_by.higher_is_better else -1
    named = measure_name(measure.title, words["lang"])
    measure, title = replace(measure, title=named), named[0].upper() + named[1:]
    per = {"budget": words["budgets"][verdict.per]}
    words = words | per | {name: words[name].format(measure=title) for name in ("curve_labels", "curve_time")}
    return {
        "w": words,
        "shown": partial(_measured, measure=measure),
        "sign": sign,
        "measure_note": words["measure_notes"].get(verdict.measure, ""),
        "verdict": verdict,
        **_headline(told_in(words["lang"], verdict.said, verdict.summary)),
        "advice": [one for one in told_in(words["lang"], verdict.advised, " ".join(verdict.advice)) if one],
        "points": points,
        "strategies": strategies,
        "table": [{"budget": b, "cells": [at.get((s, b)) for s in strategies]} for b in budgets],
        "labels": labels_chart(points, measure, figures.folder, words),
        "time": time_chart(points, measure, figures.folder, words),
        "stages": stages_chart(stages, measure, figures.folder, words) if stages else "",
        "stages_verdict": _highest_stage(stages, sign, words) if stages else "",
    }


def _measured(value: float, digits: int = 1, *, measure: Measure) -> str:
    """A value of the measure, or a difference of two: percent or points without their sign, or a number."""
    if measure.unit == "%":
        return _percent(value, digits)
    return f"{value + 0.0:.3g}"


def _adaptation(run: Path, record: RunRecord, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
    """The content of an adaptation's page."""
    view = adaptation_view(run, words, _score_row)
    metrics, language = view["metrics"], words["lang"]
    why = " ".join(told_in(language, metrics.why_said, metrics.why))
    return {
        **_headline(told_in(words["lang"], view["metrics"].said, view["metrics"].summary)),
        **view,
        "why": _opened(why),
        "why_saved": why,
        "advice": " ".join(told_in(language, metrics.advice_said, metrics.advice)),
        "told": lambda part: told_in(language, part.said, "") if part.said else part.sentences,
        "findings": _findings(run, record.findings, words),
        "training": _training(record.training, figures, words),
    }


def _headline(sentences: Sequence[str]) -> dict[str, Any]:
    """The first sentence stands in large letters, the others below it. Numbers keep their units."""
    first, *rest = [sentence.replace(" %", "\u00a0%") for sentence in sentences]
    return {"headline": first, "details": rest}


def _opened(text: str) -> str:
    """A clause as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def _asset(name: str) -> str:
    return (resources.files("jeoni.report") / "templates" / name).read_text(encoding="utf-8")


def _leading(metrics: FitMetrics) -> list[str]:
    """The measures that stand in large letters."""
    if metrics.parts:
        return [f"{name}.{part.headline}" for name, part in metrics.parts.items()][:MOST_KEYS]
    return list(dict.fromkeys((metrics.headline, *LEADING)))


def _block(name: str, part: TaskDetails, figures: Figures, words: dict[str, Any]) -> dict[str, Any]:
    """The figures of one task: its confusion matrix and calibration, or predicted against true numbers."""
    mark = f"-{name}" if name else ""
    return {
        "name": name,
        "confusion": _confusion(part) if part.class_names else None,
        "thresholds": thresholds_view(part.thresholds),
        "reliability": reliability_chart(part.reliability, figures.folder, words, mark) if part.reliability else "",
        "numbers": [
            {"name": n.name, "unit": n.unit, "chart": numbers_chart(n, figures.folder, words, f"{mark}-{k}")}
            for k, n in enumerate(part.numbers)
        ],
    }


def _score_row(
    name: str, score: Score, control: Controls, measures: Mapping[str, Measure] | None = None
) -> dict[str, Any]:
    """One measure: its title, its place on a bar from 0 to its top, and the controls beside it."""
    kind: Any = (measures or {}).get(name)
    if kind is None and name in plugins.names(METRICS):  # of runs that did not say what their measures are
        kind = plugins.load(METRICS, name)
    unit = getattr(kind, "unit", "")
    others = {k: (scores or {}).get(name) for k, scores in vars(control).items()}
    shown = {"score": score, "untrained": others["untrained"], "majority": others["majority"]}
    values = [v for s in shown.values() if s for v in (s.value, s.low, s.high) if v is not None]
    top = 1.0 if unit == "%" else max([1e-9, *values]) * 1.1
    return {
        "name": name,
        "title": getattr(kind, "title", name.replace("_", " ")),
        "unit": unit,
        "higher": getattr(kind, "higher_is_better", True),
        "score": score,
        **others,
        "bar": {k: _span(s, top) for k, s in shown.items() if s},
    }


def _span(score: Score, top: float) -> dict[str, float] | None:
    """Places in percent of a bar's width."""
    if score.value is None:
        return None
    low = score.value if score.low is None else score.low
    high = score.value if score.high is None else score.high
    place = {k: 100 * min(1.0, max(0.0, v / top)) for k, v in (("value", score.value), ("low", low), ("high", high))}
    return {**place, "width": max(0.4, place["high"] - place["low"])}


def _confusion(metrics: TaskDetails) -> dict[str, Any]:
    """The matrix with each cell's share of its row; of many classes, only the worst pairs."""
    names, totals = metrics.class_names, [sum(row) for row in metrics.confusion]
    wrong = (
        (count, i, j) for i, row in enumerate(metrics.confusion) for j, count in enumerate(row) if i != j and count > 0
    )
    worst = heapq.nlargest(PAIRS, wrong, key=lambda pair: pair[0])
    pairs = [{"true": names[i], "predicted": names[j], "count": count, "total": totals[i]} for count, i, j in worst]
    few = len(names) <= CLASSES_IN_MATRIX
    rows = [
        {"name": _quoted(name), "cells": [{"count": c, "share": c / total if total else 0.0} for c in row]}
        for name, row, total in zip(names, metrics.confusion, totals, strict=True)
        if few
    ]
    fractional = any(not float(c).is_integer() for row in metrics.confusion for c in row)
    return {"names": [_quoted(name) for name in names], "rows": rows, "pairs": pairs, "fractional": fractional}


def _shared(one: Shared, language: str) -> dict[str, str]:
    """Whether sharing helped a task, in the page's language."""
    return {"part": one.part, "sentence": " ".join(told_in(language, one.said, one.sentence))}


def _gallery(figures: Figures) -> dict[str, list[dict[str, Any]]]:
    """Mistakes and doubts, each with its text or thumbnail inside the page."""
    shown = read_if_there(GalleryRecord, figures.folder / "gallery.json") or GalleryRecord()

    return {kind: [_shown(e, figures) for e in entries] for kind, entries in vars(shown).items()}


def _shown(e: Example, figures: Figures) -> dict[str, Any]:
    """An example with its thumbnail and audio inside the page."""
    pictures = {"src": figures.inline(e.thumb, ".jpg"), "sound": figures.inline(e.sound, ".flac", ".mp3")}
    return {**vars(e), **pictures}


def _alike(found: PairsRecord | None, figures: Figures) -> dict[str, Any]:
    """Pairs of examples that are identical or nearly so."""
    pairs = [
        {"kind": p.kind, "action": p.action, "left": _shown(p.left, figures), "right": _shown(p.right, figures)}
        for p in (found.pairs if found else ())
    ]
    return {"pairs": pairs, "rest": found.rest if found else 0}


def _explanations(shown: ExplanationsRecord | None, figures: Figures) -> dict[str, list[dict[str, Any]]]:
    """Explanations: where the network looked, each picture inside the page, or which words counted."""
    if shown is None or not (shown.hits or shown.mistakes):
        return {}

    def entry(e: Explained) -> dict[str, Any]:
        sources = [source for f in e.files if (source := figures.inline(f, ".jpg"))]
        return {
            **vars(e),
            "sources": sources,
            "words": [{"name": w.name, "pieces": _weighed(w.pieces)} for w in e.words],
        }

    return {kind: [entry(e) for e in entries] for kind, entries in vars(shown).items()}


def _weighed(pieces: Sequence[tuple[str, float]]) -> list[dict[str, Any]]:
    """Words with the strength of their shade, 0 … 1 of the strongest; faint ones have none."""
    top = max([0.02, *(abs(weight) for _, weight in pieces)])
    return [
        {"text": text, "strength": abs(w) / top if abs(w) > 0.05 * top else 0, "against": w < 0, "weight": w}
        for text, w in pieces
    ]


def _inside(figures: Figures) -> dict[str, Any] | None:
    """First filters, and what stages respond to, each picture inside the page."""
    found = read_if_there(InsideRecord, figures.folder / "inside.json")
    if found is None:
        return None
    filters = figures.inline(found.filters, ".png")
    stages = [{"stage": s.stage, "sources": [figures.inline(f, ".jpg") for f in s.files]} for s in found.stages]
    return {"filters": filters, "stages": stages} if filters or stages else None


def _map(figures: Figures, names: Sequence[str]) -> dict[str, Any] | None:
    found = read_if_there(MapRecord, figures.folder / "map.json")
    if found is None:
        return None
    number = {n: k for k, n in enumerate(names)}
    points = [
        {
            **vars(p),
            "color": (number.get(p.label, 0) if p.group is None else p.group) % PALETTE,
            "wrong": p.label != p.predicted if p.wrong is None else p.wrong,
            "index": i,
        }
        for i, p in enumerate(found.points)
    ]
    # mistakes last, so that they lie on top
    points.sort(key=lambda p: p["wrong"])
    return {
        **vars(found),
        "groups": found.groups or names,
        "points": points,
        "src": figures.inline(found.sprite, ".jpg"),
    }


ALIKE = ("duplicate", "near_duplicate", "leak", "label_conflict")


def _findings(run: Path, counts: dict[str, int], words: dict[str, Any], shown: bool = False) -> dict[str, Any]:
    """The findings by kind, and one by one; those of examples that are alike only where the page has no pictures."""
    rows: list[dict[str, str]] = []
    rest, path = 0, run / "issues.csv"
    terms = table("terms", words["lang"])
    if os.path.lexists(path):
        for row in read_rows(path, ("kind", "path", "detail", "action")):
            if shown and row["kind"] in ALIKE and row["path"]:
                continue
            if len(rows) < ROWS:
                told = {name: terms.get(row[name].lower(), row[name]) for name in ("detail", "action")}
                kind = row["kind"].replace("_", " ")
                rows.append({**row, **told, "kind": terms.get(kind, kind)})
            else:
                rest += 1
    kinds = words["kinds"]
    summary = [{"count": n, "text": kinds.get(k, k.replace("_", " "))} for k, n in counts.items() if n]
    return {"summary": summary, "rows": rows, "rest": rest}


def _stages(stages: Sequence[Stage]) -> list[dict[str, Any]]:
    """With the shares of parameters and time, for their bars."""
    parameters = sum(s.parameters for s in stages) or 1
    time = sum(s.ms_per_image for s in stages) or 1
    return [
        {
            **vars(s),
            "state": s.state or ("frozen" if s.frozen else "trained"),
            "parameter_share": 100 * s.parameters / parameters,
            "time_share": 100 * s.ms_per_image / time,
            "shape": " × ".join(str(d) for d in s.output_shape),
        }
        for s in stages
    ]


def _training(record: TrainingRecord | None, figures: Figures, words: dict[str, Any]) -> dict[str, Any] | None:
    """The training in sentences, with the curve of the losses."""
    if record is None:
        return None
    rows = record.rows
    between = words["share_between"].format(percent=100 * record.share)
    views = words["rows_views"].format(n=rows.views) if rows.views else ""
    kept = words["rows_cached"].format(kb=rows.row_bytes / 1000, mb=rows.bytes / 1e6, views=views)
    trials = ", ".join(
        f"{rate}: {words['trial_failed'] if v is None else f'{v:.3f}'}" for rate, v in record.trials.items()
    )
    note = "training_note_all"
    if record.held_out:
        note = "training_note_last" if record.moment == "last" else "training_note"
    return {
        **vars(record),
        "note": words[note],
        "share_note": words["share"].get(record.share, between),
        "rows_note": kept if rows.cached else words["rows_live"],
        "trials_said": trials,
        "head_rate": record.rates["head"].learning_rate if "head" in record.rates else None,
        "per_s": round(record.examples / record.seconds) if record.seconds else 0,
        "chart": training_chart(record.evaluations, record.best_step, figures.folder, words),
    }


def _highest_stage(stages: Sequence[ProbedStage], sign: int, words: dict[str, Any]) -> str:
    """Which stage is best; where the interval of another one overlaps, that none can be called so."""
    highest = max(stages, key=lambda s: sign * s.score.value)
    own = highest.score.low if sign > 0 else -highest.score.high
    near = [s.name for s in stages if s is not highest and (s.score.high if sign > 0 else -s.score.low) >= own]
    if not near:
        return str(words["stage_highest"].format(name=highest.name))
    return str(words["stage_overlap"].format(name=highest.name, others=", ".join(near)))


def _quoted(name: str) -> str:
    """A class's name in quotes: it may be a number."""
    return f"'{name}'"


def _number(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _percent(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{100 * value:.{digits}f}"


def _count(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _seconds(value: float | None, written: str) -> str:
    return "–" if value is None else written.format(n=f"{value:.1f}")


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:.1e}".replace("e-0", "e-")


def _short(path: str) -> str:
    """The last two parts of a path: the folder often says the class."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])

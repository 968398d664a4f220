"""Run folders that somebody else made, or damaged: a report or one sentence, and nothing of this machine in the page."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jeoni.errors import DataError, JeoniError, StorageError
from jeoni.report import render
from jeoni.report.files import Figures
from jeoni.runs.records import (
    AdaptMetrics,
    ComparisonRecord,
    DenseMetrics,
    DomainsRecord,
    ExplanationsRecord,
    FitMetrics,
    GalleryRecord,
    InsideRecord,
    MapRecord,
    PlacesRecord,
    RunRecord,
    ScoringMetrics,
    VerdictRecord,
)
from jeoni.runs.typed import read_record
from tests.made_places import make_places_run
from tests.report.test_report import make_run

PLACES, RENDERED = 10, 1  # of each file; with all places nothing else was found
SECRET = "the content of a file outside"
SCORE = {"value": 0.8, "low": 0.7, "high": 0.9}
POINT = {"budget": 5, "n_train": 10.0, "seconds": 0.5, "accuracy": SCORE, "note": "8 of 8 steps", "log_loss": 0.4}
COMPARISON = {
    "strategy": "probe", "control": "scratch", "budget": 5, "difference": SCORE, "p": 0.01, "visible": 0.05, "outcome": "helped",
}  # fmt: skip
TRAINING = {
    "steps": 20, "best_step": 20, "looks": [{"step": 10, "loss": 0.7, "held": 0.6}, {"step": 20, "loss": 0.6, "held": 0.5}],
    "seconds": 2.0, "examples": 160, "share": 1.0, "held_out": 26, "refitted": False, "frozen_identical": True,
    "rows": {"cached": True, "row_bytes": 100, "bytes": 1000, "views": 2}, "trials": {"0.001": 0.6},
    "rates": {"head": {"learning_rate": 1e-3, "starts": 0}}, "statistics": "batch", "moment": "best", "shortened": "", "ruined": False,
}  # fmt: skip


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def change(path: Path, **changes: Any) -> None:
    write(path, {**json.loads(path.read_text()), **changes})


def make_fit(folder: Path) -> Path:
    """With everything that a fit can write."""
    run = make_run(folder)
    change(
        run / "run.json",
        training=TRAINING,
        contest={"probe": {"loss": 0.4, "score": 0.9, "n": 80}},
        chosen="probe",
    )
    change(run / "run.json", warnings=["Something to know."], calls=2)
    figures = run / "figures"
    shown = json.loads((figures / "gallery.json").read_text())
    write(figures / "gallery.json", {kind: [{**e, "sound": ""} for e in entries] for kind, entries in shown.items()})
    for name in ("looks/1.jpg", "inside/00.jpg"):
        (figures / name).parent.mkdir()
        Image.new("RGB", (8, 8)).save(figures / name)
    Image.new("RGB", (8, 8)).save(figures / "inside" / "filters.png")
    seen = {"path": "a.jpg", "label": "a", "predicted": "b"}
    said = {**seen, "words": [{"name": "after", "pieces": [["fine", 0.3], [" film", -0.1]]}]}
    write(figures / "looks.json", {"hits": [{**seen, "files": ["looks/1.jpg"]}], "mistakes": [said]})
    stages = [{"stage": "stem", "files": ["inside/00.jpg"]}]
    write(figures / "inside.json", {"filters": "inside/filters.png", "stages": stages})
    return run


def make_comparison(folder: Path) -> Path:
    run = make_run(folder)
    change(run / "run.json", kind="comparison")
    points = [
        {**POINT, "strategy": s, "budget": b, "n_train": n}
        for s in ("probe", "scratch")
        for b, n in ((5, 10.0), (None, 90.0))
    ]
    write(run / "comparison.json", {"points": points, "stages": [{"name": "stem", "accuracy": SCORE}]})
    need = {
        "strategy": "probe",
        "budget": 5,
        "n_train": 10.0,
        "control_needs": None,
        "control_seconds": None,
        "seconds": 0.5,
    }
    verdict = {
        "measure": "accuracy", "outcome": "helped", "summary": "Transfer helped.", "control": "scratch",
        "comparisons": [COMPARISON], "needs": [need], "advice": ["Label more."],
    }  # fmt: skip
    write(run / "verdict.json", verdict)
    return run


def make_adaptation(folder: Path) -> Path:
    run = make_run(folder)
    change(run / "run.json", kind="adaptation", training=TRAINING)
    per_class = [{"class": c, "support": 5, "precision": SCORE, "recall": SCORE, "f1": SCORE} for c in "ab"]
    side = {"metrics": {"accuracy": SCORE, "log_loss": SCORE}, "per_class": per_class}
    gains = {"entropy": 0.1, "circular": -0.2}
    metrics = {
        "method": "coral", "class_names": ["a", "b"], "n": 2, "moved": 1, "labelled": 2, "target": side, "source_only": side,
        "summary": "Adapting helped.", "why": "it convinces", "tried": [{"name": "coral", "gains": gains, "note": ""}],
        "diagnosis": {"sentences": ["The domains differ."]}, "weighing": {"sentences": ["The weights are worth 3."]},
    }  # fmt: skip
    write(run / "metrics.json", metrics)
    rows = [
        "path,label,predicted,confidence,source_only,prob:a,prob:b",
        "x.jpg,a,a,0.9,b,0.9,0.1",
        "y.jpg,b,b,0.8,b,0.2,0.8",
    ]
    (run / "predictions.csv").write_text("\n".join(rows) + "\n")
    items = [{"domain": d, "path": "x.jpg", "label": "a", "predicted": "a"} for d in ("source", "target")]
    maps = [{"method": "t-SNE", "points": [[0.1, 0.2], [0.3, 0.4]]}] * 2
    write(run / "figures" / "domains.json", {"items": items, "maps": maps})
    return run


def make_scoring(folder: Path) -> Path:
    run = make_run(folder)
    change(run / "run.json", kind="scoring")
    scores = {"logme": SCORE, "knn": {**SCORE, "value": None, "low": None, "high": None}}
    candidates = [
        {
            "backbone": name, "stage": "pool", "depth": 2, "stages": 2, "dim": 8, "parameters": 1e6, "learned": name == "a",
            "accuracy": SCORE, "behind": SCORE, "scores": scores,
        }
        for name in ("a", "untrained:a")
    ]  # fmt: skip
    order = {
        "score": "logme", "title": "LogME", "needs": "features", "candidates": 2, "backbones": 2, "tau": SCORE, "pick": "a",
        "behind": SCORE, "outcome": "cannot tell",
    }  # fmt: skip
    metrics = {
        "head": "linear", "n_train": 70, "n_test": 30, "scored_on": 70, "classes": 2, "backbones": 2, "stages": True,
        "resamples": 200, "summary": "a is best.", "candidates": candidates, "orders": [order],
    }  # fmt: skip
    write(run / "metrics.json", metrics)
    return run


MAKERS = {
    "fit": make_fit,
    "comparison": make_comparison,
    "adaptation": make_adaptation,
    "scoring": make_scoring,
    "detection": partial(make_places_run, kind="boxes"),
    "segmentation": partial(make_places_run, kind="masks"),
    "pose": partial(make_places_run, kind="points"),
    "anomaly": partial(make_places_run, kind="heat"),
}
FILES = {
    "fit": {
        "run.json": RunRecord, "metrics.json": FitMetrics, "figures/gallery.json": GalleryRecord,
        "figures/looks.json": ExplanationsRecord, "figures/inside.json": InsideRecord, "figures/map.json": MapRecord,
    },
    "comparison": {"run.json": RunRecord, "verdict.json": VerdictRecord, "comparison.json": ComparisonRecord},
    "adaptation": {"run.json": RunRecord, "metrics.json": AdaptMetrics, "figures/domains.json": DomainsRecord},
    "scoring": {"metrics.json": ScoringMetrics},
    "detection": {"metrics.json": DenseMetrics, "figures/places.json": PlacesRecord},
    "segmentation": {"metrics.json": DenseMetrics, "figures/places.json": PlacesRecord},
    "pose": {"metrics.json": DenseMetrics, "figures/places.json": PlacesRecord},
    "anomaly": {"metrics.json": DenseMetrics, "figures/places.json": PlacesRecord},
}  # fmt: skip
HOSTILE: list[Any] = [
    None, True, -1, 0, 2, 10**30, -1e308, float("nan"), float("inf"), "", "../../etc/passwd", "/etc/passwd", "</script><img src=x>",
    "$\\frac{$", "\ud800", "x" * 200_000, [], {}, [[]], {"a": {}}, [None] * 30_000, "{{ 7 * 7 }}", "{0.__class__}",
]  # fmt: skip


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the values of a JSON document are, the containers too."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from leaves(one, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("kind", MAKERS)
def test_a_run_of_every_kind_is_rendered(tmp_path, kind):
    text = render(MAKERS[kind](tmp_path / "run")).read_text()
    assert text.count("<script>") == 1 and len(text) > 10_000
    if kind == "fit":
        assert "Something to know." in text and "its times are those of all 2 calls together" in text
        assert text.index("Something to know.") < text.index("<section>")


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, files in FILES.items() for name in files])
def test_every_value_of_every_file_can_be_anything(tmp_path, kind, name):
    """Each is read or refused in a sentence; of those that are read, some are rendered."""
    run, rng = MAKERS[kind](tmp_path / "run"), random.Random(f"{kind} {name}")
    path, record = run / name, FILES[kind][name]
    whole = json.loads(path.read_text())
    accepted = []
    places = list(leaves(whole))
    for place in rng.sample(places, min(PLACES, len(places))):
        for new in HOSTILE:
            write(path, changed := replaced(whole, place, new))
            try:
                read_record(record, path)
                accepted.append(changed)
            except DataError as error:
                assert str(path) in str(error) and len(str(error)) < 1000
    for changed in rng.sample(accepted, min(RENDERED, len(accepted))):
        write(path, changed)
        try:
            text = render(run).read_text()
        except JeoniError as error:
            assert str(run) in str(error)
        else:
            assert text.count("<script>") == 1 and "<img src=x>" not in text and "root:" not in text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
        b"\x00" * 50,
        b'"\\ud800"',
    ],
)
@pytest.mark.parametrize(
    ("kind", "name"), [("fit", "run.json"), ("fit", "figures/map.json"), ("comparison", "verdict.json")]
)
def test_what_is_no_json_is_a_sentence(tmp_path, kind, name, content):
    run = MAKERS[kind](tmp_path / "run")
    (run / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        render(run)


@pytest.mark.parametrize("what", ["pipe", "folder", "link", "huge"])
@pytest.mark.parametrize(
    ("kind", "name"),
    [("fit", "run.json"), ("fit", "metrics.json"), ("fit", "issues.csv"), ("fit", "figures/thumbs/1.jpg"),
     ("adaptation", "predictions.csv")],
)  # fmt: skip
def test_what_is_no_regular_file_is_neither_read_nor_waited_for(tmp_path, kind, name, what):
    run = MAKERS[kind](tmp_path / "run")
    path = run / name
    content = path.read_bytes()
    path.unlink()
    if what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    elif what == "link":
        (tmp_path / "elsewhere").write_bytes(content)
        path.symlink_to(tmp_path / "elsewhere")
    else:
        with open(path, "wb") as file:
            file.truncate(4 << 30)  # of nothing: no room is taken on the disk
    with pytest.raises(DataError, match=path.name):
        render(run)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret.jpg", "thumbs/../../secret.jpg", "a/b/c.jpg", "C:\\secret.jpg", ".."]
)
@pytest.mark.parametrize(
    ("file", "place"),
    [("gallery", ("mistakes", 0, "thumb")), ("gallery", ("doubtful", 0, "sound")), ("map", ("sprite",))],
)
def test_only_names_inside_figures_are_followed(tmp_path, file, place, name):
    run = make_fit(tmp_path / "run")
    (run / "secret.jpg").write_text(SECRET)
    path = run / "figures" / f"{file}.json"
    write(path, replaced(json.loads(path.read_text()), place, name))
    with pytest.raises(DataError, match=rf"{file}\.json.*{place[-1]}.*a file in figures/"):
        render(run)


def test_a_file_of_another_type_or_behind_a_link_is_not_embedded(tmp_path):
    run = make_fit(tmp_path / "run")
    thumbs = run / "figures" / "thumbs"
    (thumbs / "1.jpg").write_text(SECRET)
    with pytest.raises(DataError, match=r"1\.jpg cannot be shown: it is no JPG file"):
        render(run)
    (tmp_path / "outside").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "outside" / "1.jpg")
    (thumbs / "1.jpg").unlink()
    thumbs.rmdir()
    thumbs.symlink_to(tmp_path / "outside")
    with pytest.raises(DataError, match="behind a link"):
        render(run)


def test_a_report_that_is_a_link_is_replaced_and_what_it_led_to_stays(tmp_path):
    run = make_fit(tmp_path / "run")
    for name in ("report.html", "figures/reliability.svg"):
        (tmp_path / "precious").write_text("kept")
        (run / name).symlink_to(tmp_path / "precious")
    render(run)
    assert (tmp_path / "precious").read_text() == "kept" and not (run / "report.html").is_symlink()


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "nowhere"])
def test_a_folder_that_cannot_be_is_a_sentence(tmp_path, name):
    with pytest.raises(DataError, match=r"run\.json is missing"):
        render(tmp_path / name)


def test_a_file_in_the_place_of_figures_is_a_sentence(tmp_path):
    run = make_run(tmp_path / "run", pictures=False)
    (run / "figures").write_text("no folder")
    with pytest.raises(StorageError, match="figures cannot be written"):
        render(run)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["path,label", "a,b"], "no column 'predicted'"),
        (["path,label,predicted,confidence,source_only", "a,b"], "line 2: the row is cut short"),
        (["path,label,predicted,confidence,source_only", "a,b,b,nan,b"], "row 1: confidence is 'nan'"),
        (["path,label,predicted,confidence,source_only", "a,b,b,1,zebra"], "row 1: source_only is 'zebra'"),
        (["path,label,predicted,confidence,source_only", f"{'x' * 200_000},b,b,1,b"], "not a table in UTF-8"),
        (["\udcff"], "not a table in UTF-8"),
    ],
)
def test_predictions_that_cannot_be_are_named_by_file_and_row(tmp_path, rows, said):
    run = make_adaptation(tmp_path / "run")
    (run / "predictions.csv").write_bytes("\n".join(rows).encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=rf"predictions\.csv.*{said}"):
        render(run)


@pytest.mark.parametrize("begin", [b"ID3\x04", b"\xff\xfb\x90", b"\xff\xe3\x18"], ids=["tagged", "44 kHz", "8 kHz"])
def test_mp3s_of_every_version_are_shown(tmp_path, begin):
    (tmp_path / "a.mp3").write_bytes(begin + bytes(20))
    assert Figures(tmp_path).inline("a.mp3", ".mp3").startswith("data:audio/mpeg;base64,")


def test_a_run_of_a_kind_without_a_page_says_which_kinds_there_are(tmp_path):
    run = make_fit(tmp_path / "run")
    change(run / "run.json", kind="hologram")
    with pytest.raises(DataError, match="kind 'hologram', which this version of jeoni has no page for; it knows adap"):
        render(run)

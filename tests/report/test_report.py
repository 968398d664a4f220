from __future__ import annotations

import csv
import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jeoni.errors import DataError
from jeoni.evaluation.classes import thresholds
from jeoni.evaluation.compare import paired_difference, sentence
from jeoni.evaluation.evaluate import evaluate
from jeoni.locale.en.page import WORDS
from jeoni.report import render
from jeoni.report.pages.comparison import highest_stage
from jeoni.report.parts import headline
from jeoni.runs.records import Interval, ProbedStage
from tests.made_tasks import classes as of_classes

HOSTILE = '<script>alert("1")</script>.jpg'


def make_run(folder: Path, classes: int = 2, estimate: str = "test", pictures: bool = True) -> Path:
    """A run folder as `jeoni fit` writes it, from made-up predictions."""
    rng = np.random.default_rng(0)
    names = [f"class with a rather long name {k}" for k in range(classes)]
    labels = np.arange(120) % classes
    logits = np.eye(classes)[labels] * 2 + rng.normal(size=(120, classes))
    probs = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    floor = np.full((120, classes), 1 / classes)
    result = evaluate(of_classes(names), labels, probs, resamples=100).as_dict()
    difference = paired_difference(of_classes(probs.shape[-1]), labels, probs, floor, resamples=100)
    metrics = {
        "estimate": estimate, "n": 120, estimate: result["metrics"], "per_class": result["per_class"],
        "confusion": result["confusion"], "reliability": result["reliability"], "class_names": names,
        "summary": sentence(difference["accuracy"]),
        "control": {
            "untrained": evaluate(of_classes(names), labels, floor, resamples=100).as_dict()["metrics"],
            "majority": evaluate(of_classes(names), labels, np.tile(of_classes(names).uninformed(labels), (120, 1)), resamples=100).as_dict()["metrics"],
            "difference": {k: v.as_dict() for k, v in difference.items()},
        },
    }  # fmt: skip
    stages = [
        {"name": n, "parameters": 100 * k, "frozen": True, "output_shape": [8, 4, 4], "ms_per_image": 0.5}
        for k, n in enumerate(("stem", "block 1", "pool"))
    ]
    record = {
        "jeoni": "0.1.0", "created": "2026-01-02T03:04:05+0000", "command": "jeoni fit photos/", "spec": {"seed": 0, "test": ""},
        "seed": 0, "versions": {"torch": "2", "openvino": ""},
        "machine": {"system": "Linux", "processor": "x86_64", "cores": 2, "memory_gb": 8},
        "data": {"name": "photos", "origin": "photos/", "items": 600, "classes": dict.fromkeys(names, 5), "train": 480,
                 "test": 120, "skipped": 0, "groups": None, "sha256": "ab" * 32},
        "backbone": {"name": "net", "architecture": "net", "source": "bundled", "licence": "Apache-2.0", "sha256": "cd" * 32,
                     "parameters": 1000, "dim": 64, "url": ""},
        "engine": {"name": "onnxruntime", "precision": "float32", "cosine": 0.9999, "images_per_s": 123.4, "notes": ["n"]},
        "cut": {"frozen": 3, "reuse": 3, "stages": stages},
        "head": {"name": "linear", "strength": 10.0, "class_weights": "none", "temperature": 1.1, "candidates": []},
        "timings": {"read_s": 1.0, "total_s": 3.0, "images_per_s": 100.0}, "peak_memory_mb": 500.0, "notes": [],
        "findings": {"leak": 1},
    }  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "metrics.json").write_text(json.dumps(metrics))
    with open(folder / "issues.csv", "w", newline="") as file:
        csv.writer(file).writerows(
            [["kind", "path", "detail", "action", "other"], ["leak", HOSTILE, "a copy", "kept", ""]]
        )
    if pictures:
        _pictures(folder / "figures", names)
    return folder


def _pictures(figures: Path, names: list[str]) -> None:
    (figures / "thumbs").mkdir(parents=True)
    Image.new("RGB", (20, 20)).save(figures / "thumbs" / "1.jpg")
    Image.new("RGB", (112, 56)).save(figures / "map.jpg")
    entry = {"path": HOSTILE, "label": names[0], "predicted": names[1], "confidence": 0.97, "thumb": "thumbs/1.jpg"}
    (figures / "gallery.json").write_text(json.dumps({"mistakes": [entry], "doubtful": [entry]}))
    points = [
        {"path": HOSTILE, "label": names[0], "predicted": names[k], "x": 0.1, "y": 0.9, "part": "test"} for k in (0, 1)
    ]
    content = {"method": "t-SNE", "points": points, "sprite": "map.jpg", "tile": 56, "columns": 2}
    (figures / "map.json").write_text(json.dumps(content))


class Page(HTMLParser):
    """Knows whether tags are balanced, and collects addresses and headings."""

    VOID = frozenset(["meta", "img", "br", "link", "input"])

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.headings: list[str] = []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "xlink:href") and v]

    def handle_startendtag(self, tag, attrs):
        self.addresses += [v for k, v in attrs if k in ("src", "href") and v]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data)


@pytest.mark.parametrize(
    ("classes", "estimate", "pictures"), [(2, "test", True), (12, "test", True), (30, "test", False), (3, "cv", False)]
)
def test_the_page_is_whole_balanced_and_asks_nothing_of_a_network(tmp_path, classes, estimate, pictures):
    run = make_run(tmp_path / "run", classes, estimate, pictures)
    text = render(run).read_text(encoding="utf-8")
    page = Page(text)
    assert all(a.startswith(("data:", "#")) for a in page.addresses), page.addresses
    assert not re.search(r"url\((?!data:|#)", text)
    wanted = [
        "Scores",
        "Confusion matrix",
        "Calibration",
        "Precision and recall by class",
        "Data checks",
        "Stages: frozen and trained",
    ]
    assert set(wanted) <= set(page.headings)
    assert ("Top losses" in page.headings) == pictures
    assert ("Feature map" in page.headings) == pictures
    assert ("no separate test set was kept" in text) == (estimate == "cv")
    assert json.loads((run / "metrics.json").read_text())["summary"] in text.replace("\u00a0", " ")
    assert "built-in method" not in text and "None" not in text and "nan" not in text.lower().split()


@pytest.mark.parametrize(
    ("said", "wanted", "not_wanted"),
    [
        ({"moment": "best"}, "to choose the best moment, step 20", "learning rate"),
        ({}, "to choose the best moment, step 20", "learning rate"),  # a run of before there were moments
        ({"moment": "last", "trials": {"0.001": 0.6, "0.003": None}, "shortened": "less"},
         "chosen by short trials (0.001: 0.600, 0.003: learned nothing). Trained longer, it came to less",
         "best moment"),
        ({"ruined": True}, "it lost what it had learned from four fifths of them", "was then repeated"),
        ({"held_out": 0}, "too few to hold some out", "best moment"),
    ],
)  # fmt: skip
def test_how_it_was_trained_is_said_as_it_was(tmp_path, said, wanted, not_wanted):
    run = make_run(tmp_path / "run")
    record = json.loads((run / "run.json").read_text())
    looks = [{"step": 10, "loss": 0.7, "held": 0.69}, {"step": 20, "loss": 0.6, "held": 0.65}]
    record["training"] = {
        "steps": 20, "best_step": 20, "evaluations": looks, "seconds": 2.0, "examples": 160, "share": 1.0, "held_out": 26,
        "rows": {"cached": True, "row_bytes": 100, "bytes": 1000, "views": 0}, "refitted": False, "frozen_identical": True,
        "rates": {"head": {"learning_rate": 1e-3, "starts": 0}}, "statistics": "batch",
        **said,
    }  # fmt: skip
    (run / "run.json").write_text(json.dumps(record))
    text = re.sub(r"\s+", " ", render(run).read_text(encoding="utf-8"))
    paragraph = next(p for p in re.findall(r'<p class="note">(.*?)</p>', text) if "items per second" in p)
    assert wanted in paragraph and not_wanted not in paragraph.replace(wanted, "")


@pytest.mark.parametrize(
    ("expected", "wanted"),
    [
        ({"live_s": 12.0, "kept_s": 40.0}, "takes less than to write them to the store first (40 s)"),
        ({}, "did not fit into the cache"),
    ],
)
def test_why_views_were_decoded_again_is_said(tmp_path, expected, wanted):
    run = make_run(tmp_path / "run")
    record = json.loads((run / "run.json").read_text())
    record["training"] = {
        "steps": 20, "best_step": 20, "evaluations": [{"step": 20, "loss": 0.6, "held": 0.65}], "seconds": 2.0,
        "examples": 160, "share": 1.0, "rows": {"cached": False, "views": 4, **expected}, "frozen_identical": True,
        "rates": {"head": {"learning_rate": 1e-3, "starts": 0}}, "statistics": "own",
    }  # fmt: skip
    (run / "run.json").write_text(json.dumps(record))
    assert wanted in re.sub(r"\s+", " ", render(run).read_text(encoding="utf-8"))


def test_a_control_of_auto_that_was_run_on_a_sample_says_what_it_was_held_against(tmp_path):
    run = make_run(tmp_path / "run")
    record = json.loads((run / "run.json").read_text())
    record |= {
        "chosen": "probe",
        "contest": {
            "probe": {"loss": 0.4, "score": 0.9, "n": 1600},
            "untrained": {"loss": 0.693, "score": 0.5, "n": 1000, "against": 0.512},
        },
    }
    (run / "run.json").write_text(json.dumps(record))
    text = re.sub(r"\s+", " ", render(run).read_text(encoding="utf-8"))
    assert text.count("on a sample of 1000, where the probe has a loss of 0.512") == 1


def test_hostile_names_are_text(tmp_path):
    text = render(make_run(tmp_path / "run")).read_text(encoding="utf-8")
    assert HOSTILE not in text
    assert text.count("<script>") == 1
    assert "&lt;script&gt;" in text


def test_figures_are_files_too_and_the_page_follows_light_and_dark(tmp_path):
    run = make_run(tmp_path / "run")
    text = render(run).read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in text and "var(--accent)" in text
    for suffix in ("svg", "png"):
        assert (run / "figures" / f"reliability.{suffix}").stat().st_size > 1000
    assert "var(" not in (run / "figures" / "reliability.svg").read_text()
    assert not set(re.findall(r"#0[1-9]0[1-9]0[1-9]\b", text)), "a colour of the drawing was left in the page"


def test_a_report_is_rebuilt_without_torch(tmp_path):
    import subprocess
    import sys

    run = make_run(tmp_path / "run")
    code = f"import sys\nfrom jeoni.report import render\nrender({str(run)!r})\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_not_a_run_folder_is_said(tmp_path):
    with pytest.raises(DataError, match=r"is not a run folder: run\.json is missing"):
        render(tmp_path)
    (tmp_path / "run.json").write_text('{"state": "unfinished"}')
    with pytest.raises(DataError, match=r"did not come to its end.* --resume"):
        render(tmp_path)
    run = make_run(tmp_path / "run")
    (run / "metrics.json").unlink()
    with pytest.raises(DataError, match=r"metrics\.json is missing"):
        render(run)


def test_the_first_sentence_is_said_large_and_numbers_keep_their_units():
    said = ["83.6 % correct (80.1 to 86.9).", "Transfer added 9 points."]
    assert headline(said) == {"headline": "83.6\u00a0% correct (80.1 to 86.9).", "details": said[1:]}


def test_the_contents_lead_to_every_section(tmp_path):
    page = Page(render(make_run(tmp_path / "run")).read_text(encoding="utf-8"))
    text = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    leads = [a for a in page.addresses if a.startswith("#section-")]
    assert len(leads) == text.count("<h2 id=") >= 6
    assert all(f'<h2 id="{a[1:]}">' in text for a in leads)


def test_two_classes_get_curves_and_a_slider_that_starts_where_the_model_decides(tmp_path):
    run = make_run(tmp_path / "run")
    rng = np.random.default_rng(0)
    labels = (np.arange(60) < 20).astype(int)
    sure = np.clip(0.3 + 0.4 * labels + rng.normal(0, 0.2, 60), 0.01, 0.99)
    found = thresholds(labels, np.stack([1 - sure, sure], 1)[None], ["1", "0"])
    change_metrics(run, thresholds=found)
    text = render(run).read_text(encoding="utf-8")
    rows = json.loads(unescape(re.search(r'data-rows="([^"]*)"', text)[1]))
    start = rows[int(re.search(r'value="(\d+)" aria-label', text)[1])]
    assert start[0] == 0.5 and start[1] == ((sure >= 0.5) & (labels == 1)).sum()
    assert "Predict &#39;0&#39; from this probability on:" in text
    assert "ROC and precision-recall curves" in Page(text).headings
    assert "ROC and precision-recall curves" not in Page(render(make_run(tmp_path / "three", 3)).read_text()).headings


def change_metrics(run: Path, **fields) -> None:
    content = json.loads((run / "metrics.json").read_text())
    (run / "metrics.json").write_text(json.dumps(content | fields))


def test_counts_that_are_means_are_explained(tmp_path):
    run = make_run(tmp_path / "run")
    assert "they may be fractions" not in render(run).read_text()
    change_metrics(run, confusion=[[40.5, 19.5], [3.0, 57.0]])
    assert "they may be fractions" in render(run).read_text()


def test_items_that_are_alike_are_shown_once_two_by_two(tmp_path):
    run = make_run(tmp_path / "run")
    entry = {"path": "a/1.jpg", "label": "1", "predicted": "", "confidence": None, "thumb": "thumbs/1.jpg"}
    pair = {
        "kind": "near_duplicate",
        "action": "kept in one fold",
        "left": entry,
        "right": {**entry, "path": "a/2.jpg"},
    }
    (run / "figures" / "pairs.json").write_text(json.dumps({"pairs": [pair], "rest": 3}))
    with open(run / "issues.csv", "a", newline="") as file:
        csv.writer(file).writerow(
            ["near_duplicate", "a/1.jpg", "nearly identical to a/2.jpg", "kept in one fold", "a/2.jpg"]
        )
    text = render(run).read_text(encoding="utf-8")
    assert text.count("nearly identical to a/2.jpg") == 0 and text.count('title="a/2.jpg"') == 1
    assert "Duplicates and near-duplicates" in text and "3 more are listed in issues.csv" in text


def test_a_stage_is_called_highest_only_above_the_intervals_of_all_others():
    def stage(name, low, value, high):
        return ProbedStage(name, Interval(value, low, high))

    clear = [stage("stem", 0.4, 0.5, 0.6), stage("top", 0.7, 0.8, 0.9)]
    assert highest_stage(clear, 1, WORDS) == "top is best, clear of the intervals of all others."
    assert "top comes first, but the intervals of stem" in highest_stage(
        [stage("stem", 0.6, 0.7, 0.8), clear[1]], 1, WORDS
    )
    assert "stem" in highest_stage(clear, -1, WORDS)

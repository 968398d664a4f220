"""`jeoni fit` names suspect labels, leaves them out where it is asked to, and says what more labels would add."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import jeoni
from jeoni.errors import ConfigError
from jeoni.runs.records import FitMetrics, SuspectsRecord, told_in
from jeoni.runs.typed import read_record
from tests.conftest import TINY, save_photos

QUICK = {"folds": 3, "repeats": 1, "quiet": True, "control": False, "pictures": False}
FLIPPED = tuple(range(4, 90, 9))


def vectors(n=90, seed=1):
    """Two groups that lie apart; of seed 1, ten labels are wrong."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = (rng.normal(size=(n, 5)) + 3 * y[:, None]).astype(np.float32)
    wrong = np.isin(np.arange(n), FLIPPED) & (seed == 1)
    return X, [f"class {k}" for k in np.where(wrong, 1 - y, y)]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A run of which nothing was left out, told in Korean."""
    root = tmp_path_factory.mktemp("plain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEONI_CACHE", str(root / "cache"))
        jeoni.fit(vectors(), out=root / "run", language="ko", **QUICK)
    return root / "run"


def rows(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_suspects_are_listed_kept_and_told(plain):
    found = rows(plain / "suspects.csv")
    assert len({f"row {k}" for k in FLIPPED} & {row["path"] for row in found}) > len(FLIPPED) / 2
    assert [row["rank"] for row in found] == [str(k + 1) for k in range(len(found))]
    assert all(row["given"] != row["suggested"] and not row["left_out"] for row in found)
    scores = [float(row["score"]) for row in found]
    assert scores == sorted(scores)
    issues = [row for row in rows(plain / "issues.csv") if row["kind"] == "label_suspect"]
    assert len(issues) == len(found) and {row["action"] for row in issues} == {"kept"}
    metrics = read_record(FitMetrics, plain / "metrics.json")
    assert metrics.label_noise.suspects == len(found) and metrics.label_noise.difference is None
    assert f"Of 90 labels {len(found)} are suspect" in " ".join(told_in("en", metrics.said, ""))
    jeoni.render_report(plain, "en")
    page = (plain / "report.html").read_text(encoding="utf-8")
    assert "Suspect labels" in page and "To train without them: --drop-suspects." in page


def test_what_more_labels_add_is_told_in_the_reports_language(plain):
    metrics = read_record(FitMetrics, plain / "metrics.json")
    assert metrics.more_labels.labels == 90 and metrics.more_labels.factor == 2
    assert "레이블" in metrics.summary
    jeoni.render_report(plain, "ko")
    page = (plain / "report.html").read_text(encoding="utf-8")
    assert "레이블을 늘렸을 때의 효과" in page and "의심되는 레이블" in page
    assert (plain / "figures" / "more_labels.svg").exists()


def test_suspects_are_left_out_of_training_and_the_score_is_told_with_and_without(tmp_path):
    result = jeoni.fit(vectors(), drop_suspects=True, out=tmp_path / "run", **QUICK)
    metrics = read_record(FitMetrics, tmp_path / "run" / "metrics.json")
    noise = metrics.label_noise
    assert noise.left_out > len(FLIPPED) / 2 and noise.trained_on == 90 and metrics.n == 90
    assert f"{noise.left_out} of 90 training items were left out as suspects." in result.summary
    difference = metrics.scores["accuracy"].value - noise.without["accuracy"].value
    assert noise.difference["accuracy"].value == pytest.approx(difference)
    config = json.loads((tmp_path / "run" / "model" / "config.json").read_text(encoding="utf-8"))
    assert config["head"]["choice"]["left_out"] == noise.left_out
    assert len(result.model.fitted_on) == 90 - noise.left_out
    assert [r["left_out"] for r in rows(tmp_path / "run" / "suspects.csv")].count("yes") == noise.left_out
    assert "none of what scores" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_no_test_item_is_left_out(tmp_path):
    test = vectors(40, seed=2)
    for k in (7, 9, 11):
        test[1][k] = "class 0"
    result = jeoni.fit(vectors(), test=test, drop_suspects=True, out=tmp_path / "run", **QUICK)
    assert result.metrics["n"] == 40 and result.counts["test"] == 40
    tested = [row for row in rows(tmp_path / "run" / "issues.csv") if row["path"].startswith("test") and row["kind"] == "label_suspect"]  # fmt: skip
    assert tested and {row["action"] for row in tested} == {"kept"}


def test_pictures_of_suspects_are_in_the_report(tmp_path):
    photos = save_photos(tmp_path / "photos", each=24)
    (photos / "class_0" / "003.png").rename(photos / "class_1" / "wrong.png")
    jeoni.fit(photos, backbone=TINY, out=tmp_path / "run", **(QUICK | {"pictures": True}))
    shown = read_record(SuspectsRecord, tmp_path / "run" / "figures" / "suspects.json").suspects
    assert shown and all((tmp_path / "run" / "figures" / one.thumb).exists() for one in shown)


def test_few_labels_have_no_curve(tmp_path):
    X, y = vectors(40, seed=2)
    result = jeoni.fit((X, y), out=tmp_path / "run", **QUICK)
    assert result.metrics["more_labels"] is None and "more labels" not in result.summary.lower()


def test_numbers_have_a_curve_and_no_suspects(tmp_path):
    X, _ = vectors(90)
    values = (3 * X[:, 0] + X[:, 1]).tolist()
    jeoni.fit((X, values), task="regression", out=tmp_path / "run", **QUICK)
    metrics = read_record(FitMetrics, tmp_path / "run" / "metrics.json")
    assert metrics.label_noise is None and metrics.more_labels.measure.title == "mean absolute error"
    assert not (tmp_path / "run" / "suspects.csv").exists()


def test_dropping_suspects_of_numbers_is_refused_before_anything_is_written(tmp_path):
    X, _ = vectors(90)
    with pytest.raises(
        ConfigError, match=r"--drop-suspects is for classes: one class for each item\. The task is regr"
    ):
        jeoni.fit((X, X[:, 0].tolist()), task="regression", drop_suspects=True, out=tmp_path / "run", **QUICK)
    assert not (tmp_path / "run").exists()

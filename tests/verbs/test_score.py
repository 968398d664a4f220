"""`jeoni score` from data to report: pictures and vectors, all stages, own test sets, errors."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import jeoni
from jeoni import plugins
from jeoni.cli._app import app
from jeoni.errors import ConfigError, DataError, WeightsError
from jeoni.heads.linear import Linear
from jeoni.report import render
from jeoni.report.result import result_card
from jeoni.runs import read_json
from jeoni.runs.records import ScoringMetrics
from jeoni.runs.typed import read_record
from jeoni.transferability.scoring import score_candidate
from jeoni.verbs import score as module
from tests.clustering.test_methods import blobs
from tests.conftest import TINY, save_photos

OTHER = "untrained:test_efficientnet"
SCORES = plugins.names("jeoni.transferability.scores")


@pytest.fixture(scope="module")
def photos_run(tmp_path_factory):
    """Two small networks, all of their stages, on forty pictures."""
    root = tmp_path_factory.mktemp("score")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEONI_CACHE", str(root / "cache"))
        photos = save_photos(root / "photos", each=20)
        jeoni.score(photos, backbone=[TINY, OTHER], stages=True, resamples=20, out=root / "run", quiet=True)
    return root / "run"


@pytest.fixture
def vectors(tmp_path):
    """``vectors()``: three groups of twenty that lie apart, as a file of features."""

    def save(name: str = "a.npz", **changed) -> Path:
        rows, labels = blobs(each=20)
        np.savez(tmp_path / name, **{"X": rows, "y": np.array(["ant", "bee", "cat"])[labels], **changed})
        return tmp_path / name

    return save


def test_every_stage_of_every_backbone_is_scored_and_measured(photos_run):
    metrics = read_record(ScoringMetrics, photos_run / "metrics.json")
    assert metrics.backbones == 2 and metrics.stages and metrics.n_train + metrics.n_test == 40
    assert {c.backbone for c in metrics.candidates} == {TINY, OTHER}
    for name in (TINY, OTHER):
        depths = sorted(c.depth for c in metrics.candidates if c.backbone == name)
        top = next(c for c in metrics.candidates if c.backbone == name).stages
        assert set(depths) | {top - 1} == set(range(1, top + 1)), "a top that only pools is no candidate of its own"
    accuracies = [c.accuracy.value for c in metrics.candidates]
    assert accuracies == sorted(accuracies, reverse=True)
    assert metrics.candidates[0].behind.value == 0 and not metrics.candidates[0].learned
    assert all(set(c.scores) == set(SCORES) for c in metrics.candidates)
    assert {o.outcome for o in metrics.orders} == {"cannot tell"}  # two networks only
    assert "cannot be told of 2" in metrics.summary


def test_scores_csv_holds_every_candidate_and_the_intervals_that_there_are(photos_run):
    with (photos_run / "scores.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    metrics = read_json(photos_run / "metrics.json")
    assert [row["stage"] for row in rows] == [c["stage"] for c in metrics["candidates"]]
    assert {"knn", "knn_low", "knn_high", "logme", "imagenet_accuracy", "accuracy_low"} <= set(rows[0])
    assert "logme_low" not in rows[0]
    assert all(float(row["knn_low"]) <= float(row["knn"]) <= float(row["knn_high"]) for row in rows)
    assert all(row["leep"] == "" for row in rows)  # random weights have no classes of their own


def test_what_was_measured_is_what_fit_gets_on_the_same_split(tmp_path, vectors):
    test = vectors("test.npz", X=blobs(each=20, seed=5)[0])
    found = jeoni.score(vectors(), test=str(test), head="linear", out=tmp_path / "score", quiet=True)
    fitted = jeoni.fit(
        vectors(), test=str(test), head="linear", class_weights="none", repeats=1, control=False, out=tmp_path / "fit",
        quiet=True, pictures=False,
    )  # fmt: skip
    assert found.metrics["candidates"][0]["accuracy"]["value"] == pytest.approx(fitted.metrics.accuracy.value)
    assert found.metrics["n_test"] == 60


def test_scores_do_not_see_what_is_held_out(tmp_path, vectors):
    """Labels of the test part are exchanged: what was measured falls, and no score changes."""
    rows, labels = blobs(each=20)
    rows = rows + np.random.default_rng(9).normal(size=rows.shape)
    names = np.array(["ant", "bee", "cat"])
    tests = [vectors("right.npz", X=rows, y=names[labels]), vectors("wrong.npz", X=rows, y=names[(labels + 1) % 3])]
    one, other = (
        jeoni.score(vectors(), test=str(test), out=tmp_path / test.stem, quiet=True).metrics["candidates"][0]
        for test in tests
    )
    assert one["scores"] == other["scores"]
    assert one["accuracy"]["value"] > 0.9 and other["accuracy"]["value"] < 0.1


def test_the_report_shows_candidates_stages_and_orders_in_both_languages(photos_run):
    page = (photos_run / "report.html").read_text(encoding="utf-8")
    for text in ("Candidates, as measured", "How well each score foretold this", "All scores", "Accuracy by stage"):
        assert text in page
    assert "untrained:test_resnet / stem" in page and 'data-label="accuracy"' in page
    assert "take 5 or more" in page
    korean = render(photos_run, "ko").read_text(encoding="utf-8")
    assert "실제로 측정한 후보" in korean and "가중 타우" in korean and "교차검증 릿지 프로브" in korean
    render(photos_run, "en")
    assert "candidates of 2 backbones" in result_card(photos_run)


def test_the_result_is_a_frame_and_says_what_it_found(photos_run, tmp_path, vectors):
    found = jeoni.score(vectors(), out=tmp_path / "run", quiet=True, scores=["logme", "knn"])
    assert list(found.scores.columns[-4:]) == ["knn", "knn_low", "knn_high", "logme"]
    assert "there was no other candidate" in found.summary and "ScoreResult" in repr(found)


def test_the_command_prints_tables_and_json(tmp_path, vectors):
    done = CliRunner().invoke(app, ["score", str(vectors()), "--out", str(tmp_path / "run"), "--quiet"])
    assert done.exit_code == 0 and "weighted tau" in done.output and "scores.csv" in done.output
    again = [
        "score",
        str(vectors()),
        "--out",
        str(tmp_path / "run"),
        "--overwrite",
        "--quiet",
        "--json",
        "--scores",
        "knn",
    ]
    done = CliRunner().invoke(app, again)
    content = json.loads(done.output.splitlines()[-1])
    assert [o["score"] for o in content["orders"]] == ["knn"]


def test_backbones_may_be_named_in_the_plural_on_the_command_line(make_photos, tmp_path):
    photos, out = make_photos(each=8), tmp_path / "run"
    words = ["score", str(photos), "--backbones", f"{TINY},{OTHER}", "--scores", "knn", "--out", str(out), "--quiet"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert {c["backbone"] for c in read_json(out / "metrics.json")["candidates"]} == {TINY, OTHER}


def test_what_was_computed_before_an_interruption_is_not_computed_again(tmp_path, vectors, monkeypatch):
    def stop(*args, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "scoring_metrics", stop)
        with pytest.raises(KeyboardInterrupt):
            jeoni.score(vectors(), out=tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()
    monkeypatch.setattr(Linear, "fit", stop)  # the head's result is in the store
    assert jeoni.score(vectors(), out=tmp_path / "run", quiet=True).metrics["candidates"]


def test_without_a_name_every_backbone_at_hand_is_a_candidate_and_one_that_cannot_take_the_data_is_left_out(
    make_photos, tmp_path, monkeypatch
):
    monkeypatch.setattr(module, "packaged_here", lambda modality: [TINY, "all-minilm-l6-v2"])
    monkeypatch.setattr(module, "default_backbone", lambda data: "test_efficientnet")
    found = jeoni.score(make_photos(each=8), scores="knn", out=tmp_path / "run", quiet=True)
    assert {c["backbone"] for c in found.metrics["candidates"]} == {TINY, OTHER}
    warnings = read_json(tmp_path / "run" / "run.json")["warnings"]
    assert any("all-minilm-l6-v2 is left out" in text for text in warnings)


def test_no_backbone_at_hand_is_an_error(make_photos, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_at_hand", lambda data: [])
    with pytest.raises(ConfigError, match=r"No backbone for image data is at hand\. Install one"):
        jeoni.score(make_photos(each=8), out=tmp_path / "run", quiet=True)


def test_numbers_and_several_labels_are_not_classes(tmp_path, vectors):
    numbers = vectors("n.npz", y=np.linspace(0, 1, 60))
    with pytest.raises(DataError, match=r"The labels make a task of regression, and scores ask how well classes"):
        jeoni.score(numbers, out=tmp_path / "run", quiet=True)


def test_one_training_example_of_each_class_is_too_few(tmp_path, vectors):
    rows, labels = blobs(each=20)
    keep = [0, 20, 40] if labels[20] != labels[0] else np.unique(labels, return_index=True)[1]
    few = vectors("few.npz", X=rows[keep], y=np.array(["ant", "bee", "cat"])[labels[keep]])
    with pytest.raises(DataError, match=r"There are 3 training examples, one of each class; scores ask how alike"):
        jeoni.score(few, test=str(vectors()), keep_leaks=True, out=tmp_path / "run", quiet=True)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"backbone": f"{TINY},{TINY}"}, ConfigError, "or different ones with commas between"),
        ({"backbone": ","}, ConfigError, "one is needed, or different ones"),
        ({"weights": "a.pth"}, ConfigError, "a file of weights is for one backbone"),
        ({"backbone": "reznet18"}, WeightsError, "Did you mean"),
        ({"scores": "logmee"}, ConfigError, "Did you mean logme"),
        ({"scores": "knn,knn"}, ConfigError, "scores names one twice: knn, knn"),
        ({"head": "linea"}, ConfigError, "Did you mean linear"),
        ({"backbones": TINY}, ConfigError, "Name them in backbone, with commas between"),
        ({"test_fraction": 0.0}, ConfigError, "test_fraction is 0.0"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_computed(tmp_path, vectors, options, error, text):
    with pytest.raises(error, match=text):
        jeoni.score(vectors(), out=tmp_path / "run", quiet=True, **options)
    assert not (tmp_path / "run").exists()


def test_groups_stay_together_in_the_split_and_in_the_scores(make_photos, tmp_path, monkeypatch):
    given = []

    def remembered(candidate, labels, groups, *args, **options):
        given.append(groups)
        return score_candidate(candidate, labels, groups, *args, **options)

    monkeypatch.setattr(module, "score_candidate", remembered)
    options = {"backbone": TINY, "scores": "knn", "group_pattern": r"\d(\d)\.png", "quiet": True}
    found = jeoni.score(make_photos(each=12), out=tmp_path / "run", **options)
    assert read_json(tmp_path / "run" / "run.json")["data"]["groups"] == 10
    assert len(given[0]) == found.metrics["n_train"] and len(np.unique(given[0])) < 10


def test_held_out_items_of_one_group_have_no_interval_and_the_summary_says_why(make_photos, tmp_path):
    options = {"backbone": TINY, "scores": "knn", "group_pattern": r"0(\d)\d\.png", "quiet": True}
    found = jeoni.score(make_photos(each=30), out=tmp_path / "run", **options)  # three groups: one is held out
    assert found.metrics["n_test"] == 20
    assert found.metrics["candidates"][0]["accuracy"]["low"] is None
    assert "These are all of one group" in found.summary and "nan" not in found.summary
    page = found.report.read_text(encoding="utf-8")
    assert "nan to nan" not in page and "All scores" in page


def test_of_many_training_items_scores_see_as_many_as_are_enough(tmp_path, vectors, monkeypatch):
    monkeypatch.setattr(module, "MOST", 20)
    found = jeoni.score(vectors(), scores="knn,logme", out=tmp_path / "run", quiet=True)
    assert found.metrics["scored_on"] == 20 < found.metrics["n_train"]

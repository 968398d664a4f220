"""Features that exist already, through the verbs."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import torch
from scipy.io import savemat

import jeoni as library
from jeoni.features.examples import Context
from jeoni.runs import read_json


def make_features(each: int, seed: int, shift: float = 0.0):
    """Three classes around corners of a cube in six dimensions; another domain's are moved."""
    rng = np.random.default_rng(seed)
    y = np.repeat([1, 2, 3], each)
    X = rng.normal(size=(len(y), 6))
    X[np.arange(len(y)), y - 1] += 4
    return X + shift * np.array([1, -1, 0, 1, 0, 0]), y


@pytest.fixture
def domains(tmp_path):
    """The source as NPZ, the target as MAT."""
    X, y = make_features(40, 0)
    np.savez(tmp_path / "here.npz", X=X, y=y)
    Xt, yt = make_features(30, 1, shift=5.0)
    savemat(tmp_path / "there.mat", {"fts": Xt, "labels": yt[:, None]})
    np.save(tmp_path / "bare.npy", Xt)
    return tmp_path / "here.npz", tmp_path / "there.mat", tmp_path / "bare.npy"


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_features_are_adapted_without_a_network(jeoni, domains, tmp_path):
    source, target, bare = domains
    words = ("adapt", "--source", source, "--method", "standardize")
    outcome = jeoni(*words, "--target", target, "--out", tmp_path / "run")
    assert outcome.code == 0, outcome.err
    metrics, record = read_json(tmp_path / "run" / "metrics.json"), read_json(tmp_path / "run" / "run.json")
    moved, before = (metrics[k]["metrics"]["accuracy"]["value"] for k in ("target", "source_only"))
    assert moved > 0.9 > 0.6 > before
    assert (record["backbone"]["name"], record["backbone"]["parameters"]) == ("vectors:6", 0)
    assert record["engine"]["name"] == "torch" and record["cut"]["stages"][0]["output_shape"] == [6]
    labelled = rows_of(tmp_path / "run" / "predictions.csv")
    assert (labelled[7]["path"], labelled[7]["label"]) == ("row 7", "1")
    assert "Feature map of both domains" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    # labels of the target change nothing but the scores, and the model predicts the target by itself
    outcome = jeoni(*words, "--target", bare, "--out", tmp_path / "bare")
    assert outcome.code == 0, outcome.err
    unlabelled = rows_of(tmp_path / "bare" / "predictions.csv")
    assert [r["confidence"] for r in unlabelled] == [r["confidence"] for r in labelled]
    assert jeoni("predict", tmp_path / "run", bare, "--out", tmp_path / "said.csv").code == 0
    said = rows_of(tmp_path / "said.csv")
    assert [r["predicted"] for r in said] == [r["predicted"] for r in labelled]


def test_a_shift_of_features_is_diagnosed(jeoni, domains):
    source, target, bare = domains
    for there in (target, bare):
        outcome = jeoni("diagnose", "--source", source, "--target", there)
        assert outcome.code == 0, outcome.err
        assert "proxy A-distance" in outcome.out and "shift" in outcome.out


@pytest.mark.parametrize("strategy", ["probe", "auto"])
def test_a_head_is_fitted_saved_and_used_again(jeoni, domains, tmp_path, strategy):
    source, _, _ = domains
    words = ("fit", source, "--strategy", strategy, "--repeats", "1", "--out", tmp_path / "run")
    outcome = jeoni(*words, "--engine", "onnxruntime")
    assert outcome.code == 0, outcome.err
    record, metrics = read_json(tmp_path / "run" / "run.json"), read_json(tmp_path / "run" / "metrics.json")
    assert record["engine"]["name"] == "torch" and record["training"] == {}
    assert metrics["cv"]["accuracy"]["value"] > 0.9 and "probe" not in metrics["control"]
    assert metrics["class_names"] == ["1", "2", "3"]
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "row " in page and "<img src" not in page and "<blockquote>" not in page
    X, _ = make_features(5, 2)
    model = library.load_model(tmp_path / "run")
    wanted = model.network(torch.from_numpy(X.astype(np.float32))).argmax(1).tolist()
    said = model.predict(X, Context(engine="torch"))
    assert said.labels == [model.class_names[k] for k in wanted] and said.names[3] == "row 3"
    again = library.fit(source, backbone=str(tmp_path / "run" / "model"), repeats=1, out=tmp_path / "again")
    assert again.model.backbone.name == "vectors:6"


def test_a_table_of_numbers_is_fitted_to_and_predicted(jeoni, tmp_path):
    X, y = make_features(20, 0)
    head = ",".join(f"f{k}" for k in range(6))
    lines = [",".join(f"{v:.4f}" for v in row) for row in X]
    (tmp_path / "t.csv").write_text(f"{head},class\n" + "".join(f"{r},c{k}\n" for r, k in zip(lines, y, strict=True)))
    outcome = jeoni("fit", tmp_path / "t.csv", "--repeats", "1", "--out", tmp_path / "run")
    assert outcome.code == 0, outcome.err
    (tmp_path / "new.csv").write_text(f"{head}\n" + "\n".join([*lines[:4], ",".join(["nan"] * 6)]))
    outcome = jeoni("predict", tmp_path / "run", tmp_path / "new.csv", "--out", tmp_path / "said.csv")
    assert outcome.code == 0 and "unreadable: row 4 holds NaN" in outcome.err
    assert [r["predicted"] for r in rows_of(tmp_path / "said.csv")] == ["c1"] * 4
    scored = jeoni("evaluate", tmp_path / "run", tmp_path / "t.csv")
    assert scored.code == 0 and "60 items" in scored.out


def test_what_would_train_below_the_head_is_refused(jeoni, domains, tmp_path):
    source, target, _ = domains
    nothing = "vectors:6 are features as they are: below the head there is nothing to train or to compare"
    for words in (
        *(("fit", source, "--strategy", s) for s in ("finetune", "scratch", "distill", "lora", "layer_reuse")),
        ("compare", source),
        ("compare", source, "--strategies", "probe,auto"),
        ("adapt", "--source", source, "--target", target, "--method", "dann"),
    ):
        outcome = jeoni(*words, "--out", tmp_path / "run")
        assert outcome.code == 1 and nothing in outcome.err, words
        assert "--strategy probe" in outcome.err and "--method coral" in outcome.err
        assert not (tmp_path / "run").exists()
    assert jeoni("fit", source, "--repeats", "1", "--out", tmp_path / "run").code == 0
    outcome = jeoni("adapt", "--model", tmp_path / "run", "--target", target, "--out", tmp_path / "adapted")
    assert outcome.code == 1 and nothing in outcome.err


def test_vectors_of_another_length_or_kind_are_refused(jeoni, domains, make_photos, tmp_path):
    source, _, _ = domains
    X, y = make_features(10, 0)
    np.savez(tmp_path / "short.npz", X=X[:, :4], y=y)
    outcome = jeoni("adapt", "--source", source, "--target", tmp_path / "short.npz", "--method", "coral")
    assert outcome.code == 1
    assert "Vectors of 6 numbers are needed, and 30 of the test part or target have 4, for example row 0" in outcome.err
    photos = make_photos(each=2)
    outcome = jeoni("adapt", "--source", source, "--target", photos)
    assert outcome.code == 1 and "The source holds vectors, the target images; both must be alike" in outcome.err
    assert jeoni("fit", source, "--repeats", "1", "--out", tmp_path / "run").code == 0
    outcome = jeoni("predict", tmp_path / "run", tmp_path / "short.npz")
    assert (
        outcome.code == 1 and "None of the 30 items could be read. The first: row 0 holds 4 numbers; 6" in outcome.err
    )
    outcome = jeoni("predict", tmp_path / "run", photos / "class_0" / "000.png")
    assert outcome.code == 1 and "holds images; the model takes vectors" in outcome.err


def test_the_list_says_how_vectors_are_taken(jeoni):
    assert "vectors:LENGTH" in jeoni("list", "backbones").out
    assert "Features that exist already" in jeoni("list", "sources").out

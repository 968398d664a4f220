"""`jeoni cluster` from data to report: pictures, texts and vectors, with labels and without."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import jeoni
from jeoni.cli._app import app
from jeoni.errors import ConfigError, DataError, WeightsError
from jeoni.features.examples import Context
from jeoni.report import render
from jeoni.report.result import result_card
from jeoni.runs import read_json
from jeoni.runs.contents import foreign_files
from jeoni.runs.records import ClusterMetrics
from jeoni.runs.typed import read_record
from tests.clustering.test_methods import blobs
from tests.conftest import TINY, save_photos

QUICK = {"repeats": 2, "control": False, "pictures": False}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def photos_run(tmp_path_factory):
    """Twenty-four pictures of two classes in one flat folder, whose clusters nobody scores."""
    root = tmp_path_factory.mktemp("clusters")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEONI_CACHE", str(root / "cache"))
        flat = root / "flat"
        flat.mkdir()
        for file in save_photos(root / "photos", each=12).rglob("*.png"):
            shutil.copy(file, flat / f"{file.parent.name}-{file.name}")
        jeoni.cluster(flat, backbone=TINY, clusters=2, repeats=2, out=root / "run")
    return root / "run"


@pytest.fixture
def vectors(tmp_path):
    """``vectors(labelled)``: three groups of twenty that lie apart, as a file of features."""

    def save(labelled: bool = True, name: str = "a.npz", **changed) -> Path:
        rows, labels = blobs(each=20)
        content = {"X": rows, **({"y": np.array(["ant", "bee", "cat"])[labels]} if labelled else {}), **changed}
        np.savez(tmp_path / name, **content)
        return tmp_path / name

    return save


def test_a_flat_folder_of_pictures_becomes_clusters_with_a_report(photos_run):
    metrics = read_record(ClusterMetrics, photos_run / "metrics.json")
    assert len(metrics.clusters) == 2 and sum(c.size for c in metrics.clusters) == 24
    assert metrics.scores is None and "There are no labels" in metrics.summary
    assert [r.kind for r in metrics.representations] == ["pretrained", "untrained", "raw"]
    assert metrics.representations[2].name == "raw pixels" and metrics.representations[2].more_stable is not None
    assert set(read_json(photos_run / "run.json")["estimate"]["parts"]) == {"features", "report"}
    page = (photos_run / "report.html").read_text(encoding="utf-8")
    assert page.count("<img") >= 2 * 6 and "Most doubtful" in page and "cluster 2" in page
    assert "How many clusters" in page and "Did pretraining help?" in page


@pytest.mark.parametrize("labelled", [True, False])
def test_controls_of_many_items_are_run_on_a_sample_and_all_are_compared_on_it(labelled, tmp_path, monkeypatch):
    passed: list[int] = []
    own = Context.extract

    def extract(self, items, requests):
        passed.extend(len(items) for request in requests if request.backbone.name.startswith("untrained twin"))
        return own(self, items, requests)

    monkeypatch.setattr(Context, "extract", extract)
    photos = save_photos(tmp_path / "photos", each=54)
    if not labelled:
        for number, file in enumerate(list(photos.rglob("*.png"))):
            file.rename(photos / f"{number:03}.png")
        for folder in (f for f in list(photos.iterdir()) if f.is_dir()):
            folder.rmdir()
    how = {"backbone": TINY, "clusters": 2, "repeats": 2, "pictures": False, "out": tmp_path / "run"}
    found = jeoni.cluster(photos, control_items=100, **how)
    assert passed[-1] == max(passed) == 100  # those before are of the calibration
    metrics = read_record(ClusterMetrics, tmp_path / "run" / "metrics.json")
    assert (metrics.n, metrics.compared, sum(c.size for c in metrics.clusters)) == (108, 100, 108)
    assert "on a sample of 100 items" in found.summary
    first, untrained, raw = metrics.representations
    assert (first.kind, untrained.kind, raw.kind) == ("pretrained", "untrained", "raw")
    if labelled:
        for other in (untrained, raw):  # paired on the same items: the gain is the difference of the two means
            for name, gain in other.difference.items():
                assert gain.value == pytest.approx(first.scores[name].value - other.scores[name].value, abs=2e-6)
    else:
        assert untrained.more_stable.value == pytest.approx(first.stability.value - untrained.stability.value, abs=2e-6)
    assert "All are measured on a sample of 100 items." in (tmp_path / "run" / "report.html").read_text(
        encoding="utf-8"
    )
    estimate = read_json(tmp_path / "run" / "run.json")["estimate"]
    assert set(estimate["parts"]) == {"features", "report", "controls"} and estimate["took"]["controls"] > 0


def test_clusters_csv_is_labelled_data_whose_labels_can_be_changed(photos_run, tmp_path):
    rows = rows_of(photos_run / "clusters.csv")
    assert list(rows[0]) == ["path", "label", "cluster", "confidence", "rank"]
    assert {row["label"] for row in rows} == {"cluster 1", "cluster 2"}
    assert all(0 <= float(row["confidence"]) <= 1 for row in rows)
    text = (photos_run / "clusters.csv").read_text(encoding="utf-8").replace(",cluster 1,", ",steep stripes,")
    named = photos_run / "named.csv"
    named.write_text(text, encoding="utf-8")
    data = jeoni.load_data(named)
    named.unlink()
    assert data.task.class_names == ("cluster 2", "steep stripes") and len(data) == 24


def test_the_model_puts_other_items_into_the_clusters(photos_run):
    predictions = jeoni.predict(photos_run / "model", photos_run.parent / "photos", quiet=True)
    own = {Path(row["path"]).name: row["label"] for row in rows_of(photos_run / "clusters.csv")}
    said = [own[f"{Path(n).parent.name}-{Path(n).name}"] for n in predictions.names]
    assert np.mean([a == b for a, b in zip(said, predictions.labels, strict=True)]) > 0.9


def test_the_report_is_told_in_korean_too(photos_run, tmp_path):
    run = shutil.copytree(photos_run, tmp_path / "run")
    page = render(run, "ko").read_text(encoding="utf-8")
    assert "클러스터 2개로 나뉩니다" in page and "가장 전형적인 데이터" in page and "사전학습의 효과" in page
    assert "2 clusters" in result_card(run) and "cluster 1" not in result_card(run)


def test_labels_only_score(vectors, tmp_path):
    with_labels = jeoni.cluster(vectors(), clusters=3, out=tmp_path / "a", **QUICK)
    without = jeoni.cluster(vectors(False, "b.npz"), clusters=3, out=tmp_path / "b", **QUICK)
    assert (with_labels.labels == without.labels).all()
    assert with_labels.metrics.clustering_accuracy.value == 1.0 and with_labels.metrics.nmi.value == 1.0
    assert without.metrics["scores"] is None
    assert {c["class_name"] for c in with_labels.metrics["clusters"]} == {"ant", "bee", "cat"}
    assert {row["known"] for row in rows_of(tmp_path / "a" / "clusters.csv")} == {"ant", "bee", "cat"}
    assert "100.0 % in the cluster that suits their class" in with_labels.summary
    assert "Clusters against labels" in (tmp_path / "a" / "report.html").read_text(encoding="utf-8")


def test_a_number_is_proposed_where_none_is_asked_for(vectors, tmp_path):
    found = jeoni.cluster(vectors(False), out=tmp_path / "run", **QUICK)
    assert found.metrics["proposed"] == len(found.metrics["clusters"]) == 3
    assert "agree well on 3 clusters" in found.summary
    asked = jeoni.cluster(vectors(False), clusters=2, out=tmp_path / "asked", **QUICK)
    assert "2 clusters were asked for; the most stable number is 3" in asked.summary


def test_clusters_of_vectors_can_be_fitted_to(vectors, tmp_path):
    jeoni.cluster(vectors(False), out=tmp_path / "run", **QUICK)
    data = jeoni.load_data(tmp_path / "run" / "clusters.npz")
    assert data.task.class_names == ("cluster 1", "cluster 2", "cluster 3")


def test_arrays_in_memory_are_clustered_too(tmp_path):
    rows, labels = blobs(each=20)
    found = jeoni.cluster(rows, out=tmp_path / "run", **QUICK)
    assert len(np.unique(found.labels)) == 3
    assert all(len(np.unique(labels[found.labels == c])) == 1 for c in range(3))
    assert found.model is not None and "clusters" in repr(found)


def test_texts_are_held_against_tfidf(make_reviews, tmp_path, encoder_folder):
    found = jeoni.cluster(
        make_reviews(each=10), backbone=str(encoder_folder("bert")), clusters=2, repeats=2, out=tmp_path / "run"
    )
    assert [r["name"] for r in found.metrics["representations"]][2] == "TF-IDF"
    assert found.metrics["representations"][2]["difference"]["clustering_accuracy"]["value"] is not None
    assert next(iter(rows_of(tmp_path / "run" / "clusters.csv")[0])) == "text"
    assert jeoni.load_data(tmp_path / "run" / "clusters.csv").task.class_names == ("cluster 1", "cluster 2")
    assert "<blockquote>" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_several_backbones_are_used_together_and_give_no_model(make_photos, tmp_path):
    found = jeoni.cluster(
        make_photos(), backbone=f"{TINY},untrained:test_vit", clusters=2, out=tmp_path / "run", **QUICK
    )
    assert len(found.metrics["backbones"]) == 2 and found.model is None
    assert "No model was saved" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"method": "kmean"}, ConfigError, "Did you mean kmeans"),
        ({"set": "start=3"}, ConfigError, "kmeans has no setting 'start'"),
        ({"backbone": "efficientnet_lite7"}, WeightsError, "No backbone is called 'efficientnet_lite7'"),
        ({"backbone": f"{TINY},efficientnet_lite7"}, WeightsError, "No backbone is called 'efficientnet_lite7'"),
        ({"backbone": f"{TINY},{TINY}"}, ConfigError, "or different ones with commas between"),
        ({"backbone": "a,b", "weights": "w.pth"}, ConfigError, "there are 2 backbones; a file of weights is for one"),
        ({"clusters": 1}, ConfigError, "clusters is 1; it must be at least 2"),
        ({"repeats": 1}, ConfigError, "repeats is 1; it must be at least 2"),
        ({"test": "x"}, ConfigError, "all items are clustered"),
    ],
)
def test_a_wrong_option_is_told_before_the_data_are_read(options, error, text):
    with pytest.raises(error, match=text):
        jeoni.cluster("no/such/data", **options)


def test_items_that_are_alike_and_labelled_otherwise_are_clustered_all_the_same(vectors, tmp_path):
    rows, _ = blobs(each=20)
    rows[1] = rows[0]
    found = jeoni.cluster(vectors(X=rows, y=np.arange(60) % 2), clusters=3, out=tmp_path / "run", **QUICK)
    assert len(found.labels) == 60 and found.metrics["labelled"] == 60


def test_more_clusters_than_items_are_refused(vectors):
    with pytest.raises(ConfigError, match="clusters is 60, and there are 60 items"):
        jeoni.cluster(vectors(), clusters=60)


def test_constant_features_are_refused(vectors, tmp_path):
    with pytest.raises(DataError, match="All 60 examples have the same features"):
        jeoni.cluster(vectors(X=np.ones((60, 4))), out=tmp_path / "run", **QUICK)
    assert not (tmp_path / "run").exists()


def test_hardly_any_items_are_refused(vectors):
    with pytest.raises(DataError, match="Items that can be used: 3"):
        jeoni.cluster(vectors(X=np.eye(3), y=np.arange(3)))


def test_items_that_cannot_be_read_are_left_out_and_none_left_is_an_error(tmp_path, make_photos):
    folder = make_photos() / "class_0"
    (folder / "broken.png").write_bytes(b"no picture")
    found = jeoni.cluster(folder, backbone=TINY, clusters=2, out=tmp_path / "run", **QUICK)
    assert len(found.labels) == 12 and read_json(tmp_path / "run" / "run.json")["data"]["skipped"] == 1
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    for k in range(5):
        (nothing / f"{k}.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="No item could be read. Not used as unreadable: 5"):
        jeoni.cluster(nothing, backbone=TINY, out=tmp_path / "none", **QUICK)


def test_labels_that_are_no_classes_are_said_and_not_scored(tmp_path):
    rows, _ = blobs(each=20)
    table = "\n".join(f"{a},{b},{k * 0.37}" for k, (a, b) in enumerate(rows[:, :2]))
    (tmp_path / "a.csv").write_text(f"u,v,label\n{table}\n", encoding="utf-8")
    found = jeoni.cluster(tmp_path / "a.csv", clusters=3, out=tmp_path / "run", **QUICK)
    assert found.metrics["scores"] is None
    issues = rows_of(tmp_path / "run" / "issues.csv")
    assert any("60 different labels of 60 items are no classes" in row["detail"] for row in issues)


def test_several_columns_of_labels_cannot_score(tmp_path):
    rows, labels = blobs(each=20)
    table = "\n".join(f"{a},{b},{y},{y}" for (a, b), y in zip(rows[:, :2], labels, strict=True))
    (tmp_path / "a.csv").write_text(f"u,v,one,two\n{table}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="one, two are 2 columns of labels; clusters can be scored against one"):
        jeoni.cluster(tmp_path / "a.csv", label_column="one,two")


def test_one_class_is_not_scored(vectors, tmp_path):
    found = jeoni.cluster(vectors(y=np.zeros(60)), clusters=3, out=tmp_path / "run", **QUICK)
    assert found.metrics["scores"] is None


def test_the_command_prints_clusters_and_where_they_are(vectors, tmp_path):
    told = ["cluster", str(vectors()), "--out", str(tmp_path / "run"), "--repeats", "2", "--quiet"]
    shown = CliRunner().invoke(app, told)
    assert shown.exit_code == 0, shown.output
    assert "cluster 3" in shown.output and "clustering accuracy  1.000" in shown.output
    assert "clusters.csv" in shown.output
    again = CliRunner().invoke(app, [*told, "--overwrite", "--json"])
    assert json.loads(again.output.splitlines()[-1])["scores"]["ari"]["value"] == 1.0


def test_the_command_needs_data_or_a_run_to_continue(tmp_path):
    with pytest.raises(ConfigError, match="Say which data to cluster, or --resume RUN"):
        CliRunner().invoke(app, ["cluster"], catch_exceptions=False)


def test_an_interrupted_run_can_be_continued(vectors, tmp_path):
    def interrupt(*given, **named):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jeoni.verbs.cluster.write_clusters", interrupt)
        with pytest.raises(KeyboardInterrupt):
            jeoni.cluster(vectors(), clusters=3, out=tmp_path / "run", **QUICK)
    assert not (tmp_path / "run" / "clusters.csv").exists()
    found = jeoni.resume(tmp_path / "run")
    assert found.metrics.ari.value == 1.0 and len(rows_of(tmp_path / "run" / "clusters.csv")) == 60


def test_all_files_of_a_run_are_known_as_its_own(photos_run):
    assert not list(foreign_files(photos_run))

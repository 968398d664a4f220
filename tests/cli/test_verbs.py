from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys

import pytest

from jeoni import plugins
from tests.conftest import TINY, save_photos


def last_json(out: str) -> dict:
    return json.loads(out.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def fitted(kept, jeoni, tmp_path_factory):
    """A run on 72 pictures of three classes, with a test set of 24; made once, and left as it is."""
    if not kept:
        root = tmp_path_factory.mktemp("fitted")
        photos = save_photos(root / "photos", classes=3, each=24)
        held = save_photos(root / "held", classes=3, each=8, first=64)
        outcome = jeoni("fit", photos, "--test", held, "--backbone", TINY, "--out", root / "run", "--json")
        assert outcome.code == 0, outcome.err
        kept.update(run=root / "run", summary=last_json(outcome.out))
    return kept["run"], kept["summary"]


def test_fit_predict_evaluate_report(jeoni, fitted, make_photos, tmp_path):
    run, summary = fitted
    make_photos("photos", classes=3, each=24)
    assert summary["estimate"] == "test" and summary["counts"] == {"items": 96, "train": 72, "test": 24, "skipped": 0}
    assert summary["scores"]["accuracy"]["value"] > 0.8
    assert {"read_s", "check_s", "extract_s", "fit_s", "evaluate_s", "total_s", "images_per_s"} <= set(
        summary["timings"]
    )
    for name in ("run.json", "metrics.json", "predictions.csv", "issues.csv", "report.html", "model/model.safetensors"):
        assert (run / name).exists(), name
    assert (run.parent / "latest").resolve() == run.resolve()

    new = make_photos("new", classes=3, each=4, first=500)
    assert jeoni("predict", run / "model", new, "--out", tmp_path / "p.csv").code == 0
    rows = list(csv.DictReader((tmp_path / "p.csv").read_text().splitlines()))
    right = sum(r["path"].split("/")[0] == r["predicted"] for r in rows)
    assert len(rows) == 12 and right >= 9
    assert all(abs(sum(float(v) for k, v in r.items() if k.startswith("prob:")) - 1) < 1e-4 for r in rows)

    outcome = jeoni("evaluate", run, make_photos("photos", classes=3, each=4, first=500))
    assert "72 of the 84 items were seen in fitting" in outcome.err
    assert "84 items " in outcome.out and "12 items not seen in fitting " in outcome.out
    assert outcome.out.lower().count("accuracy") == 4

    outcome = jeoni("evaluate", run, new, "--json")
    assert last_json(outcome.out)["metrics"]["accuracy"]["value"] == pytest.approx(right / 12)

    (run / "report.html").unlink()
    assert jeoni("report", run).code == 0
    assert (run / "report.html").stat().st_size > 50_000


def test_the_control_and_the_difference_are_in_the_metrics(fitted):
    run, _ = fitted
    metrics = json.loads((run / "metrics.json").read_text())
    control = metrics["control"]
    for name, score in metrics["test"].items():
        assert score["low"] <= score["value"] <= score["high"], name
        gain = score["value"] - control["untrained"][name]["value"]
        assert control["difference"][name]["value"] == pytest.approx(gain, abs=1e-9)
    assert control["majority"]["accuracy"]["value"] == pytest.approx(1 / 3, abs=0.02)
    record = json.loads((run / "run.json").read_text())
    assert [s["frozen"] for s in record["cut"]["stages"]] == [True] * record["cut"]["frozen"]
    assert record["versions"]["torch"] and record["backbone"]["sha256"] and record["data"]["sha256"]


def test_predictions_to_standard_output_are_csv_and_nothing_else(jeoni, fitted, make_photos):
    outcome = jeoni("predict", fitted[0], make_photos("few", each=2))
    rows = list(csv.reader(outcome.out.splitlines()))
    assert rows[0][:3] == ["path", "predicted", "confidence"] and len(rows) == 5


def test_few_examples_are_cross_validated_and_the_report_says_so(jeoni, make_photos, tmp_path):
    outcome = jeoni(
        "fit", make_photos(each=20), "--backbone", TINY, "--repeats", 2, "--out", tmp_path / "cv", "--json"
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    summary = last_json(outcome.out)
    assert summary["estimate"] == "cv" and summary["n"] == 40 and summary["counts"]["test"] == 0
    assert "no separate test set was kept" in (tmp_path / "cv" / "report.html").read_text()
    assert summary["scores"]["accuracy"]["value"] > 0.8


def test_a_path_that_looks_like_markup_is_told_as_it_is(jeoni, make_photos, tmp_path):
    run = tmp_path / "run [old]"
    done = jeoni("fit", make_photos(each=8), "--backbone", TINY, "--repeats", 1, "--no-control", "--out", run)
    assert done.code == 0, done.err
    said = done.out.replace("\n", "")  # long paths are broken
    assert "run [old]/report.html" in said and "run [old]/model" in said


def test_an_own_test_set_is_scored_and_its_copies_leave_training(jeoni, make_photos, tmp_path):
    photos, holdout = make_photos(each=20), make_photos("holdout", each=6, first=300)
    (photos / "class_0" / "copy.png").write_bytes((holdout / "class_0" / "300.png").read_bytes())
    words = ("fit", photos, "--test", holdout, "--backbone", TINY, "--repeats", 1, "--no-control", "--json")
    outcome = jeoni(*words, "--out", tmp_path / "a")
    summary = last_json(outcome.out)
    assert summary["counts"] == {"items": 53, "train": 40, "test": 12, "skipped": 1}
    assert "leak" in outcome.err and "removed from training" in outcome.err
    kept = last_json(jeoni(*words, "--keep-leaks", "--out", tmp_path / "b").out)
    assert kept["counts"]["train"] == 41


def test_a_table_with_groups_never_splits_one(jeoni, make_photos, tmp_path):
    photos = make_photos(each=40)
    table = tmp_path / "labels.csv"
    with table.open("w") as file:
        file.write("file,defect,panel\n")
        for path in sorted(photos.rglob("*.png")):
            file.write(f"photos/{path.parent.name}/{path.name},{path.parent.name},{int(path.stem) // 5}\n")
    outcome = jeoni(
        "fit", table, "--image-column", "file", "--label-column", "defect", "--group-column", "panel",
        "--backbone", TINY, "--repeats", 1, "--no-control", "--out", tmp_path / "run", "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    rows = list(csv.DictReader((tmp_path / "run" / "predictions.csv").read_text().splitlines()))
    folds: dict[int, set[str]] = {}
    for row in rows:
        folds.setdefault(int(row["path"][-7:-4]) // 5, set()).add(row["fold"])
    assert len(folds) == 8 and all(len(fold) == 1 for fold in folds.values())
    assert len(set().union(*folds.values())) == 5
    assert json.loads((tmp_path / "run" / "run.json").read_text())["data"]["groups"] == 8


def test_the_same_seed_gives_the_same_run(jeoni, make_photos, tmp_path):
    photos = make_photos(each=20)
    for name in ("a", "b"):
        assert jeoni("fit", photos, "--backbone", TINY, "--repeats", 2, "--out", tmp_path / name).code == 0
    for file in ("metrics.json", "predictions.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    weights = [(tmp_path / n / "model" / "model.safetensors").read_bytes() for n in "ab"]
    assert weights[0] == weights[1]


def test_lists_doctor_and_cache(jeoni, make_photos, tmp_path):
    assert "efficientnet_lite0" in jeoni("list", "backbones", "--match", "lite").out
    for what in ("strategies", "adapters", "deep", "few", "validators", "distances", "heads", "engines", "sources"):
        assert jeoni("list", what).code == 0
    assert "EA++" in jeoni("list", "few").out
    assert "roc_auc" in jeoni("list", "metrics").out
    outcome = jeoni("list", "backbone")
    assert outcome.code == 1 and "Did you mean backbones" in outcome.err
    assert "onnxruntime" in jeoni("doctor", "--no-imports").out
    assert "empty" in jeoni("cache").out
    assert jeoni("fit", make_photos(), "--backbone", TINY, "--repeats", 1, "--out", tmp_path / "run").code == 0
    assert "test_resnet" in jeoni("cache", "list").out
    assert "freed" in jeoni("cache", "clear").out
    assert "empty" in jeoni("cache").out


@pytest.mark.parametrize("verb", plugins.names("jeoni.cli"))
def test_every_verb_has_help_and_unknown_options_are_usage_errors(jeoni, verb):
    assert jeoni(verb, "--help").code == 0
    assert jeoni(verb, "--no-such-option").code == 2


def test_help_loads_no_heavy_library():
    code = (
        "import sys; sys.argv = ['jeoni', '--help']\n"
        "from jeoni.cli._app import run\nrun()\n"
        "print([m for m in ('torch', 'numpy', 'sklearn', 'timm', 'datasets', 'matplotlib') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "[]"


def test_a_run_is_told_in_korean_and_again_in_english(jeoni, fitted, tmp_path):
    run, _ = fitted
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    assert jeoni("report", copy, "--language", "ko").code == 0
    page = (copy / "report.html").read_text(encoding="utf-8")
    assert '<html lang="ko">' in page and "혼동행렬" in page and "전이학습" in page and "Confusion matrix" not in page
    outcome = jeoni("evaluate", copy, tmp_path / "nowhere", "--language", "ko")
    assert outcome.code == 1 and "경로가 없습니다" in outcome.err
    assert jeoni("report", copy, "--language", "en").code == 0
    assert "Confusion matrix" in (copy / "report.html").read_text(encoding="utf-8")


def test_errors_are_told_in_the_language_of_the_environment(jeoni, monkeypatch, tmp_path):
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    outcome = jeoni("fit", tmp_path / "photoz")
    assert outcome.code == 1 and "경로가 없습니다. 클래스별 폴더" in outcome.err
    outcome = jeoni("fit", tmp_path / "photoz", "--strategy", "prob")
    assert "알 수 없는 이름입니다(전략). 비슷한 이름: probe." in outcome.err

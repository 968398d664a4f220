"""Numbers, several labels and several tasks from the command line: fit, report, predict, evaluate."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from jeoni import load_model
from jeoni.files.cells import read_rows
from tests.conftest import TINY

QUICK = ("--backbone", TINY, "--folds", "2", "--repeats", "1", "--no-control")


@pytest.fixture
def table(make_photos, tmp_path):
    """``table(width=[…], kind=[…])``: a CSV of 40 pictures with these columns."""
    root = make_photos(classes=2, each=20)
    files = sorted(root.rglob("*.png"))

    def made(**columns):
        path = tmp_path / "t.csv"
        with open(path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["file", *columns])
            writer.writerows(zip([f.relative_to(tmp_path) for f in files], *columns.values(), strict=True))
        return path

    return made


KIND = np.repeat([0, 1], 20)
WIDTH = (10 * KIND + np.random.default_rng(0).normal(size=40)).round(3)


def fitted(jeoni, tmp_path, table, column, *more):
    words = ("fit", table, "--image-column", "file", "--label-column", column, "--out", tmp_path / "run", *QUICK, *more)
    done = jeoni(*words)
    assert done.code == 0, done
    return json.loads((tmp_path / "run" / "metrics.json").read_text())


def test_numbers_are_recognised_fitted_reported_and_predicted(jeoni, tmp_path, table):
    path = table(**{"width (mm)": WIDTH.tolist()})
    metrics = fitted(jeoni, tmp_path, path, "width (mm)")
    assert (metrics["task"], metrics["estimate"], metrics["headline"]) == ("regression", "cv", "mae")
    assert metrics["cv"]["r2"]["value"] > 0.5 and metrics["measures"]["mae"]["unit"] == "mm"
    assert metrics["control"]["majority"]["mae"]["value"] > metrics["cv"]["mae"]["value"]
    page = (tmp_path / "run" / "report.html").read_text()
    assert "Predicted vs. true values" in page and "mm" in page and "Confusion matrix" not in page
    (first, *_) = read_rows(tmp_path / "run" / "predictions.csv")
    assert set(first) == {"path", "line", "label", "predicted", "confidence", "fold", "width (mm)"}
    said = load_model(tmp_path / "run").predict(tmp_path / "photos")
    assert isinstance(said.labels[0], float) and said.columns == ("width (mm)",)
    weights = tmp_path / "run" / "model" / "model.safetensors"
    scored = jeoni("evaluate", weights, path, "--label-column", "width (mm)", "--json")
    assert json.loads(scored.out.splitlines()[-1])["metrics"]["r2"]["value"] > 0.5
    assert f"{weights} is one file of a model; its folder {weights.parent} is taken." in scored.err


def test_cells_of_several_labels_are_recognised_and_each_has_scores(jeoni, tmp_path, table):
    marks = [";".join(m for m, there in (("slanted", k), ("wide", w > 5), ("any", i % 3)) if there) or "-"
             for i, (k, w) in enumerate(zip(KIND, WIDTH, strict=True))]  # fmt: skip
    metrics = fitted(jeoni, tmp_path, table(marks=marks), "marks")
    assert metrics["task"] == "multilabel" and metrics["label_names"] == ["any", "slanted", "wide"]
    by_label = {row["class"]: row["average_precision"]["value"] for row in metrics["per_class"]}
    assert by_label["slanted"] > 0.9 > by_label["any"]
    assert "Precision and recall by label" in (tmp_path / "run" / "report.html").read_text()
    model = load_model(tmp_path / "run")
    assert len(model.task.thresholds) == 3
    assert any("slanted" in labels for labels in model.predict(tmp_path / "photos").labels)


def test_several_columns_are_several_tasks_and_a_label_may_be_missing(jeoni, tmp_path, table):
    widths = ["" if i % 5 == 0 else w for i, w in enumerate(WIDTH.tolist())]
    path = table(kind=np.where(KIND, "steep", "flat").tolist(), width=widths)
    metrics = fitted(jeoni, tmp_path, path, "kind,width")
    assert metrics["task"] == "multitask" and set(metrics["parts"]) == {"kind", "width"}
    assert metrics["parts"]["width"]["n"] == 32 and metrics["cv"]["kind.accuracy"]["value"] > 0.8
    page = (tmp_path / "run" / "report.html").read_text()
    assert "Confusion matrix: kind" in page and "Predicted vs. true values: width" in page
    said = load_model(tmp_path / "run").predict(tmp_path / "photos").labels[0]
    assert set(said) == {"kind", "width"}


@pytest.mark.slow
def test_of_several_trained_tasks_each_is_held_against_training_it_alone(jeoni, tmp_path, table):
    path = table(kind=np.where(KIND, "steep", "flat").tolist(), width=WIDTH.tolist())
    more = ("--strategy", "finetune", "--steps", "4", "--control")
    metrics = fitted(jeoni, tmp_path, path, "kind,width", *more)
    assert [one["part"] for one in metrics["sharing"]] == ["kind", "width"]
    assert all("haring one network" in one["sentence"] and one["difference"] for one in metrics["sharing"])
    assert "One network for all tasks" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.parametrize(
    ("columns", "more", "message"),
    [
        ({"y": ["a", *range(39)]}, ("--task", "regression"), "row 1 says 'a'"),
        ({"y": [1.5] * 40}, ("--task", "regression"), "nothing to learn"),
        ({"y": ["a", "b"] * 20, "z": ["a", "b"] * 20}, (), "'y' and 'z' say the same of every example"),
        ({"y": ["a/b", "a"] * 20}, ("--task", "several"), "'several' is not among the known tasks"),
        ({"y": ["a", "b"] * 20}, ("--set", "temperature=2"), "which one has temperature? Say --strategy too"),
        ({"y": ["a", "b"] * 20}, ("--strategy", "distill", "--set", "temperature=warm"), "temperature is 'warm'; it can be a number"),
        ({"y": ["a", "b"] * 20}, ("--set", "head.hiden=8", "--head", "mlp"), "mlp has no setting 'hiden'. Did you mean hidden?"),
        ({"y": ["a", "b"] * 20}, ("--set", "head.hidden=wide", "--head", "mlp"), "hidden is 'wide'; it can be whole numbers with"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_or_set_is_refused_with_the_reason(jeoni, tmp_path, table, columns, more, message):
    path = table(**columns)
    words = ("fit", path, "--image-column", "file", "--label-column", ",".join(columns), "--out", tmp_path / "run")
    done = jeoni(*words, *QUICK, *more)
    assert done.code == 1 and message in " ".join(done.err.split())


@pytest.mark.parametrize(
    ("columns", "label", "title", "unit"),
    [
        ({"width (mm)": WIDTH.tolist()}, "width (mm)", "mean absolute error", "mm"),
        (
            {"marks": [f"{'a' if k else 'b'};c" for k in KIND]},
            "marks",
            "labels decided right",
            "%",
        ),
        ({"kind": KIND.tolist(), "width": WIDTH.tolist()}, "kind,width", "mean score of the tasks", ""),
    ],
)
def test_strategies_are_compared_on_every_task_by_its_own_measure(jeoni, tmp_path, table, columns, label, title, unit):
    out = tmp_path / "run"
    done = jeoni("compare", table(**columns), "--image-column", "file", "--label-column", label, "--backbone", TINY,
                 "--strategies", "probe,scratch", "--budgets", "2", "--repeats", "2", "--steps", "2", "--folds", "2",
                 "--learning-rate", "1e-3", "--out", out, *(("--task", "multilabel") if label == "marks" else ()),
                 *(() if label == "width (mm)" else ("--no-stages",)))  # fmt: skip
    assert done.code == 0, done
    verdict = json.loads((out / "verdict.json").read_text())
    shown = verdict["measures"][verdict["measure"]]
    assert (shown["title"], shown["unit"]) == (title, unit) and verdict["per"] == "stratum"
    assert title.split()[0] in done.out and title in verdict["summary"]
    page = (out / "report.html").read_text()
    assert f"{title[0].upper()}{title[1:]} by training examples" in page and "labels per stratum" in page


def test_a_fit_of_places_says_errors_with_their_unit_in_either_language(jeoni, tmp_path):
    from tests.dense.test_pictures import save_points

    options = ("--task", "pose", "--backbone", "untrained:test_resnet", "--no-control", "--folds", 2, "--steps", 2)
    found = jeoni("fit", save_points(tmp_path / "mice"), *options, "--views", 1, "--out", tmp_path / "run", "--quiet")
    assert found.code == 0, found.err
    assert "Root mean squared distance, pixels" in found.out and "cross-validation, 10 items" in found.out
    korean = jeoni(
        "fit", tmp_path / "mice", *options, "--views", 1, "--out", tmp_path / "ko", "--quiet", "--language", "ko"
    )
    assert "평균 제곱근 거리, 픽셀" in korean.out


def test_where_no_defect_is_known_what_can_be_measured_leads_and_json_holds_no_nan(jeoni, tmp_path):
    import shutil

    from tests.dense.test_pictures import save_parts

    shutil.rmtree(save_parts(tmp_path / "parts") / "scratch")
    options = ("--task", "anomaly", "--backbone", "untrained:test_resnet", "--no-control", "--folds", 2, "--quiet")
    found = jeoni("fit", tmp_path / "parts", *options, "--out", tmp_path / "run", "--json")
    assert found.code == 0, found.err
    said = json.loads(found.out.splitlines()[-1], parse_constant=lambda name: pytest.fail(name))
    assert said["summary"].startswith("False alarms at the threshold ")
    assert "ROC-AUC of pictures cannot be measured on these pictures." in said["summary"]
    assert said["scores"]["image_auroc"]["value"] is None
    assert "NaN" not in (tmp_path / "run" / "model" / "config.json").read_text()

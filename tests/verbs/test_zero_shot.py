"""``jeoni zero-shot`` from data to run folder: with names alone, with seen classes, with attributes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas
import pytest
from typer.testing import CliRunner

import jeoni
from jeoni.cli._app import app
from jeoni.errors import ConfigError, DataError
from jeoni.report import render
from jeoni.report.result import result_card
from jeoni.runs import read_json
from jeoni.runs.records import RunRecord, ZeroShotMetrics
from jeoni.runs.typed import as_record
from tests.backbones.test_two_towers import save_towers
from tests.conftest import TINY
from tests.made_zero_shot import ATTRIBUTES, UNSEEN, corners, examples

GOOD_AND_BAD = {"good": ["fine great lovely", "superb"], "bad": ["awful dull", "poor weak"]}
QUICK = {"pictures": False, "quiet": True, "engine": "torch"}


@pytest.fixture
def names(encoder_folder):
    """Options of a tiny encoder of texts, with which names can be read."""
    return {"text_backbone": str(encoder_folder("bert")), "templates": "{}"}


def csv_of_seen(path: Path, each: int = 10) -> Path:
    rows, labels = examples([name for name in ATTRIBUTES if name not in UNSEEN], each)
    np.savez(path, X=rows, y=np.array(labels))
    return path


def test_texts_are_classified_by_descriptions_and_the_model_predicts_what_was_scored(
    make_reviews, encoder_folder, tmp_path
):
    result = jeoni.zero_shot(
        make_reviews(each=20), classes=GOOD_AND_BAD, backbone=str(encoder_folder("bert")), out=tmp_path / "run", **QUICK
    )
    metrics = result.metrics
    assert result.method == "nearest_name" and metrics["calibration"] == "none" and metrics["labelled"] == 40
    assert metrics.accuracy.low <= metrics.accuracy.value == metrics["test"]["accuracy"]["value"]
    assert metrics["chance"] == 0.5 and metrics["majority"]["accuracy"]["value"] == 0.5
    assert "with no example of any of the 2 classes. Guessing gives 50.0 %" in result.summary
    table = result.predictions
    assert list(table.columns[-5:]) == ["confidence", "margin", "next", "prob:good", "prob:bad"]
    again = jeoni.load_model(result.run).predict(table["text"].tolist())
    assert again.labels == table["predicted"].tolist()
    assert np.allclose(again.probs[:, 0], table["prob:good"], atol=1e-4)
    assert (table["margin"] - (again.probs.max(1) - again.probs.min(1))).abs().max() < 1e-4
    record = as_record(RunRecord, {k: v for k, v in read_json(result.run / "run.json").items() if k != "state"})
    assert record.kind == "zero_shot" and record.cut.frozen == record.cut.reuse


def test_batch_calibration_says_each_class_of_half_the_items_on_average_and_none_is_the_nearest_name(
    make_reviews, encoder_folder, tmp_path
):
    given = {"classes": GOOD_AND_BAD, "backbone": str(encoder_folder("bert")), **QUICK}
    data = make_reviews(each=20)
    found = {
        c: jeoni.zero_shot(data, calibration=c, out=tmp_path / c, **given) for c in ("none", "batch", "contextual")
    }
    assert found["none"].metrics["uncalibrated"] is None
    for name in ("batch", "contextual"):
        before = found[name].metrics["uncalibrated"]["accuracy"]
        assert before == pytest.approx(found["none"].metrics["test"]["accuracy"])
    rows = np.log(found["batch"].predictions[["prob:good", "prob:bad"]].to_numpy())
    assert abs((rows[:, 0] - rows[:, 1]).mean()) < 0.01


def test_without_labels_nothing_is_scored_and_shares_are_told(make_reviews, encoder_folder, tmp_path):
    texts = pandas.read_csv(make_reviews(each=15))["review"].tolist()
    result = jeoni.zero_shot(
        texts, classes=GOOD_AND_BAD, backbone=str(encoder_folder("bert")), out=tmp_path / "run", **QUICK
    )
    assert result.metrics["test"] is None and result.metrics["labelled"] == 0
    assert result.summary.endswith("No item has a label of one of the classes, so nothing can be said of accuracy.")
    assert "30 items were predicted: " in result.summary
    assert len(result.predictions) == 30 and not result.predictions["label"].notna().any()
    assert "30 items without labels" in repr(result) or "nearest_name" in result_card(result.run)


@pytest.mark.parametrize("method", ["eszsl", "devise", "dap"])
def test_classes_that_were_not_seen_are_found_by_their_attributes(tmp_path, method):
    result = jeoni.zero_shot(**corners(), method=method, out=tmp_path / "run", **QUICK)
    assert result.metrics.accuracy.value > 0.9 and result.metrics["test"]["accuracy"]["low"] > 0.5
    assert result.metrics["seen_items"] == 120 and result.metrics["learned"]["folds"] == 3
    assert "This is above guessing" in result.summary and f"{method} learned from 120 items of 6 seen" in result.summary
    assert result.model.class_names == UNSEEN
    held, labels = examples(list(UNSEEN), 10, seed=4)
    assert (
        np.mean([a == b for a, b in zip(jeoni.load_model(result.run).predict(held).labels, labels, strict=True)]) > 0.9
    )


def test_generalised_items_of_seen_classes_are_told_apart_too(tmp_path):
    given = corners() | {"data": examples(list(ATTRIBUTES), 10, seed=3)}
    result = jeoni.zero_shot(**given, generalised=True, out=tmp_path / "run", **QUICK)
    parts = result.metrics["parts"]
    seen, unseen = parts["seen"]["value"], parts["unseen"]["value"]
    assert parts["harmonic_mean"]["value"] == pytest.approx(2 * seen * unseen / (seen + unseen))
    assert parts["harmonic_mean"]["low"] <= parts["harmonic_mean"]["value"] <= parts["harmonic_mean"]["high"]
    assert result.metrics["handicap"] >= 0 and len(result.model.class_names) == 8
    assert "harmonic mean" in result.summary and "among 8 classes, 2 of which no example was seen of" in result.summary
    table = pandas.read_csv(result.run / "predictions.csv")
    right = table["label"] == table["predicted"]
    by_class = right.groupby(table["label"]).mean()
    assert by_class[[name for name in ATTRIBUTES if name not in UNSEEN]].mean() == pytest.approx(seen)


def test_the_labels_of_the_items_decide_nothing(tmp_path):
    """With labels that are all wrong the predictions stay what they were."""
    right = jeoni.zero_shot(**corners(), out=tmp_path / "right", **QUICK)
    rows, labels = corners()["data"]
    swapped = {"gg": "hh", "hh": "gg"}
    wrong = jeoni.zero_shot(
        **corners() | {"data": (rows, [swapped[name] for name in labels])}, out=tmp_path / "wrong", **QUICK
    )
    assert wrong.metrics.accuracy.value == pytest.approx(1 - right.metrics.accuracy.value)
    assert wrong.predictions["predicted"].tolist() == right.predictions["predicted"].tolist()
    assert "This is below guessing" in wrong.summary


def test_photos_of_unseen_classes_are_scored_by_names_and_the_page_shows_them(make_photos, names, tmp_path):
    photos = make_photos("photos", classes=5, each=8)
    seen, unseen = tmp_path / "seen", tmp_path / "unseen"
    for folder, kinds in ((seen, "012"), (unseen, "34")):
        folder.mkdir()
        for k in kinds:
            (photos / f"class_{k}").rename(folder / ["film", "story", "town", "night", "people"][int(k)])
    result = jeoni.zero_shot(
        unseen,
        classes="night,people",
        seen=seen,
        backbone=TINY,
        engine="torch",
        out=tmp_path / "run",
        quiet=True,
        **names,
    )
    assert result.method == "eszsl" and result.metrics["learned"]["folds"] == 0
    assert "too few classes to hold some out" in result.summary
    page = (result.run / "report.html").read_text(encoding="utf-8")
    for said in ("What was known, and what was not", "24 labelled items of 3 other classes (film, story, town)",
                 "no example of night, people was seen", "How near the class names are", "The surest items of each class",
                 "data:image/jpeg"):  # fmt: skip
        assert said in page
    korean = render(result.run, "ko").read_text(encoding="utf-8")
    assert "사용한 정보" in korean and "What was known" not in korean


@pytest.mark.parametrize("family", ["clip", "clap"])
def test_a_model_of_two_towers_needs_no_seen_classes(make_photos, make_sounds, tmp_path, family):
    folder = save_towers(tmp_path / family, family)
    data = make_photos() if family == "clip" else make_sounds(each=6)
    classes = {"class_0": "cat", "class_1": "dog"} if family == "clip" else {"tone_0": "rain", "tone_1": "bell"}
    result = jeoni.zero_shot(data, classes=classes, backbone=f"{family}:{folder}", out=tmp_path / "run", **QUICK)
    assert result.method == "nearest_name" and result.metrics["calibration"] == "none"
    assert result.metrics["scale"] == pytest.approx(np.exp(2.6592), rel=1e-3) or family == "clap"
    again = jeoni.load_model(result.run)
    some = sorted(data.rglob("*.png" if family == "clip" else "*.wav"))[:4]
    table = result.predictions.set_index("path")
    said = again.predict([str(p) for p in some]).labels
    assert said == [table.loc[p.relative_to(data).as_posix(), "predicted"] for p in some]


def test_a_run_that_was_interrupted_while_it_was_written_is_resumed(tmp_path, monkeypatch):
    seen = csv_of_seen(tmp_path / "seen.npz")
    rows, labels = examples(list(UNSEEN), 10, seed=1)
    np.savez(tmp_path / "items.npz", X=rows, y=np.array(labels))
    table = tmp_path / "attributes.csv"
    table.write_text("name,a,b,c,d\n" + "".join(f"{n},{','.join(map(str, v))}\n" for n, v in ATTRIBUTES.items()))
    given = {"classes": "gg,hh", "seen": seen, "attributes": table, "out": tmp_path / "run", **QUICK}
    with monkeypatch.context() as patch:
        patch.setattr("jeoni.verbs.zero_shot.write_tables", stop)
        with pytest.raises(KeyboardInterrupt):
            jeoni.zero_shot(tmp_path / "items.npz", **given)
    result = jeoni.resume(tmp_path / "run", quiet=True)
    assert isinstance(result, jeoni.ZeroShotResult) and result.metrics.accuracy.value > 0.9
    assert len(result.predictions) == 20


def stop(*given):
    raise KeyboardInterrupt


def test_the_command_line_prints_scores_or_json(tmp_path):
    rows, labels = examples(list(UNSEEN), 10, seed=1)
    np.savez(tmp_path / "items.npz", X=rows, y=np.array(labels))
    table = tmp_path / "attributes.csv"
    table.write_text("name,a,b,c,d\n" + "".join(f"{n},{','.join(map(str, v))}\n" for n, v in ATTRIBUTES.items()))
    asked = [
        "zero-shot",
        str(tmp_path / "items.npz"),
        "--classes",
        "gg,hh",
        "--seen",
        str(csv_of_seen(tmp_path / "s.npz")),
    ]
    asked += ["--attributes", str(table), "--no-pictures", "--quiet", "--engine", "torch"]
    shown = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / "a"), "--language", "en"])
    assert shown.exit_code == 0 and "20 labelled items" in shown.stdout and "Accuracy" in shown.stdout, shown.output
    assert "predicted" in shown.stdout and "report" in shown.stdout
    told = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / "b"), "--json"])
    found = json.loads(told.stdout.strip().splitlines()[-1])
    as_record(ZeroShotMetrics, {k: v for k, v in found.items() if k != "run"}, exact=False)
    assert found["test"]["accuracy"]["value"] > 0.9 and found["method"] == "eszsl"
    assert "jeoni zero-shot reviews.csv --classes" in CliRunner().invoke(app, ["zero-shot", "--help"]).stdout


ROWS, LABELS = examples(["aa", "bb", "cc", "dd"], 4)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"classes": ""}, "names no class. Needed: names with commas between"),
        ({"classes": "gg"}, "names one class only, 'gg': there is nothing to tell it from.*say --generalised"),
        (
            {"classes": "gg,aa"},
            "Both seen and named as unseen: aa. Leave them out of --classes; where items may be of seen",
        ),
        ({"seen": ""}, "A table of attributes is learned from seen classes, and there are none"),
        ({"seen": "", "attributes": "", "method": "devise"}, "devise learns on seen classes, and there are none. Give"),
        ({"attributes": "", "method": "dap"}, "dap goes by attributes of classes, and there is no table of them"),
        ({"method": "nearest_name"}, "nearest_name goes by class names, and a table of attributes was given"),
        (
            {"attributes": "", "method": "nearest_name"},
            "goes by names alone needs a backbone that puts items and names in one",
        ),
        ({"method": "eszl"}, "eszsl"),
        ({"calibration": "bath"}, "batch"),
        ({"calibration": "contextual"}, "contextual needs texts without content"),
        ({"templates": "no place"}, "sentences with one {} for the name are needed"),
        ({"seen": "", "attributes": ""}, "No backbone here puts vectors and words in one space. Give labelled items"),
        ({"text_backbone": TINY, "attributes": ""}, "text_backbone is .* takes images; one for texts is needed"),
        ({"strategy": "probe"}, "Name the method: method='eszsl'"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_mend(tmp_path, names, changes, said):
    given = corners(each=12) | names | changes
    with pytest.raises(ConfigError, match=said):
        jeoni.zero_shot(**given, out=tmp_path / "run", **QUICK)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seen": (ROWS, ["aa"] * len(ROWS))}, "aa"),  # one seen class
        ({"seen": ROWS}, "label"),  # no labels where they are needed
        ({"attributes": {"aa": {"x": 1}}}, "The table of attributes has no row for"),
        (
            {"attributes": {name: {"x": int(name in UNSEEN)} for name in ATTRIBUTES}},
            "All 1 attributes are alike for all seen",
        ),
        (
            {"attributes": "", "classes": "xqzt,zzkw"},
            "None of the class names says anything to the encoder.*Describe the",
        ),
        ({"calibration": "batch", "data": examples(list(UNSEEN), 5)}, "batch needs 20 items at least, there are 10"),
        ({"classes": "missing.csv"}, "The file of classes missing.csv does not exist"),
    ],
)
def test_data_that_cannot_be_used_are_refused(tmp_path, names, changes, said):
    with pytest.raises((DataError, ConfigError), match=said):
        jeoni.zero_shot(**corners(each=12) | names | changes, out=tmp_path / "run", **QUICK)


def test_items_with_several_columns_of_labels_are_refused(tmp_path):
    rows = "text,one,two\na film,x,y\nthe story,y,x\n"
    (tmp_path / "a.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(
        DataError, match=r"2 columns of labels \(one, two\); one says which class an item is of. Name it"
    ):
        jeoni.zero_shot(tmp_path / "a.csv", classes="x,y", label_column="one,two", out=tmp_path / "run", **QUICK)


def test_seen_items_of_another_modality_are_refused(tmp_path, make_photos, make_reviews):
    with pytest.raises(DataError, match="seen classes are shown by images, the items to classify are texts; both must"):
        jeoni.zero_shot(make_reviews(each=3), classes="a,b", seen=make_photos(each=3), out=tmp_path / "run", **QUICK)


def test_labels_that_are_no_class_are_told_and_a_name_without_a_meaning_is_a_finding(tmp_path, names):
    rows, _ = examples(list(UNSEEN), 12, seed=1)
    given = corners() | names | {"attributes": "", "data": (rows, ["0"] * 12 + ["1"] * 12), "classes": "story,xqzt"}
    result = jeoni.zero_shot(**given, out=tmp_path / "run", **QUICK)
    found = result.issues.set_index("kind")
    assert (
        "no label is one of the classes: labels are '0', '1', classes 'story', 'xqzt'"
        in found.loc["other_labels", "detail"]
    )
    told = found.loc[["meaningless_name"], "detail"].tolist()
    assert any("'xqzt' says nothing to the encoder" in text for text in told)
    assert result.metrics["test"] is None


def test_items_of_other_classes_are_predicted_and_not_scored(tmp_path):
    rows, labels = examples([*UNSEEN, "aa"], 10, seed=1)
    result = jeoni.zero_shot(**corners() | {"data": (rows, labels)}, out=tmp_path / "run", **QUICK)
    assert result.metrics["n"] == 30 and result.metrics["labelled"] == 20
    assert "'aa' is none of the classes" in result.issues["detail"].tolist()

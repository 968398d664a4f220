"""The page of a dense task: charts, tables and pictures of each kind."""

from __future__ import annotations

import itertools
import json
import re
from html import unescape

import pytest

from jeoni.errors import DataError
from jeoni.report import render
from jeoni.report.place_charts import roc_points
from jeoni.report.places import places_view
from jeoni.report.result import result_card, result_lines
from tests.made_places import TASKS, make_places_run
from tests.report.test_report import Page

SAID = {
    "boxes": ["Precision and recall", "Sizes of the objects", "Hits and misses", "found, and not there (false alarm)"],
    "masks": ["Confusion matrix of pixels", "wrong pixels", "Mean IoU", "not annotated"],
    "points": ["Distances of the keypoints", "where it was found", "8.00 pixels off", "RMSE (pixels)"],
    "heat": ["Scores of the pictures", "ROC curve", "Defect missed: score", "threshold"],
}


@pytest.mark.parametrize("kind", TASKS)
def test_a_page_is_whole_shows_the_worst_first_and_asks_nothing_of_a_network(tmp_path, kind):
    run = make_places_run(tmp_path / "run", kind)
    text = render(run).read_text(encoding="utf-8")
    page = Page(text)
    assert all(address.startswith(("data:", "#")) for address in page.addresses)
    for said in [
        "The worst pictures",
        "Typical pictures",
        "The best pictures",
        "Stages: frozen and trained",
        *SAID[kind],
    ]:
        assert said in unescape(text), said
    assert text.index("p/8.png") < text.index("p/4.png") < text.index("p/0.png")
    assert text.count('<figure class="place') == 9
    assert "+10.0" in text or "+0.100" in text  # gain over the untrained control
    assert ">nan" not in text and "None" not in Page(text).headings


@pytest.mark.parametrize("kind", TASKS)
def test_a_page_is_told_in_korean(tmp_path, kind):
    text = unescape(render(make_places_run(tmp_path / "run", kind, "cv"), "ko").read_text(encoding="utf-8"))
    for english in (
        "The worst pictures",
        "Left the",
        "What is there",
        "overlap of",
        "Root mean",
        "Mean IoU",
        "pixels of",
    ):
        assert english not in text
    assert "점수가 가장 낮은 사진" in text and "교차검증" in text


def test_lines_join_the_keypoints_that_were_found(tmp_path):
    run = make_places_run(tmp_path / "run", "points")
    text = render(run).read_text(encoding="utf-8")
    figure = text[text.index('<figure class="place') :]
    figure = figure[: figure.index("</figure>")]
    (line,) = re.findall(r'<path class="edge" d="M(\S+) (\S+)L(\S+) (\S+)"/>', figure)
    record = json.loads((run / "figures/places.json").read_text())
    ends = [coordinate for point in record["worst"][0]["points"] for coordinate in point["predicted"]]
    assert [float(value) for value in line] == pytest.approx(ends)
    record["edges"] = []
    (run / "figures/places.json").write_text(json.dumps(record))
    assert 'class="edge"' not in render(run).read_text(encoding="utf-8")


def test_names_are_text_wherever_they_stand(tmp_path):
    text = render(make_places_run(tmp_path / "run", "boxes")).read_text(encoding="utf-8")
    assert "<b>disc" not in text and "&lt;b&gt;disc" in text


def test_misses_and_false_alarms_have_lines_and_letters_of_their_own(tmp_path):
    text = render(make_places_run(tmp_path / "run", "boxes")).read_text(encoding="utf-8")
    figure = text[text.index('<figure class="place') :]
    figure = figure[: figure.index("</figure>")]
    assert figure.count('class="box missed"') == 2 and figure.count(">M</text>") == 2
    assert figure.count('class="box false"') == 2 and figure.count(">F</text>") == 2
    assert 'class="box hit"' not in figure


@pytest.mark.parametrize(("language", "said"), [("en", "have a box of no size"), ("ko", "크기가 없는 박스가 있음")])
def test_findings_of_annotations_are_told(tmp_path, language, said):
    run = make_places_run(tmp_path / "run", "boxes")
    content = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**content, "findings": {"box_of_no_size": 3, "small_class": 1}}))
    text = render(run, language).read_text(encoding="utf-8")
    assert said in text and "one item only" not in text


def test_a_run_without_pictures_has_a_page_without_them(tmp_path):
    run = make_places_run(tmp_path / "run", "masks")
    (run / "figures" / "places.json").unlink()
    text = render(run).read_text(encoding="utf-8")
    assert "The worst pictures" not in text and "Confusion matrix of pixels" in text


def test_of_a_picture_whose_file_is_gone_nothing_is_shown(tmp_path):
    run = make_places_run(tmp_path / "run", "masks")
    (run / "figures" / "places" / "00008.jpg").unlink()
    text = render(run).read_text(encoding="utf-8")
    assert text.count('<figure class="place') == 8


def test_details_of_a_task_that_is_not_known_here_are_left_out(tmp_path):
    run = make_places_run(tmp_path / "run", "boxes")
    metrics = json.loads((run / "metrics.json").read_text())
    (run / "metrics.json").write_text(json.dumps({**metrics, "task": "counting", "details": {"anything": [1]}}))
    text = render(run).read_text(encoding="utf-8")
    assert "Precision and recall" not in text and "By name" in text


@pytest.mark.parametrize(
    ("kind", "details", "said"),
    [
        ("masks", {"confusion": [[1]], "class_names": ["a", "b"]}, "confusion does not have 2 rows and columns"),
        ("boxes", {"sizes": {"edges": [1, 2], "counts": [1, 2]}}, "edges has 2 entries; 3 are needed"),
        ("boxes", {"curves": [{"name": "a", "precision": [1], "recall": []}]}, "precision has 1 points, recall 0"),
        ("points", {"pixels": [1], "within": [{"name": "a", "shares": []}]}, "within does not have 1 shares"),
    ],
)
def test_details_that_cannot_be_are_a_sentence(tmp_path, kind, details, said):
    run = make_places_run(tmp_path / "run", kind)
    metrics = json.loads((run / "metrics.json").read_text())
    (run / "metrics.json").write_text(json.dumps({**metrics, "details": details}))
    with pytest.raises(DataError, match=f"metrics.json cannot be used: details: .*{said}.*repeat the run"):
        render(run)


def test_a_run_without_its_cut_is_a_sentence(tmp_path):
    run = make_places_run(tmp_path / "run")
    content = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**content, "cut": None}))
    with pytest.raises(DataError, match="cut or head is missing; repeat the run"):
        render(run)


def test_a_run_is_told_in_a_few_lines_its_headline_first(tmp_path):
    run = make_places_run(tmp_path / "run", "points")
    lines = result_lines(run)
    assert lines[1] == "Root mean squared distance 3.200 (2.900 to 3.600)"
    assert "9 held-out examples" in result_card(run)


def test_scores_that_cannot_be_measured_are_left_out(tmp_path):
    run = make_places_run(tmp_path / "run", "heat")
    assert not any("pixels" in line for line in result_lines(run))
    assert "ROC-AUC of pixels" not in render(run).read_text(encoding="utf-8")


def test_the_curve_of_scores_without_ties_is_that_of_scikit_learn():
    import numpy as np
    from sklearn.metrics import roc_curve

    rng = np.random.default_rng(0)
    normal, defective = rng.normal(size=40).round(1), rng.normal(1, size=30).round(1)
    labels, scores = np.repeat([0, 1], [40, 30]), np.concatenate([normal, defective])
    alarms, found, _ = roc_curve(labels, scores, drop_intermediate=False)
    ours = roc_points(normal.tolist(), defective.tolist())
    assert ours[0] == pytest.approx(alarms) and ours[1] == pytest.approx(found)


def test_names_of_keypoints_never_lie_on_each_other(tmp_path):
    run = make_places_run(tmp_path / "run", "points")
    path = run / "figures" / "places.json"
    content = json.loads(path.read_text())
    entry = content["worst"][0]
    entry["points"] = [{"number": k % 2, "predicted": [470.0, 100.0 + k], "true": None} for k in range(5)]
    path.write_text(json.dumps(content))
    from jeoni.locale import table
    from jeoni.report.files import Figures

    view = places_view(Figures(run / "figures"), "pose", table("places", "en"))
    marks = view["groups"][0]["pictures"][0]["marks"]
    bases = sorted(mark["base"] for mark in marks)
    assert all(b - a > 15 for a, b in itertools.pairwise(bases))
    assert {mark["anchor"] for mark in marks} == {"end"}  # at the right edge they stand left of their crosses

"""What pages show of labels and of the data: macros that a page includes, filled from records."""

from __future__ import annotations

import re
from functools import partial
from importlib import resources

import jinja2
import pytest

from jeoni.locale import Said, measure_name, table
from jeoni.report import formats
from jeoni.report.contents import Contents
from jeoni.report.files import Figures
from jeoni.report.label_quality import more_labels_view, suspects_view
from jeoni.report.profile import profile_view
from jeoni.runs.records import LabelNoiseRecord, Measure, MoreLabelsRecord, ProfileRecord
from jeoni.runs.typed import as_record


def rendered(template, macro, view, language="en"):
    """A macro as a page of that language shows it."""
    folder = str(resources.files("jeoni.report") / "templates")
    loader = jinja2.FileSystemLoader(folder)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    names = ("number", "percent", "count", "short", "quoted", "rate", "whole", "options_whole")
    environment.filters.update({name: getattr(formats, name) for name in names})
    environment.filters["term"] = partial(measure_name, language=language)
    source = f"{{% import '{template}' as m with context %}}{{{{ m.{macro}(view) }}}}"
    shown = {"w": table("page", language), "toc": Contents(), "of_classes": True, "view": view}
    return environment.from_string(source).render(shown)


def profile(**changes):
    said = [Said("profile.small_class", name="crack", n="9"), Said("profile.groups", n="12")]
    content = {
        "name": "made", "modality": "image", "task": "classification", "items": 110, "usable": 99, "labelled": 99,
        "independent": 98, "classes": [{"name": "ok", "items": 90}, {"name": "crack", "items": 9}], "groups": 12,
        "imbalance": {"ratio": 10.0, "effective": 1.36},
        "measured": {
            "items": 50, "limit": 224.0, "scripts": {"hangul": 0.9, "latin": 0.1},
            "spreads": {"width": {"least": 10.0, "low": 20.0, "median": 640.0, "high": 800.0, "most": 900.0}},
        },
        "findings": {"duplicate": 2}, "said": [one.as_dict() for one in said],
    }  # fmt: skip
    return as_record(ProfileRecord, content | changes, exact=False)


def test_a_profile_is_shown_with_what_stands_out_first():
    page = rendered("profile.html", "profile", profile_view(profile(), "en"))
    assert page.index("The class &#39;crack&#39; has 9 items") < page.index("usable items")
    for text in ("width, pixels", ">640<", "Hangul 90 %", "effective number of classes: 1.4", "The backbone takes 224"):
        assert text in page
    assert re.findall(r"width:([\d.]+)%", page) == ["100.0", "10.0"]


def test_a_profile_is_shown_in_korean():
    page = rendered("profile.html", "profile", profile_view(profile(), "ko"), "ko")
    assert "너비(픽셀)" in page and "한글 90 %" in page and "데이터가 9개뿐" in page


def test_of_many_classes_some_are_shown_and_the_others_counted():
    many = [{"name": f"class {k}", "items": 10} for k in range(40)]
    page = rendered("profile.html", "profile", profile_view(profile(classes=many), "en"))
    assert "And 10 more classes." in page and "class 29" in page and "class 30" not in page


def test_a_profile_of_numbers_has_no_table_of_classes():
    view = profile_view(profile(classes=[], imbalance=None, groups=None, task="regression", said=[]), "en")
    page = rendered("profile.html", "profile", view)
    assert "largest to smallest class" not in page and "groups" not in page


@pytest.fixture
def figures(tmp_path):
    (tmp_path / "figures").mkdir()
    return Figures(tmp_path / "figures")


def test_suspects_without_pictures_are_counted(figures):
    share = {"value": 0.08, "low": 0.06, "high": 0.1}
    record = as_record(LabelNoiseRecord, {"share": share, "suspects": 7, "of": 90, "clear": True})
    page = rendered("labels.html", "suspects", suspects_view(record, figures, "en", {}))
    assert "<b>7</b> suspects" in page and "8.0 %" in page and "6.0 to 10.0" in page
    nothing = as_record(LabelNoiseRecord, {"share": share, "suspects": 0, "of": 90})
    assert suspects_view(nothing, figures, "en", {}) is None and suspects_view(None, figures, "en", {}) is None


def test_scores_with_the_suspects_in_training_stand_beside_what_leaving_them_out_added(figures):
    share = {"value": 0.08, "low": 0.06, "high": 0.1}
    scores = {"accuracy": {"value": 0.9, "low": 0.85, "high": 0.95}}
    gains = {"accuracy": {"value": 0.012, "low": 0.002, "high": 0.022}}
    content = {"share": share, "suspects": 7, "of": 90, "left_out": 6, "trained_on": 80}
    record = as_record(LabelNoiseRecord, content | {"without": scores, "difference": gains})
    measures = {"accuracy": Measure("Accuracy", "%", True), "other": Measure("Other", "", True)}
    page = rendered("labels.html", "suspects", suspects_view(record, figures, "en", measures))
    assert "6 of 80 training items were left out" in page and "90.0" in page and "+1.2" in page
    assert "0.2 to 2.2" in page and "Other" not in page


@pytest.mark.parametrize(("unit", "higher"), [("%", True), ("kg", False)])
def test_a_learning_curve_is_a_chart_with_its_sentence(figures, unit, higher):
    points = [
        {"labels": n, "score": {"value": v, "low": v - 0.02, "high": v + 0.02}}
        for n, v in ((10.0, 0.7), (20.0, 0.75), (40.0, 0.8), (80.0, 0.82))
    ]
    amount = Said("amount.points", value="2.1", low="0.4", high="3.9")
    said = Said("more_labels.helps", times=Said("more_labels.double"), amount=amount)
    content = {
        "measure": {"title": "accuracy", "unit": unit, "higher_is_better": higher},
        "labels": 100, "factor": 2.0, "outcome": "helps", "points": points, "line": points, "said": said.as_dict(),
        "gain": {"value": 0.021, "low": 0.004, "high": 0.039}, "reached": points[-1]["score"],
    }  # fmt: skip
    view = more_labels_view(as_record(MoreLabelsRecord, content, exact=False), figures, "en")
    page = rendered("labels.html", "more_labels", view)
    assert "Doubling the labels would add 2.1 points (0.4 to 3.9)." in page and "now: 100" in page
    assert ("82 %" in page or "80 %" in page) == (unit == "%")
    assert (figures.folder / "more_labels.svg").exists() and (figures.folder / "more_labels.png").exists()
    assert more_labels_view(None, figures, "en") is None

"""What Python holds goes through every verb, and what comes back speaks for itself."""

from __future__ import annotations

import inspect

import numpy as np
import pandas
import pytest

import jeoni
from jeoni.errors import ConfigError
from tests.conftest import TINY, make_picture

QUICK = {"backbone": TINY, "folds": 2, "repeats": 1}


def pictures(n=24, first=0):
    return [make_picture(k % 2, first + k, 32) for k in range(n)], [("no", "yes")[k % 2] for k in range(n)]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    out = tmp_path_factory.mktemp("fit") / "run"
    return jeoni.fit(pictures(), **QUICK, test=pictures(10, 50), out=out)


def test_pictures_and_labels_are_fitted_and_an_own_test_set_is_scored(fitted):
    assert fitted.counts["train"] == 24 and fitted.counts["test"] == 10
    assert fitted.metrics["estimate"] == "test"


def test_scores_are_attributes(fitted):
    score = fitted.metrics.accuracy
    assert score.low <= score.value <= score.high
    assert fitted.metrics["test"]["accuracy"]["low"] == score.low
    assert "accuracy" in dir(fitted.metrics)
    with pytest.raises(AttributeError, match="There is no metric 'acuracy'. There are: accuracy, "):
        _ = fitted.metrics.acuracy


def test_predictions_and_issues_are_frames(fitted):
    found = fitted.predictions
    assert len(found) == 10 and {"path", "label", "predicted", "confidence"} <= set(found.columns)
    assert (found.label == found.predicted).mean() == pytest.approx(fitted.metrics.accuracy.value)
    assert {"kind", "path", "detail"} <= set(fitted.issues.columns)


def test_a_result_says_itself_in_under_ten_lines(fitted):
    lines = repr(fitted).splitlines()
    assert lines[0] == "FitResult" and len(lines) < 10
    assert fitted.summary[:40] in lines[1]
    assert str(fitted.run / "report.html") in repr(fitted)


def test_a_result_is_a_card_in_a_notebook(fitted):
    card = fitted._repr_html_()
    assert "Confusion matrix" in card and "accuracy" in card and "report.html" in card
    assert "<script" not in card


def test_a_card_is_told_in_the_language_of_the_environment_where_none_was_asked_for(fitted, monkeypatch):
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    card = fitted._repr_html_()
    assert "혼동행렬" in card and "신뢰구간" in card and "정확도" in card and "Confusion matrix" not in card
    assert "보고서" in repr(fitted)


def test_a_model_of_pictures_is_evaluated_and_predicts_in_memory(fitted):
    X, y = pictures(8, 90)
    evaluation = jeoni.evaluate(fitted.model, (X, y))
    predictions = jeoni.predict(fitted.model, X)
    assert evaluation.n == len(predictions) == 8
    right = np.mean([said == true for said, true in zip(predictions.labels, y, strict=True)])
    assert evaluation.metrics["accuracy"].value == pytest.approx(right)


def test_frames_are_adapted_and_compared(tmp_path):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 6))
    labels = (features[:, 0] > 0).astype(int)
    frame = pandas.DataFrame(features, columns=[f"x{k}" for k in range(6)]).assign(label=labels)
    shifted = frame.drop(columns="label") + 0.5
    result = jeoni.adapt(frame, shifted, method="coral", out=tmp_path / "adapted")
    assert result.method == "coral" and "AdaptResult" in repr(result)
    with pytest.raises(ConfigError, match="Say the target, and either the source or a model of it"):
        jeoni.adapt(frame)
    assert jeoni.diagnose(frame, shifted).sentences


def test_a_dataset_that_was_read_takes_a_test_set(tmp_path):
    X, y = pictures()
    data = jeoni.load_data((X, y))
    result = jeoni.fit(data, **QUICK, test=pictures(10, 50), control=False, out=tmp_path / "run")
    assert result.counts["test"] == 10 and data.task.class_names == ("no", "yes")


@pytest.mark.parametrize("verb", ["fit", "compare", "adapt", "diagnose", "evaluate", "predict"])
def test_options_are_in_the_signature_and_in_the_docstring(verb):
    called = getattr(jeoni, verb)
    parameters = inspect.signature(called).parameters
    assert not any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    assert not any(p.default == -1 for p in parameters.values() if type(p.default) is int)
    assert "workers" in parameters and parameters["workers"].default is None
    listed = inspect.getdoc(called).partition("\nOptions:\n")[2]
    assert "    workers: How many threads or processes read and decode" in listed


def test_an_unknown_option_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="There is no option 'backbon'. Did you mean backbone"):
        jeoni.fit("photos/", backbon="x")

"""Where labels are few the folds choose the head; where they are many it is the linear probe."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import jeoni
from jeoni.data.splits import build_folds
from jeoni.errors import ConfigError, DataError
from jeoni.heads.fitting.named import build_head
from jeoni.specs import TransferOptions
from jeoni.strategies import build_strategy
from tests.conftest import TINY, make_picture
from tests.heads.test_heads import make_task
from tests.made_tasks import classes as of_classes


def fit(X, y, folds=None):
    folds = build_folds(y, np.arange(len(y)), 5, 1, 0) if folds is None else folds
    return build_head("auto").fit(X, y, of_classes(int(y.max()) + 1), folds, "none")


def test_of_few_examples_it_is_the_discriminant_and_both_are_on_record():
    X, y = make_task(3, 24)
    fitted = fit(X, y)
    alone = build_head("gda").fit(X, y, of_classes(3), build_folds(y, np.arange(24), 5, 1, 0), "none")
    assert fitted.id == "gda" and {c["head"] for c in fitted.candidates} == {"gda", "linear"}
    torch.testing.assert_close(fitted.module.weight, alone.module.weight)


def test_the_probe_is_taken_where_it_is_clearly_right_more_often():
    """One column tells the classes; the long tails of thirty others hide it from a covariance."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    X = np.c_[(3 * y - 1.5) + 0.3 * rng.normal(size=60), 300 * rng.standard_t(1, size=(60, 30))].astype(np.float32)
    assert fit(X, y).id == "linear"


def test_of_many_it_is_the_linear_probe():
    X, y = make_task(2, 200)
    fitted, linear = (
        fit(X, y),
        build_head("linear").fit(X, y, of_classes(2), build_folds(y, np.arange(200), 5, 1, 0), "none"),
    )
    assert fitted.id == "linear"
    torch.testing.assert_close(fitted.module.weight, linear.module.weight)


def test_of_one_example_each_it_is_the_class_mean():
    X, y = make_task(3, 6)
    fitted = fit(X[:3], y[:3], np.zeros((0, 3), dtype=np.int64))
    assert fitted.id == "prototype:metric=cosine" and not fitted.candidates


def pictures(each, first=0):
    numbers = range(2 * each)
    return [make_picture(k % 2, first + k, 32) for k in numbers], [("no", "yes")[k % 2] for k in numbers]


def test_one_example_of_each_class_is_fitted_where_a_test_set_scores(tmp_path):
    result = jeoni.fit(pictures(1), backbone=TINY, head="auto", test=pictures(10, 50), out=tmp_path / "run")
    assert result.model.head_id == "prototype:metric=cosine"
    again = jeoni.load_model(tmp_path / "run" / "model")
    X, _ = pictures(3, 70)
    np.testing.assert_allclose(again.predict(X).values, result.model.predict(X).values, atol=1e-6)


def test_without_one_it_is_said_what_cannot_be_known(tmp_path):
    with pytest.raises(DataError, match="how good a model of them is cannot be known. Give a second item"):
        jeoni.fit(pictures(1), backbone=TINY, out=tmp_path / "run")


@pytest.mark.parametrize("head", ["prototype", "gda", "knn", "ridge"])
def test_a_model_with_each_head_is_saved_and_loaded(tmp_path, head):
    result = jeoni.fit(pictures(6), backbone=TINY, head=head, folds=2, repeats=1, control=False, out=tmp_path / "run")
    X, _ = pictures(3, 70)
    again = jeoni.load_model(tmp_path / "run" / "model")
    np.testing.assert_allclose(again.predict(X).values, result.model.predict(X).values, atol=1e-6)


@pytest.mark.parametrize("head", ["prototype", "knn"])
def test_a_head_made_of_examples_is_not_trained(head):
    with pytest.raises(ConfigError, match=f"The head {head} is made of examples and cannot be trained"):
        build_strategy("finetune", TransferOptions(head=head))


def test_training_takes_the_linear_head_for_auto():
    auto = TransferOptions(head="auto")
    assert build_strategy("finetune", auto).head == "linear" and build_strategy("probe", auto).head == "auto"

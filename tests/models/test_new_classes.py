"""A saved model takes new classes with an example each, and nothing is trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import jeoni
from jeoni.errors import ConfigError, DataError
from jeoni.heads.fitting.named import build_head
from tests.made_tasks import classes as of_classes

rng = np.random.default_rng(0)
MEANS = 2.0 * rng.normal(size=(5, 20))


def rows(labels, seed=0):
    return (MEANS[labels] + np.random.default_rng(seed).normal(size=(len(labels), 20))).astype(np.float32)


@pytest.mark.parametrize("head", ["prototype", "knn", "cosine:learning_rates=0.01"])
def test_two_new_classes_of_one_example_each_are_recognised_and_the_known_ones_still(head, tmp_path):
    known = np.arange(90) % 3
    result = jeoni.fit(
        (rows(known), [f"class {k}" for k in known]),
        head=head,
        folds=2,
        repeats=1,
        control=False,
        pictures=False,
        out=tmp_path / "run",
    )
    model = jeoni.load_model(tmp_path / "run").with_classes({"new a": rows([3], 5), "new b": rows([4], 6)})
    assert model.class_names == ("class 0", "class 1", "class 2", "new a", "new b")
    true = np.arange(200) % 5
    predicted = model.predict(rows(true, 9)).labels
    right = np.array(predicted) == np.array(model.class_names)[true]
    assert right[true < 3].mean() > 0.85 and right[true >= 3].mean() > 0.7
    model.save(tmp_path / "more")
    again = jeoni.load_model(tmp_path / "more")
    np.testing.assert_allclose(again.predict(rows(true, 9)).values, model.predict(rows(true, 9)).values, atol=1e-6)
    assert result.model.class_names == ("class 0", "class 1", "class 2")
    assert "scores" not in model.facts


def test_a_prototype_with_a_new_class_is_that_of_all_classes_at_once():
    labels = np.arange(40) % 4
    X = rows(labels)
    whole = build_head("prototype:metric=euclidean").fit(X, labels, of_classes(4), np.zeros((0, 40), int), "none")
    part = build_head("prototype:metric=euclidean").fit(X, labels, of_classes(4), np.zeros((0, 40), int), "none").module
    fewer = type(part)(20, 3)
    for name in ("temperature", "center", "spread", "variance", "unit"):
        getattr(fewer, name).copy_(getattr(part, name))
    fewer.prototypes.copy_(part.prototypes[:3])
    fewer.counts.copy_(part.counts[:3])
    more = fewer.with_classes([torch.from_numpy(X[labels == 3])])
    torch.testing.assert_close(more(torch.from_numpy(X)), whole.module(torch.from_numpy(X)))


def test_a_mean_of_one_row_is_not_at_a_disadvantage_to_one_of_many():
    """Without the correction hardly anything is nearest to a single row in many dimensions."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(401, 200)).astype(np.float32)
    labels = np.r_[np.zeros(200), np.ones(200), 2].astype(int)
    module = (
        build_head("prototype:metric=euclidean").fit(X, labels, of_classes(3), np.zeros((0, 401), int), "none").module
    )
    taken = module(torch.from_numpy(generator.normal(size=(600, 200)).astype(np.float32))).argmax(1)
    assert 0.2 < (taken == 2).float().mean() < 0.6


def test_one_example_of_each_class_gives_no_certainty():
    X, labels = rows(np.arange(5)), np.arange(5)
    module = build_head("prototype:metric=cosine").fit(X, labels, of_classes(5), np.zeros((0, 5), int), "none").module
    sure = torch.softmax(module(torch.from_numpy(rows(np.arange(50) % 5, 3))), 1).amax(1)
    assert sure.max() < 0.95


@pytest.fixture
def linear(tmp_path):
    known = np.arange(60) % 3
    data = rows(known), [f"class {k}" for k in known]
    return jeoni.fit(data, folds=3, repeats=1, control=False, pictures=False, head="linear", out=tmp_path / "run").model


def test_what_cannot_take_new_classes_says_what_can(linear, tmp_path):
    with pytest.raises(
        ConfigError, match="The head linear cannot take new classes.*--head prototype \\(or knn, cosine"
    ):
        linear.with_classes({"new": rows([3])})
    with pytest.raises(ConfigError, match="already knows 'class 1'"):
        linear.with_classes({"class 1": rows([3])})
    with pytest.raises(ConfigError, match="No new class was given"):
        linear.with_classes({})
    numbers = jeoni.fit(
        (rows(np.arange(60) % 3), np.linspace(0, 1, 60)),
        task="regression",
        folds=3,
        repeats=1,
        control=False,
        pictures=False,
        out=tmp_path / "n",
    ).model
    with pytest.raises(ConfigError, match="task is regression; new classes are for a classification"):
        numbers.with_classes({"new": rows([3])})


def test_a_picture_that_cannot_be_read_is_named(tmp_path, make_photos):
    from tests.conftest import TINY

    photos = make_photos(each=6)
    model = jeoni.fit(
        photos, backbone=TINY, head="prototype", folds=2, repeats=1, control=False, pictures=False, out=tmp_path / "run"
    ).model
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="An example of the new class 'x' cannot be read"):
        model.with_classes({"x": [str(tmp_path / "bad.png")]})

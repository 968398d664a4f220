from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from jeoni import TransferClassifier
from jeoni.data import images as images_module
from jeoni.errors import DataError
from tests.conftest import TINY, make_picture


def make_arrays(each: int = 20, classes: int = 2, side: int = 48):
    X = np.stack([np.asarray(make_picture(k % classes, k, side)) for k in range(each * classes)])
    return X, np.array([f"class {k % classes}" for k in range(each * classes)])


@parametrize_with_checks([TransferClassifier()])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_arrays_and_paths_give_the_same_features(make_photos):
    photos = make_photos(each=20)
    paths = sorted(str(p) for p in photos.rglob("*.png"))
    labels = [p.split("/")[-2] for p in paths]
    by_path = TransferClassifier(TINY, folds=3).fit(paths, labels)
    from PIL import Image

    arrays = np.stack([np.asarray(Image.open(p)) for p in paths])
    by_array = TransferClassifier(TINY, folds=3).fit(arrays, labels)
    np.testing.assert_allclose(by_path.predict_proba(paths), by_array.predict_proba(arrays), atol=1e-5)
    assert by_path.score(paths, labels) > 0.9
    assert by_path.classes_.tolist() == ["class_0", "class_1"]


@pytest.mark.parametrize("kind", ["uint16", "float", "grey"])
def test_arrays_of_other_kinds_mean_the_same_pictures(kind):
    X, y = make_arrays()
    other = {
        "uint16": lambda: X.astype(np.uint16) * 257,
        "float": lambda: X / 255.0,
        "grey": lambda: X[..., 0],
    }[kind]()
    model = TransferClassifier(TINY, folds=3).fit(other, y)
    assert model.score(other, y) > 0.9
    if kind != "grey":
        reference = TransferClassifier(TINY, folds=3).fit(X, y)
        np.testing.assert_allclose(model.predict_proba(other), reference.predict_proba(X), atol=1e-4)


def test_a_grid_search_extracts_features_once(monkeypatch):
    X, y = make_arrays(24)
    decoded = []
    genuine = images_module.open_image
    monkeypatch.setattr(images_module, "open_image", lambda *a, **k: decoded.append(1) or genuine(*a, **k))
    search = GridSearchCV(TransferClassifier(TINY, folds=3), {"class_weights": ["none", "balanced"]}, cv=3)
    search.fit(X, y)
    assert search.best_score_ > 0.8
    assert len(decoded) == len(X)
    assert cross_val_score(clone(search.best_estimator_), X, y, cv=3).mean() > 0.8


def test_wrong_input_is_said(make_photos):
    X, y = make_arrays(4)
    with pytest.raises(ValueError, match="only one class"):
        TransferClassifier(TINY).fit(X, ["a"] * 8)
    with pytest.raises(ValueError, match="8 examples and y 3"):
        TransferClassifier(TINY).fit(X, y[:3])
    with pytest.raises(DataError, match="does not exist"):
        TransferClassifier(TINY).fit(["nowhere.png", "neither.png"], ["a", "b"])

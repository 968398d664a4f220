from __future__ import annotations

import pickle

import numpy as np
import pandas
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

import jeoni as package
from jeoni import TransferClassifier, TransferRegressor
from jeoni.backbones.catalog import load_backbone
from jeoni.data.text_items import TextItems
from jeoni.errors import ConfigError, DataError
from jeoni.estimators import examples as estimator_module
from jeoni.modalities.image import pictures as images_module
from jeoni.types import Dataset
from tests.conftest import TINY, make_picture, make_texts
from tests.made_tasks import classes as of_classes

pytestmark = pytest.mark.usefixtures("small_pictures")


def make_arrays(each: int = 20, classes: int = 2, side: int = 48):
    X = np.stack([np.asarray(make_picture(k % classes, k, side)) for k in range(each * classes)])
    return X, np.array([f"class {k % classes}" for k in range(each * classes)])


@parametrize_with_checks([TransferClassifier(), TransferRegressor()])
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


@pytest.mark.slow
def test_texts_are_taken_as_they_are_and_korean_ones_by_the_default_for_them(encoder_folder):
    texts, labels = make_texts(30)
    model = TransferClassifier(str(encoder_folder("bert")), folds=3).fit(texts, labels)
    assert model.score(texts, labels) > 0.75 and model.input_.modality == "text"
    said = package.fit(
        Dataset("t", TextItems(texts), np.unique(labels, return_inverse=True)[1].astype(np.int64), of_classes(["bad", "good"]), modality="text"),
        backbone=str(encoder_folder("bert")), control=False,
    )  # fmt: skip
    wanted = said.model.predict(texts)
    assert np.mean(np.array(wanted.labels) == model.predict(texts)) > 0.9
    # a column of a table, an array, and one text alone
    np.testing.assert_allclose(model.predict_proba(np.array(texts)), model.predict_proba(texts), atol=1e-4)
    np.testing.assert_allclose(
        model.predict_proba(pandas.Series(texts, index=range(5, 65))), model.predict_proba(texts), atol=1e-4
    )
    np.testing.assert_allclose(model.predict_proba(texts[:1]), model.predict_proba(texts)[:1], atol=5e-3)


@pytest.mark.parametrize(
    "texts, chosen",
    [
        (["a lovely film", "a dull film"], "all-minilm-l6-v2"),
        (["정말 좋은 영화", "지루한 영화"], "multilingual-e5-small"),
    ],
)
def test_the_script_of_texts_decides_the_default(texts, chosen, encoder_folder, monkeypatch):
    asked = []
    tiny = load_backbone(str(encoder_folder("bert")))
    monkeypatch.setattr(estimator_module, "load_backbone", lambda name, crop: asked.append(name) or tiny)
    model = TransferClassifier(folds=2).fit([f"{t} {k}" for k, t in enumerate(texts * 5)], [0, 1] * 5)
    assert model.backbone_ == chosen and model.predict(texts).shape == (2,)
    assert set(asked) == {chosen}


@pytest.mark.parametrize("first", ["", None, float("nan"), pandas.NA])
def test_a_missing_text_is_named_and_leaves_the_others_texts(first, encoder_folder):
    texts, labels = make_texts(10)
    model = TransferClassifier(str(encoder_folder("bert")), folds=2)
    for given in ([first, *texts[1:]], pandas.Series([first, *texts[1:]])):
        with pytest.raises(DataError, match=r"^item 0 is empty\."):
            model.fit(given, labels)
    model.fit(texts, labels)
    with pytest.raises(DataError, match=r"^item 3 is empty\."):
        model.predict(pandas.Series([*texts[:3], first]))


@pytest.mark.parametrize("first", ["", None])
def test_what_examples_are_is_told_by_those_that_are_there(first, tmp_path):
    (tmp_path / "letter").write_text("a film")
    for rest, kind in (
        (["a film", "b.png"], "text"),
        (["a.png", "b.png"], "image"),
        ([str(tmp_path / "letter")], "audio"),
    ):
        assert estimator_module.modality_of_examples([first, *rest], "audio") == kind


def test_a_missing_file_among_files_of_texts_is_named(tmp_path, encoder_folder):
    texts, labels = make_texts(4)
    for k, text in enumerate(texts):
        (tmp_path / f"{k}.txt").write_text(text)
    paths = [str(tmp_path / f"{k}.txt") for k in range(8)]
    with pytest.raises(DataError, match="^item 0 names no file"):
        TransferClassifier(str(encoder_folder("bert")), folds=2).fit([None, *paths[1:]], labels)


@pytest.mark.parametrize("seconds", [-1, 0, float("nan")])
def test_seconds_that_are_no_length_are_refused(seconds):
    with pytest.raises(
        ConfigError, match=rf"^seconds is {seconds}; it must be above 0, or None to let the data decide"
    ):
        TransferClassifier(seconds=seconds).fit(["a.wav", "b.wav"], [0, 1])
    with pytest.raises(ConfigError, match="it must be above 0 and at most 3,600, or be left out"):
        package.FitSpec(seconds=seconds)
    with pytest.raises(ConfigError, match="cache_gb is nan; it must be above 0"):
        package.FitSpec(cache_gb=float("nan"))


def test_files_of_texts_are_read(tmp_path, encoder_folder):
    texts, labels = make_texts(10)
    for k, text in enumerate(texts):
        (tmp_path / f"{k:02d}.txt").write_text(text)
    paths = sorted(tmp_path.glob("*.txt"))
    by_path = TransferClassifier(str(encoder_folder("bert")), folds=2).fit(paths, labels)
    by_name = TransferClassifier(str(encoder_folder("bert")), folds=2).fit([str(p) for p in paths], labels)
    by_text = TransferClassifier(str(encoder_folder("bert")), folds=2).fit(texts, labels)
    for model in (by_path, by_name):
        np.testing.assert_allclose(model.predict_proba(paths), by_text.predict_proba(texts), atol=5e-3)


@pytest.mark.parametrize("kind", ["spectrogram", "wave"])
def test_sounds_are_heard_as_in_the_fit_that_went_before(make_sounds, listener_folder, kind):
    root = make_sounds()
    paths = sorted(str(p) for p in root.rglob("*.wav"))
    labels = [p.split("/")[-2] for p in paths]
    backbone = TINY if kind == "spectrogram" else str(listener_folder("hubert"))
    model = TransferClassifier(backbone, folds=3).fit(paths, labels)
    assert model.score(paths, labels) > 0.8
    assert (model.input_.kind, model.input_.rate) == (kind, 8000 if kind == "spectrogram" else 16_000)
    alone = model.predict_proba(paths[:1])  # whose length and rate say nothing now
    np.testing.assert_allclose(alone, model.predict_proba(paths)[:1], atol=5e-3)
    short = TransferClassifier(backbone, folds=3, seconds=0.2).fit(paths, labels)
    assert short.input_.seconds == 0.2 < model.input_.seconds


def test_a_fitted_estimator_survives_pickling(encoder_folder):
    texts, labels = make_texts(10)
    model = TransferClassifier(str(encoder_folder("bert")), folds=2).fit(texts, labels)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_allclose(again.predict_proba(texts), model.predict_proba(texts), atol=1e-6)


def test_a_backbone_for_something_else_is_refused(encoder_folder):
    texts, labels = make_texts(4)
    with pytest.raises(ConfigError, match="takes images; the data are texts"):
        TransferClassifier(TINY).fit(texts, labels)
    with pytest.raises(ConfigError, match="takes texts; the data are images"):
        TransferClassifier(str(encoder_folder("bert"))).fit(["a.png", "b.png"], [0, 1])


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
    with pytest.raises(DataError, match=r"X is an array \(48, 48, 3\), which is one picture\. Write X\[None\]"):
        TransferClassifier(TINY, folds=3).fit(X, y).predict(X[0])
    with pytest.raises(DataError, match="does not exist"):
        TransferClassifier(TINY).fit(["nowhere.png", "neither.png"], ["a", "b"])


@pytest.mark.parametrize("seconds", [1e12, float("inf"), 3601])
def test_seconds_that_no_memory_holds_are_refused(seconds):
    with pytest.raises(ConfigError, match="of a recording at most 3,600 can be used at once"):
        TransferClassifier(seconds=seconds).fit(["a.wav", "b.wav"], [0, 1])
    with pytest.raises(ConfigError, match="it must be above 0 and at most 3,600"):
        package.FitSpec(seconds=seconds)


def test_a_list_of_pictures_is_what_their_array_is():
    X, y = make_arrays()
    from PIL import Image

    model = TransferClassifier(TINY, folds=3).fit([Image.fromarray(x) for x in X], y)
    reference = TransferClassifier(TINY, folds=3).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(list(X)), reference.predict_proba(X), atol=1e-5)


def test_a_strategy_trains_the_network():
    X, y = make_arrays()
    model = TransferClassifier(
        TINY, strategy="finetune", recipe={"steps": 4, "batch_size": 8, "views": 1}, folds=2
    ).fit(X, y)
    probs = model.predict_proba(X)
    assert model.model_.training["recipe"]["steps"] == 4 and probs.shape == (40, 2)
    np.testing.assert_allclose(probs.sum(1), 1, atol=1e-6)
    assert set(model.predict(X)) <= set(y)


def test_a_head_on_several_stages_is_a_model_of_their_features_side_by_side():
    X, y = make_arrays()
    model = TransferClassifier(TINY, stages=2, folds=3).fit(X, y)
    top = TransferClassifier(TINY, folds=3).fit(X, y)
    assert len(model.model_.backbone.beside) == 2 and top.model_ is None
    probs = model.predict_proba(X)
    assert model.score(X, y) > 0.9 and np.abs(probs - top.predict_proba(X)).max() > 1e-3
    np.testing.assert_allclose(probs.sum(1), 1, atol=1e-6)
    brightness = X.reshape(len(X), -1).mean(1) / 255
    assert TransferRegressor(TINY, stages=2, folds=3).fit(X, brightness).score(X, brightness) > 0.5


def test_stages_that_cannot_be_are_refused():
    X, y = make_arrays(6)
    with pytest.raises(ConfigError, match="stages is 0 and strategy 'probe'; the strategy probe takes a number"):
        TransferClassifier(TINY, stages=0).fit(X, y)
    with pytest.raises(ConfigError, match="stages is 2 and strategy 'finetune'"):
        TransferClassifier(TINY, strategy="finetune", stages=2).fit(X, y)
    with pytest.raises(ConfigError, match="stages is 2, and X are features already: those of one stage"):
        TransferRegressor(stages=2).fit(X.reshape(len(X), -1)[:, :5], np.arange(12.0))


def test_numbers_of_pictures_are_predicted_one_or_several():
    X, _ = make_arrays()
    y = X.reshape(len(X), -1).mean(1) / 255
    one = TransferRegressor(TINY, folds=3).fit(X, y)
    assert one.predict(X).shape == (40,) and one.score(X, y) > 0.5
    two = TransferRegressor(TINY, folds=3).fit(X, np.c_[y, -y])
    np.testing.assert_allclose(two.predict(X)[:, 0], -two.predict(X)[:, 1], atol=1e-3)


def test_a_regressor_trains_the_network_too():
    X, _ = make_arrays(6)
    model = TransferRegressor(TINY, strategy="finetune", recipe={"steps": 3, "batch_size": 4, "views": 1}, folds=2)
    assert model.fit(X, np.arange(12.0)).predict(X).shape == (12,)


def test_a_strategy_without_anything_to_train_is_refused():
    features = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(ConfigError, match="The strategy finetune trains a network, and X are features already"):
        TransferClassifier(strategy="finetune").fit(features, [0, 1] * 10)
    with pytest.raises(ConfigError, match="steps is 5; the strategy probe trains no stages"):
        TransferClassifier(recipe={"steps": 5}).fit(features, [0, 1] * 10)
    with pytest.raises(ConfigError, match="There is no option 'step'"):
        TransferClassifier(strategy="finetune", recipe={"step": 5}).fit(["a.png"], [0])

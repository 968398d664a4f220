"""Few labelled target rows: the classifier that every way is used through, and what it refuses."""

from __future__ import annotations

import importlib
import pickle
from dataclasses import is_dataclass

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from jeoni import plugins
from jeoni.adaptation import FewLabels
from tests.adaptation.made_domains import FOLDER, NAMES, OWN, domains

# as a classifier


def test_every_way_is_named_and_described():
    for name in NAMES:
        way = plugins.load(FOLDER, name)
        assert plugins.describe(FOLDER, name) and is_dataclass(way)
        assert plugins.holding(FOLDER, way.__name__) == name
    assert importlib.import_module("jeoni.adaptation.few_labels_classifier").FewLabels is FewLabels


@pytest.fixture(params=[*NAMES, "auto"])
def model(request):
    return FewLabels(request.param, strengths=(10.0,))


def test_labels_may_be_words(model):
    Xs, ys, Xt, marked, _ = domains(classes=3, n=12)
    words = np.array(["ant", "bee", "cat"])
    named = [None if k < 0 else words[k] for k in marked]
    numbers, found = clone(model).fit(Xs, ys, Xt, marked), clone(model).fit(Xs, words[ys], Xt, named)
    assert found.classes_.tolist() == words.tolist()
    np.testing.assert_array_equal(found.predict(Xt), words[numbers.predict(Xt)])


def test_one_labelled_row_of_each_class_is_enough(model):
    Xs, ys, Xt, marked, _ = domains(classes=3, n=3)
    probs = model.fit(Xs, ys, Xt, marked).predict_proba(Xt)
    assert (marked >= 0).sum() == 3 and np.isfinite(probs).all()
    np.testing.assert_allclose(probs.sum(1), 1)


def test_a_class_may_have_no_labelled_target_row(model):
    Xs, ys, Xt, marked, _ = domains(classes=3, n=12)
    marked = np.where(marked == 1, -1, marked)
    probs = model.fit(Xs, ys, Xt, marked).predict_proba(Xt)
    assert probs.shape == (len(Xt), 3)
    # what learns from target rows alone cannot know of it
    assert (probs[:, 1] > 0).all() or model.method_ in ("target_only", "pred")


def test_labelled_rows_of_one_class_are_borne(model):
    Xs, ys, Xt, marked, _ = domains()
    marked = np.where(marked == 1, -1, marked)
    assert np.isfinite(model.fit(Xs, ys, Xt, marked).predict_proba(Xt)).all()


def test_all_target_rows_may_be_labelled(model):
    Xs, ys, Xt, _, yt = domains(nt=40)
    assert (model.fit(Xs, ys, Xt, yt).predict(Xt) == yt).mean() > 0.6


def test_it_is_deterministic_pickles_and_leaves_its_inputs(model):
    Xs, ys, Xt, marked, _ = domains()
    kept = [part.copy() for part in (Xs, ys, Xt, marked)]
    for part in (Xs, ys, Xt, marked):
        part.setflags(write=False)
    probs = clone(model).fit(Xs, ys, Xt, marked).predict_proba(Xt)
    for now, before in zip((Xs, ys, Xt, marked), kept, strict=True):
        np.testing.assert_array_equal(now, before)
    again = pickle.loads(pickle.dumps(clone(model).fit(Xs, ys, Xt, marked)))
    np.testing.assert_array_equal(again.predict_proba(Xt), probs)


def test_sparse_and_short_rows_give_the_same(model):
    Xs, ys, Xt, marked, _ = domains()
    here = clone(model).fit(Xs, ys, Xt, marked).predict(Xt)
    thin = clone(model).fit(sparse.csr_matrix(Xs), ys, sparse.csc_matrix(Xt), marked).predict(sparse.csr_matrix(Xt))
    short = clone(model).fit(Xs.astype(np.float32), ys, Xt.astype(np.float32), marked).predict(Xt.astype(np.float32))
    assert (here == thin).mean() > 0.98 and (here == short).mean() > 0.98


@pytest.mark.parametrize("name", [*(n for n in NAMES if n not in OWN), "auto"])
def test_any_classifier_with_probabilities_will_do(name):
    Xs, ys, Xt, marked, _ = domains(nt=100)
    model = FewLabels(name, RandomForestClassifier(5, random_state=0)).fit(Xs, ys, Xt, marked)
    assert model.predict_proba(Xt).shape == (100, 2)
    assert not set(OWN) & set(model.losses_) and "strength" not in model.setting_


def test_classifiers_that_cannot_be_used_are_refused_and_auto_goes_without():
    Xs, ys, Xt, marked, _ = domains(nt=100)
    for name in OWN:
        with pytest.raises(ValueError, match="leave estimator out"):
            FewLabels(name, KNeighborsClassifier()).fit(Xs, ys, Xt, marked)
    with pytest.raises(ValueError, match="takes no sample_weight"):
        FewLabels("weighted", KNeighborsClassifier()).fit(Xs, ys, Xt, marked)
    with pytest.raises(ValueError, match="has no predict_proba"):
        FewLabels("all", LinearSVC()).fit(Xs, ys, Xt, marked)
    assert "weighted" not in FewLabels("auto", KNeighborsClassifier()).fit(Xs, ys, Xt, marked).losses_


def test_without_labelled_target_rows_there_is_the_source_alone():
    Xs, ys, Xt, marked, _ = domains()
    nothing = np.full(len(Xt), -1)
    for name in (*NAMES, "auto"):
        if name != "source_only":
            with pytest.raises(ValueError, match="yt labels 0 rows.*needs two at least"):
                FewLabels(name).fit(Xs, ys, Xt, nothing)
    one = np.where(np.arange(len(Xt)) == 5, 1, -1)
    with pytest.raises(ValueError, match="yt labels 1 rows"):
        FewLabels("all").fit(Xs, ys, Xt, one)
    model = FewLabels("source_only").fit(Xs, ys, Xt, nothing)
    assert model.losses_ == {}
    np.testing.assert_array_equal(
        model.predict_proba(Xt), FewLabels("source_only").fit(Xs, ys, Xt, marked).predict_proba(Xt)
    )


@pytest.mark.parametrize("strange", [2, 0.5, None, np.nan, "0"])
def test_a_class_only_in_the_target_is_refused(strange):
    Xs, ys, Xt, marked, _ = domains()
    given = marked.astype(object)
    given[7] = strange
    with pytest.raises(ValueError, match=r"which is no class of the source: 0, 1. Mark rows without a label with -1"):
        FewLabels("all").fit(Xs, ys, Xt, given)


@pytest.mark.parametrize("strange", ["", "Bee", -1, np.nan, "nan"])
def test_words_are_marked_by_none_alone(strange):
    Xs, ys, Xt, marked, _ = domains()
    given = [None if k < 0 else ("ant", "bee")[k] for k in marked]
    given[7] = strange
    with pytest.raises(ValueError, match=r"no class of the source: 'ant', 'bee'. Mark rows without a label with None"):
        FewLabels("all").fit(Xs, np.array(["ant", "bee"])[ys], Xt, given)


def test_bad_input_is_refused_with_a_reason():
    Xs, ys, Xt, marked, _ = domains()
    for given, said in (
        ((np.where(np.arange(len(Xs))[:, None] == 3, np.nan, Xs), ys, Xt, marked), "Xs contains NaN"),
        ((Xs, ys, Xt[:, :4], marked), "The source has 10 features and the target 4"),
        ((Xs, ys[:-1], Xt, marked), "ys has shape"),
        ((Xs, ys, Xt, marked[:-1]), "yt has shape"),
        ((Xs, np.zeros_like(ys), Xt, marked), "needs two classes or more; ys holds one: 0"),
        ((Xs, np.where(ys == 0, -1, ys), Xt, marked), "ys holds -1"),
    ):
        with pytest.raises(ValueError, match=said):
            FewLabels("all").fit(*given)
    with pytest.raises(ValueError, match="'easyadopt' is no method. Did you mean easyadapt"):
        FewLabels("easyadopt").fit(Xs, ys, Xt, marked)
    with pytest.raises(ValueError, match="X has 3 features; FewLabels was fitted on 10"):
        FewLabels("all").fit(Xs, ys, Xt, marked).predict(Xt[:, :3])

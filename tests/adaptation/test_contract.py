"""What every adapter must keep to; a new file in the folder is tested without a line here."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jeoni import plugins
from jeoni.adaptation import AdaptedClassifier
from jeoni.heads.fitting.mapped import mapped

FOLDER = "jeoni.adaptation.shallow"
NAMES = plugins.names(FOLDER)


def domains(seed: int = 0, ns: int = 120, nt: int = 100, d: int = 6, classes: int = 3, scale: float = 1.0):
    """Gaussian classes; the target is like the source."""
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(9).normal(scale=2.5, size=(classes, d))
    ys, yt = np.arange(ns) % classes, np.arange(nt) % classes
    Xs, Xt = (means[y] + rng.normal(size=(len(y), d)) for y in (ys, yt))
    return scale * Xs, ys, scale * Xt, yt


@pytest.fixture(params=NAMES)
def adapter(request):
    return plugins.load(FOLDER, request.param)()


def accuracy(adapter, Xs, ys, Xt, yt) -> float:
    return float((AdaptedClassifier(adapter).fit(Xs, ys, Xt).predict(Xt) == yt).mean())


def outcome(adapter, Xs, ys, Xt):
    """Everything a fit gives: moved rows and weights."""
    fitted = clone(adapter).fit(Xs, ys, Xt)
    weights = getattr(fitted, "weights_", None)
    return fitted.transform(Xs, source=True), fitted.transform(Xt), np.zeros(0) if weights is None else weights


def test_it_is_named_and_described():
    for name in NAMES:
        assert plugins.describe(FOLDER, name)
        assert plugins.holding(FOLDER, plugins.load(FOLDER, name).__name__) == name


def test_two_samples_of_one_domain_lose_nothing(adapter):
    Xs, ys, Xt, yt = domains()
    assert accuracy(adapter, Xs, ys, Xt, yt) >= accuracy(None, Xs, ys, Xt, yt) - 0.03


SMEARED = {"OptimalTransport": 0.2}  # an entropic plan sends every row to a mean of its neighbours


def test_the_same_sample_as_both_domains_is_left_together_and_unweighted(adapter):
    Xs, ys, _, _ = domains()
    fitted = clone(adapter).fit(Xs, ys, Xs)
    one, other = fitted.transform(Xs, source=True), fitted.transform(Xs)
    if adapter.labelled_target:  # whose domains have columns of their own, beside those for all
        one, other = one[:, : Xs.shape[1]], other[:, : Xs.shape[1]]
    apart = float(np.sqrt(((one - other) ** 2).mean()) / other.std())
    assert apart <= SMEARED.get(type(adapter).__name__, 1e-9)
    if hasattr(fitted, "weights_"):
        np.testing.assert_allclose(fitted.weights_, 1, atol=0.05)
        assert fitted.effective_size_ == pytest.approx(len(Xs), rel=0.01)


def test_inputs_stay_as_they_are(adapter):
    Xs, ys, Xt, _ = domains()
    kept = Xs.copy(), ys.copy(), Xt.copy()
    outcome(adapter, Xs, ys, Xt)
    for now, before in zip((Xs, ys, Xt), kept, strict=True):
        np.testing.assert_array_equal(now, before)
    for X in (Xs, Xt):
        X.setflags(write=False)
    outcome(adapter, Xs, ys, Xt)


def test_the_same_seed_gives_the_same_result(adapter):
    data = domains()[:3]
    for one, two in zip(outcome(adapter, *data), outcome(adapter, *data), strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_order_of_examples_does_not_matter(adapter):
    Xs, ys, Xt, _ = domains(ns=90, nt=90)
    rng = np.random.default_rng(1)
    s, t = rng.permutation(len(Xs)), rng.permutation(len(Xt))
    here = AdaptedClassifier(clone(adapter)).fit(Xs, ys, Xt).predict(Xt)
    there = AdaptedClassifier(clone(adapter)).fit(Xs[s], ys[s], Xt[t]).predict(Xt)
    assert (here == there).mean() >= 0.97


def test_rows_may_be_few_and_columns_many(adapter):
    Xs, ys, Xt, _ = domains(ns=30, nt=12, d=40)
    moved, target, weights = outcome(adapter, Xs, ys, Xt)
    assert moved.shape[0] == 30 and target.shape[0] == 12 and moved.shape[1] == target.shape[1]
    assert all(np.isfinite(x).all() for x in (moved, target, weights))


def test_single_precision_is_enough(adapter):
    Xs, ys, Xt, yt = domains()
    short = Xs.astype(np.float32), ys, Xt.astype(np.float32), yt
    assert abs(accuracy(clone(adapter), *short) - accuracy(clone(adapter), Xs, ys, Xt, yt)) <= 0.03


def test_a_saved_model_can_move_rows_as_it_does(adapter):
    Xs, ys, Xt, _ = domains()
    fitted = clone(adapter).fit(Xs, ys, Xt)
    moves, wanted = fitted.moves(), fitted.transform(Xt)
    rows = torch.from_numpy(Xt).float()
    found = mapped(moves, wanted.shape[1], 2).moves(rows) if moves else rows
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_weights_are_not_negative_and_have_mean_one(adapter):
    Xs, ys, Xt, _ = domains()
    weights = outcome(adapter, Xs, ys, Xt)[2]
    if len(weights):
        assert weights.shape == (len(Xs),) and (weights >= 0).all()
        assert weights.mean() == pytest.approx(1)
        size = clone(adapter).fit(Xs, ys, Xt).effective_size_
        assert size == pytest.approx(weights.sum() ** 2 / (weights**2).sum())


def test_labels_may_be_words(adapter):
    Xs, ys, Xt, yt = domains()
    words = np.array(["ant", "bee", "cat"])
    assert set(AdaptedClassifier(adapter).fit(Xs, words[ys], Xt).predict(Xt)) <= set(words)
    assert accuracy(adapter, Xs, words[ys], Xt, words[yt]) == accuracy(adapter, Xs, ys, Xt, yt)


def test_it_works_in_pipelines_and_searches(adapter):
    Xs, ys, Xt, _ = domains()
    pipe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    search = GridSearchCV(pipe, {"logisticregression__C": [0.1, 1.0]}, cv=2)
    assert AdaptedClassifier(adapter, search).fit(Xs, ys, Xt).predict_proba(Xt).shape == (len(Xt), 3)


@pytest.mark.parametrize("broken", ["nan source", "nan target", "dimensions", "one row missing", "flat"])
def test_bad_input_is_refused_with_a_reason(adapter, broken):
    Xs, ys, Xt, _ = domains()
    given = {
        "nan source": (np.where(np.arange(len(Xs))[:, None] == 3, np.nan, Xs), ys, Xt),
        "nan target": (Xs, ys, np.where(np.arange(len(Xt))[:, None] == 3, np.nan, Xt)),
        "dimensions": (Xs, ys, Xt[:, :4]),
        "one row missing": (Xs, ys[:-1], Xt),
        "flat": (Xs[:, 0], ys, Xt),
    }[broken]
    said = {
        "nan source": "Xs contains NaN",
        "nan target": "Xt contains NaN",
        "dimensions": "The source has 6 features and the target 4",
        "one row missing": "a label for every row",
        "flat": "Expected 2D array",
    }[broken]
    with pytest.raises(ValueError, match=said):
        adapter.fit(*given)


def test_labels_that_are_needed_are_asked_for(adapter):
    Xs, ys, Xt, _ = domains()
    if not adapter.labelled:
        clone(adapter).fit(Xs, None, Xt)
        return
    with pytest.raises(ValueError, match="needs the source's labels"):
        adapter.fit(Xs, None, Xt)
    with pytest.raises(ValueError, match="two classes or more"):
        adapter.fit(Xs, np.zeros_like(ys), Xt)


def test_other_columns_than_fitted_are_refused(adapter):
    Xs, ys, Xt, _ = domains()
    with pytest.raises(ValueError, match="was fitted on 6"):
        adapter.fit(Xs, ys, Xt).transform(Xt[:, :3])

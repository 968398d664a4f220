"""What every validator must keep to, which failures each can see and which it cannot, and answers worked out by hand."""

from __future__ import annotations

import importlib
from dataclasses import is_dataclass, replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from jeoni import plugins
from jeoni.adaptation.candidate import Candidate
from jeoni.adaptation.validators.circular import Circular
from jeoni.adaptation.validators.dev import DEV, _controlled
from jeoni.adaptation.validators.entropy import Entropy
from jeoni.adaptation.validators.importance_weighted import ImportanceWeighted
from jeoni.adaptation.validators.information_maximization import InformationMaximization
from jeoni.adaptation.validators.snd import SND
from jeoni.adaptation.validators.source_accuracy import SourceAccuracy

FOLDER = "jeoni.adaptation.validators"
NAMES = plugins.names(FOLDER)


@pytest.fixture(params=NAMES)
def validator(request):
    return plugins.load(FOLDER, request.param)()


def make_candidate(ns: int = 150, nt: int = 120, seed: int = 0) -> Candidate:
    """Three classes on the plane, the target a little aside; what logistic regression says of it, right nearly always."""
    rng = np.random.default_rng(seed)
    means = np.array([[0.0, 3.0], [3.0, -1.0], [-3.0, -1.0]])
    ys, yt = np.arange(ns) % 3, np.arange(nt) % 3
    Xs, Xt = means[ys] + rng.normal(size=(ns, 2)), means[yt] + rng.normal(size=(nt, 2)) + 0.2
    model = LogisticRegression(C=0.1)

    def reverse(pseudo):
        return LogisticRegression(C=0.1).fit(Xt, pseudo).predict(Xs)

    probs = cross_val_predict(model, Xs, ys, method="predict_proba")
    return Candidate("plain", Xs, Xt, ys, probs, model.fit(Xs, ys).predict_proba(Xt), reverse)


def swapped(candidate: Candidate) -> Candidate:
    return replace(candidate, target_probs=candidate.target_probs[:, [1, 0, 2]])


def failed(kind: str) -> Candidate:
    """The same candidate after a failure."""
    good = make_candidate()
    sure = np.eye(3)[np.zeros(200, dtype=int)]
    there = swapped(good)
    return {
        "collapse": replace(good, source_probs=sure[: len(good.source)], target_probs=sure[: len(good.target)]),
        "collapsed target": replace(good, target_probs=sure[: len(good.target)]),
        "shuffled target": replace(good, target_probs=np.random.default_rng(1).permutation(good.target_probs)),
        "swapped target": there,
        "swapped there and back": replace(there, reverse=lambda pseudo: np.array([1, 0, 2])[good.reverse(pseudo)]),
    }[kind]


FAILURES = ("collapse", "collapsed target", "shuffled target", "swapped target", "swapped there and back")


@pytest.mark.parametrize("name", NAMES)
def test_files_describe_themselves(name):
    cls = plugins.load(FOLDER, name)
    assert plugins.describe(FOLDER, name) and plugins.holding(FOLDER, cls.__name__) == name
    assert is_dataclass(cls) and cls.__dataclass_params__.frozen
    assert "cannot see" in importlib.import_module(f"{FOLDER}.{name}").__doc__


@pytest.mark.parametrize("failure", FAILURES)
def test_it_sees_the_failures_it_claims_to_see_and_no_others(validator, failure):
    right, wrong = validator(make_candidate()), validator(failed(failure))
    # who does not look at the way back cannot tell it from a swap
    seen_as = failure if isinstance(validator, Circular) else failure.replace("there and back", "target")
    if seen_as in validator.blind_to:
        assert wrong >= right - 1e-9
    else:
        assert wrong < right - 0.05


def test_it_is_finite_and_repeats_itself(validator):
    candidate = make_candidate()
    value = validator(candidate)
    assert isinstance(value, float) and np.isfinite(value)
    assert validator(candidate) == value


def test_sure_and_wrong_predictions_are_finite_too(validator):
    wrong = np.eye(3)[(np.arange(150) + 1) % 3]
    candidate = replace(make_candidate(), source_probs=wrong, target_probs=wrong[:120])
    assert np.isfinite(validator(candidate))


def test_the_order_of_rows_does_not_matter(validator):
    here = make_candidate()
    rng = np.random.default_rng(2)
    s, t = rng.permutation(len(here.source)), rng.permutation(len(here.target))

    def reverse(pseudo):
        before = np.empty_like(pseudo)
        before[t] = pseudo
        return here.reverse(before)[s]

    there = Candidate(
        "again", here.source[s], here.target[t], here.labels[s], here.source_probs[s], here.target_probs[t], reverse
    )
    assert validator(there) == pytest.approx(validator(here), rel=1e-6)


def test_inputs_stay_as_they_are(validator):
    candidate = make_candidate()
    arrays = candidate.source, candidate.target, candidate.labels, candidate.source_probs, candidate.target_probs
    kept = [a.copy() for a in arrays]
    for a in arrays:
        a.setflags(write=False)
    validator(candidate)
    for now, before in zip(arrays, kept, strict=True):
        np.testing.assert_array_equal(now, before)


def candidate_of(source_probs, target_probs, labels=None, **more) -> Candidate:
    source_probs, target_probs = np.array(source_probs, dtype=float), np.array(target_probs, dtype=float)
    labels = np.zeros(len(source_probs), dtype=int) if labels is None else np.array(labels)
    return Candidate("by hand", source_probs, target_probs, labels, source_probs, target_probs, **more)


def test_entropy_and_information_by_hand():
    candidate = candidate_of([[1, 0]], [[1, 0], [0.5, 0.5]])
    mean = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    assert Entropy()(candidate) == pytest.approx(-np.log(2) / 2)
    assert InformationMaximization()(candidate) == pytest.approx(mean - np.log(2) / 2)


def test_snd_by_hand_and_as_skada_has_it():
    # two predicted alike, one otherwise: each twin sees its twin; the third sees both of them, equally far away
    twins = SND()(candidate_of([[1, 0]], [[1, 0], [1, 0], [0, 1]]))
    share = 1 / (1 + np.exp(-20))
    own = -(share * np.log(share) + (1 - share) * np.log(1 - share))
    assert twins == pytest.approx((2 * own + np.log(2)) / 3, rel=1e-9)
    probs = np.random.default_rng(0).dirichlet(np.full(4, 0.5), size=60)
    assert SND()(candidate_of(probs, probs)) == pytest.approx(2.33351811403847, rel=1e-10)  # skada 0.6.0
    assert Entropy()(candidate_of(probs, probs)) == pytest.approx(-0.9227815540878649, rel=1e-10)  # the same


def test_snd_goes_through_many_rows_in_blocks():
    probs = np.random.default_rng(0).dirichlet(np.ones(3), size=1201)
    near = (probs / np.linalg.norm(probs, axis=1, keepdims=True)) @ (
        probs / np.linalg.norm(probs, axis=1, keepdims=True)
    ).T
    shares = np.exp(near / 0.05) * (1 - np.eye(1201))
    shares /= shares.sum(1, keepdims=True)
    by_hand = -np.where(shares > 0, shares * np.log(np.where(shares > 0, shares, 1)), 0).sum(1).mean()
    assert SND()(candidate_of(probs, probs)) == pytest.approx(by_hand, rel=1e-10)


def test_the_control_variate_is_the_regression_line_at_weight_one():
    rng = np.random.default_rng(0)
    losses, weights = rng.exponential(size=50), rng.exponential(size=50)
    slope, at_zero = np.polyfit(weights, weights * losses, 1)
    assert _controlled(losses, weights) == pytest.approx(at_zero + slope)
    assert _controlled(losses, np.full(50, 2.0)) == pytest.approx(2 * losses.mean())  # it has nothing to go by
    # skada 0.6.0 for the same rows, its losses given as a column: with a row, as by itself, it makes a square of them
    losses = np.array([0.242283, 0.689084, 0.645219, 0.59202, 0.257017, 0.871953, 0.784347, 0.711099])
    weights = np.array([0.365414, 1.317325, 0.908934, 0.804671, 1.980257, 3.6809, 1.525299, 1.659127])
    assert _controlled(losses, weights) == pytest.approx(0.554731061433638, rel=1e-5)


def test_weighted_estimates_come_nearer_to_the_target_than_the_source_does():
    """Under covariate shift a classifier that is good where the target is: known risk, many draws."""
    wrong, estimates, plain, risks = [], [], [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        Xs, Xt = rng.normal(size=(600, 1)), rng.normal(1, 1, size=(600, 1))
        ys, yt = ((rng.random(600) < np.where(X[:, 0] > 0, 0.9, 0.6)).astype(int) for X in (Xs, Xt))
        ps, pt = (np.tile([0.2, 0.8], (600, 1)) for _ in range(2))
        candidate = Candidate("always 1", Xs, Xt, ys, ps, pt)
        estimates.append(ImportanceWeighted()(candidate) - (yt == 1).mean())
        plain.append(SourceAccuracy()(candidate) - (yt == 1).mean())
        risks.append(-DEV()(candidate) - np.where(yt == 1, -np.log(0.8), -np.log(0.2)).mean())
        wrong.append(
            np.where(ys == 1, -np.log(0.8), -np.log(0.2)).mean() - np.where(yt == 1, -np.log(0.8), -np.log(0.2)).mean()
        )
    assert abs(np.mean(estimates)) < 0.3 * abs(np.mean(plain))
    assert abs(np.mean(risks)) < 0.3 * abs(np.mean(wrong))


def test_circular_by_hand():
    labels = [0, 0, 0, 1]
    probs = np.eye(2)[labels]
    assert Circular()(candidate_of(probs, probs, labels, reverse=lambda pseudo: pseudo)) == 1
    assert Circular()(
        candidate_of(probs, probs, labels, reverse=lambda pseudo: np.array([0, 0, 1, 1]))
    ) == pytest.approx(5 / 6)
    assert (
        Circular()(candidate_of(probs, np.eye(2)[[0, 0]], labels, reverse=lambda pseudo: 1 / 0)) == 0.5
    )  # never called


def test_circular_needs_the_way_back():
    with pytest.raises(ValueError, match="'by hand' has no reverse"):
        Circular()(candidate_of([[1, 0]], [[1, 0]]))


def test_snd_needs_two_rows():
    with pytest.raises(ValueError, match="has 1 row; neighbours need two"):
        SND()(candidate_of([[1, 0]], [[1, 0]]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"target": np.zeros((120, 3))}, r"target of 'plain' has shape \(120, 3\); \(120, 2\) fits"),
        ({"labels": np.zeros(3, dtype=int)}, r"labels of 'plain' has shape \(3,\); \(150,\) fits"),
        ({"source_probs": np.zeros((150, 2))}, r"source_probs of 'plain' has shape"),
        ({"labels": np.full(150, 3)}, "labels of 'plain' go from 3 to 3; there are columns for 0 to 2"),
        ({"target_probs": np.full((120, 3), 0.5)}, "target_probs of 'plain' are no probabilities"),
        ({"source_probs": np.full((150, 3), np.nan)}, "source_probs of 'plain' are no probabilities"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(change, said):
    with pytest.raises(ValueError, match=said):
        replace(make_candidate(), **change)

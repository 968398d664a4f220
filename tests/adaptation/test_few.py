"""Few labelled target rows: each way against its weaker parent, and how choices are made."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from jeoni.adaptation import EasyAdapt, FewLabels
from jeoni.adaptation.augmented_rows import apart, both, lifted, together
from jeoni.adaptation.few.all import All
from jeoni.adaptation.few.easyadapt import EasyAdapted
from jeoni.adaptation.few.easyadapt_unlabelled import CoRegularised
from jeoni.adaptation.few.linint import LinInt
from jeoni.adaptation.few.pred import Pred
from jeoni.adaptation.few.prior import Prior
from jeoni.adaptation.few.source_only import SourceOnly
from jeoni.adaptation.few.target_only import TargetOnly
from jeoni.adaptation.few.weighted import Weighted
from jeoni.adaptation.few_labels import Tuned, tuned
from jeoni.adaptation.few_labels_classifier import chosen, is_open
from jeoni.adaptation.few_labels_task import Learner, Source, Task, Unlabelled, losses, parted
from jeoni.adaptation.softmax_regression import Silence, class_probs, fit_softmax
from tests.adaptation.made_domains import NAMES, STRENGTHS, domains, mean_accuracy, task_of

# the logistic regression with more to it


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("strength", [0.01, 1.0, 100.0])
def test_without_more_it_is_scikit_learns(classes, strength):
    X, y, *_ = domains(classes=classes, turn=0.0)
    y = np.where(np.arange(len(y)) % 7 == 0, (y + 1) % classes, y)
    ours = fit_softmax(X, y, classes, strength)
    theirs = LogisticRegression(C=strength, fit_intercept=False, tol=1e-8, max_iter=10000).fit(X, y)
    np.testing.assert_allclose(ours.T, theirs.coef_, atol=2e-3)
    np.testing.assert_allclose(class_probs(X, ours), theirs.predict_proba(X), atol=1e-3)


@pytest.mark.parametrize("classes", [2, 4])
def test_its_answer_is_where_the_objective_is_flat(classes):
    X, y, _, _, _ = domains(classes=classes, ns=80)
    rng = np.random.default_rng(0)
    towards = rng.normal(size=(10, 1 if classes == 2 else classes))
    silent = rng.normal(size=(15, 10))

    def objective(W):
        probs = class_probs(X, W)
        loss = -np.log(probs[np.arange(len(y)), y]).sum()
        return loss + ((W - towards) ** 2).sum() / 4 + 1.5 * ((silent @ W) ** 2).sum()

    found = fit_softmax(X, y, classes, 2.0, towards=towards, silence=Silence(silent, 3.0))
    for at in rng.choice(found.size, 6, replace=False):
        step = 1e-4 * np.eye(found.size)[at].reshape(found.shape)
        slope = (objective(found + step) - objective(found - step)) / 2e-4
        assert abs(slope) < 0.02 * abs(objective(found + 100 * step) - objective(found)) / 1e-2 + 0.02


def test_single_precision_is_enough():
    X, y, *_ = domains()
    wide, short = fit_softmax(X, y, 2, 1.0), fit_softmax(X.astype(np.float32), y, 2, 1.0)
    np.testing.assert_allclose(short, wide, atol=2e-3)


# each way


@pytest.fixture(scope="module")
def reached():
    """Mean accuracy in three targets that differ from their sources, with forty labelled rows."""
    return {name: mean_accuracy(name, n=40) for name in (*NAMES, "auto")}


@pytest.mark.parametrize("name", [*NAMES, "auto"])
def test_it_is_better_than_its_weaker_parent(reached, name):
    weaker = min(reached["source_only"], reached["target_only"])
    if name not in ("source_only", "target_only"):
        assert reached[name] > weaker + 0.01


def test_easyadapt_is_better_than_pooling_where_domains_differ(reached):
    assert reached["easyadapt"] > reached["all"] + 0.01
    assert reached["target_only"] > reached["source_only"]  # as the paper asks for


def test_with_one_domain_pooling_is_as_good_as_any():
    assert mean_accuracy("all", turn=0.0) >= mean_accuracy("target_only", turn=0.0) + 0.1
    assert mean_accuracy("auto", turn=0.0) >= mean_accuracy("target_only", turn=0.0) + 0.1


def test_source_only_and_target_only_are_plain_logistic_regressions():
    Xs, ys, Xt, marked, _ = domains()
    task = task_of(Xs, ys, Xt, marked)
    source = LogisticRegression(max_iter=1000).fit(Xs, ys).predict_proba(Xt)
    np.testing.assert_allclose(SourceOnly().fit(task).probs(Xt), source)
    known = marked >= 0
    target = LogisticRegression(C=3.0, max_iter=1000).fit(Xt[known], marked[known]).predict_proba(Xt)
    np.testing.assert_allclose(TargetOnly(3.0).fit(task).probs(Xt), target)


def test_weights_lie_between_target_only_and_all():
    data = domains()
    task = task_of(*data[:4])
    np.testing.assert_allclose(Weighted(1.0, 1.0).fit(task).probs(data[2]), All(1.0).fit(task).probs(data[2]))
    light = Weighted(1.0, 1e-9).fit(task).probs(data[2])
    np.testing.assert_allclose(light, TargetOnly(1.0).fit(task).probs(data[2]), atol=1e-3)


def test_the_mix_is_the_two_predictions():
    data = domains()
    task = task_of(*data[:4])
    source, target = (way.fit(task).probs(data[2]) for way in (SourceOnly(), TargetOnly(1.0)))
    np.testing.assert_allclose(LinInt(1.0, mix=0.3).fit(task).probs(data[2]), 0.7 * source + 0.3 * target)


def test_pred_can_be_the_sources_opinion():
    """All that tells the classes apart is the hint: the rows the target's classifier sees say nothing."""
    rng = np.random.default_rng(0)
    Xs, ys = rng.normal(size=(200, 1)) + 0.0, np.arange(200) % 2
    Xs[:, 0] = 4 * ys - 2 + 0.1 * Xs[:, 0]
    way = Pred(1.0).fit(task_of(Xs, ys, Xs[:40], ys[:40]))
    assert way._hinted(Xs[:3]).shape == (3, 3)
    hints = way._hinted(Xs)[:, 1:]
    np.testing.assert_allclose(hints.sum(1), 0, atol=1e-9)
    logs = np.log(np.maximum(SourceOnly().fit(task_of(Xs, ys, Xs[:40], ys[:40])).probs(Xs), 1e-3))
    np.testing.assert_allclose(hints[:, 1] - hints[:, 0], logs[:, 1] - logs[:, 0])


@pytest.mark.parametrize("classes", [2, 3])
def test_a_tight_prior_is_the_source_and_a_loose_one_the_target(classes):
    data = domains(classes=classes, n=30)
    task = task_of(*data[:4])
    np.testing.assert_allclose(Prior(1e-9).fit(task).probs(data[2]), SourceOnly().fit(task).probs(data[2]), atol=1e-5)
    noisy = np.where(np.arange(len(data[4])) % 3 == 0, (data[4] + 1) % classes, data[4])  # none so that they part
    loose = Prior(1e4).fit(task_of(*data[:3], noisy)).probs(data[2])
    rows = np.hstack([data[2], np.ones((len(data[2]), 1))])
    free = LogisticRegression(C=1e4, fit_intercept=False, tol=1e-8, max_iter=10000).fit(rows, noisy)
    np.testing.assert_allclose(loose, free.predict_proba(rows), atol=2e-3)


def test_easyadapt_learns_on_augmented_rows_with_a_bias_for_each_domain():
    Xs, ys, Xt, marked, _ = domains()
    known, one = marked >= 0, np.ones((len(Xs), 1))
    adapter = EasyAdapt().fit(np.hstack([Xs, one]), ys, np.hstack([Xt, np.ones((len(Xt), 1))]))
    target = adapter.transform(np.hstack([Xt, np.ones((len(Xt), 1))]))
    rows = np.concatenate([adapter.transform(np.hstack([Xs, one]), source=True), target[known]])
    model = LogisticRegression(C=2.0, max_iter=1000).fit(rows, np.concatenate([ys, marked[known]]))
    way = EasyAdapted(2.0).fit(task_of(Xs, ys, Xt, marked))
    np.testing.assert_allclose(way.probs(Xt), model.predict_proba(target))


@pytest.mark.parametrize("classes", [2, 3])
def test_without_agreement_ea_plus_plus_is_easyadapt_and_with_all_of_it_the_domains_are_one(classes):
    data = domains(classes=classes, n=30)
    task = task_of(*data[:4])
    rows, labels = both(task), task.all_labels
    plain = LogisticRegression(fit_intercept=False, tol=1e-8, max_iter=10000).fit(rows, labels)
    none = CoRegularised(1.0, agreement=0.0).fit(task)
    np.testing.assert_allclose(none.probs(data[2]), plain.predict_proba(lifted(data[2], 1.0)), atol=5e-3)
    full = CoRegularised(1.0, agreement=1e6).fit(task)
    shared, source, target = full._weights.reshape(3, 11, -1)
    assert abs(source - target).max() < 1e-3 * abs(shared).max()
    # one classifier of both: |g|² + 2|o|² with g + o = w costs two thirds of |w|²
    one = np.hstack([np.concatenate([task.source.rows, task.rows]), np.ones((len(labels), 1))])
    joined = LogisticRegression(C=1.5, fit_intercept=False, tol=1e-8, max_iter=10000).fit(one, labels)
    asked = np.hstack([data[2], np.ones((len(data[2]), 1))])
    np.testing.assert_allclose(full.probs(data[2]), joined.predict_proba(asked), atol=5e-3)


def test_unlabelled_rows_are_what_ea_plus_plus_agrees_on():
    """More agreement, less difference between both domains' scores of them; elsewhere domains may differ."""
    Xs, ys, Xt, marked, _ = domains()
    flat = np.where(marked[:, None] < 0, Xt * (np.arange(10) < 5), Xt)  # unlabelled rows vary in five columns only
    task = task_of(Xs, ys, flat, marked)
    differences = []
    for agreement in (0.0, 10.0, 1e5):
        way = CoRegularised(10.0, agreement).fit(task)
        _, source, target = way._weights.reshape(3, 11)
        differences.append(abs(source - target))
    assert differences[0][:5].mean() > differences[1][:5].mean() > differences[2][:5].mean()
    assert differences[2][:5].max() < 0.01 < differences[2][5:10].mean()


@pytest.mark.parametrize("scores", [1, 3])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix])
def test_what_is_multiplied_without_copies_is_the_augmented_rows(scores, kind):
    Xs, ys, Xt, marked, _ = domains()
    task, rng = task_of(kind(Xs), ys, kind(Xt), marked), np.random.default_rng(0)
    whole, quick = both(task), together(task)
    W, R = rng.normal(size=(33, scores)), rng.normal(size=(len(task.all_labels), scores))
    np.testing.assert_allclose(quick @ W, whole @ W, atol=1e-12)
    np.testing.assert_allclose(quick.T @ R, whole.T @ R, atol=1e-12)
    differ, D = apart(task), rng.normal(size=(apart(task).shape[0], scores))
    np.testing.assert_allclose((differ.T @ D * W).sum(), (D * (differ @ W)).sum())


def test_many_unlabelled_rows_are_told_by_few():
    rows = np.random.default_rng(0).normal(size=(200, 4))
    weights = np.random.default_rng(1).normal(size=(15, 2))
    data = Task(
        Source(rows[:4], np.arange(4) % 2, Learner(2, 1.0, (1.0,))), rows[:2], np.arange(2), Unlabelled(rows, 1.0)
    )
    short = apart(data)
    assert short.shape == (5, 15)
    wide = np.hstack([rows, np.ones((200, 1))])
    _, source, target = weights.reshape(3, 5, 2)
    np.testing.assert_allclose(((short @ weights) ** 2).sum(), ((wide @ (source - target)) ** 2).sum())


# choices


def test_every_class_is_dealt_out_evenly_and_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(37, 3)), np.repeat([0, 1, 2], [20, 12, 5])
    fold, mixed = parted(X, y, 0), rng.permutation(37)
    np.testing.assert_array_equal(parted(X[mixed], y[mixed], 0), fold[mixed])
    counts = np.array([[(fold[y == k] == f).sum() for f in range(5)] for k in range(3)])
    assert (counts.max(1) - counts.min(1) <= 1).all()
    assert (parted(X, y, 1) != fold).any()


def test_a_sure_mistake_costs_no_more_than_its_cap():
    np.testing.assert_allclose(losses(np.array([[1.0, 0.0], [0.25, 0.75]]), np.array([1, 1])), -np.log([1e-3, 0.75]))


def test_held_out_losses_are_those_of_classifiers_without_the_row():
    data = domains(n=10)
    task = task_of(*data[:4], strengths=(0.1, 10.0))
    found = tuned(TargetOnly, task)
    fold = parted(task.rows, task.labels, 0)
    by_strength = np.empty((2, 10))
    for k, C in enumerate((0.1, 10.0)):
        for held in range(5):
            here = fold == held
            probs = LogisticRegression(C=C).fit(task.rows[~here], task.labels[~here]).predict_proba(task.rows[here])
            by_strength[k, here] = losses(probs, task.labels[here])
    assert found.setting == {"strength": (0.1, 10.0)[by_strength.mean(1).argmin()]}
    for held in range(5):
        here = fold == held
        np.testing.assert_allclose(found.losses[here], by_strength[by_strength[:, ~here].mean(1).argmin(), here])


def test_auto_takes_the_least_held_out_loss():
    Xs, ys, Xt, marked, _ = domains()
    model = FewLabels("auto", strengths=STRENGTHS).fit(Xs, ys, Xt, marked)
    assert model.method_ == min(model.losses_, key=model.losses_.get)
    single = FewLabels(model.method_, strengths=STRENGTHS).fit(Xs, ys, Xt, marked)
    assert single.setting_ == model.setting_ and single.losses_.items() <= model.losses_.items()
    np.testing.assert_array_equal(single.predict_proba(Xt), model.predict_proba(Xt))


def test_auto_leaves_easyadapt_out_where_the_source_alone_beats_the_target_alone():
    near, far = domains(turn=0.0, n=10), domains(turn=3.0, n=60)
    gated = {"easyadapt", "easyadapt_unlabelled"}
    assert gated.isdisjoint(FewLabels("auto", strengths=STRENGTHS).fit(*near[:4]).losses_)
    assert gated <= set(FewLabels("auto", strengths=STRENGTHS).fit(*far[:4]).losses_)
    found = {
        "source_only": Tuned({}, np.array([0.2]), np.zeros((1, 2))),
        "target_only": Tuned({}, np.array([0.3]), np.zeros((1, 2))),
    }
    assert not is_open(found) and is_open({"target_only": found["target_only"]})
    assert chosen({"easyadapt": EasyAdapted}, task_of(*near[:4]))[0] == "easyadapt"  # asked for, not chosen


@pytest.mark.parametrize("factor", [1e-2, 1e2])
def test_the_unit_of_the_features_does_not_matter(factor):
    Xs, ys, Xt, marked, _ = domains()
    for name in NAMES:
        here = FewLabels(name, strengths=(10.0,)).fit(Xs, ys, Xt, marked)
        there = FewLabels(name, strengths=(10.0,)).fit(factor * Xs, ys, factor * Xt, marked)
        assert (here.predict(Xt) == there.predict(factor * Xt)).mean() > 0.98, name

"""What every transferability score must keep to, published vectors, closed forms and independent libraries."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import multivariate_normal, spearmanr
from sklearn.covariance import LedoitWolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from jeoni import plugins
from jeoni.data.splits import build_folds
from jeoni.errors import ConfigError
from jeoni.transferability.candidate import Candidate, Facts
from jeoni.transferability.published import published, published_accuracy
from jeoni.transferability.scores.gbc import GBC
from jeoni.transferability.scores.h_score import HScore, ledoit_wolf
from jeoni.transferability.scores.imagenet_accuracy import ImageNetAccuracy
from jeoni.transferability.scores.knn import KNN
from jeoni.transferability.scores.leep import LEEP
from jeoni.transferability.scores.logme import LogME
from jeoni.transferability.scores.nce import NCE
from jeoni.transferability.scores.nleep import NLEEP
from jeoni.transferability.scores.parameters import Parameters
from jeoni.transferability.scores.parc import PARC
from jeoni.transferability.scores.ridge_probe import RidgeProbe, held_out_outputs
from jeoni.transferability.scores.sfda import SFDA, discriminant_posteriors
from jeoni.transferability.scores.transrate import TransRate
from jeoni.transferability.scoring import SCORES, build_scores, score_candidate

NAMES = plugins.names(SCORES)
OF_ROWS = [name for name in NAMES if plugins.load(SCORES, name).needs != "facts"]
OF_FEATURES = [name for name in NAMES if plugins.load(SCORES, name).needs == "features"]
RESAMPLED = [name for name in NAMES if hasattr(plugins.load(SCORES, name), "resampled")]


@pytest.fixture(scope="module")
def golden():
    """Features, labels and old posteriors for which the papers' own code was worked out by hand."""
    rs = np.random.RandomState(0)
    y = np.arange(400) % 5
    f = rs.randn(5, 32)[y] + rs.randn(400, 32)
    P = softmax(f @ (rs.randn(32, 12) * 0.3), axis=1)
    assert f.sum() == pytest.approx(1099.3097965644351)
    assert P[0, :3] == pytest.approx([0.14267349, 0.0016185, 0.00341995], abs=1e-8)
    return f, y, P


def classes(n: int, d: int, apart: float = 1.0, seed: int = 0, count: int = 3):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % count
    return apart * rng.normal(size=(count, d))[y] + rng.normal(size=(n, d)), y


def rows_for(name: str, apart: float, seed: int = 0):
    X, y = classes(90, 6, apart, seed)
    return (softmax(X, axis=1) if plugins.load(SCORES, name).needs == "posteriors" else X), y


@pytest.mark.parametrize("name", NAMES)
def test_files_describe_themselves(name):
    assert plugins.describe(SCORES, name)
    cls = plugins.load(SCORES, name)
    assert is_dataclass(cls) and cls.__dataclass_params__.frozen
    assert all(field.name in (cls.__doc__ or "") for field in fields(cls))
    assert cls.title and cls.needs in ("features", "posteriors", "facts")


@pytest.mark.parametrize("name", OF_ROWS)
def test_higher_is_better_and_the_caller_s_rows_stay_as_they_are(name):
    score = plugins.load(SCORES, name)()
    easy, y = rows_for(name, apart=4.0)
    hard, _ = rows_for(name, apart=0.2)
    before = easy.copy()
    assert score(easy, y) > score(hard, y)
    assert np.array_equal(easy, before)


@pytest.mark.parametrize("name", OF_ROWS)
def test_labels_may_have_any_names_and_rows_any_order(name):
    score = plugins.load(SCORES, name)()
    rows, y = rows_for(name, apart=1.0)
    value = score(rows, y)
    assert score(rows, np.array(["c", "a", "b"])[y]) == pytest.approx(value)
    if name in ("nleep", "ridge_probe"):
        return  # the mixture's start and the folds go by the order of rows
    order = np.random.default_rng(1).permutation(len(y))
    assert score(rows[order], y[order]) == pytest.approx(value)


@pytest.mark.parametrize("name", OF_ROWS)
def test_what_does_not_go_together_is_refused(name):
    score = plugins.load(SCORES, name)()
    rows, y = rows_for(name, apart=1.0)
    with pytest.raises(ValueError, match=r"There are 90 rows and labels of shape \(89,\); one label for each row"):
        score(rows, y[1:])
    with pytest.raises(ValueError, match=r"All 90 labels are .*0.*; a score asks how well classes are told apart"):
        score(rows, np.zeros(90, dtype=int))
    with pytest.raises(ValueError, match="contains NaN"):
        score(np.where(np.arange(90)[:, None] == 3, np.nan, rows), y)


@pytest.mark.parametrize("name", ["leep", "nce"])
def test_rows_that_are_no_probabilities_are_refused(name):
    rows, y = rows_for(name, apart=1.0)
    with pytest.raises(ValueError, match=r"Row \d+ of the posteriors sums to 2 .*Take the softmax"):
        plugins.load(SCORES, name)()(rows * 2, y)


@pytest.mark.parametrize("name", OF_FEATURES)
def test_features_without_any_spread_have_a_score_that_is_a_number(name):
    y = np.arange(30) % 3
    assert np.isfinite(plugins.load(SCORES, name)()(np.ones((30, 4)), y))
    assert np.isfinite(plugins.load(SCORES, name)()(np.zeros((30, 4)), y))


@pytest.mark.parametrize("name", RESAMPLED)
def test_a_resample_is_the_score_of_the_rows_that_were_drawn(name):
    score = plugins.load(SCORES, name)()
    rows, y = rows_for(name, apart=1.0)
    weights = np.ones((2, 90))
    weights[1, 45:] = 0
    found = score.resampled(rows, y, None, weights)
    assert found[0] == pytest.approx(score(rows, y))
    if name in ("leep", "nce", "gbc"):  # the baselines keep their neighbours and folds, and ask fewer items
        assert found[1] == pytest.approx(score(rows[:45], y[:45]))
    else:
        assert found[1] == pytest.approx(score.right(rows, y)[:45].mean())
    assert np.isnan(score.resampled(rows, y, None, np.zeros((1, 90)))).all()


@pytest.mark.parametrize(
    ("score", "value"),
    [
        (HScore(), 3.54796279),
        (HScore(shrunk=False), 3.57709402),
        (TransRate(), 5.79800736),
        (GBC(), -0.0012778851),
        (GBC("spherical_once"), -0.0016970685),
        (LogME(), 0.24907717),
    ],
    ids=lambda v: str(v),
)
def test_published_code_gives_the_same_on_features(golden, score, value):
    f, y, _ = golden
    assert score(f, y) == pytest.approx(value, abs=1e-6)


def test_published_code_gives_the_same_on_posteriors(golden):
    _, y, P = golden
    assert LEEP()(P, y) == pytest.approx(-0.76710852, abs=1e-6)
    assert NCE()(P, y) == pytest.approx(-0.72568475, abs=1e-6)


def test_leep_of_an_old_head_that_is_always_sure_is_nce(golden):
    """Nguyen et al. 2020: with posteriors of 0 and 1 both count the same table."""
    _, y, P = golden
    assert LEEP()(np.eye(12)[P.argmax(1)], y) == pytest.approx(NCE()(P, y))


def test_leep_is_at_least_the_table_s_likelihood_at_the_most_probable_old_class(golden):
    """A sum over old classes is no less than one of its terms (Nguyen et al. 2020, property 2)."""
    _, y, P = golden
    joint = np.eye(5)[y].T @ P
    old = P.argmax(1)
    assert LEEP()(P, y) >= np.log((joint / joint.sum(0))[y, old]).mean() + np.log(P.max(1)).mean()


@pytest.mark.parametrize(("n", "d"), [(400, 32), (100, 200), (50, 512), (25, 512)])
def test_logme_is_the_evidence_of_its_model_also_with_fewer_examples_than_features(n, d):
    rs = np.random.RandomState(0)
    y = np.arange(n) % 5
    f = rs.randn(5, d)[y] + rs.randn(n, d)
    for c, (value, alpha, beta) in enumerate(LogME().evidence(f, y)):
        model = multivariate_normal(np.zeros(n), np.eye(n) / beta + f @ f.T / alpha)
        assert value == pytest.approx(model.logpdf((y == c).astype(float)) / n, abs=1e-6)


def test_logme_s_precisions_are_where_the_evidence_is_largest():
    f, y = classes(60, 8)
    model = LogME()
    best = model.evidence(f, y)[0]
    target = (y == 0).astype(float)

    def evidence(alpha: float, beta: float) -> float:
        return multivariate_normal(np.zeros(60), np.eye(60) / beta + f @ f.T / alpha).logpdf(target) / 60

    nearby = [evidence(best.alpha * a, best.beta * b) for a in (0.8, 1.0, 1.25) for b in (0.8, 1.0, 1.25)]
    assert max(nearby) == pytest.approx(best.value, abs=1e-8)


def test_logme_does_not_grow_with_columns_that_hold_nothing():
    """The released code, which lacks a term, gives 47 in the place of 0.4 at 50 examples of 512 features."""
    f, y = classes(50, 20)
    wide = np.hstack([f, np.zeros((50, 500))])
    assert LogME()(wide, y) == pytest.approx(LogME()(f, y), abs=1e-9)


def test_h_score_is_at_most_the_number_of_classes_less_one_and_the_trace_of_a_product(golden):
    f, y, _ = golden
    means = np.array([f[y == c].mean(0) for c in y])
    direct = np.trace(np.linalg.pinv(np.cov(f.T)) @ np.cov(means.T))
    assert HScore(shrunk=False)(f, y) == pytest.approx(direct) and direct <= 4
    wide, labels = classes(30, 100)
    assert HScore(shrunk=False)(wide, labels) == pytest.approx(2.0)  # whatever the labels: so it is shrunk
    shuffled = np.random.default_rng(0).permutation(labels)
    assert HScore()(wide, labels) > HScore()(wide, shuffled)


@pytest.mark.parametrize(("n", "d"), [(90, 8), (30, 100)])
def test_the_h_score_s_shrinkage_is_ledoit_and_wolf_s_and_its_inverse_exact(n, d):
    f, y = classes(n, d)
    centred = f - f.mean(0)
    fitted = LedoitWolf().fit(f)
    share, scale = ledoit_wolf(centred, centred @ centred.T)
    assert share == pytest.approx(fitted.shrinkage_) and scale == pytest.approx(np.trace(fitted.covariance_) / d)
    means = np.array([f[y == c].mean(0) for c in y])
    direct = (1 - share) * np.trace(np.linalg.solve(fitted.covariance_, np.cov(means.T)))
    assert HScore()(f, y) == pytest.approx(direct)


def test_gbc_of_two_spherical_gaussians_is_their_bhattacharyya_coefficient():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(4000, 3)), rng.normal(0.7, 2.0, size=(4000, 3))])
    middle = (1 + 4) / 2
    distance = 3 * 0.49 / middle / 8 + 3 * np.log(middle / np.sqrt(4)) / 2
    assert GBC("spherical")(X, np.repeat([0, 1], 4000)) == pytest.approx(-2 * np.exp(-distance), abs=0.02)


def test_transrate_takes_the_smaller_gram_matrix_and_finds_the_same():
    f, y = classes(20, 50)
    centred = f - f.mean(0)

    def rate(Z):
        return np.linalg.slogdet(np.eye(50) + Z.T @ Z / (len(Z) * 1e-4))[1] / 2

    direct = rate(centred) - np.mean([rate(centred[y == c]) for c in range(3)])
    assert TransRate()(f, y) == pytest.approx(direct)


def test_sfda_s_discriminants_are_those_of_scikit_learn():
    f, y = classes(80, 6)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.3).fit(f, y)
    assert discriminant_posteriors(f, y, 3, 0.3) == pytest.approx(model.predict_proba(f), abs=1e-8)


def test_sfda_shrinks_by_the_largest_eigenvalue_within_classes():
    f, y = classes(80, 6)
    within = sum(np.cov(f[y == c].T, bias=True) * (y == c).mean() for c in range(3))
    assert SFDA().shrinkage(f, y, 3) == pytest.approx(max(np.exp(-5 * np.linalg.eigvalsh(within).max()), 1e-10))


def test_parc_is_spearman_s_correlation_of_all_pairs():
    f, y = classes(40, 6)
    rows = StandardScaler().fit_transform(f)
    pairs = np.tril_indices(40, -1)
    features, labels = 1 - np.corrcoef(rows), (y[:, None] != y).astype(float)
    assert PARC()(f, y) == pytest.approx(spearmanr(features[pairs], labels[pairs])[0])


def test_nleep_is_leep_of_a_mixture_s_posteriors():
    f, y = classes(150, 5, apart=3.0)
    score = NLEEP(variance=0.999999, per_class=2)
    rows = f - f.mean(0)
    rows = rows @ np.linalg.svd(rows, full_matrices=False)[2].T
    rows /= rows[:, 0].std()
    signs = score.posteriors(f, 3)
    direct = GaussianMixture(6, covariance_type="diag", random_state=0).fit(rows).predict_proba(rows)
    assert signs.shape == direct.shape == (150, 6)
    assert score(f, y) == pytest.approx(LEEP()(direct, y), abs=0.05)  # axes may point the other way


@pytest.mark.parametrize("neighbours", [1, 5])
def test_knn_leaves_one_out_as_scikit_learn_does_when_it_is_asked_for_each(neighbours):
    f, y = classes(60, 5)
    right = []
    for i in range(60):
        others = np.delete(np.arange(60), i)
        model = KNeighborsClassifier(neighbours, metric="cosine").fit(f[others], y[others])
        votes = model.predict_proba(f[i : i + 1])[0]
        tied = np.sort(votes)[-1] == np.sort(votes)[-2]
        nearest = y[others][model.kneighbors(f[i : i + 1])[1][0]]
        winners = np.flatnonzero(votes == votes.max())
        chosen = next(label for label in nearest if label in winners) if tied else votes.argmax()
        right.append(chosen == y[i])
    assert KNN(neighbours)(f, y) == pytest.approx(np.mean(right))


def test_neighbours_of_one_s_own_group_do_not_count():
    f, y = classes(30, 4, apart=0.0)
    doubled, labels, groups = np.repeat(f, 2, axis=0), np.repeat(y, 2), np.repeat(np.arange(30), 2)
    assert KNN(1)(doubled, labels) == 1.0  # each finds its twin
    assert KNN(1)(doubled, labels, groups) == KNN(1)(f, y)


def test_the_ridge_probe_s_folds_are_those_of_regressions_that_did_not_see_them():
    f, y = classes(40, 6)
    Y, fold = np.eye(3)[y], np.arange(40) % 4
    rows = (f - f.mean(0)) / f.std(0)
    strengths = (1e-3, 0.1)
    for strength, found in zip(strengths, held_out_outputs(f, Y, fold, strengths), strict=True):
        for k in range(4):
            model = Ridge(alpha=strength * 40 * 6).fit(rows[fold != k], Y[fold != k])
            assert found[fold == k] == pytest.approx(model.predict(rows[fold == k]), abs=1e-8)


def test_the_ridge_probe_s_closed_form_holds_with_more_features_than_examples():
    f, y = classes(24, 60)
    Y, fold = np.eye(3)[y], np.arange(24) % 3
    rows = (f - f.mean(0)) / f.std(0)
    found = held_out_outputs(f, Y, fold, (0.01,))[0]
    model = Ridge(alpha=0.01 * 24 * 60).fit(rows[fold != 0], Y[fold != 0])
    assert found[fold == 0] == pytest.approx(model.predict(rows[fold == 0]), abs=1e-8)


def test_the_ridge_probe_keeps_groups_on_one_side():
    f, y = classes(60, 400, apart=0.0)
    doubled, labels, groups = np.repeat(f, 2, axis=0), np.repeat(y, 2), np.repeat(np.arange(60), 2)
    fold = build_folds(labels, groups, 5, 1, 0)[0]
    assert (fold[::2] == fold[1::2]).all()
    assert RidgeProbe()(doubled, labels, groups) < 0.6 < RidgeProbe()(doubled, labels)


def test_priors_look_at_no_data_and_say_none_of_what_they_do_not_know():
    accuracy = ImageNetAccuracy()
    assert accuracy(Facts("mobilenet_v2", 2_223_872)) == 71.878
    assert accuracy(Facts("timm:resnet50.tv_in1k", 23_508_032)) == 76.13
    assert accuracy(Facts("untrained:efficientnet_lite0", 3_371_000, learned=False)) == 0.1
    assert accuracy(Facts("untrained:mobilenetv2_100", 2_223_872, learned=False)) == 0.1
    assert accuracy(Facts("untrained:all-minilm-l6-v2", 22_000_000, learned=False)) is None
    assert accuracy(Facts("efficientnet_lite0", 1_000, whole=False)) is None
    assert accuracy(Facts("runs/old/model", 3_371_000)) is None
    assert Parameters()(Facts("anything", 2_500_000)) == 2.5


def test_the_published_list_names_a_source_for_each_and_stands_in_order():
    rows = list(published().values())
    assert len(rows) > 40 and all(50 < row.top1 < 95 and row.source for row in rows)
    assert [row.top1 for row in rows] == sorted((row.top1 for row in rows), reverse=True)
    assert published_accuracy("nothing of the kind") is None


def candidate(n: int = 60, posteriors: bool = True):
    X, y = classes(n, 6)
    return Candidate("net", "pool", X, Facts("net", 1_000_000), softmax(X, axis=1) if posteriors else None), y


def test_all_scores_of_a_candidate_with_intervals_where_these_are_cheap():
    one, y = candidate()
    found = score_candidate(one, y, resamples=50)
    assert set(found) == set(NAMES)
    assert not found["imagenet_accuracy"].known and found["parameters"].value.value == 1.0
    for name in RESAMPLED:
        interval = found[name].value
        assert interval.low <= interval.value <= interval.high and interval.low < interval.high
    assert np.isnan(found["logme"].value.low) and found["logme"].known
    again = score_candidate(one, y, resamples=50)
    assert again["knn"].value == found["knn"].value
    assert np.isnan(score_candidate(one, y, resamples=0)["knn"].value.low)


def test_without_an_old_head_there_are_no_scores_of_one():
    one, y = candidate(posteriors=False)
    found = score_candidate(one, y, scores=build_scores(("leep", "knn")), resamples=0)
    assert not found["leep"].known and found["knn"].known


def test_scores_are_known_by_name_and_each_once():
    assert list(build_scores(("logme", "knn"))) == ["logme", "knn"]
    with pytest.raises(ConfigError, match="Did you mean logme"):
        build_scores(("logmee",))
    with pytest.raises(ConfigError, match="scores names one twice: knn, knn"):
        build_scores(("knn", "knn"))

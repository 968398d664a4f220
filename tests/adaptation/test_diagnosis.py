"""Shifts of a known kind, made here, are named; no shift is not seen where there is none; nothing is said beyond the data."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

from jeoni import plugins
from jeoni.adaptation import Diagnosis, _repairs, diagnosis
from jeoni.adaptation._repairs import REPAIRS, Domains, Repair, Repaired, squared
from jeoni.adaptation.diagnosis import _named, diagnose
from jeoni.transferability.distances.energy import Energy
from jeoni.transferability.distances.mmd import MMD
from jeoni.transferability.distances.proxy_a_distance import ProxyADistance

MEANS = np.array([[2.0, 0, 0, 0, 0], [-1, 2, 0, 0, 0], [-1, -2, 1, 0, 0]])


def draw(rng, n: int, shares=(1 / 3, 1 / 3, 1 / 3)):
    y = rng.choice(3, n, p=shares)
    return MEANS[y] + rng.normal(size=(n, 5)), y


def make_domains(kind: str, seed: int = 0, n: int = 350):
    """``(Xs, ys, Xt, yt)``."""
    rng = np.random.default_rng(seed)
    Xs, ys = draw(rng, n)
    if kind == "label":
        return Xs, ys, *draw(rng, n, (0.8, 0.1, 0.1))
    Xt, yt = draw(rng, 30 * n if kind == "covariate" else n)
    if kind == "covariate":  # across the classes, so that their shares stay
        likely = np.exp(1.5 * Xt[:, 4])
        kept = rng.choice(len(Xt), n, replace=False, p=likely / likely.sum())
        return Xs, ys, Xt[kept], yt[kept]
    if kind == "subspace":
        return Xs, ys, Xt * [1.5, 1, 0.5, 1, 0.7] + [0.5, 0, 0, 1, 1], yt
    if kind == "concept":
        return Xs, ys, Xt, np.where(Xt[:, 3] > 0, (yt + 1) % 3, yt)
    return Xs, ys, Xt, yt


@pytest.fixture(autouse=True)
def shorter(monkeypatch):
    """Fewer splits and draws than in earnest: the shifts here are plain."""
    monkeypatch.setattr(_repairs, "SPLITS", 2)
    monkeypatch.setattr(_repairs, "PERMUTATIONS", 60)
    monkeypatch.setattr(diagnosis, "RESAMPLES", 40)


def quickly(monkeypatch, *also: str):
    """Leave out what a test does not look at."""
    monkeypatch.setattr(diagnosis, "_overlap", lambda *given: 1.0)
    nothing = {"mmd": 0.0, "proxy_a_distance": 0.0, "frechet": 0.0}
    monkeypatch.setattr(diagnosis, "_distances", lambda *given: nothing)
    if "shares" in also:
        monkeypatch.setattr(diagnosis, "_target_shares", lambda *given: {})
    if "repairs" in also:
        monkeypatch.setattr(diagnosis, "_repairs", lambda *given: {})


@cache
def found(kind: str, labelled: bool = False) -> Diagnosis:
    Xs, ys, Xt, yt = make_domains(kind)
    return diagnose(Xs, ys, Xt, yt=yt if labelled else None)


def test_every_distance_is_computed_and_the_kernel_distance_is_that_of_the_test():
    said = found("subspace")
    assert set(said.distances) == set(plugins.names("jeoni.transferability.distances"))
    S, T = diagnosis.reduced(*(X[diagnosis._drawn(X, 0)] for X in make_domains("subspace")[:3:2]))
    for kind in (ProxyADistance, Energy):
        assert said.distances[plugins.holding("jeoni.transferability.distances", kind.__name__)] == kind()(S, T)
    assert said.distances["mmd"] == MMD(_repairs.WIDTHS, seed=0).test(S, T).value


@pytest.mark.parametrize("kind", ["none", "label", "subspace"])
def test_a_shift_is_named(kind):
    assert found(kind).kinds == (kind,)


def test_a_covariate_shift_is_named_or_left_open():
    """A density of Gaussians tilted by an exponential is as well a density moved: both explain it."""
    said = found("covariate")
    assert "covariate" in said.kinds + said.others
    assert "label" not in said.kinds


def test_a_covariate_shift_that_is_no_move_is_named():
    rng = np.random.default_rng(0)
    Xs, ys = draw(rng, 400)
    Xt, _ = draw(rng, 10_000)
    near = np.exp(-0.7 * ((Xt[:, :2] - [0.5, 1.5]) ** 2).sum(1))  # around a point between the classes
    kept = rng.choice(len(Xt), 400, replace=False, p=near / near.sum())
    assert diagnose(Xs[:, :2], ys, Xt[kept, :2]).kinds == ("covariate",)


def test_scores_are_shares_and_the_named_kind_has_the_best_of_its_repairs():
    said = found("label")
    assert set(said.scores) == {"none", "label", "covariate", "subspace"}
    assert all(0 <= v <= 1 for v in said.scores.values())
    assert said.scores["label"] > 0.9 > said.scores["subspace"]
    assert said.repairs["nothing"].removed == 0 and said.repairs["nothing"].p_value < 0.05


def test_class_shares_come_near_the_true_ones_and_their_intervals_hold_them(monkeypatch):
    quickly(monkeypatch, "repairs")
    monkeypatch.setattr(diagnosis, "_named", lambda repairs: ((), ()))
    monkeypatch.setattr(diagnosis, "_sentences", lambda *given: [])
    held = []
    for seed in range(5):
        Xs, ys, Xt, _ = make_domains("label", seed)
        shares = diagnose(Xs, ys, Xt).target_shares
        for k, true in enumerate((0.8, 0.1, 0.1)):
            assert shares[str(k)].value == pytest.approx(true, abs=0.1)
            held.append(shares[str(k)].low <= true <= shares[str(k)].high)
    assert np.mean(held) >= 0.8  # of 15; 0.95 is meant
    assert sum(share.value for share in shares.values()) == pytest.approx(1)


def test_false_alarms_are_rare(monkeypatch):
    """Forty pairs of samples of one distribution: about one in twenty may be taken for a shift."""
    quickly(monkeypatch, "shares")
    said = [diagnose(*make_domains("none", seed, n=80)[:3], seed=seed).kinds for seed in range(40)]
    assert said.count(("none",)) >= 36


def test_a_change_of_the_classes_is_seen_with_labels_of_the_target_only():
    without = found("concept")
    assert without.kinds == ("none",) and without.concept is None and "concept" not in without.scores
    assert "cannot be seen without some of its labels" in without.sentences[-1]
    with_labels = found("concept", labelled=True)
    assert with_labels.kinds == ("concept",)
    assert with_labels.scores["concept"] > 0.2
    assert "The same features mean other classes" in with_labels.sentences[-1]


@pytest.mark.parametrize("kind", ["none", "label", "subspace"])
def test_labels_of_the_target_do_not_make_a_concept_shift_of_another(kind):
    said = found(kind, labelled=True)
    assert said.kinds == (kind,)
    assert said.concept.target_accuracy - said.concept.source_accuracy < 0.06
    assert "other classes in the target is not seen" in said.sentences[-1]


def test_few_labels_of_the_target_are_used_and_too_few_are_not(monkeypatch):
    quickly(monkeypatch, "shares")
    Xs, ys, Xt, yt = make_domains("concept", n=200)
    some = np.where(np.arange(200) < 120, yt, -1)
    assert diagnose(Xs, ys, Xt, yt=some).concept.rows == 120
    assert diagnose(Xs, ys, Xt, yt=np.where(np.arange(200) < 19, yt, -1)).concept is None
    words = np.array(["ant", "bee", "cat"])
    named = diagnose(Xs, words[ys], Xt, yt=np.where(some >= 0, words[some], ""))
    assert named.concept.rows == 120 and set(named.source_shares) == set(words)


def test_a_class_called_minus_one_is_a_class():
    Xs, ys, Xt, yt = make_domains("none", n=100)
    said = diagnose(Xs, np.where(ys == 0, -1, 1), Xt, yt=np.where(yt == 0, -1, 1))
    assert said.concept.rows == 100


def test_domains_without_overlap_are_not_for_weights():
    Xs, ys, Xt, _ = make_domains("none", n=150)
    said = diagnose(Xs, ys, Xt + 12)
    assert said.overlap < 0.1 and said.distances["proxy_a_distance"] == 2
    assert said.kinds == ("subspace",)
    assert any("re-weighting cannot work" in s for s in said.sentences)
    assert any("tells the domain of 100 % of unseen rows" in s for s in said.sentences)


def test_it_repeats_itself_whatever_the_order_of_rows(monkeypatch):
    quickly(monkeypatch)
    Xs, ys, Xt, _ = make_domains("label", n=150)
    rng = np.random.default_rng(3)
    s, t = rng.permutation(150), rng.permutation(150)
    here, there = diagnose(Xs, ys, Xt), diagnose(Xs[s], ys[s], Xt[t])
    assert here.kinds == there.kinds
    assert here.p_value == there.p_value
    for name, score in here.scores.items():
        assert there.scores[name] == pytest.approx(score, abs=1e-6)


def test_inputs_stay_as_they_are_and_single_precision_is_enough(monkeypatch):
    quickly(monkeypatch, "shares")
    Xs, ys, Xt, yt = make_domains("label", n=150)
    short = Xs.astype(np.float32), Xt.astype(np.float32)
    kept = Xs.copy(), Xt.copy()
    for a in (Xs, ys, Xt, yt):
        a.setflags(write=False)
    double, single = diagnose(Xs, ys, Xt), diagnose(short[0], ys, short[1])
    assert double.scores == pytest.approx(single.scores, abs=0.03)
    np.testing.assert_array_equal(Xs, kept[0])
    np.testing.assert_array_equal(Xt, kept[1])


@pytest.mark.parametrize("n", [60, 300])
def test_many_columns_are_reduced(n):
    Xs, _, Xt, _ = make_domains("label", n=n)
    wide = np.random.default_rng(5).normal(size=(5, 120))
    noise = np.random.default_rng(6).normal(scale=0.1, size=(2, n, 120))
    S, T = diagnosis.reduced(Xs @ wide + noise[0], Xt @ wide + noise[1])
    assert S.shape == (n, 50)
    covariance = np.cov(np.concatenate([S, T]).T)
    assert (
        np.abs(covariance - np.diag(np.diag(covariance))).max() < 1e-8 * covariance.max()
    )  # main directions are uncorrelated
    assert np.sort(np.diag(covariance))[:45].sum() < 0.2 * covariance.trace()  # five carry nearly all


def test_classes_that_are_too_small_or_alone_do_no_harm(monkeypatch):
    quickly(monkeypatch)
    Xs, ys, Xt, _ = make_domains("subspace", n=150)
    ys = np.where(np.arange(150) == 7, 3, ys)  # one example of a fourth class
    said = diagnose(Xs, ys, Xt)
    assert said.kinds == ("subspace",) and set(said.source_shares) == {"0", "1", "2", "3"}
    assert set(said.target_shares) == {"0", "1", "2"}
    alone = diagnose(Xs, np.zeros(150), Xt)
    assert alone.kinds == ("subspace",) and alone.target_shares == {} and "label" not in alone.repairs


def test_more_rows_than_are_used_and_many_rare_classes_do_no_harm(monkeypatch):
    quickly(monkeypatch)
    monkeypatch.setattr(diagnosis, "ROWS", 150)
    monkeypatch.setattr(_repairs, "ROWS", 90)
    rng = np.random.default_rng(0)
    ys = np.concatenate([np.arange(200) % 2, 2 + np.arange(200) % 60])
    Xs, Xt = rng.normal(size=(400, 3)), rng.normal(1, 2, size=(400, 3))
    said = diagnose(Xs, ys, Xt)
    assert len(said.source_shares) == 62 and said.source_shares["0"] == 0.25
    assert "label" in said.repairs and {"0", "1"} <= set(said.target_shares)


def test_it_can_be_written_as_json():
    for kind in ("none", "label"):
        read = json.loads(json.dumps(found(kind).as_dict()))
        assert read["kinds"] == [kind] and read["sentences"][0].startswith(("No shift", "A label shift"))
    assert read["target_shares"]["0"]["low"] < read["target_shares"]["0"]["value"]


def repairs(**removed: float) -> dict[str, Repair]:
    """Repairs that suffice from 0.9 on, after a shift that is clearly seen."""
    nothing = {"nothing": Repair(0.0, 0.01, 100, 1.0)}
    return nothing | {k.replace("_", " "): Repair(v, 0.5 if v >= 0.9 else 0.01, 100, 1.0) for k, v in removed.items()}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (repairs(label=0.99, covariate=0.99, subspace=1.0), (("label",), ("covariate", "subspace"))),
        (repairs(label=0.92, covariate=0.5, subspace=1.0), (("subspace",), ("label",))),
        (repairs(label=0.2, covariate=0.95, subspace=0.8), (("covariate",), ())),
        (repairs(label=0.2, covariate=0.3, subspace=0.8), (("subspace",), ())),
        (repairs(label=0.2, covariate=0.3, subspace=0.8, label_and_subspace=0.95), (("label", "subspace"), ())),
        (repairs(label=0.2, covariate=0.3, subspace=0.8, label_and_subspace=0.85), (("subspace",), ())),
        (repairs(label=0.99) | {"nothing": Repair(0.0, 0.3, 100, 1.0)}, (("undecided",), ("label",))),
        (repairs(subspace=0.7) | {"covariate": Repair(0.9, 0.5, 8, 0.3)}, (("subspace",), ())),  # hardly any rows left
        (repairs(subspace=0.7) | {"covariate": Repair(0.9, 0.5, 80, 0.05)}, (("subspace",), ())),  # or hardly a share
    ],
)
def test_the_simplest_repair_that_suffices_names_the_shift(given, said):
    assert _named(given) == said


@pytest.mark.parametrize("name", [n for n in REPAIRS if n != "nothing"])
def test_a_repair_does_not_see_the_rows_it_is_tried_on(name, monkeypatch):
    """It is fitted and tried on rows that have none in common, every class in both halves."""
    seen = []

    def spy(known):
        seen.append(known)
        return _repairs.by_nothing(known)

    tried_on = []
    original = _repairs.squared
    monkeypatch.setitem(REPAIRS, name, spy)
    monkeypatch.setattr(
        _repairs, "squared", lambda source, T, width: tried_on.append((source, T)) or original(source, T, width)
    )
    Xs, ys, Xt, _ = make_domains("label", n=60)
    found = _repairs.tried(Domains(Xs, ys, Xt), [name], 0)[name]
    assert found.removed == pytest.approx(0, abs=1e-12) and found.effective == 1
    for known, (source, T) in zip(seen, tried_on[::2], strict=True):
        assert set(np.unique(known.labels)) == {0, 1, 2}
        for one, two in ((known.S, source.rows), (known.T, T)):
            assert not set(one[:, 0]) & set(two[:, 0])
            assert abs(len(one) - len(two)) <= 3


def test_weighted_distance_is_the_unweighted_one_of_repeated_weights():
    rng = np.random.default_rng(0)
    S, T = rng.normal(size=(40, 3)), rng.normal(0.5, 1, size=(30, 3))
    equal = squared(Repaired(S, np.ones(40)), T, 2.0)
    middle = np.sqrt(np.median([((a - b) ** 2).sum() for i, a in enumerate([*S, *T]) for b in [*S, *T][i + 1 :]]))
    by_mmd = MMD(widths=tuple(2.0 * w / middle for w in _repairs.WIDTHS))(S, T)
    assert equal == pytest.approx(by_mmd, rel=1e-9)
    half = squared(Repaired(S, np.repeat([1.0, 0.0], 20)), T, 2.0)
    assert half == pytest.approx(squared(Repaired(S[:20], np.full(20, 7.0)), T, 2.0), rel=1e-9)


def test_moving_matches_moments_and_finds_a_turn():
    rng = np.random.default_rng(0)
    skewed = rng.exponential(size=(2, 900, 3)) * [3.0, 2.0, 1.0]
    S, T = skewed[0], -skewed[1] + 4
    moved = _repairs.by_moving(Domains(S, np.zeros(900, dtype=int), T))(S, np.zeros(900, dtype=int)).rows
    np.testing.assert_allclose(moved.mean(0), T.mean(0), atol=1e-9)
    np.testing.assert_allclose(np.cov(moved.T), np.cov(T.T), atol=0.3)
    assert ((moved - moved.mean(0)) ** 3).mean(0)[0] < -20  # the tail has turned: 54 before, about -54 now


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Xt": np.zeros((50, 4))}, "The source has 5 features and the target 4"),
        ({"Xs": np.full((50, 5), np.nan)}, "Xs contains NaN"),
        ({"ys": np.zeros(3)}, r"ys has shape \(3,\); \(50,\) is needed"),
        ({"yt": np.zeros(3)}, r"yt has shape \(3,\); \(50,\) is needed"),
        ({"yt": np.full(50, 9)}, "yt holds '9', which is no class of the source"),
        ({"Xt": np.zeros((19, 5))}, "50 source rows and 19 target rows; 20 of each"),
    ],
)
def test_bad_input_is_refused_with_a_reason(change, said):
    Xs, ys, Xt, yt = make_domains("none", n=50)
    given = {"Xs": Xs, "ys": ys, "Xt": Xt, "yt": yt} | change
    with pytest.raises(ValueError, match=said):
        diagnose(given["Xs"], given["ys"], given["Xt"], yt=given["yt"])

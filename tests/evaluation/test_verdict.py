from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import balanced_accuracy_score

from jeoni.errors import ConfigError
from jeoni.evaluation.curves import Outcomes, compare_all
from jeoni.evaluation.measures import Measure
from jeoni.evaluation.verdict import (
    Verdict,
    class_weights,
    compare_pairs,
    correct,
    doubts,
    holm,
    mcnemar,
    pigeonhole,
    sign_flips,
    smallest_visible,
    words,
)
from jeoni.types import Interval


@pytest.mark.parametrize(("b", "c"), [(0, 0), (0, 5), (1, 9), (7, 7), (30, 12)])
def test_mcnemar_is_the_two_sided_binomial_test(b, c):
    wanted = stats.binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(wanted)
    assert mcnemar(b, c) == mcnemar(c, b)


def test_holm_multiplies_the_smallest_most_and_keeps_the_order():
    # Holm 1979: p(k) times (m - k + 1), made monotone
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}


def test_the_smallest_visible_difference_is_the_published_rule():
    # n = (1.96 + 0.84)^2 d / delta^2
    assert smallest_visible(0.1, 1962) == pytest.approx(0.02, abs=2e-4)
    assert smallest_visible(0.1, 314) == pytest.approx(0.05, abs=2e-4)


def test_the_interval_of_one_draw_is_that_of_a_mean():
    rng = np.random.default_rng(0)
    gain = rng.choice([-1.0, 0.0, 1.0], 400, p=[0.1, 0.7, 0.2])
    found = pigeonhole(gain, np.arange(400), np.zeros(400, dtype=int))
    error = gain.std() / 20
    assert found.value == pytest.approx(gain.mean())
    assert [found.low, found.high] == pytest.approx([gain.mean() - 1.96 * error, gain.mean() + 1.96 * error], abs=0.01)


def test_items_that_belong_together_make_the_interval_wider():
    gain = np.repeat(np.random.default_rng(0).choice([-1.0, 0.0, 1.0], 40), 10)
    alone = pigeonhole(gain, np.arange(400), np.zeros(400, dtype=int))
    together = pigeonhole(gain, np.arange(400) // 10, np.zeros(400, dtype=int))
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_the_corrected_t_test_is_nadeau_and_bengios():
    by_draw = np.array([0.02, 0.05, 0.03, 0.06, 0.04])
    right_b = np.zeros(500, dtype=bool)
    right_a = np.concatenate([np.arange(100) < round(100 * g) for g in by_draw])
    said = compare_pairs(right_a, right_b, np.arange(500), np.arange(500) // 100, overlap=0.25)
    t = by_draw.mean() / (by_draw.std(ddof=1) * np.sqrt(1 / 5 + 0.25))
    assert said.p == pytest.approx(2 * stats.t.sf(t, 4))
    assert (said.n, said.draws) == (500, 5)


def simulate(rng, n, draws, seed_sd, gain=0.0):
    """Two arms on the same items from the same draws, each with a luck of its own; item numbers repeat over draws."""
    item = rng.normal(1.2, 1.2, n)

    def arm(shift):
        luck = rng.normal(0, seed_sd, (draws, 1)) + rng.normal(0, 0.6, (draws, n))
        return (item + luck + shift > 0).ravel()

    return arm(gain), arm(0.0), np.tile(np.arange(n), draws), np.repeat(np.arange(draws), n)


@pytest.mark.parametrize(("n", "draws", "seed_sd"), [(60, 1, 0.0), (500, 1, 0.0), (200, 5, 0.3)])
@pytest.mark.parametrize(("pairs", "most"), [(60, 4), pytest.param(200, 10, marks=pytest.mark.slow)])
def test_identical_strategies_rarely_get_a_verdict(n, draws, seed_sd, pairs, most):
    rng = np.random.default_rng(1)
    outcomes = [compare_pairs(*simulate(rng, n, draws, seed_sd)).outcome for _ in range(pairs)]
    assert sum(o != "cannot tell" for o in outcomes) <= most


def test_a_real_difference_gets_one_and_its_sign_is_right():
    rng = np.random.default_rng(2)
    better = compare_pairs(*simulate(rng, 500, 5, 0.05, gain=0.8))
    worse = compare_pairs(*simulate(rng, 500, 5, 0.05, gain=-0.8))
    assert (better.outcome, worse.outcome) == ("helped", "hurt")
    assert better.difference.low > 0 > worse.difference.high


def test_few_items_cannot_tell_and_the_sentence_says_what_they_could():
    right = np.arange(20) >= 3
    said = compare_pairs(right, np.arange(20) >= 5, np.arange(20), np.zeros(20, dtype=int))
    assert said.outcome == "cannot tell"
    assert re.fullmatch(
        r"Whether probe is better than scratch cannot be told: \+10\.0 points \(.*\)\.", words(said, "probe", "scratch")
    )
    (visible,) = doubts(said)
    assert f"With 20 test items only differences above {100 * said.visible:.1f} points can be seen." == visible


def test_several_comparisons_are_corrected_and_decided_anew():
    one = Verdict("helped", Interval(0.05, 0.01, 0.09), 0.03, 0.03, 0.05, 500, 1)
    after = correct({"a": one, "b": one})
    assert {v.outcome for v in after.values()} == {"cannot tell"}
    assert [v.p for v in after.values()] == [0.06, 0.06]


def test_the_sentence_names_help_and_harm():
    hurt = Verdict("hurt", Interval(-0.061, -0.082, -0.039), 0.001, 0.001, 0.03, 525, 5)
    assert words(hurt, "probe", "scratch") == (
        "Transfer hurt: probe is 6.1 points less accurate than scratch (3.9 to 8.2)."
    )


def test_parts_of_different_lengths_are_refused():
    with pytest.raises(ConfigError, match="lengths \\[3, 4\\]"):
        compare_pairs(np.ones(3), np.ones(4), np.arange(3), np.zeros(3))


def test_with_class_weights_the_difference_is_that_of_balanced_accuracies():
    rng = np.random.default_rng(0)
    labels = (np.arange(300) < 60).astype(int)
    right_a, right_b = rng.random(300) < 0.8, rng.random(300) < np.where(labels, 0.5, 0.9)
    said = compare_pairs(right_a, right_b, np.arange(300), np.zeros(300, dtype=int), weights=class_weights(labels))
    wanted = balanced_accuracy_score(labels, np.where(right_a, labels, 1 - labels)) - balanced_accuracy_score(
        labels, np.where(right_b, labels, 1 - labels)
    )
    assert said.difference.value == pytest.approx(wanted)
    assert said.measure.id == "balanced_accuracy"
    assert "balanced accuracy" in words(said, "probe", "scratch")


@pytest.mark.parametrize(("up", "down"), [(9, 1), (30, 12), (7, 7), (0, 0)])
def test_flipping_signs_of_equal_gains_is_mcnemars_test(up, down):
    gains = np.concatenate([np.ones(up), -np.ones(down), np.zeros(50)])
    assert sign_flips(gains) == pytest.approx(mcnemar(up, down), abs=0.015)


@pytest.mark.slow
def test_identical_strategies_rarely_get_a_verdict_by_balanced_accuracy_either():
    rng = np.random.default_rng(2)
    labels = (np.arange(200) < 50).astype(int)
    for draws, seed_sd in ((1, 0.0), (5, 0.3)):
        weights = class_weights(np.tile(labels, draws))
        outcomes = [compare_pairs(*simulate(rng, 200, draws, seed_sd), weights=weights).outcome for _ in range(200)]
        assert sum(o != "cannot tell" for o in outcomes) <= 10


def test_two_draws_that_are_alike_by_luck_are_no_proof():
    right_a, right_b = np.tile([True] * 6 + [False] * 4, 2), np.tile([True] * 4 + [False] * 6, 2)
    said = compare_pairs(right_a, right_b, np.arange(20), np.repeat([0, 1], 10))
    assert said.p > 0.05 and said.outcome == "cannot tell"


def made_outcomes(strategy: str, right: float, learned_nothing: tuple[bool, ...]) -> Outcomes:
    items, draws = np.tile(np.arange(40), 4), np.repeat(np.arange(4), 40)
    correct = items < 40 * right
    return Outcomes(strategy, 5, items, draws, correct, 10.0, 1.0, learned_nothing=learned_nothing)


@pytest.mark.parametrize(
    ("learned_nothing", "outcome"),
    [((False,) * 4, "helped"), ((True,) * 4, "cannot tell"), ((True, False) * 2, "cannot tell"), ((), "helped")],
)
def test_a_verdict_against_a_control_that_learned_nothing_cannot_be_told(learned_nothing, outcome):
    ours, control = made_outcomes("finetune", 1.0, ()), made_outcomes("scratch", 0.5, learned_nothing)
    (found,) = compare_all([ours, control], "scratch", None, {5: 0.0}, 0)
    assert found["outcome"] == outcome
    assert ("because scratch learned nothing in" in " ".join(found["said"])) == (outcome == "cannot tell")
    assert bool(found["reason"]) == (outcome == "cannot tell")


def test_one_unlucky_draw_of_three_does_not_spoil_a_control():
    assert made_outcomes("scratch", 0.5, (True, False, False)).failed == ""
    assert "in 2 of 3 draws" in made_outcomes("scratch", 0.5, (True, False, True)).failed


MAE = Measure("mae", "mean absolute error", "kg", higher_is_better=False)


def test_a_verdict_on_errors_speaks_of_them_in_their_unit():
    rng = np.random.default_rng(0)
    theirs = rng.gamma(2.0, 1.0, 200)
    ours = theirs - 0.5 + rng.normal(0, 0.3, 200)
    items, draws = np.arange(200), np.zeros(200, dtype=int)
    said = compare_pairs(-ours, -theirs, items, draws, measure=MAE)
    assert said.outcome == "helped" and said.difference.value == pytest.approx((theirs - ours).mean())
    text = words(said, "probe", "scratch")
    assert re.fullmatch(
        r"Transfer helped: the mean absolute error of probe is 0\.\d+ kg lower than that of scratch "
        r"\(0\.\d+ to 0\.\d+\)\.",
        text,
    )
    worse = words(compare_pairs(-theirs, -ours, items, draws, measure=MAE), "probe", "scratch")
    assert "hurt: the mean absolute error of probe is" in worse and "kg higher than that of scratch" in worse


def test_errors_that_cannot_be_told_apart_are_said_with_what_could_be_seen():
    rng = np.random.default_rng(0)
    ours, theirs = rng.gamma(2.0, 1.0, (2, 50))
    said = compare_pairs(-ours, -theirs, np.arange(50), np.zeros(50, dtype=int), measure=MAE)
    assert said.outcome == "cannot tell"
    assert re.search(r"cannot be told: .* kg of mean absolute error \(", words(said, "probe", "scratch"))
    (visible,) = doubts(said)
    assert f"only differences above {said.visible:.2g} kg can be seen" in visible


def test_with_very_many_sizes_the_sign_flip_test_is_that_of_a_normal_sum():
    gains = np.random.default_rng(3).normal(0.03, 1.0, 6000)
    by_formula = sign_flips(gains)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (2000, 6000))
    by_drawing = (np.abs(signs @ np.abs(gains)) >= abs(gains.sum())).mean()
    assert by_formula == pytest.approx(by_drawing, abs=0.03)


@pytest.mark.slow
def test_a_verdict_on_errors_is_wrong_in_one_of_twenty_cases():
    rng = np.random.default_rng(1)
    outcomes = []
    for _ in range(200):
        ours, theirs = rng.gamma(2.0, 1.0, (2, 60))
        outcomes.append(compare_pairs(-ours, -theirs, np.arange(60), np.zeros(60, dtype=int), measure=MAE).outcome)
    assert outcomes.count("cannot tell") >= 0.9 * len(outcomes)

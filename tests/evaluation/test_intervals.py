from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.stats import binom

from jeoni.errors import ConfigError
from jeoni.evaluation.evaluate import evaluate
from jeoni.evaluation.intervals import bootstrap_interval, resample_weights
from jeoni.types import Interval
from tests.made_tasks import classes as of_classes


def drawn(*arguments, **named):
    return np.concatenate(list(resample_weights(*arguments, **named)))


def test_every_resample_draws_n_items_and_the_chunks_add_up():
    chunks = list(resample_weights(30_000, None, 100, seed=0))
    assert len(chunks) > 1
    weights = np.concatenate(chunks)
    assert weights.shape == (100, 30_000) and weights.dtype == np.float32
    assert (weights.sum(axis=1) == 30_000).all()


def test_how_often_an_item_is_drawn_is_binomial():
    weights = drawn(50, None, 4000, seed=0)
    for times in range(4):
        assert (weights == times).mean() == pytest.approx(binom.pmf(times, 50, 1 / 50), abs=0.005)


def test_a_seed_gives_the_same_resamples_and_another_seed_others():
    np.testing.assert_array_equal(drawn(20, None, 50, seed=3), drawn(20, None, 50, seed=3))
    assert (drawn(20, None, 50, seed=3) != drawn(20, None, 50, seed=4)).any()


def test_groups_are_drawn_whole_and_as_many_as_there_are():
    groups = np.array([7, 7, 3, 9, 9, 9])
    weights = drawn(6, groups, 200, seed=0)
    assert (weights[:, 0] == weights[:, 1]).all() and (weights[:, 3:5] == weights[:, 5:]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()


@pytest.mark.parametrize("n, groups", [(1, None), (4, np.zeros(4, dtype=np.int64))])
def test_a_single_unit_gives_no_interval(n, groups):
    assert not drawn(n, groups, 10, seed=0).any()


def test_percentiles_of_a_uniform_sample():
    samples = np.arange(1001.0)
    assert bootstrap_interval(400, samples) == Interval(400, pytest.approx(25), pytest.approx(975))
    assert bootstrap_interval(400, samples, level=0.5).low == pytest.approx(250)


def test_undefined_resamples_are_left_out_and_an_undefined_value_has_no_interval():
    samples = np.array([np.nan, 1.0, 2.0, 3.0, np.nan])
    assert bootstrap_interval(2.0, samples) == bootstrap_interval(2.0, samples[1:4])
    for value, given in ((1.0, np.full(3, np.nan)), (np.nan, np.ones(3))):
        found = bootstrap_interval(value, given)
        assert np.isnan(found.low) and np.isnan(found.high)


def test_the_interval_always_holds_the_value():
    assert bootstrap_interval(0.0, np.ones(10)) == Interval(0.0, 0.0, 1.0)
    assert bootstrap_interval(2.0, np.ones(10)) == Interval(2.0, 1.0, 2.0)


def test_the_interval_of_accuracy_covers_the_truth_about_95_times_in_100():
    rng, covered = np.random.default_rng(0), 0
    labels = np.zeros(100, dtype=np.int64)
    for trial in range(200):
        right = rng.random(100) < 0.8
        probs = np.where(right[:, None], [0.9, 0.1], [0.1, 0.9])
        found = evaluate(of_classes(["a", "b"]), labels, probs, seed=trial, resamples=500).metrics["accuracy"]
        covered += found.low <= 0.8 <= found.high
    assert 0.90 <= covered / 200 <= 0.99


@pytest.mark.parametrize("number", [2, 3, 6])
def test_the_interval_of_a_score_covers_the_truth_where_groups_are_few(number):
    """As percentiles do not: two groups have three different resamples."""
    rng, covered = np.random.default_rng(0), 0
    groups, task = np.repeat(np.arange(number), 30), of_classes(["a", "b"])
    labels = np.tile([0, 1], 15 * number)
    for trial in range(300):
        right = rng.random(len(groups)) < rng.uniform(0.5, 0.9, number)[groups]
        probs = np.where((right == (labels == 0))[:, None], [0.9, 0.1], [0.1, 0.9])
        found = evaluate(task, labels, probs, groups, seed=trial, resamples=500).metrics["balanced_accuracy"]
        covered += found.low <= 0.7 <= found.high
    assert 0.90 <= covered / 300 <= 0.99


def test_of_few_units_the_interval_is_that_of_a_mean_by_students_t():
    values = np.array([0.3, 0.5, 0.6, 0.9])
    samples = np.random.default_rng(0).choice(values, (20_000, 4)).mean(1)
    expected = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
    found = bootstrap_interval(values.mean(), samples, 4)
    assert (found.low, found.high) == pytest.approx(expected, abs=0.01)
    within = bootstrap_interval(values.mean(), samples, 4, limits=(0.0, 0.8))
    assert within.low == pytest.approx(found.low) and within.high == 0.8


def test_the_interval_of_accuracy_is_as_wide_as_its_standard_error_says():
    right = np.arange(1000) < 800
    probs = np.where(right[:, None], [0.9, 0.1], [0.1, 0.9])
    found = evaluate(of_classes(["a", "b"]), np.zeros(1000, dtype=np.int64), probs).metrics["accuracy"]
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.sqrt(0.8 * 0.2 / 1000), rel=0.08)


def test_whole_groups_give_a_wider_interval_where_items_of_a_group_are_alike():
    groups = np.repeat(np.arange(40), 10)
    right = np.repeat(np.random.default_rng(0).random(40) < 0.8, 10)
    probs = np.where(right[:, None], [0.9, 0.1], [0.1, 0.9])
    labels = np.zeros(400, dtype=np.int64)
    alone = evaluate(of_classes(["a", "b"]), labels, probs).metrics["accuracy"]
    whole = evaluate(of_classes(["a", "b"]), labels, probs, groups=groups).metrics["accuracy"]
    assert whole.value == alone.value
    # ten equal items count as one: the square root of ten
    assert (whole.high - whole.low) / (alone.high - alone.low) == pytest.approx(np.sqrt(10), rel=0.15)


@pytest.mark.parametrize("n, resamples", [(0, 10), (10, 0)])
def test_nothing_to_draw_is_an_error(n, resamples):
    with pytest.raises(ConfigError, match=f"There are {n} items and {resamples} resamples"):
        resample_weights(n, None, resamples, seed=0)


def test_groups_of_another_length_are_an_error():
    with pytest.raises(ConfigError, match=r"groups has shape \(3,\); one group for each of the 4 items"):
        resample_weights(4, np.zeros(3, dtype=np.int64), 10, seed=0)

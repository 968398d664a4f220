"""Episodes are as they were asked for, the same for every method, and their scores have intervals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp
from typer.testing import CliRunner

import jeoni
from jeoni.cli._app import app
from jeoni.errors import ConfigError, DataError
from jeoni.few_shot import draw_episodes, evaluate_episodes


def task(classes=6, each=30, apart=1.5, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(classes * each) % classes
    return (apart * rng.normal(size=(classes, 8))[y] + rng.normal(size=(len(y), 8))).astype(np.float32), y


def test_an_episode_has_the_classes_shots_and_queries_that_were_asked_for():
    _, y = task()
    drawn = list(draw_episodes(y, 3, 2, queries=4, episodes=20))
    assert len(drawn) == 20
    for one in drawn:
        assert one.support.shape == (3, 2) and len(one.queries) == 12
        assert not set(one.support.ravel()) & set(one.queries)
        classes = y[one.support[:, 0]]
        assert len(set(classes)) == 3 and (y[one.support] == classes[:, None]).all()
        np.testing.assert_array_equal(y[one.queries], classes[one.true])
    again = next(draw_episodes(y, 3, 2, queries=4, episodes=20))
    np.testing.assert_array_equal(again.queries, drawn[0].queries)


def test_dirichlet_queries_are_of_unequal_frequency():
    _, y = task(each=80)
    counts = [np.bincount(e.true, minlength=3) for e in draw_episodes(y, 3, 1, queries=15, episodes=50, dirichlet=2.0)]
    assert all(c.sum() == 45 for c in counts) and np.std(counts) > 5


def test_intervals_are_students_and_differences_are_paired():
    X, y = task()
    found = evaluate_episodes(X, y, ["prototype", "knn"], ways=3, shots=2, queries=5, episodes=30)
    values = found.accuracies["prototype"] - found.accuracies["knn"]
    low, high = ttest_1samp(values, 0).confidence_interval()
    assert found.interval("prototype", "knn") == pytest.approx((values.mean(), low, high))
    assert found.interval("knn")[0] > 0.5
    assert "3-way 2-shot, 30 episodes, chance 33.3 %" in found.summary


def test_one_shot_takes_heads_and_transductive_methods():
    X, y = task()
    methods = ["prototype", "gda", "linear", "transductive:laplacian_shot"]
    found = evaluate_episodes(X, y, methods, ways=3, shots=1, queries=5, episodes=5)
    assert set(found.as_dict()["accuracy"]) == set(methods)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"ways": 9}, DataError, "6 classes have 16 examples; 9 such classes are needed for 9 ways"),
        ({"shots": 20}, DataError, "0 classes have 35 examples"),
        ({"ways": 1}, ConfigError, "needed are 2 ways, 1 shot"),
        ({"methods": ["prototype", "transductive:tin"]}, ConfigError, "tim"),
        ({"methods": []}, ConfigError, "No method was named"),
    ],
)
def test_what_cannot_be_drawn_is_said(changed, error, message):
    X, y = task()
    with pytest.raises(error, match=message):
        evaluate_episodes(X, y, **{"ways": 3, "shots": 1, "episodes": 4, **changed})


def test_the_verb_works_on_a_table_of_features_from_python_and_the_command_line(tmp_path):
    X, y = task()
    path = tmp_path / "a.npz"
    np.savez(path, X=X, y=y)
    found = jeoni.episodes(path, ways=3, shots=1, queries=5, episodes=10, quiet=True)
    assert found.number == 10 and set(found.accuracies) == {"prototype", "gda", "linear"}
    arguments = ["episodes", str(path), "--ways", "3", "--queries", "5", "--episodes", "10", "--methods", "prototype"]
    said = CliRunner().invoke(app, arguments)
    assert said.exit_code == 0 and "3-way 1-shot, 10 episodes" in said.stdout

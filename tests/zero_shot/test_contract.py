"""What every zero-shot method and every calibration keeps to, whatever it is."""

from __future__ import annotations

import numpy as np
import pytest

from jeoni import plugins
from jeoni.zero_shot_learning.semantics.choice import learn
from jeoni.zero_shot_learning.semantics.protocol import Compatibility
from tests.made_zero_shot import ATTRIBUTES, UNSEEN, examples

METHODS, CALIBRATIONS = "jeoni.zero_shot_learning", "jeoni.zero_shot_learning.calibrations"
SEEN = [name for name in ATTRIBUTES if name not in UNSEEN]


def seen_vectors() -> np.ndarray:
    return np.array([ATTRIBUTES[name] for name in SEEN], dtype=float)


def taught(noise: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    rows, labels = examples(SEEN, 20, noise=noise)
    return rows.astype(float), np.array([SEEN.index(name) for name in labels])


def of_space(space: str) -> list[str]:
    return [name for name in plugins.names(METHODS) if plugins.load(METHODS, name).space == space]


@pytest.mark.parametrize("name", plugins.names(METHODS))
def test_a_method_says_which_space_it_works_in(name):
    kind = plugins.load(METHODS, name)
    assert kind.space in ("names", "seen")
    assert kind.space == "names" or isinstance(kind.attributes, bool)


@pytest.mark.parametrize("name", of_space("names"))
def test_a_method_for_names_prefers_the_class_whose_name_an_item_is(name):
    vectors = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0][:4]
    scores = plugins.load(METHODS, name)().scores(vectors)
    assert (scores(3 * vectors).argmax(1) == np.arange(4)).all()
    assert np.allclose(scores(vectors), scores(5 * vectors))


@pytest.mark.parametrize("name", of_space("seen"))
def test_a_method_for_seen_classes_finds_classes_that_it_did_not_see(name):
    rows, labels = taught()
    learned = learn(plugins.load(METHODS, name)(), rows, labels, seen_vectors(), len(UNSEEN), 0)
    held, true = examples(list(UNSEEN), 25, seed=5)
    scores = learned.scores_of(np.array([ATTRIBUTES[u] for u in UNSEEN], dtype=float))(held)
    assert (scores.argmax(1) == [UNSEEN.index(name) for name in true]).mean() > 0.75
    assert learned.folds == 3 and learned.accuracy[0] > 0.7 and learned.accuracy[1] == 0.5


@pytest.mark.parametrize("name", of_space("seen"))
def test_a_method_gives_one_map_for_each_setting_and_the_same_twice(name):
    method, (rows, labels) = plugins.load(METHODS, name)(), taught()
    settings = method.settings()[:3]
    first, second = (list(method.candidates(rows, labels, seen_vectors(), settings, 0)) for _ in range(2))
    assert len(first) == len(settings) and all(isinstance(one, Compatibility) for one in first)
    assert all(np.array_equal(a.matrix, b.matrix) for a, b in zip(first, second, strict=True))
    assert first[0].matrix.shape == (4, 6) and first[0].offset.shape == (4,)


@pytest.mark.parametrize("name", plugins.names(CALIBRATIONS))
def test_a_calibration_takes_from_each_class_what_its_scores_have_in_common(name):
    """Moving all scores of a class moves what is taken by as much, so that nothing of it is left."""
    rng = np.random.default_rng(0)
    scores, neutral, shift = rng.normal(size=(50, 3)), rng.normal(size=(4, 3)), np.array([5.0, 0.0, -2.0])
    made = plugins.load(CALIBRATIONS, name)()
    assert np.allclose(made(scores + shift, neutral + shift), made(scores, neutral) + shift)

"""One search of the learning rate for several repeats: what each may see of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from jeoni.assessment.draws import draws_by_fold
from jeoni.assessment.shared_search import Searches
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.strategies.finetuning.looks import Looks
from jeoni.strategies.finetuning.search import Found, TriedRate, choose_rate
from jeoni.strategies.scratch import Scratch
from tests.strategies.made_networks import FREE, alike, build, examples, small_backbone, tensors

MOMENT = 0.6


def searched(strategy, backbone, data, context, draws):
    return Searches(strategy, backbone, data, draws, context, 3).at(None)


@pytest.fixture
def setting(make_photos, one_thread):
    """48 small pictures of two classes, three repeats of three folds."""
    strategy = dataclasses.replace(build("scratch", dataclasses.replace(FREE, steps=20)), rates=(1.0, 10.0))
    backbone = small_backbone()
    data, context = examples(strategy, backbone, make_photos(each=24))
    return strategy, backbone, data, context, draws_by_fold(data.data.targets, data.clusters, 3, 3, 0)


def test_the_labels_of_its_test_items_change_nothing_that_a_repeat_finds(setting):
    strategy, backbone, data, context, draws = setting
    before = searched(strategy, backbone, data, context, draws)
    assert before[0].repeats == 2 and before[0].rate is not None
    changed = 0
    for draw in draws[:2]:
        targets = data.data.targets.copy()
        targets[draw.test] = 1 - targets[draw.test]
        other = dataclasses.replace(data, data=dataclasses.replace(data.data, targets=targets))
        after = searched(strategy, backbone, other, context, draws)
        own, theirs = draw.number, 1 - draw.number
        assert (after[own].rate, after[own].scores) == (before[own].rate, before[own].scores)
        changed += after[theirs].scores != before[theirs].scores
    assert changed == 2  # the other repeat judges by these items, so that the test can fail


def test_what_was_found_is_what_a_repeat_trains_at(setting):
    strategy, backbone, data, context, _ = setting
    found = Found(0.002, {0.001: 0.7, 0.002: 0.6}, share=0.2, seconds=4.0, stopped=1, repeats=2, n=16)
    model = strategy.fit_found(backbone, data, context, found)
    assert model.training["recipe"]["learning_rate"] == 0.002 and model.training["recipe"]["steps"] == 20
    assert model.training["search"] == {"seconds": 4.0, "stopped": 1, "sides": [], "repeats": 2, "n": 16}
    assert model.training["trials"] == {"0.001": 0.7, "0.002": 0.6}
    rate = dataclasses.replace(strategy.recipe, learning_rate=0.002, head_learning_rate=0.002)
    named = dataclasses.replace(strategy, recipe=rate)
    assert alike(tensors(model), tensors(named.fit(backbone, data, context)))


def test_where_examples_were_memorised_a_repeat_trains_for_as_long_as_the_trial(setting):
    strategy, backbone, data, context, _ = setting
    found = Found(0.002, {0.002: 0.6}, share=0.5, memorised=True, score=0.6, repeats=2)
    training = strategy.fit_found(backbone, data, context, found).training
    assert training["recipe"]["steps"] == 10 and training["shortened"] == "memorised"


def test_a_rate_that_was_named_is_not_searched_for(setting):
    strategy, backbone, data, context, draws = setting
    named = dataclasses.replace(strategy, recipe=dataclasses.replace(strategy.recipe, learning_rate=0.002))
    assert searched(named, backbone, data, context, draws) == {}


def test_budgets_of_about_as_many_examples_share_a_search(setting, monkeypatch):
    strategy, backbone, data, context, draws = setting
    made = []

    def search(self, backbone, data, context):
        made.append(len(data.fit))
        return [Found(0.002) for _ in data.sees]

    monkeypatch.setattr(Scratch, "search", search)
    searches = Searches(strategy, backbone, data, draws, context, 3)
    for budget in (5, 12, 14, None):  # 10, 24, 28 and 32 examples in a repeat
        searches.at(budget)
    # of 12, 14 and all, the last is a third more than the first of them
    assert len(made) == 3 * 2


def losses_of(means, spread=0.01):
    return [np.full(8, mean) + spread * np.arange(8) for mean in means]


def test_a_trial_is_stopped_where_all_who_look_have_seen_it_beaten():
    judges = [lambda outputs: outputs[:8], lambda outputs: outputs[8:]]
    rivals = [{0.4: np.zeros(8), MOMENT: np.zeros(8)}, {0.4: np.zeros(8), MOMENT: np.zeros(8), 0.8: np.zeros(8)}]
    looks = Looks(judges, rivals)
    worse, better = losses_of([1.0, -1.0])
    assert not looks(0.4, np.concatenate([worse, worse]))  # half of it must be behind
    assert not looks(MOMENT, np.concatenate([worse, better])) and looks.beaten == [True, False]
    assert looks(0.8, np.concatenate([better, worse])) and looks.beaten == [True, True]  # once beaten, always so
    again = Looks(judges, rivals)
    again.restore(looks.state())
    assert again.beaten == looks.beaten
    assert again.courses[1].keys() == looks.courses[1].keys()
    assert all(np.array_equal(losses, looks.courses[1][at]) for at, losses in again.courses[1].items())


def test_a_trial_that_may_be_as_good_goes_on():
    rival = np.linspace(-1, 1, 30)
    looks = Looks([lambda outputs: outputs], [{MOMENT: rival}])
    assert not looks(MOMENT, 0.1 - rival)  # a mean difference of 0.1, half of a standard error
    assert not Looks([lambda outputs: outputs])(MOMENT, np.full(8, 99.0))  # the first trial has no rival


def test_each_repeat_takes_the_best_of_what_it_has_seen():
    tried = {1e-3: TriedRate(np.array([0.5, np.inf, np.inf])), 1e-2: TriedRate(np.array([0.6, 0.7, np.inf]))}
    assert [choose_rate(tried, repeat) for repeat in range(3)] == [1e-3, 1e-2, None]


def test_a_trial_that_is_clearly_beaten_is_stopped_and_is_no_candidate(make_photos, one_thread):
    """A rate of next to nothing learns nothing while its rival learns the stripes."""
    recipe = dataclasses.replace(FREE, steps=150)
    strategy = dataclasses.replace(build("scratch", recipe), rates=(10.0, 1e-6))
    backbone = small_backbone()
    data, context = examples(strategy, backbone, make_photos(each=52))
    found, _ = strategy._search_own(backbone, untrained_twin(backbone, 0), data, context)
    free = dataclasses.replace(strategy, stopping=False)
    without, _ = free._search_own(backbone, untrained_twin(backbone, 0), data, context)
    assert (found.stopped, without.stopped) == (1, 0) and found.rate == without.rate == pytest.approx(3e-3)
    assert np.isinf(min(found.scores.items())[1])

"""The race: who is dropped, who wins, what a budget leaves out, and how much choosing flatters."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from jeoni.cli.plan import _row
from jeoni.deadline import Deadline
from jeoni.features.examples import Context
from jeoni.locale import table
from jeoni.planning.budget import MARGIN
from jeoni.planning.candidates import Candidate, NamedBackbone
from jeoni.planning.choosing import Standing, choice_of, expected_gain
from jeoni.planning.optimism import optimism
from jeoni.planning.plan import _affordable, _to_train
from jeoni.planning.price import Price
from jeoni.planning.race import Entrant, Outcome, Race, run_race
from jeoni.report.plans import _span
from jeoni.runs.records import CandidateRecord
from jeoni.runs.typed import as_record, finite
from jeoni.training.job import Diverged
from tests.planning.made import Known, entrant, made_examples


@pytest.fixture
def examples():
    return made_examples()


def raced(examples, *entrants, **options):
    return run_race(entrants, examples, Context(), **options)


def states(race):
    return {outcome.candidate.name: outcome.state for outcome in race.outcomes}


def test_what_is_clearly_worse_is_dropped_after_the_first_fold(examples):
    good, bad = Known(0.95), Known(0.5, seed=1)
    race = raced(examples, entrant("good", good, examples=examples), entrant("bad", bad, 1, examples=examples))
    assert states(race) == {"good": "chosen", "bad": "beaten"}
    assert bad.fitted == 1 and good.seen[0] == 160


def test_the_simplest_wins_a_tie_whatever_the_order(examples):
    same = {"right": 0.9, "seed": 3}
    entrants = [
        entrant("deep", Known(**same), 3, examples=examples),
        entrant("simple", Known(**same), 0, examples=examples),
    ]
    assert raced(examples, *entrants).chosen.candidate.name == "simple"
    assert raced(examples, *entrants[::-1]).chosen.candidate.name == "simple"


def test_the_better_of_two_that_are_as_simple_wins_a_tie(examples):
    entrants = [
        entrant("probe, first", Known(0.85, seed=1), 0, examples=examples),
        entrant("probe, other", Known(0.88, seed=2), 0, examples=examples),
        entrant("deep", Known(0.89, seed=3), 3, examples=examples),
    ]
    race = raced(examples, *entrants)
    best = max((o for o in race.outcomes if o.candidate.complexity == 0), key=lambda o: -o.loss)
    assert race.chosen is best and best.candidate.name == "probe, other"


def test_what_is_as_good_as_the_winner_is_as_simple_and_within_its_error(examples):
    entrants = [
        entrant("probe, first", Known(0.86, seed=1), 0, examples=examples),
        entrant("probe, large", Known(0.88, seed=2), 0, examples=examples),
        entrant("probe, bad", Known(0.76, seed=4), 0, examples=examples),
        entrant("untrained", Known(0.85, seed=5), 0, control=True, examples=examples),
    ]
    race = raced(examples, *entrants)
    assert race.chosen.candidate.name == "probe, large"
    assert [outcome.candidate.name for outcome in race.as_good] == ["probe, large", "probe, first"]
    first, large, _, _ = (entrant.candidate.source for entrant in entrants)

    def told(seconds):
        return SimpleNamespace(example_s=lambda backbone: seconds[id(backbone)])

    slower = told({id(first.backbone): 1.0, id(large.backbone): 4.0})
    assert _to_train(race, slower) is first
    assert _to_train(raced(examples, *entrants[1:]), slower) is large
    hardly = told({id(first.backbone): 1.0, id(large.backbone): 1.4})  # and the better one
    assert _to_train(race, hardly) is large is _to_train(race, None)


def test_a_deeper_one_wins_when_it_is_clearly_better(examples):
    race = raced(
        examples,
        entrant("simple", Known(0.7), 0, examples=examples),
        entrant("deep", Known(0.97, seed=2), 3, examples=examples),
    )
    assert states(race) == {"simple": "beaten", "deep": "chosen"}
    gain = race.to_chosen(race.outcomes[0], 0)
    assert gain is not None and gain.high < 0


def test_a_control_wins_if_it_is_clearly_better(examples):
    race = raced(
        examples,
        entrant("probe", Known(0.8, seed=1), 0, examples=examples),
        entrant("untrained", Known(0.9, seed=2), 0, control=True, examples=examples),
    )
    assert race.chosen.candidate.control


@pytest.mark.parametrize("right", [0.8, 0.9])
def test_a_control_that_is_worse_or_as_good_does_not(examples, right):
    race = raced(
        examples,
        entrant("probe", Known(0.9, seed=1), 0, examples=examples),
        entrant("untrained", Known(right, seed=2), 0, control=True, examples=examples),
    )
    assert race.chosen.candidate.name == "probe"


def test_of_two_groups_nothing_is_clear_and_of_many_it_is():
    rng = np.random.default_rng(0)
    losses = rng.normal(1.0, 0.1, 200)
    simple, deep = (Candidate(name, "probe", NamedBackbone("made", None), complexity=k) for k, name in enumerate("ab"))
    for number, chosen in ((2, 0), (40, 1)):
        groups = np.arange(200) % number
        better = losses - np.where(groups % 2, 0.3, -0.05)  # worse in every second group, on the mean better
        standings = [Standing(simple, losses, -losses, groups), Standing(deep, better, -better, groups)]
        assert choice_of(standings) == chosen


def test_what_would_end_after_the_deadline_is_not_begun(examples):
    slow = Known(0.99)
    race = raced(
        examples,
        entrant("probe", Known(0.8), 0, examples=examples, fold_s=0.0, final_s=0.0),
        entrant("slow", slow, 2, examples=examples, fold_s=50.0, final_s=200.0),
        entrant("quick", Known(0.99, seed=5), 2, examples=examples, fold_s=1e-4, final_s=1e-3),
        deadline=Deadline(60.0),
    )
    assert states(race) == {"probe": "beaten", "slow": "no time", "quick": "chosen"}
    assert slow.fitted == 0 and not race.complete


def test_the_whole_fit_of_the_winner_has_its_place_before_the_deadline(examples):
    race = raced(
        examples,
        entrant("probe", Known(0.8), 0, examples=examples, fold_s=0.0, final_s=0.0),
        entrant("deep", Known(0.99), 2, examples=examples, fold_s=1e-4, final_s=100.0),
        deadline=Deadline(30.0),
    )
    assert states(race) == {"probe": "chosen", "deep": "no time"}


def test_a_candidate_that_time_ran_out_for_midway_leaves_the_race_incomplete(examples):
    class Slower(Known):
        def fit(self, backbone, train, context):
            if self.fitted == 1:
                deadline.passed = 1000.0  # the second fold takes all that is left
            return super().fit(backbone, train, context)

    class Ticking(Deadline):
        passed = 0.0

        @property
        def left_s(self):
            return 60.0 - self.passed

    deadline = Ticking(60.0)
    race = raced(
        examples,
        entrant("probe", Known(0.9), 0, examples=examples, fold_s=0.0, final_s=0.0),
        entrant("deep", Slower(0.9, seed=4), 2, examples=examples, fold_s=1e-4, final_s=1e-3),
        deadline=deadline,
    )
    assert [one.candidate.name for one in race.unfinished] == ["deep"] and race.unfinished[0].folds == 2
    assert not race.complete and race.chosen.candidate.name == "probe"


def test_a_training_that_would_come_too_late_is_shortened_and_so_is_its_every_fold(examples):
    trained = Known(0.99, seed=2)
    took = {"fold_s": 110.0, "final_s": 160.0, "once_s": 50.0, "fold_training_s": 100.0, "final_training_s": 100.0,
            "step_s": {"made": 100.0}}  # fmt: skip
    race = raced(
        examples,
        entrant("probe", Known(0.95), 0, examples=examples, fold_s=0.0, final_s=0.0),
        entrant("deep", trained, 2, examples=examples, **took),
        deadline=Deadline(250.0),
    )
    expected = (MARGIN * 250.0 - 80.0) / 300.0  # two folds and the whole fit, and what is no training beside
    deep = race.outcomes[1]
    assert deep.length == pytest.approx(expected, abs=0.01) and deep.folds == trained.fitted > 1
    assert all(one.seconds == pytest.approx(100.0 * deep.length, abs=1.0) for one in trained.allowed)
    assert [one.candidate.name for one in race.shortened] == ["deep"] and not race.complete


def test_a_training_that_there_is_time_for_has_no_limit(examples):
    trained = Known(0.99, seed=2)
    took = {"fold_s": 11.0, "final_s": 20.0, "fold_training_s": 10.0, "final_training_s": 10.0}
    probe = entrant("probe", Known(0.97), 0, examples=examples, fold_s=0.0, final_s=0.0)
    race = raced(examples, probe, entrant("deep", trained, 2, examples=examples, **took), deadline=Deadline(500.0))
    assert race.outcomes[1].length == 1 and trained.allowed == [None] * 5 and race.complete and not race.shortened


def test_a_plan_that_no_fit_follows_has_the_time_for_folds(examples):
    probe = entrant("probe", Known(0.8), 0, examples=examples, fold_s=0.0, final_s=0.0)
    deep = entrant("deep", Known(0.99), 2, examples=examples, fold_s=1e-4, final_s=100.0)
    assert states(raced(examples, probe, deep, deadline=Deadline(30.0)))["deep"] == "no time"
    assert states(raced(examples, probe, deep, deadline=Deadline(30.0), fit_follows=False))["deep"] == "chosen"


def test_a_control_is_not_shortened(examples):
    scratch = Known(0.5, seed=2)
    took = {"fold_s": 100.0, "final_s": 100.0, "fold_training_s": 100.0, "final_training_s": 100.0}
    race = raced(
        examples,
        entrant("probe", Known(0.8), 0, examples=examples, fold_s=0.0, final_s=0.0),
        entrant("scratch", scratch, 5, control=True, examples=examples, **took),
        deadline=Deadline(150.0),
    )
    assert states(race)["scratch"] == "no time" and scratch.fitted == 0 and not race.shortened


def test_what_there_is_no_time_for_at_any_length_is_not_said_to_have_been_shortened(examples):
    took = {"fold_s": 1000.0, "final_s": 1000.0, "fold_training_s": 1000.0, "final_training_s": 1000.0}
    probe = entrant("probe", Known(0.8), 0, examples=examples, fold_s=0.0, final_s=0.0)
    race = raced(examples, probe, entrant("deep", Known(0.9), 2, examples=examples, **took), deadline=Deadline(150.0))
    assert states(race)["deep"] == "no time" and race.outcomes[1].length == 1.0


def test_within_a_time_the_quickest_comes_first_and_then_what_promises_most_for_it(examples):
    begun = []

    class Noted(Known):
        def fit(self, backbone, train, context):
            begun.append(self.seed)
            return super().fit(backbone, train, context)

    race = raced(
        examples,
        entrant("probe", Noted(0.9, seed=0), 0, examples=examples, fold_s=0.1, final_s=0.1),
        entrant("slow", Noted(0.9, seed=1), 2, examples=examples, fold_s=3.0, final_s=3.0),
        entrant("quick", Noted(0.9, seed=2), 2, examples=examples, fold_s=1.0, final_s=1.0),
        deadline=Deadline(1000.0),
    )
    assert begun[:3] == [0, 2, 1] and race.complete
    leader, other = (Standing(None, np.full(40, loss), np.zeros(40)) for loss in (0.5, 0.6))
    assert expected_gain(other, leader) == 0.0 and expected_gain(leader, other) == pytest.approx(0.1)
    rng = np.random.default_rng(0)
    doubtful = Standing(None, other.losses + rng.normal(0.0, 1.0, 40), other.scores)
    assert expected_gain(doubtful, leader) > 0.01
    assert expected_gain(replace(doubtful, groups=np.zeros(40, dtype=np.int64)), leader) == np.inf


def test_a_training_that_diverges_is_out(examples):
    race = raced(
        examples,
        entrant("probe", Known(0.6), 0, examples=examples),
        entrant("wild", Known(0.99, error=Diverged), 1, examples=examples),
    )
    assert states(race) == {"probe": "chosen", "wild": "failed"}
    assert race.score(race.outcomes[1], 0) is None


def test_what_is_known_from_an_earlier_race_is_not_computed_again(examples):
    probe = Known(0.9)
    first = raced(examples, entrant("probe", probe, examples=examples))
    assert probe.fitted == 5
    again = raced(
        examples,
        entrant("probe", probe, examples=examples),
        entrant("deep", Known(0.6), 1, examples=examples),
        earlier=first.outcomes,
    )
    assert probe.fitted == 5 and states(again) == {"probe": "chosen", "deep": "beaten"}


def test_near_identical_items_are_resampled_together(examples):
    alone = raced(examples, entrant("probe", Known(0.8), examples=examples))
    paired = made_examples(clusters=np.arange(200) // 10)
    grouped = raced(paired, entrant("probe", Known(0.8), examples=paired))
    assert alone.groups is None and grouped.groups is not None
    assert np.array_equal(alone.outcomes[0].scores, grouped.outcomes[0].scores)


def made_race(scores):
    outcomes = tuple(
        Outcome(Candidate(f"{k}", "probe", NamedBackbone("made", None)), "in reach", 5, -row, row, 0.0, None)
        for k, row in enumerate(scores)
    )
    chosen = choice_of([Standing(outcome.candidate, outcome.losses, outcome.scores) for outcome in outcomes])
    return Race(outcomes, outcomes[chosen], None, True)


def test_choosing_among_equals_flatters_by_as_much_as_is_said():
    """Eight candidates that are all right in 70 %: the one chosen looks better than that, the correction undoes it."""
    rng, flattered, corrected = np.random.default_rng(0), [], []
    for draw in range(60):
        scores = (rng.random((8, 100)) < 0.7).astype(float)
        race = made_race(scores)
        found = optimism(race, draw)
        flattered.append(race.chosen.scores.mean())
        corrected.append(race.chosen.scores.mean() - found)
    assert np.mean(flattered) > 0.75
    assert abs(np.mean(corrected) - 0.7) < 0.02


def test_a_group_that_is_drawn_twice_stands_for_two():
    """Of pairs that are alike, choosing flatters as much as of their single items."""
    rng = np.random.default_rng(0)
    scores = (rng.random((8, 60)) < 0.7).astype(float)
    single, paired = made_race(scores), made_race(np.repeat(scores, 2, axis=1))
    grouped = replace(paired, groups=np.arange(120) // 2)
    assert optimism(grouped, 0) == pytest.approx(optimism(single, 0), abs=0.004)
    assert optimism(paired, 0) < optimism(single, 0) - 0.004  # as if each were evidence of its own


def test_a_clear_winner_is_hardly_flattered_and_a_single_one_not_at_all():
    rng = np.random.default_rng(1)
    scores = np.stack([(rng.random(300) < p).astype(float) for p in (0.95, 0.5, 0.5)])
    assert abs(optimism(made_race(scores), 0)) < 0.005
    assert optimism(made_race(scores[:1]), 0) is None


def test_a_candidate_that_saw_one_group_only_has_a_score_without_bounds():
    candidate = Candidate("probe", "probe", NamedBackbone("made", None))
    outcome = Outcome(candidate, "beaten", 1, np.ones(4), np.array([1.0, 0, 0, 1]), 0.1, None)
    best = Outcome(candidate, "chosen", 1, np.zeros(4), np.ones(4), 0.1, None)
    race = Race((best, outcome), best, np.zeros(4, dtype=np.int64), complete=True)
    scores = {"score": race.score(outcome, 0).as_dict(), "to_chosen": race.to_chosen(outcome, 0).as_dict()}
    told = {"name": "probe", "way": "probe", "options": {}, "state": "beaten", **scores}
    record = as_record(CandidateRecord, finite(told))
    assert _row(record, True, table("planning", "en"), "en")[:3] == ["probe", "50.0", "-50.0"]
    assert _span(record.score, True) == {"value": "50.0", "low": "–", "high": "–"}


@pytest.mark.parametrize(("left_s", "priced"), [(300.0, 4), (60.0, 3), (40.0, 2)])
def test_of_what_trains_more_than_there_is_time_for_nothing_is_timed(left_s, priced, monkeypatch):
    """Two that are alike, one that takes twice as long, and one that takes eight times as long."""
    timed = []

    def price_of(question, candidate):
        timed.append(candidate.name)
        seconds = 100.0 * 2.0 ** (candidate.complexity - 2)
        price = Price(seconds, seconds, fold_training_s=seconds, final_training_s=seconds)
        return Entrant(candidate, Known(0.9), lambda: None, price)

    monkeypatch.setattr("jeoni.planning.plan._entrant", price_of)
    complexities = {"deep": 5, "near": 2, "alike": 2, "middle": 3}
    candidates = [
        Candidate(name, "probe", NamedBackbone("made", None), complexity=complexity, trains=True)
        for name, complexity in complexities.items()
    ]
    pricing = SimpleNamespace(least_s=lambda candidate: 0.0)
    question = SimpleNamespace(fit_follows=True, pricing=pricing, deadline=Deadline(left_s))
    ready = _affordable(question, candidates)
    pricing.least_s, before = (lambda candidate: 2 * left_s), list(timed)
    assert _affordable(question, candidates) == [] and timed == before
    assert [one.candidate.name for one in ready] == timed == ["near", "alike", "middle", "deep"][:priced]

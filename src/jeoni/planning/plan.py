"""The plan: how similar the source is, what the table of rules would try, a race, and what was chosen and why."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from operator import attrgetter

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.side_by_side import upper_stages
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.deadline import Deadline
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.planning.candidates import Candidate, NamedBackbone, candidates_for, probe_stages, untrained_candidate
from jeoni.planning.optimism import optimism
from jeoni.planning.price import Price, length_within
from jeoni.planning.pricing import Pricing
from jeoni.planning.race import Entrant, Outcome, Race, State, run_race
from jeoni.planning.rules import Rule, rule_for, size_of
from jeoni.planning.similarity import MOST, Similarity, measure_similarity, sample_of
from jeoni.specs import FitSpec

__all__ = ["Plan", "Question", "make_plan", "stage_taps"]

AS_QUICK = 1.5  # times the seconds of the quickest backbone that is as good, at which another one may be trained


@dataclass(frozen=True)
class Question:
    """What a plan is made for.

    Attributes:
        train: the examples that may decide something, with folds; those of the test set are not among them.
        backbones: that may be transferred from, the default first, whose pooled features are in the extraction; those
            of the others are computed where their turn comes.
        asked: options of ``fit`` that hold for every candidate: head, class weights, recipe.
        context: store, engine, seed, console.
        pricing: tells what candidates take; None where it is not to be measured: then nothing that trains is raced.
        deadline: of the race and the fit that follows; None: nothing that trains is raced.
        fit_follows: whether what is chosen is fitted within that time too.
        thorough: every stage is looked at, and all cheap candidates are raced, whatever the similarity.
    """

    train: Examples
    backbones: Sequence[NamedBackbone]
    asked: FitSpec
    context: Context
    pricing: Pricing | None = None
    deadline: Deadline | None = None
    fit_follows: bool = True
    thorough: bool = True


@dataclass(frozen=True)
class Plan:
    """What was found, and what was chosen.

    Attributes:
        similarity: of the first backbone's source; None where there is nothing to compare with.
        rule: the cell of the table.
        race: the candidates that were held against each other, and those that were not.
        optimism: how much choosing flatters the winner's score; None of a single candidate.
        seconds: that it took.
    """

    similarity: Similarity | None
    rule: Rule
    race: Race
    optimism: float | None
    seconds: float

    @property
    def chosen(self) -> Outcome:
        """The winner."""
        return self.race.chosen

    @cached_property
    def pays(self) -> bool:
        """Whether something that transfers was chosen."""
        return not self.chosen.candidate.control

    @property
    def untried(self) -> list[Outcome]:
        """Candidates of the rule that nothing is known of, the cheapest first."""
        left = [outcome for outcome in self.race.outcomes if outcome.state in ("not tried", "no time")]
        return sorted(left, key=lambda outcome: outcome.price.final_s if outcome.price else np.inf)


def stage_taps(backbone: Backbone, stages: bool) -> tuple[Tap, ...]:
    """The pooled features that a plan needs: of every stage, or of those that a probe has heads on."""
    every = stages and backbone.learned
    needed = range(1, backbone.n + 1) if every else upper_stages(backbone, probe_stages(backbone.input.modality))
    return tuple(Tap(k, True) for k in reversed(needed))


def make_plan(question: Question) -> Plan:
    """Look, ask the table of rules, race, choose."""
    begun = time.perf_counter()
    context, first = question.context, question.backbones[0]
    similarity, twin = _look(question)
    labelled = len(question.train)
    rule = rule_for(size_of(labelled), similarity.level if similarity else "similar")
    lower = _best_lower(similarity)
    data = question.train.data
    head = question.asked.head
    of_all = candidates_for(rule, data, labelled, question.backbones, lower, head=head)
    cheap = [candidate for candidate in of_all if not candidate.trains]
    if twin is not None and similarity is not None and _in_reach(similarity, labelled):
        cheap.append(untrained_candidate(first, twin, data, head))
    entrants = [_entrant(question, candidate) for candidate in cheap]
    alone = len(entrants) == 1 and not question.thorough
    race = _alone(entrants[0], labelled) if alone else _race(question, entrants)
    leader = first if race.chosen.candidate.control else _to_train(race, question.pricing)
    if leader.backbone.learned:
        several = len(question.backbones) > 1
        ways = candidates_for(rule, data, labelled, [leader], None, head=head, named=several)
        race = _with_trained(question, race, entrants, [candidate for candidate in ways if candidate.trains])
    return Plan(similarity, rule, race, optimism(race, context.seed), time.perf_counter() - begun)


def _to_train(race: Race, pricing: Pricing | None) -> NamedBackbone:
    """The backbone that is trained: of those whose probes are as good as the winner's, the best of the quick ones."""
    best_first = [outcome.candidate.source for outcome in sorted(race.as_good, key=attrgetter("loss"))]
    if pricing is None or len(best_first) == 1:
        return race.chosen.candidate.source
    seconds = [pricing.example_s(source.backbone) for source in best_first]
    limit = AS_QUICK * min(seconds)
    return next(source for source, each in zip(best_first, seconds, strict=True) if each <= limit)


def _look(question: Question) -> tuple[Similarity | None, Backbone | None]:
    """The similarity of the first backbone's source, and the untrained network it was measured against."""
    backbone = question.backbones[0].backbone
    if not backbone.learned or backbone.random:
        return None, None
    context, lower = question.context, range(1, backbone.n)
    sample = sample_of(question.train, context.seed)
    twin = untrained_twin(backbone, context.seed)
    kept = stage_taps(twin, False)  # those that the control of a fit reads
    if question.thorough:
        return measure_similarity(_deeper(sample, backbone, context), backbone, twin, context, lower, kept), twin
    similarity = measure_similarity(sample, backbone, twin, context, kept=kept)
    if similarity.level == "different":  # then the lower stages are worth a look
        similarity = measure_similarity(_deeper(sample, backbone, context), backbone, twin, context, lower, kept)
    return similarity, twin


def _in_reach(similarity: Similarity, labelled: int) -> bool:
    """Whether the untrained network takes part: where it is clearly worse on a sample, it is not run on all of many."""
    return similarity.level == "different" and (labelled <= MOST or similarity.gain.low <= 0)


def _deeper(sample: Examples, backbone: Backbone, context: Context) -> Examples:
    """The same examples with the pooled features of every stage."""
    taps = stage_taps(backbone, True)
    if all(sample.seen.holds(backbone, tap) for tap in taps):
        return sample
    seen = context.extract(sample.data.items, [Request(backbone, taps)])
    return replace(sample, seen=seen, index=np.arange(len(sample)))


def _best_lower(similarity: Similarity | None) -> int | None:
    """The lower stage that serves best, where any was looked at."""
    lower = similarity.stages[:-1] if similarity else ()
    return max(lower, key=lambda stage: stage.score.value).stage if lower else None


def _entrant(question: Question, candidate: Candidate) -> Entrant:
    strategy = candidate.strategy(question.asked)
    backbone, train = candidate.source.backbone, question.train
    price = question.pricing.price(candidate) if question.pricing else None

    def examples() -> Examples:
        """With the rows that the strategy reads; what is in the store already is not computed again."""
        taps = strategy.taps(backbone, train.of)
        if all(train.seen.holds(backbone, tap) for tap in taps):
            return train
        needed = tuple(dict.fromkeys((*taps, Tap(backbone.n, True))))
        seen = question.context.extract(train.data.items, [Request(backbone, needed)])
        return replace(train, seen=seen, index=np.arange(len(train)))

    return Entrant(candidate, strategy, examples, price)


def _alone(entrant: Entrant, n: int) -> Race:
    """No race: there is one candidate, and nothing to hold it against on the ``n`` items."""
    outcome = _unknown(entrant.candidate, entrant.price, "chosen", n)
    return Race((outcome,), outcome, None, True)


def _unknown(candidate: Candidate, price: Price | None, state: State, n: int) -> Outcome:
    """Of a candidate that nothing was held out from."""
    nothing = np.full(n, np.nan)
    return Outcome(candidate, state, 0, nothing, nothing, 0.0, price)


def _with_trained(question: Question, race: Race, cheap: Sequence[Entrant], trained: Sequence[Candidate]) -> Race:
    """The candidates that train join where there is time; else they are named, with what they would take."""
    if not trained:
        return race
    n = len(question.train)
    if question.deadline is None:
        priced = [_entrant(question, candidate) for candidate in trained]
        waiting = [_unknown(entrant.candidate, entrant.price, "not tried", n) for entrant in priced]
        return replace(race, outcomes=(*race.outcomes, *waiting))
    ready = _affordable(question, trained)
    known = {entrant.candidate.name for entrant in ready}
    late = [_unknown(candidate, None, "no time", n) for candidate in trained if candidate.name not in known]
    race = _race(question, [*cheap, *ready], race.outcomes)
    return replace(race, outcomes=(*race.outcomes, *late), complete=race.complete and not late)


def _affordable(question: Question, trained: Sequence[Candidate]) -> list[Entrant]:
    """From the simplest on, up to those of which none has the time: of what trains more not even a step is timed."""
    deadline, pricing = question.deadline, question.pricing
    assert deadline is not None and pricing is not None
    ready: list[Entrant] = []
    for _, alike in groupby(sorted(trained, key=attrgetter("complexity")), key=attrgetter("complexity")):
        entrants = [_entrant(question, one) for one in alike if pricing.least_s(one) < deadline.left_s]
        ready += entrants
        prices = [entrant.price for entrant in entrants if entrant.price is not None]
        if not any(length_within(price, deadline.left_s, question.fit_follows) for price in prices):
            break
    return ready


def _race(question: Question, entrants: Sequence[Entrant], earlier: Sequence[Outcome] = ()) -> Race:
    return run_race(
        entrants,
        question.train,
        question.context,
        deadline=question.deadline,
        fit_follows=question.fit_follows,
        earlier=earlier,
    )

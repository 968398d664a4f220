"""Strategies on dense tasks against each other: the same pictures, the same draws, the metric anew on each resample.

A metric such as average precision is of all pictures together, not a mean over them. So its interval, and that of a
difference, comes from resampled pictures and resampled draws together (Owen 2007), and the p-value of one draw from
exchanging what the two strategies said of a picture, at random (Fisher 1935; Smucker et al. 2007).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jeoni.assessment.draws import Draw
from jeoni.assessment.trials import fit_name
from jeoni.backbones.backbone import Backbone
from jeoni.dense.assess import evidence_of, to_learn_from
from jeoni.dense.protocol import DenseTask
from jeoni.dense.reading import dense_task_of
from jeoni.dense.transfer import Transfer
from jeoni.evaluation.curves import Point
from jeoni.evaluation.intervals import bootstrap_interval
from jeoni.evaluation.measures import Measure, limits_of
from jeoni.evaluation.verdict import Verdict, correct, corrected_t, doubts, visible_by, words
from jeoni.features.examples import Context, Examples
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["DenseTrial", "compare_dense", "dense_points", "dense_rows", "pick_pictures", "run_dense_trials"]

RESAMPLES = 1000
EXCHANGES = 1000


@dataclass(frozen=True)
class DenseTrial:
    """One strategy on one draw with so many pictures.

    Attributes:
        strategy: its id.
        budget: pictures to train on; None: all.
        draw: its number.
        test: ``(m,)`` the test pictures.
        evidence: ``(m,)`` of each.
        n_train: pictures that were trained on.
        seconds: of fitting.
        note: steps and rates.
    """

    strategy: str
    budget: int | None
    draw: int
    test: IntArray
    evidence: list[Any]
    n_train: int
    seconds: float
    note: str = ""


def pick_pictures(candidates: IntArray, budget: int | None, seed: int) -> IntArray:
    """So many of the candidates; a larger budget holds the pictures of a smaller one."""
    if budget is None or budget >= len(candidates):
        return candidates
    return np.sort(np.random.default_rng(seed).permutation(candidates)[:budget])


def run_dense_trials(
    transfers: Mapping[str, Transfer],
    starts: Mapping[str, Backbone],
    examples: Examples,
    draws: Sequence[Draw],
    budgets: Sequence[int | None],
    context: Context,
) -> Iterator[DenseTrial]:
    """All trials, budget by budget.

    Args:
        transfers: strategies by id.
        starts: what each starts from.
        examples: all pictures; draws are about these.
        draws: what is trained on and tested on.
        budgets: pictures to train on, rising.
        context: store, seed, console, checkpoints.
    """
    count = len(transfers) * len(budgets) * len(draws)
    with context.console.track("Comparing", count) as advance:
        for budget in budgets:
            for draw in draws:
                seed = context.seed + 1000 * draw.number
                chosen = pick_pictures(draw.train, budget, seed)
                train = to_learn_from(examples.select(chosen, examples.folds[:, chosen]))
                test = examples.select(draw.test, examples.folds[:, draw.test])
                for name, transfer in transfers.items():
                    context.begin_fit(fit_name(name, budget, draw.number))
                    start = time.perf_counter()
                    model = transfer.fit(starts[name], train, replace(context, seed=seed))
                    seconds = time.perf_counter() - start + model.training.get("earlier_s", 0.0)
                    found = evidence_of(model, starts[name], test, context)
                    note = _note(model.training)
                    yield DenseTrial(name, budget, draw.number, draw.test, found, len(train), seconds, note)
                    advance(1)


def _note(training: Mapping[str, Any]) -> str:
    if not training:
        return ""
    recipe = training["recipe"]
    return f"{training['steps']} steps of {recipe['batch_size']}, rate {recipe['head_learning_rate']:g}"


class _Resampled:
    """The headline's values on the same resamples of pictures and draws for all strategies.

    Args:
        examples: all pictures.
        seed: of the resamples.
    """

    def __init__(self, examples: Examples, seed: int) -> None:
        self.task: DenseTask = dense_task_of(examples.data)
        _, self._unit = np.unique(examples.clusters, return_inverse=True)
        self.units = int(self._unit.max()) + 1  # groups, or pictures where there are none
        self._seed = seed
        self.measure: Measure = self.task.metrics()[self.task.headline]

    @property
    def sign(self) -> int:
        """1 where higher is better."""
        return 1 if self.measure.higher_is_better else -1

    def values(self, trials: Sequence[DenseTrial]) -> tuple[FloatArray, FloatArray]:
        """``(draws,)`` of each draw, and ``(B,)`` of each resample the mean over its draws."""
        rng = np.random.default_rng(self._seed)
        by_unit = _counts(self.units, RESAMPLES, rng)
        by_draw = _counts(len(trials), RESAMPLES, rng)
        whole = np.array([self._score(t.evidence, np.ones((1, len(t.test))))[0] for t in trials])
        each = np.stack([self._score(t.evidence, by_unit[:, self._unit[t.test]]) for t in trials], axis=1)
        known = ~np.isnan(each) & (by_draw > 0)
        total = (by_draw * known).sum(axis=1)
        summed = (by_draw * np.nan_to_num(each)).sum(axis=1)
        return whole, np.where(total > 0, summed / np.maximum(total, 1), np.nan)

    def exchanged(self, ours: Sequence[DenseTrial], theirs: Sequence[DenseTrial], seen: float) -> float:
        """Two-sided p-value: how often a difference is as large when who said what of a picture is drawn."""
        rng = np.random.default_rng(self._seed)
        swaps = rng.integers(0, 2, (EXCHANGES, int(self._unit.max()) + 1)).astype(np.float64)
        found = []
        for a, b in zip(ours, theirs, strict=True):
            own = swaps[:, self._unit[a.test]]
            both = [*a.evidence, *b.evidence]
            one = self._score(both, np.concatenate([own, 1 - own], axis=1))
            other = self._score(both, np.concatenate([1 - own, own], axis=1))
            found.append(one - other)
        far = np.abs(np.nanmean(np.stack(found), axis=0)) >= abs(seen) - 1e-12
        return float((far.sum() + 1) / (EXCHANGES + 1))

    def _score(self, evidence: Sequence[Any], weights: Array) -> FloatArray:
        return self.task.scores(evidence, weights)[self.task.headline]


def _counts(n: int, size: int, rng: np.random.Generator) -> FloatArray:
    """``(size, n)``: how often each of ``n`` is drawn in ``n`` draws with replacement; of a single one, once."""
    if n == 1:
        return np.ones((size, 1))
    drawn = rng.integers(0, n, (size, n)) + n * np.arange(size)[:, None]
    return np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)


def _grouped(trials: Sequence[DenseTrial]) -> dict[tuple[str, int | None], list[DenseTrial]]:
    found: dict[tuple[str, int | None], list[DenseTrial]] = {}
    for trial in trials:
        found.setdefault((trial.strategy, trial.budget), []).append(trial)
    return found


def dense_points(trials: Sequence[DenseTrial], examples: Examples, seed: int) -> list[Point]:
    """The headline of every strategy at every budget, with its interval over pictures and draws."""
    resampled = _Resampled(examples, seed)
    points = []
    for (strategy, budget), some in _grouped(trials).items():
        whole, drawn = resampled.values(some)
        score = bootstrap_interval(
            float(np.nanmean(whole)), drawn, resampled.units, limits=limits_of(resampled.measure)
        )
        n_train, seconds = float(np.mean([t.n_train for t in some])), float(np.median([t.seconds for t in some]))
        points.append(Point(strategy, budget, n_train, seconds, score, some[0].note))
    return points


def compare_dense(
    trials: Sequence[DenseTrial], examples: Examples, control: str, overlap: float, seed: int
) -> list[dict[str, Any]]:
    """Every strategy against the control at every budget, and against the probe; corrected by Holm's method.

    Args:
        trials: all of them.
        examples: what they are about.
        control: id of the strategy that transfer is measured against.
        overlap: test pictures per training picture where draws share training pictures; else 0.
        seed: of resamples and exchanges.
    """
    resampled, grouped = _Resampled(examples, seed), _grouped(trials)
    pairs = [
        (ours, against, budget)
        for ours, budget in grouped
        for against in dict.fromkeys((control, "probe"))
        if ours not in (control, against) and (against, budget) in grouped
    ]
    verdicts = {
        f"{ours} {against} {budget}": _verdict(resampled, grouped[ours, budget], grouped[against, budget], overlap)
        for ours, against, budget in pairs
    }
    corrected = correct(verdicts)
    return [
        {
            "strategy": ours,
            "control": against,
            "budget": budget,
            **(verdict := corrected[f"{ours} {against} {budget}"]).as_dict(),
            "said": [words(verdict, ours, against), *doubts(verdict)],
        }
        for ours, against, budget in pairs
    ]


def _verdict(
    resampled: _Resampled, ours: Sequence[DenseTrial], theirs: Sequence[DenseTrial], overlap: float
) -> Verdict:
    """One pair, undecided yet: :func:`jeoni.evaluation.verdict.correct` decides all together."""
    (a, drawn_a), (b, drawn_b) = resampled.values(ours), resampled.values(theirs)
    gains = resampled.sign * (a - b)
    found = bootstrap_interval(float(np.nanmean(gains)), resampled.sign * (drawn_a - drawn_b), resampled.units)
    if len(gains) == 1:
        p = resampled.exchanged(ours, theirs, float(gains[0]))
    else:
        p = corrected_t(gains, overlap, float(np.nanstd(drawn_a - drawn_b)))
    items = np.unique(np.concatenate([t.test for t in ours]))
    return Verdict("", found, p, p, visible_by(found), len(items), len(gains), resampled.measure)


def dense_rows(trials: Sequence[DenseTrial], task: DenseTask) -> tuple[list[str], list[list[object]]]:
    """The columns of ``trials.csv``, and a row for each trial."""
    names = list(task.metrics())
    rows: list[list[object]] = []
    for t in trials:
        scores = task.scores(t.evidence, np.ones((1, len(t.test))))
        written = [f"{scores[name][0]:.5f}" for name in names]
        budget = "all" if t.budget is None else t.budget
        rows.append([t.strategy, budget, t.draw, t.n_train, len(t.test), f"{t.seconds:.3f}", *written, t.note])
    return ["strategy", "budget", "draw", "n_train", "n_test", "seconds", *names, "note"], rows

"""The comparison of strategies on a dense task."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.assessment.comparison import verdict_record
from jeoni.assessment.dense_comparison import compare_dense, dense_points, dense_rows, run_dense_trials
from jeoni.assessment.draws import Draw, draws_by_fold, draws_for_test
from jeoni.backbones.backbone import Backbone
from jeoni.dense.protocol import DenseTask
from jeoni.dense.reading import dense_task_of
from jeoni.dense.transfer import Transfer, of_head_alone
from jeoni.errors import ConfigError, DataError
from jeoni.evaluation.curves import Point
from jeoni.features.examples import Examples
from jeoni.features.extract import Request
from jeoni.locale import Said
from jeoni.runs import RunFolder
from jeoni.runs.records import ComparisonRecord, VerdictRecord
from jeoni.specs import CompareSpec
from jeoni.types import Dataset
from jeoni.verbs.session.dense_candidates import in_frames, tiles_of
from jeoni.verbs.session.dense_fit import start_of, transfer_of
from jeoni.verbs.session.dense_limits import keep_trials
from jeoni.verbs.session.dense_reading import read_places
from jeoni.verbs.session.reading import choose_backbone
from jeoni.verbs.session.session import Prepared, Session

__all__ = ["DenseComparison", "compare_on_dense"]

FEWEST = 10  # pictures


@dataclass(frozen=True)
class DenseComparison:
    """The outcome of :func:`compare_on_dense`.

    Attributes:
        run: the run folder.
        verdict: the content of ``verdict.json``.
        points: score and time of every strategy at every budget.
    """

    run: Path
    verdict: dict[str, Any]
    points: list[Point]


def compare_on_dense(
    session: Session, dataset: Dataset, data: Any, *, out: str | Path | None, overwrite: bool, resume: bool
) -> DenseComparison:
    """Hold strategies against each other on the same pictures; ``budgets`` are numbers of pictures.

    Args:
        session: of the comparison; its step ``read`` is over.
        dataset: as a format's reader gave it.
        data: what the user handed over, for the record.
        out: the run folder, if it was named.
        overwrite: replace a run that is there.
        resume: continue it.

    Raises:
        DataError: data that cannot be used.
        ConfigError: an option that cannot be used.
    """
    assert isinstance(session.spec, CompareSpec)
    spec = session.spec
    with session.step("read"):
        places = read_places(dataset, spec)
        dataset, task = places.data, places.task
        transfers = {name: _transfer_of(task, name, spec) for name in spec.arms}
        if spec.measure != "auto":
            asked = repr(spec.measure)
            raise ConfigError(Said("dense.no_measure", measure=asked, task=task.id, headline=task.headline))
    with session.step("load"):
        backbone = in_frames(choose_backbone(dataset, spec), dataset, task, spec)
        tiles = tiles_of(dataset, backbone)
        owned = {name: transfer.on(backbone, spec.head, {}) for name, transfer in transfers.items()}
        transfers = {name: replace(transfer, tiles=tiles) for name, transfer in owned.items()}
        starts = {name: start_of(transfer, backbone, spec.seed) for name, transfer in transfers.items()}
        for name, transfer in transfers.items():
            if not transfer.trains(starts[name]):
                raise ConfigError(Said("dense.nothing_to_compare", head=transfer.head_id))
            transfer.check(starts[name])
    folder = out or RunFolder.named_for(f"{dataset.name}-compare")
    with session.recording({"data": data}, folder, overwrite=overwrite, resume=resume):
        ready = session.prepare(dataset, _requests(transfers, starts, len(dataset)), places.findings)
        examples, draws, overlap = _drawn(ready, spec)
        budgets = _budgets(spec, draws)
        with session.step("calibrate"):
            keep_trials(session, examples, transfers, starts, draws, budgets)
        with session.step("fit"):
            trials = list(run_dense_trials(transfers, starts, examples, draws, budgets, session.context))
        with session.step("evaluate"):
            measure, control = task.metrics()[task.headline], spec.arms[-1]
            points = dense_points(trials, examples, spec.seed)
            comparisons = compare_dense(trials, examples, control, overlap, spec.seed)
            about = {"measure": measure.id, "measures": {measure.id: measure.as_dict()}, "per": "picture"}
            verdict = {**about, **verdict_record(points, comparisons, measure.higher_is_better, spec)}
        if session.is_main:
            session.run.write_csv("trials.csv", *dense_rows(trials, task))
            session.run.write_record("verdict.json", VerdictRecord, verdict)
            curves = {"points": [p.as_dict() for p in points], "stages": []}
            session.run.write_record("comparison.json", ComparisonRecord, curves)
            counts = {"items": len(ready.data), "used": len(examples), "draws": len(draws)}
            session.finish(ready, backbone, counts, [dataset], kind="comparison")
    return DenseComparison(session.run.final, verdict, points)


def _transfer_of(task: DenseTask, strategy: str, spec: CompareSpec) -> Transfer:
    """How one of the strategies transfers; the cut is said of those that have one."""
    recipe = spec.recipe
    if strategy == "probe":
        recipe = of_head_alone(recipe)
    elif strategy != "finetune":
        recipe = replace(recipe, frozen="auto")
    return transfer_of(task, strategy, spec.head, {}, recipe)


def _requests(transfers: dict[str, Transfer], starts: dict[str, Backbone], n: int) -> list[Request]:
    """What must be in the store for all strategies; those that start alike share a pass."""
    taps: dict[str, tuple[Backbone, list[Any]]] = {}
    for name, transfer in transfers.items():
        own = taps.setdefault(starts[name].fingerprint, (starts[name], []))[1]
        own += [tap for tap in transfer.taps(starts[name], n) if tap not in own]
    return [Request(backbone, tuple(wanted)) for backbone, wanted in taps.values()]


def _drawn(ready: Prepared, spec: CompareSpec) -> tuple[Examples, list[Draw], float]:
    """The pictures that can be used, the draws, and how much their training parts overlap.

    Raises:
        DataError: too few pictures.
    """
    usable = np.flatnonzero(ready.checked.keep)
    chosen = ready.data.select(usable)
    folds = np.zeros((1, len(usable)), dtype=np.int64)
    examples = Examples(chosen, ready.checked.clusters[usable], ready.seen, usable, folds)
    own = chosen.part == "test"
    if own.any():
        return examples, draws_for_test(np.flatnonzero(~own), np.flatnonzero(own), spec.repeats), 0.0
    if len(usable) < FEWEST:
        where = chosen.origin or chosen.name
        raise DataError(Said("dense.few_to_compare", data=where, n=f"{len(usable)}", fewest=f"{FEWEST}"))
    strata = dense_task_of(chosen).strata(chosen.targets)
    draws = draws_by_fold(strata, examples.clusters, spec.repeats, spec.folds, spec.seed)
    return examples, draws, 1 / (spec.folds - 1)


def _budgets(spec: CompareSpec, draws: list[Draw]) -> list[int | None]:
    """Numbers of pictures that leave something out; all there are, if that was asked for or none is left."""
    most = max(len(draw.train) for draw in draws)
    kept: list[int | None] = [b for b in spec.sizes if b is not None and b < most]
    return [*kept, None] if None in spec.sizes or len(kept) < len(spec.sizes) else kept

"""Which items of a pool to label next (active learning), and by --simulate how many labels that would have saved."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.console import console_for
from jeoni.errors import DataError
from jeoni.features.extract import Request
from jeoni.heads.fitting.named import build_head
from jeoni.locale import language_of
from jeoni.planning.querying import estimate_query
from jeoni.querying.choosing.outcome import (
    query_metrics,
    simulation_metrics,
    write_map,
    write_queries,
    write_thumbnails,
)
from jeoni.querying.choosing.pool import on_one_scale
from jeoni.querying.choosing.proposal import AUTO, Proposal, build_querier, method_for, propose
from jeoni.querying.choosing.simulation import RANDOM, simulate
from jeoni.runs import RunFolder
from jeoni.runs.issues import write_issues
from jeoni.runs.records import QueryMetrics
from jeoni.specs import QuerySpec
from jeoni.specs.keywords import QueryKeywords
from jeoni.tasks.classification import class_names_of
from jeoni.types import Array, Console, Dataset, IntArray
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.pool import LabelledPool, check_budget, read_pool
from jeoni.verbs.session.reading import choose_backbone
from jeoni.verbs.session.result import Metrics, RunResult
from jeoni.verbs.session.session import Prepared, Session

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["QueryResult", "query"]


@dataclass(frozen=True, repr=False)
class QueryResult(RunResult):
    """The result of a query.

    Attributes:
        run: the run folder.
        metrics: the content of ``metrics.json``.
        summary: in a sentence or two.
        method: that chose; of a simulation the methods, with commas between.
    """

    run: Path
    metrics: Metrics
    summary: str
    method: str

    @property
    def queries(self) -> DataFrame:
        """What to label next, in order: ``rank``, ``path``, ``score``, ``suggested``, ``confidence``, ``label``.

        Raises:
            AttributeError: of a simulation, which asks for nothing.
        """
        if not (self.run / "queries.csv").exists():
            raise AttributeError(f"{self.run} holds a simulation, which asks for no labels.")
        return self._table("queries.csv")


@takes_options(QuerySpec)
def query(
    pool: Any,
    spec: QuerySpec | None = None,
    *,
    labelled: Any = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    console: Console | None = None,
    quiet: bool = False,
    command: str = "",
    **options: Unpack[QueryKeywords],
) -> QueryResult:
    """Choose which items of a pool to label next.

    Args:
        pool: items as for :func:`jeoni.fit`, with or without labels: a folder, a table, what is in memory.
        spec: all options; see :class:`jeoni.QuerySpec`.
        labelled: the labels there are: a table of items (path or text) and labels, such as a ``queries.csv`` that was
            filled in, several of them with commas between, or a folder per class. Left out, those of the pool itself.
        out: the run folder; ``runs/<pool>-query-<time>`` if left out.
        overwrite: replace a run that is there.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        command: how the run was called, for the record.
        options: those of ``spec`` by their names, below; None is the default.

    Raises:
        DataError: an empty pool, one without unlabelled items, fewer of them than the budget, or labels of items that
            are not in it.
        ConfigError: an option that cannot be used; a method that needs labels of two classes where there are none.

    Example:
        ``jeoni.query("photos/", labelled="labels.csv", budget=50).queries``
    """
    spec = (spec or QuerySpec()).changed(**options)
    session = Session("query", spec, console_for(console, quiet, spec.language), command)
    with session.step("read"):
        session.check(out, overwrite=overwrite)
        _check_names(spec)
        given = read_pool(pool, labelled, spec)
        check_budget(given, spec)
        if not spec.simulate:
            known = given.data.targets[given.data.targets >= 0]
            method_for(spec.methods[0], len(np.unique(known)))
    folder = out or RunFolder.named_for(f"{given.data.name}-query")
    inputs = {"pool": pool, "labelled": "" if labelled is None else labelled}
    with session.recording(inputs, folder, overwrite=overwrite):
        with session.step("load"):
            backbone = choose_backbone(given.data, spec)
        requests = [Request(backbone, (Tap(backbone.n, True),))]
        with session.step("calibrate"), session.optional("An estimate of the time"):
            calibration = session.calibration(given.data, backbone, spec.head)
            session.tell(estimate_query(calibration, requests, spec, session.passed_s))
        may_lack = np.full(len(given.data), not spec.simulate)
        ready = session.prepare(given.data, requests, [], may_lack=may_lack)
        rows = _rows(ready, backbone)
        if spec.simulate:
            metrics = _simulated(session, ready, given, rows, spec)
        else:
            metrics = _proposed(session, ready, given, rows, backbone, spec)
        if session.is_main:
            with session.step("write"):
                write_issues(session.run, ready.findings)
                session.run.write_record("metrics.json", QueryMetrics, metrics)
            arguments: list[str | Dataset] = [given.data]
            arguments += ["--labelled", str(labelled)] if isinstance(labelled, (str, Path)) and str(labelled) else []
            session.finish(
                ready,
                backbone,
                {"items": len(given.data), "train": metrics["labelled"], "skipped": ready.skipped},
                arguments,
                kind="querying",
                findings=dict(Counter(f.kind for f in ready.findings)),
            )
    return QueryResult(session.run.final, Metrics(metrics, {}), metrics["summary"], metrics["method"])


def _check_names(spec: QuerySpec) -> None:
    """Say what cannot be meant before anything is read."""
    build_head(spec.head)
    for name in spec.methods:
        if name != AUTO:
            build_querier(name, spec.settings)


def _rows(ready: Prepared, backbone: Backbone) -> Array:
    """``(n, d)`` pooled features, zeros where an item cannot be read; numbers in a table are brought to one scale."""
    readable = np.flatnonzero(ready.checked.keep)
    if not len(readable):
        raise DataError("None of the items could be read.")
    found = ready.seen.features(backbone, Tap(backbone.n, True), readable).numpy().astype(np.float32)
    if ready.data.modality == "vector":
        found = on_one_scale(found)
    rows = np.zeros((len(ready.data), found.shape[1]), dtype=np.float32)
    rows[readable] = found
    return rows


def _askable(ready: Prepared, given: LabelledPool) -> Array:
    """``(n,)`` bool: readable items of the pool without a label; of several that are alike the first, if none has one.

    Items of one group are not alike: where there are groups, only identical items count.
    """
    digests: dict[bytes, int] = {}
    same = np.array([digests.setdefault(d, len(digests)) for d in ready.seen.digests], dtype=np.int64)
    alike = same if ready.data.groups is not None else ready.checked.clusters
    labelled = set(alike[ready.data.targets >= 0].tolist())
    able = given.free & ready.checked.keep
    seen: set[int] = set()
    for i in np.flatnonzero(able):
        if alike[i] in labelled or alike[i] in seen:
            able[i] = False
        seen.add(int(alike[i]))
    return able


def _proposed(
    session: Session, ready: Prepared, given: LabelledPool, rows: Array, backbone: Backbone, spec: QuerySpec
) -> dict[str, Any]:
    """Choose, and write the list with its pictures."""
    data, names = ready.data, class_names_of(ready.data)
    labels: IntArray = np.where(ready.checked.keep, data.targets, -1)
    able = _askable(ready, given)
    with session.step("query"):
        found: Proposal = propose(
            rows, labels, spec.budget,
            method=spec.methods[0], head=spec.head, seed=spec.seed, settings=spec.settings, able=able,
        )  # fmt: skip
    metrics = query_metrics(found, names, labels, int(able.sum()), spec.head, language_of(spec.language))
    if session.is_main:
        run = session.run
        with session.step("write"):
            write_queries(run, data, found, names)
        if spec.pictures:
            with session.step("pictures"):
                with session.optional("Pictures of the items"):
                    write_thumbnails(run, data, found, names, backbone.input)
                with session.optional("The map of the pool"):
                    write_map(run, data, rows, able, found, names, spec.seed)
    return metrics


def _simulated(session: Session, ready: Prepared, given: LabelledPool, rows: Array, spec: QuerySpec) -> dict[str, Any]:
    """Label the labelled items again."""
    use = ready.checked.keep & (ready.data.targets >= 0)
    labels, part = ready.data.targets[use], ready.data.part[use]
    scored = part == "test" if (part == "test").any() else None
    curves = len({*spec.methods, RANDOM}) * spec.draws
    with session.step("simulate"), session.console.track("Labelling again", curves) as done:
        found = simulate(
            rows[use], labels, spec.methods, spec.counts, spec.draws,
            head=spec.head, seed=spec.seed, settings=spec.settings, scored=scored,
            clusters=ready.checked.clusters[use], done=done,
        )  # fmt: skip
    return simulation_metrics(found, class_names_of(ready.data), spec.head, language_of(spec.language), spec.seed)

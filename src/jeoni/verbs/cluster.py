"""No labels at all: groups of items by what a pretrained network sees in them, and whether that can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from jeoni.assessment.control import sample_size
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import default_backbone, fitted_to, load_backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.clustering.choice import build_clusterer, check_number
from jeoni.clustering.finding import Representations, find_clusters
from jeoni.clustering.labels import with_scoring_labels, without_labels
from jeoni.clustering.model import model_of_clusters
from jeoni.clustering.outcome import Clustered, clustering_metrics
from jeoni.clustering.written import write_clusters, write_shown
from jeoni.console import console_for
from jeoni.data.checks import worst_of
from jeoni.errors import DataError
from jeoni.features.examples import Examples
from jeoni.features.extract import Request
from jeoni.locale import language_of
from jeoni.models.model import Model
from jeoni.planning.calibration import Calibration
from jeoni.planning.estimate import Estimate
from jeoni.planning.runs import estimate_cluster
from jeoni.runs import RunFolder
from jeoni.runs.records import ClusterMetrics
from jeoni.specs import ClusterSpec
from jeoni.specs.keywords import ClusterKeywords
from jeoni.types import Console, Dataset
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.reading import read_maybe_labelled
from jeoni.verbs.session.result import Metrics, RunResult
from jeoni.verbs.session.session import Prepared, Session

__all__ = ["ClusterResult", "cluster"]


@dataclass(frozen=True, repr=False)
class ClusterResult(RunResult):
    """The result of a clustering.

    Attributes:
        run: the run folder, with ``clusters.csv``, which :func:`jeoni.fit` reads as labelled data.
        labels: ``(n,)`` the cluster of each item that could be used, from 0 on, the largest first, in their order.
        metrics: the content of ``metrics.json``; scores against labels, if there are any, are attributes too:
            ``metrics.nmi.value``.
        summary: the outcome in a few sentences.
        model: puts further items in these clusters; None of several backbones, or of clusters with one item.
    """

    run: Path
    labels: Any
    metrics: Metrics
    summary: str
    model: Model | None


@takes_options(ClusterSpec)
def cluster(
    data: Any,
    spec: ClusterSpec | None = None,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    console: Console | None = None,
    quiet: bool = False,
    command: str = "",
    resume: bool = False,
    **options: Unpack[ClusterKeywords],
) -> ClusterResult:
    """Group items without labels: the clusters, how sure they are, and whether pretraining helped to find them.

    Args:
        data: a folder of items, a table, features (``.npz``, ``.npy``, ``.mat``), or what is in memory, as for
            :func:`jeoni.fit` but without labels; labels that are there only score.
        spec: all options; see :class:`jeoni.ClusterSpec`.
        out: the run folder; ``runs/<data>-cluster-<time>`` if left out.
        overwrite: replace a run that is there.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        command: how the run was called, for the record.
        resume: continue the interrupted run in ``out``; see :func:`jeoni.resume`.
        options: those of ``spec`` by their names, below; None is the default.

    Raises:
        DataError: data that cannot be used, or of which all are alike; the message says how to mend them.
        ConfigError: an option that cannot be used, such as more clusters than items.

    Example:
        ``jeoni.cluster("photos/", clusters=10).summary``
    """
    spec = (spec or ClusterSpec()).changed(**options)
    session = Session("cluster", spec, console_for(console, quiet, spec.language), command)
    with session.step("read"):
        session.check(out, overwrite=overwrite, resume=resume)
        method = build_clusterer(spec.method, spec.settings)
        dataset, findings = with_scoring_labels(read_maybe_labelled(data, spec))
        check_number(spec.clusters, len(dataset))
    folder = out or RunFolder.named_for(f"{dataset.name}-cluster")
    with session.recording({"data": data}, folder, overwrite=overwrite, resume=resume):
        with session.step("load"):
            backbones = _backbones(dataset, spec)
            twins = [untrained_twin(one, spec.seed) for one in backbones if one.learned and spec.control]
            size = sample_size(spec.control_items, len(dataset), spec.clusters or 1)
            sampled = twins if size < len(dataset) else []  # their features are computed once the sample is known
        requests = [Request(one, (Tap(one.n, True),)) for one in (*backbones, *(() if sampled else twins))]
        with session.step("calibrate"), session.optional("An estimate of the time"):
            calibration = session.calibration(dataset, backbones[0])
            estimate = estimate_cluster(calibration, requests, spec, session.passed_s)
            session.tell(_with_sample(estimate, calibration, sampled, size / len(dataset)))
        everything = np.ones(len(dataset), dtype=bool)
        ready = session.prepare(without_labels(dataset), requests, findings, may_lack=everything)
        examples = _usable(ready, dataset)
        check_number(spec.clusters, len(examples))
        with session.step("control" if sampled else "cluster"):
            features = Representations.of(examples, backbones, twins, spec, session.context)
        with session.step("cluster"):
            found = find_clusters(method, features, examples.clusters, spec, session.console)
            model, agrees = model_of_clusters(found.clusters, examples, backbones, spec.seed)
            found = replace(found, model_agrees=agrees)
        with session.step("evaluate"):
            metrics = clustering_metrics(found, examples, spec.seed, language_of(spec.language))
        if session.is_main:
            _write(session, spec, ready, examples, found, model, metrics, backbones, features)
    scores = Metrics(metrics, metrics["scores"] or {})
    return ClusterResult(session.run.final, found.clusters, scores, metrics["summary"], model)


def _with_sample(estimate: Estimate, calibration: Calibration, twins: Sequence[Backbone], share: float) -> Estimate:
    """The estimate, with the passes of the untrained networks that are run on a share of the items."""
    if not twins:
        return estimate
    of_all = calibration.features_s([Request(one, (Tap(one.n, True),)) for one in twins])
    return replace(estimate, parts={**estimate.parts, "controls": share * of_all}, cheaper=())


def _backbones(data: Dataset, spec: ClusterSpec) -> list[Backbone]:
    """Those that were named, or the default one, fitted to the data."""
    found = []
    for options in spec.of_backbones:
        name = default_backbone(data) if options.backbone == "auto" else options.backbone
        found.append(
            fitted_to(load_backbone(name, options.weights, options.crop), data, options.seconds, options.value_window)
        )
    return found


def _usable(ready: Prepared, data: Dataset) -> Examples:
    """All examples that could be read, with the labels that score them.

    Raises:
        DataError: none could.
    """
    index = np.flatnonzero(ready.checked.keep)
    if not len(index):
        raise DataError(f"No item could be read. {worst_of(ready.findings)}")
    unfolded = np.zeros((1, len(index)), dtype=np.int64)
    return Examples(data.select(index), ready.checked.clusters[index], ready.seen, index, unfolded)


def _write(
    session: Session, spec: ClusterSpec, ready: Prepared, examples: Examples, found: Clustered, model: Model | None,
    metrics: dict[str, Any], backbones: Sequence[Backbone], features: Representations,
) -> None:  # fmt: skip
    """The run folder's files."""
    run = session.run
    with session.step("write"):
        if model is not None:
            model.save(run.path / "model")
        write_clusters(run, examples, found, ready.findings)
        run.write_record("metrics.json", ClusterMetrics, metrics)
    if spec.pictures:
        with session.step("pictures"), session.optional("Pictures of the clusters"):
            write_shown(run, examples, found, features.rows(found.number), backbones[0].input, spec.seed)
    counts = {"items": len(ready.data), "used": len(examples), "skipped": ready.skipped}
    findings = dict(Counter(f.kind for f in ready.findings))
    session.finish(ready, backbones[0], counts, [ready.data], kind="clustering", findings=findings)

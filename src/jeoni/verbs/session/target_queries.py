"""Which target items to label, so that `jeoni adapt --labels` can go by them: a list, and no adaptation yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from jeoni.adaptation.transfer import source_only
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.errors import DataError
from jeoni.features.examples import Examples
from jeoni.locale import language_of
from jeoni.models.model import Model
from jeoni.querying.choosing.outcome import query_metrics, write_map, write_queries, write_thumbnails
from jeoni.querying.choosing.pool import on_one_scale
from jeoni.querying.choosing.proposal import propose
from jeoni.runs.issues import write_issues
from jeoni.runs.records import QueryMetrics
from jeoni.specs import AdaptSpec
from jeoni.tasks.classification import class_names_of
from jeoni.types import Dataset
from jeoni.verbs.query import QueryResult
from jeoni.verbs.session.result import Metrics
from jeoni.verbs.session.session import Prepared, Session

__all__ = ["propose_of_target"]

METHOD = "kmeans"  # items that stand for the target: what is unsure only would judge methods by what is hard


def propose_of_target(
    session: Session,
    ready: Prepared,
    source: Examples | None,
    target: Examples,
    start: Model | None,
    backbone: Backbone,
    arguments: Sequence[str | Dataset],
) -> QueryResult:
    """Write the list with what the source model takes each item for, and end the run.

    Args:
        session: of the verb ``adapt``.
        ready: both domains.
        source: labelled, or None where there is a model in its place.
        target: of which some are to be labelled; its own labels, if there are any, are not looked at.
        start: a model of the source.
        backbone: whose features they are.
        arguments: of the verb, for the record.

    Raises:
        DataError: the target holds fewer items than are asked for.
    """
    spec = session.spec
    assert isinstance(spec, AdaptSpec) and spec.query is not None
    able = np.zeros(len(target), dtype=bool)
    able[np.unique(target.clusters, return_index=True)[1]] = True  # of items that are alike, one
    if spec.query > able.sum():
        raise DataError(
            f"query is {spec.query:,}, and the target holds {int(able.sum()):,} different items. Ask for fewer."
        )
    with session.step("query"):
        rows = target.features(backbone, Tap(backbone.n, True)).numpy()
        rows = on_one_scale(rows) if target.data.modality == "vector" else rows
        unknown = np.full(len(target), -1, dtype=np.int64)
        probs = source_only(backbone, source, target, start, spec).probs
        found = propose(rows, unknown, spec.query, method=METHOD, seed=spec.seed, able=able)
        chosen = probs[found.index]
        found = replace(found, suggested=chosen.argmax(1), confidence=chosen.max(1))
    names, data = class_names_of(target.data), replace(target.data, targets=unknown)
    metrics = query_metrics(
        found, names, unknown, int(able.sum()), "linear", language_of(spec.language), following="querying.next_adapt"
    )
    if session.is_main:
        run = session.run
        with session.step("write"):
            write_queries(run, data, found, names)
            write_issues(run, ready.findings)
            run.write_record("metrics.json", QueryMetrics, metrics)
        if spec.pictures:
            with session.step("pictures"):
                with session.optional("Pictures of the items"):
                    write_thumbnails(run, data, found, names, backbone.input)
                with session.optional("The map of the target"):
                    write_map(run, data, rows, able, found, names, spec.seed)
        session.finish(
            ready,
            backbone,
            {
                "items": len(ready.data),
                "train": len(source) if source else 0,
                "test": len(target),
                "skipped": ready.skipped,
            },
            arguments,
            kind="querying",
            findings=dict(Counter(f.kind for f in ready.findings)),
        )
    return QueryResult(session.run.final, Metrics(metrics, {}), metrics["summary"], metrics["method"])

"""A model of the clusters, for further items: a head that learned them as if they were classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.clustering.held_out import HEAD, held_out_probs, task_of_clusters
from jeoni.data.fitted_on import FittedOn
from jeoni.features.examples import Examples
from jeoni.heads.fitting.named import build_head
from jeoni.models.model import Model
from jeoni.types import IntArray

__all__ = ["model_of_clusters"]


def model_of_clusters(
    clusters: IntArray, examples: Examples, backbones: Sequence[Backbone], seed: int
) -> tuple[Model | None, float | None]:
    """A model that puts items into the clusters, and how often it agrees on examples it has not seen.

    None of several backbones, since a model has one; and where a cluster has one item, or there is one cluster.

    Args:
        clusters: ``(n,)``.
        examples: that were clustered.
        backbones: whose features they were clustered by.
        seed: of the folds of the agreement.
    """
    sizes = np.bincount(clusters)
    if len(backbones) > 1 or len(sizes) < 2 or sizes.min() < 2:
        return None, None
    backbone, task = backbones[0], task_of_clusters(len(sizes))
    rows = np.asarray(examples.features(backbone, Tap(backbone.n, True)).numpy())
    agrees = held_out_probs(rows, clusters, examples.clusters, seed).argmax(1) == clusters
    fitted = build_head(HEAD).fit(rows, clusters, task, np.zeros((0, len(rows)), dtype=np.int64), "none")
    model = Model(
        backbone=backbone,
        head=fitted.module,
        head_id=fitted.id or HEAD,
        task=fitted.task,
        frozen=backbone.n,
        reuse=backbone.n,
        choice=fitted.choice,
        candidates=fitted.candidates,
        column=examples.data.column,
        fitted_on=FittedOn.of(examples.digests),
    )
    return model, float(agrees.mean())

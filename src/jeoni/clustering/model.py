"""A model of the clusters, for further items: a head that learned them as if they were classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.clustering.outcome import label_of
from jeoni.data.fitted_on import FittedOn
from jeoni.data.splits import build_folds
from jeoni.features.examples import Context, Examples
from jeoni.heads.fitting.named import build_head
from jeoni.models.model import Model
from jeoni.tasks.classification import Classification
from jeoni.types import Array, IntArray

__all__ = ["HEAD", "model_of_clusters"]

HEAD = "gda"  # closed form: seconds, however many items and clusters
FOLDS = 5


def model_of_clusters(
    clusters: IntArray, examples: Examples, backbones: Sequence[Backbone], context: Context
) -> tuple[Model | None, float | None]:
    """A model that puts items into the clusters, and how often it agrees on examples it has not seen.

    None of several backbones, since a model has one; and where a cluster has one item, or there is one cluster.

    Args:
        clusters: ``(n,)``.
        examples: that were clustered.
        backbones: whose features they were clustered by.
        context: of the run.
    """
    sizes = np.bincount(clusters)
    if len(backbones) > 1 or len(sizes) < 2 or sizes.min() < 2:
        return None, None
    task = Classification(tuple(label_of(c) for c in range(len(sizes))))
    backbone = backbones[0]
    rows = np.asarray(examples.features(backbone, Tap(backbone.n, True)).numpy())
    agrees = _agreement(rows, clusters, examples.clusters, task, context.seed)
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
    return model, agrees


def _agreement(rows: Array, clusters: IntArray, alike: IntArray, task: Classification, seed: int) -> float | None:
    """The share of examples that a head puts in their cluster which was fitted without them, over folds."""
    if len(np.unique(alike)) < 2:
        return None
    fold = build_folds(clusters, alike, FOLDS, 1, seed)[0]
    agreed = np.zeros(len(rows), dtype=bool)
    for number in np.unique(fold):
        held = fold == number
        nobody = np.zeros((0, int((~held).sum())), dtype=np.int64)
        module = build_head(HEAD).fit(rows[~held], clusters[~held], task, nobody, "none").module
        with torch.inference_mode():
            said = module(torch.from_numpy(rows[held].astype(np.float32))).argmax(1).numpy()
        agreed[held] = said == clusters[held]
    return float(agreed.mean())

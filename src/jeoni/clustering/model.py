"""A model of the clusters, for further items: a head that learned them as if they were classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.clustering.held_out import parts_held_out
from jeoni.clustering.outcome import label_of
from jeoni.data.fitted_on import FittedOn
from jeoni.features.examples import Examples
from jeoni.heads.fitting.named import build_head
from jeoni.heads.fitting.protocol import FittedHead
from jeoni.models.model import Model
from jeoni.tasks.classification import Classification
from jeoni.types import Array, IntArray

__all__ = ["model_of_clusters"]

HEAD = "ridge:strengths=1"  # closed form: seconds, however many items and clusters


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
    backbone, task = backbones[0], Classification(tuple(label_of(c) for c in range(len(sizes))))
    rows = np.asarray(examples.features(backbone, Tap(backbone.n, True)).numpy())
    fitted = _fitted(rows, clusters, task)
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
    return model, _agreement(rows, clusters, examples.clusters, task, seed)


def _fitted(rows: Array, clusters: IntArray, task: Classification) -> FittedHead:
    return build_head(HEAD).fit(rows, clusters, task, np.zeros((0, len(rows)), dtype=np.int64), "none")


def _agreement(rows: Array, clusters: IntArray, alike: IntArray, task: Classification, seed: int) -> float | None:
    """The share of examples that a head puts in their cluster which was fitted without them, over folds."""
    agreed = []
    for held in parts_held_out(clusters, alike, seed):
        module = _fitted(rows[~held], clusters[~held], task).module
        with torch.inference_mode():
            said = module(torch.from_numpy(np.asarray(rows[held], dtype=np.float32))).argmax(1).numpy()
        agreed.append(said == clusters[held])
    return float(np.concatenate(agreed).mean()) if agreed else None

"""How a classifier that has not seen an example judges of its cluster: one measure of sureness for all methods."""

from __future__ import annotations

import numpy as np
import torch

from jeoni.data.splits import build_folds
from jeoni.errors import DataError
from jeoni.heads.fitting.named import build_head
from jeoni.tasks.classification import Classification
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["HEAD", "held_out_probs", "task_of_clusters"]

HEAD = "gda"  # closed form: seconds, however many items and clusters
FOLDS, INNER = 5, 3


def task_of_clusters(number: int) -> Classification:
    """Clusters as classes, called ``cluster 1`` and so on until somebody names them."""
    return Classification(tuple(f"cluster {c + 1}" for c in range(number)))


def held_out_probs(rows: Array, clusters: IntArray, alike: IntArray, seed: int) -> FloatArray:
    """The probability of each cluster for each example, ``(n, k)``, by a classifier fitted to the other folds.

    It is linear with a common covariance (the head ``gda``), its temperature chosen on inner folds. Where nothing can
    be held out, as of clusters of one example each, all clusters are as probable.

    Args:
        rows: ``(n, d)`` features.
        clusters: ``(n,)`` from 0 on without gaps.
        alike: ``(n,)``: examples of one number share a fold.
        seed: of the folds.
    """
    number = int(clusters.max()) + 1
    task, probs = task_of_clusters(number), np.full((len(rows), number), 1 / number)
    if number < 2:
        return probs
    for held in _parts(clusters, alike, FOLDS, seed):
        inside = ~held
        folds = [_numbered(part) for part in [_parts(clusters[inside], alike[inside], INNER, seed)] if part]
        drawn = np.stack(folds) if folds else np.zeros((0, int(inside.sum())), dtype=np.int64)
        module = build_head(HEAD).fit(rows[inside], clusters[inside], task, drawn, "none").module
        with torch.inference_mode():
            logits = module(torch.from_numpy(np.asarray(rows[held], dtype=np.float32)))
        probs[held] = task.decode(logits.double().numpy())
    return probs


def _parts(clusters: IntArray, alike: IntArray, folds: int, seed: int) -> list[Array]:
    """Masks ``(n,)`` of what each fold holds out; none where nothing can be."""
    try:
        fold = build_folds(clusters, alike, folds, 1, seed)[0]
    except DataError:
        return []
    return [fold == number for number in np.unique(fold)]


def _numbered(parts: list[Array]) -> IntArray:
    """The number of the fold that holds each example out."""
    return np.argmax(np.stack(parts), axis=0)

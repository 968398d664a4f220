"""Pools of made-up rows whose right answer is known."""

from __future__ import annotations

import numpy as np

from jeoni.querying.choosing.learner import fit_learner
from jeoni.querying.choosing.pool import Pool

CENTRES = np.array([[5.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 5.0]])


def blobs(each: int = 20, spread: float = 0.3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three far clouds, and which each row is of."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), each)
    return CENTRES[labels] + rng.normal(scale=spread, size=(3 * each, 3)), labels


def pool_of(
    rows: np.ndarray, labelled: np.ndarray | None = None, labels: np.ndarray | None = None, seed: int = 0
) -> Pool:
    """With a head on what is labelled."""
    labelled = np.zeros((0, rows.shape[1])) if labelled is None else labelled
    labels = np.zeros(0, dtype=np.int64) if labels is None else labels
    learner = fit_learner(labelled, labels) if len(labels) else None
    return Pool(rows, labelled, labels, learner, seed)


def half_labelled(seed: int = 0) -> Pool:
    """Clouds that overlap: some rows have a label, the others are the pool."""
    rows, labels = blobs(each=30, spread=2.5, seed=seed)
    known = np.arange(len(rows)) % 3 == 0
    return pool_of(rows[~known], rows[known], labels[known], seed)

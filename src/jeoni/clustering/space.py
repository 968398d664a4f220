"""The space in which clusters are sought: one preparation of features for all methods."""

from __future__ import annotations

import numpy as np

from jeoni.errors import DataError
from jeoni.types import Array, FloatArray

__all__ = ["MOST_DIMENSIONS", "SCALINGS", "prepared"]

SCALINGS = ("whitened", "unit", "standardized", "none")

MOST_DIMENSIONS = 64  # principal components that are kept
ALIKE = 1e-9  # spread of features, relative to their size, below which they count as constant


def prepared(features: Array, scaling: str = "whitened", *, most: int = MOST_DIMENSIONS, seed: int = 0) -> FloatArray:
    """Features ``(n, d)`` made ready for a method: ``(n, min(d, most))``.

    ``whitened``, of a network's features, as DeepCluster has it (Caron et al., ECCV 2018): rows of length 1, their first
    principal components with a deviation of 1 each, and rows of length 1 again. Theirs keeps 256 components, of millions
    of examples; ours 64.
    ``unit``: rows of length 1, and their first principal components as they are.
    ``standardized``: columns with mean 0 and deviation 1, and the first principal components: of columns with units of
    their own.
    ``none``: the first principal components alone.

    Args:
        features: rows of a backbone, or vectors of one's own.
        scaling: one of :data:`SCALINGS`.
        most: principal components at most.
        seed: of the approximate decomposition of many columns.

    Raises:
        DataError: all rows are alike.
    """
    rows = np.asarray(features, dtype=np.float64)
    if rows.std(0).max() <= ALIKE * max(float(np.abs(rows).max()), np.finfo(float).tiny):
        raise DataError(
            f"All {len(rows)} examples have the same features, so there is nothing to tell them apart by. Needed: "
            "examples that differ, or another --backbone."
        )
    if scaling == "standardized":
        rows = _standardized(rows)
    elif scaling != "none":
        rows = _of_length_one(rows)
    found = _components(rows - rows.mean(0), most, seed)
    return _of_length_one(_standardized(found)) if scaling == "whitened" else found


def _standardized(rows: FloatArray) -> FloatArray:
    """Each column with mean 0 and deviation 1; constant columns are 0."""
    spread = rows.std(0)
    constant = spread <= ALIKE * np.abs(rows).max(0)
    return np.where(constant, 0.0, (rows - rows.mean(0)) / np.where(constant, 1.0, spread))


def _of_length_one(rows: FloatArray) -> FloatArray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(float).tiny)


def _components(centred: FloatArray, most: int, seed: int) -> FloatArray:
    if centred.shape[1] <= most:
        return centred
    from sklearn.decomposition import PCA

    found: FloatArray = PCA(min(most, len(centred)), random_state=seed).fit_transform(centred)
    return found

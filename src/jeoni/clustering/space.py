"""The space in which clusters are sought: one preparation of features for all methods."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jeoni.errors import DataError
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["SCALINGS", "Space", "prepared"]

SCALINGS = ("whitened", "unit", "standardized", "none")
MOST = {"whitened": 256}  # principal components that are kept at most
USUAL = 64
EACH = 3  # whitened components for each cluster
ROWS_EACH = 10  # examples for each whitened component at least
ALIKE = 1e-9  # spread of features, relative to their size, below which they count as constant


@dataclass(frozen=True)
class Space:
    """Features of one kind, ready to be clustered.

    Attributes:
        rows: ``(n, d)`` principal components, the first one first.
        whitened: whether only the first few of them count, each as much as the others.
    """

    rows: FloatArray
    whitened: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, clusters: int) -> FloatArray:
        """The rows as a method takes them to find so many clusters.

        Whitened: what tells ``k`` clusters apart lies in about ``k`` principal components (Ding & He, ICML 2004), and
        later ones are noise, which whitening would blow up. Three for each cluster are kept, and no more than one for
        ten examples.
        """
        if not self.whitened:
            return self.rows
        most = max(2, min(EACH * clusters, len(self.rows) // ROWS_EACH))
        return _of_length_one(_standardized(self.rows[:, :most]))

    def select(self, index: IntArray) -> Space:
        """Some of the examples, in the same components."""
        return replace(self, rows=self.rows[index])


def prepared(features: Array, scaling: str = "whitened", seed: int = 0) -> Space:
    """Features ``(n, d)`` made ready for a method.

    ``whitened``, of a network's features, as DeepCluster has it (Caron et al., ECCV 2018): rows of length 1, their
    first principal components with a deviation of 1 each, and rows of length 1 again. Theirs keeps 256 components, of
    millions of examples; of how many ours keeps, see :meth:`Space.at`.
    ``unit``: rows of length 1, and their first 64 principal components as they are.
    ``standardized``: columns with mean 0 and deviation 1, and the first 64 principal components: of columns with units
    of their own.
    ``none``: the first 64 principal components alone.

    Args:
        features: rows of a backbone, or vectors of one's own.
        scaling: one of :data:`SCALINGS`.
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
    return Space(_components(rows - rows.mean(0), MOST.get(scaling, USUAL), seed), scaling == "whitened")


def _standardized(rows: FloatArray) -> FloatArray:
    """Each column with mean 0 and deviation 1; constant columns are 0."""
    spread = rows.std(0)
    constant = spread <= ALIKE * np.abs(rows).max(0)
    return np.where(constant, 0.0, (rows - rows.mean(0)) / np.where(constant, 1.0, spread))


def _of_length_one(rows: FloatArray) -> FloatArray:
    found: FloatArray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(float).tiny)
    return found


def _components(centred: FloatArray, most: int, seed: int) -> FloatArray:
    """Principal components, the largest first."""
    from sklearn.decomposition import PCA

    found: FloatArray = PCA(min(most, *centred.shape), random_state=seed).fit_transform(centred)
    return found

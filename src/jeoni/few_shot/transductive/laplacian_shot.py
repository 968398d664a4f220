"""Neighbours among the queries agree (LaplacianShot, Ziko et al. ICML 2020, arXiv:2006.15486).

Minimise ``sum_q y_q . a_q + lam/2 sum_qp w_qp |y_q - y_p|^2`` over the simplex: ``a_qc = |f_q - m_c|^2`` to the
rectified means, ``w`` the queries' nearest neighbours (binary), by the bound's updates
``y_q = softmax(-a_q + lam sum_p w_qp y_p)`` until nothing changes. As theirs, with their three neighbours; ``lam`` was
chosen on validation classes there, ours is the fixed 0.7 of later comparisons; ``w`` is made symmetric by the mean of
both directions, as the bound needs it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.evaluation.calibration import softmax
from jeoni.few_shot.vectors import centred_unit_rows, distances, rectified_means
from jeoni.types import FloatArray, IntArray

__all__ = ["LaplacianShot"]


@dataclass(frozen=True)
class LaplacianShot:
    """Laplacian regularisation of the assignment to class means.

    Attributes:
        weight: ``lam``.
        neighbours: of each query.
        steps: at most.
    """

    weight: float = 0.7
    neighbours: int = 3
    steps: int = 20

    def __call__(self, support: FloatArray, labels: IntArray, queries: FloatArray, classes: int) -> FloatArray:
        """See :class:`jeoni.few_shot.transductive.Transductive`."""
        rows, others = centred_unit_rows(support, queries)
        means, moved = rectified_means(rows, labels, others, classes)
        costs, graph = distances(moved, means), _neighbours(moved, self.neighbours)
        found = softmax(-costs)
        for _ in range(self.steps):
            before, found = found, softmax(-costs + self.weight * graph @ found)
            if np.abs(found - before).max() < 1e-6:
                break
        return found


def _neighbours(rows: FloatArray, k: int) -> FloatArray:
    """``(m, m)``: one half for each of two that has the other among its ``k`` nearest."""
    far = distances(rows, rows)
    np.fill_diagonal(far, np.inf)
    k = min(k, len(rows) - 1)
    graph = np.zeros_like(far)
    if k > 0:
        near = np.argpartition(far, k - 1, axis=1)[:, :k]
        np.put_along_axis(graph, near, 1.0, axis=1)
    symmetric: FloatArray = (graph + graph.T) / 2
    return symmetric

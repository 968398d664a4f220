"""Near-identical images: the same picture saved, resized or brightened again.

Two images count as near-identical when their 32 x 32 grey copies, mean and scale taken out, correlate by at least
:data:`ALIKE`. Measured on the 2,624 ELPV solar cells, many of which are sister wafers that look alike: the most alike
pair of distinct cells reaches 0.9984, so none is taken; of their copies saved as JPEG with quality 60, resized to 70 %,
or 10 % brighter or darker, 95 % and more reach 0.999 (``benchmarks/near_duplicates.py`` prints all figures). Copies
that were shifted or cropped are not found: no threshold tells them from distinct cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from jeoni.types import Array, IntArray

__all__ = ["ALIKE", "clusters", "near_pairs"]

ALIKE = 0.999
FLAT = 1.5
NEIGHBOURS = 16
SIDE = 32
LOW = 5
BLOCK = 4096


def near_pairs(signatures: Any) -> IntArray:
    """Pairs of near-identical images, ``(m, 2)``: each image with at most :data:`NEIGHBOURS` others.

    Centred and scaled to length one, two copies that correlate by ``c`` lie ``sqrt(2 - 2c)`` apart, and no further in
    any orthonormal projection. So a k-d tree over a few cosine coefficients finds every candidate, and only those are
    compared whole: neither time nor memory grows with the square of ``n``. A flat image (grey levels within
    :data:`FLAT` of their mean) has nothing to be recognised by and is left out.

    Args:
        signatures: ``(n, 1024)`` uint8, an array or anything with ``shape`` and row slices.
    """
    n = signatures.shape[0]
    low = np.zeros((n, LOW * LOW - 1), dtype=np.float32)
    flat = np.zeros(n, dtype=bool)
    for start in range(0, n, BLOCK):
        unit, plain = _unit(np.asarray(signatures[slice(start, start + BLOCK)]))
        cosines = dctn(unit.reshape(-1, SIDE, SIDE), axes=(1, 2), norm="ortho")[:, :LOW, :LOW]
        low[start : start + BLOCK] = cosines.reshape(len(unit), -1)[:, 1:]
        flat[start : start + BLOCK] = plain
    use = np.flatnonzero(~flat)
    if len(use) < 2:
        return np.zeros((0, 2), dtype=np.int64)
    tree = KDTree(low[use])
    radius = float(np.sqrt(2 - 2 * ALIKE)) * 1.001
    found = []
    for start in range(0, len(use), BLOCK):
        here = use[start : start + BLOCK]
        _, near = tree.query(low[here], k=min(NEIGHBOURS + 1, len(use)), distance_upper_bound=radius)
        first = np.repeat(np.arange(start, start + len(here)), near.shape[1])
        second = near.ravel()
        keep = (second < len(use)) & (second != first)
        found.append(np.stack([use[first[keep]], use[second[keep]]], axis=1))
    candidates = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    return candidates[_correlations(signatures, candidates) >= ALIKE]


def clusters(n: int, pairs: IntArray) -> IntArray:
    """``(n,)``: the number of the cluster each item is in, when paired items share one."""
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _unit(grey: Array) -> tuple[Array, Array]:
    """Rows centred and scaled to length one; and which are flat."""
    values = grey.astype(np.float32)
    values -= values.mean(1, keepdims=True)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.maximum(length, 1e-6), length[:, 0] < FLAT * SIDE


def _correlations(signatures: Any, pairs: IntArray) -> Array:
    out = np.zeros(len(pairs), dtype=np.float32)
    for start in range(0, len(pairs), BLOCK):
        some = pairs[start : start + BLOCK]
        left, right = (_unit(np.asarray(signatures[some[:, k]]))[0] for k in (0, 1))
        out[start : start + BLOCK] = (left * right).sum(1)
    return out

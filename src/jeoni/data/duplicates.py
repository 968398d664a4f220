"""Near-identical images: the same picture saved, resized or brightened again.

Two images count as near-identical when their 32 x 32 grey copies, mean and scale taken out, correlate by at least
:data:`ALIKE`. Measured by ``benchmarks/near_duplicates.py`` on the 2,624 ELPV solar cells, many of which are sister
wafers that look alike. The most alike pair of cells reaches 0.9984, so none is taken. Of altered copies of 300 cells
are found: saved as JPEG with quality 60, 98.7 %; resized to 70 %, 98.0 %; 10 % brighter, 96.7 %; 10 % darker, 99.0 %;
shifted by one pixel, 0.7 %; shifted by two or cropped by 2 %, none. A threshold that took the shifted copies (0.9926
for the 1st percentile) would take more than 180 pairs of distinct cells.
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
BUDGET = 64


def near_pairs(signatures: Any, alike: float = ALIKE) -> IntArray:
    """Pairs of near-identical images, ``(m, 2)``: not all, but enough to connect those that hang together.

    Centred and scaled to length one, two copies that correlate by ``c`` lie ``sqrt(2 - 2c)`` apart, and no further in
    any orthonormal projection. So a k-d tree over a few cosine coefficients finds the candidates, and only those are
    compared whole. Each image is held against its :data:`NEIGHBOURS` nearest; in a crowd, where all of these are near,
    one image is held against the whole crowd in place of each against each. At most :data:`BUDGET` comparisons per
    image are spent on crowds, so neither time nor memory grows with the square of ``n``. A flat image (grey levels
    within :data:`FLAT` of their mean, as root mean square) has nothing to be recognised by and is left out.

    Args:
        signatures: ``(n, 1024)`` uint8, an array or anything with ``shape`` and row slices.
        alike: the correlation from which on two count as near-identical.
    """
    low, flat = _coefficients(signatures)
    use = np.flatnonzero(~flat)
    if len(use) < 2:
        return np.zeros((0, 2), dtype=np.int64)
    tree = KDTree(low[use])
    radius = float(np.sqrt(2 - 2 * alike)) * 1.001
    found, crowded = [], []
    for start in range(0, len(use), BLOCK):
        here = use[start : start + BLOCK]
        _, near = tree.query(low[here], k=min(NEIGHBOURS + 1, len(use)), distance_upper_bound=radius)
        first = np.repeat(np.arange(start, start + len(here)), near.shape[1])
        second = near.ravel()
        keep = (second < len(use)) & (second != first)
        found.append(np.stack([use[first[keep]], use[second[keep]]], axis=1))
        if near.shape[1] > NEIGHBOURS:
            crowded.append(start + np.flatnonzero(near[:, -1] < len(use)))
    candidates = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    pairs = candidates[_correlations(signatures, candidates) >= alike]
    crowd = np.concatenate(crowded) if crowded else np.zeros(0, dtype=np.int64)
    return np.concatenate([pairs, _stars(signatures, tree, use, crowd, radius, alike)])


def clusters(n: int, pairs: IntArray) -> IntArray:
    """``(n,)``: the number of the cluster each item is in, when paired items share one."""
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    numbers: IntArray = connected_components(graph, directed=False)[1].astype(np.int64)
    return numbers


def _coefficients(signatures: Any) -> tuple[Array, Array]:
    """The lowest cosine coefficients, ``(n, 24)``, and which images are flat, ``(n,)``."""
    n = signatures.shape[0]
    low = np.zeros((n, LOW * LOW - 1), dtype=np.float32)
    flat = np.zeros(n, dtype=bool)
    for start in range(0, n, BLOCK):
        unit, plain = _unit(np.asarray(signatures[slice(start, start + BLOCK)]))
        cosines = dctn(unit.reshape(-1, SIDE, SIDE), axes=(1, 2), norm="ortho")[:, :LOW, :LOW]
        low[start : start + BLOCK] = cosines.reshape(len(unit), -1)[:, 1:]
        flat[start : start + BLOCK] = plain
    return low, flat


def _stars(signatures: Any, tree: KDTree, use: IntArray, crowd: IntArray, radius: float, alike: float) -> IntArray:
    """Pairs of one image with all that are near it, until every image of the crowd is in such a star."""
    found = [np.zeros((0, 2), dtype=np.int64)]
    done = np.zeros(len(use), dtype=bool)
    budget = BUDGET * len(use)
    for centre in crowd:
        if done[centre]:
            continue
        ball = np.sort(np.asarray(tree.query_ball_point(tree.data[centre], radius), dtype=np.int64))
        budget -= len(ball)
        if budget < 0:
            break
        pairs = np.stack([np.full(len(ball), use[centre]), use[ball]], axis=1)
        near = (_correlations(signatures, pairs) >= alike) & (ball != centre)
        found.append(pairs[near])
        done[ball[near]] = True
    return np.concatenate(found)


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

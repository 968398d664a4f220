"""Clusters against labels that were never used: accuracy of the best one-to-one naming, NMI, ARI, with intervals.

Accuracy is that of the best matching of clusters and classes (Kuhn 1955; scipy's), mutual information is normalised by
the mean of both entropies, and the Rand index adjusted for chance (Hubert & Arabie 1985), as scikit-learn has them.

Intervals are from the bootstrap over examples. A resample repeats examples, and so shows more order than new examples
would: its scores lie too high by about as much as the measured one does. The interval is that of the resamples' spread
around the measured value, not around their own mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from jeoni.evaluation.intervals import resample_weights
from jeoni.types import FloatArray, IntArray, Interval

__all__ = ["MEASURES", "matched", "paired_scores", "scores_of", "table_of"]

RESAMPLES = 500
MEASURES = ("clustering_accuracy", "nmi", "ari")
TINY = 1e-12


def table_of(
    labels: IntArray, clusters: IntArray, shape: tuple[int, int], weights: FloatArray | None = None
) -> FloatArray:
    """``(classes, clusters)``: how many examples of each class lie in each cluster, counted ``weights (n,)`` times."""
    cells = labels * shape[1] + clusters
    counted: FloatArray = np.bincount(cells, weights, minlength=shape[0] * shape[1]).astype(np.float64)
    return counted.reshape(shape)


def matched(table: FloatArray) -> tuple[IntArray, IntArray]:
    """Rows and columns of a table that belong together, so that most examples lie where these meet."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(table, maximize=True)
    return rows, columns


def scores_of(
    labels: IntArray, clusters: IntArray, groups: IntArray | None = None, seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, Interval]:
    """All measures with 95 % intervals.

    Args:
        labels: ``(n,)`` classes, from 0 on.
        clusters: ``(n,)``, from 0 on.
        groups: ``(n,)`` groups that are resampled whole; None resamples examples.
        seed: of the resamples.
        resamples: how many.

    Example:
        >>> found = scores_of(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
        >>> found["clustering_accuracy"].value, found["ari"].value
        (1.0, 1.0)
    """
    own, _ = paired_scores(labels, [clusters], {}, groups, seed, resamples)
    return own


def paired_scores(
    labels: IntArray,
    ours: Sequence[IntArray],
    others: Mapping[str, Sequence[IntArray]],
    groups: IntArray | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[dict[str, Interval], dict[str, dict[str, Interval]]]:
    """Mean scores over repeated clusterings, and how much they lie above those of others on the same examples.

    A resample draws examples, and one of the clusterings of each side, all the same for every side: so the interval
    holds what another sample and another seed would change. Where a cluster is -1 the example is in no cluster of that
    clustering, and does not count there.

    Args:
        labels: ``(n,)``.
        ours: clusterings ``(n,)``, one for each seed.
        others: by name, as many clusterings, of the same examples as ours in the same order.
        groups: see :func:`scores_of`.
        seed: of the resamples.
        resamples: how many.

    Returns:
        Our scores, and by name of the others ours minus theirs.
    """
    sides = {"": ours, **others}
    whole = {name: np.mean([_measured(labels, one, None) for one in some], axis=0) for name, some in sides.items()}
    draws: dict[str, list[FloatArray]] = {name: [] for name in sides}
    rng = np.random.default_rng(seed)
    for weights in resample_weights(len(labels), groups, resamples, seed):
        for row in weights:
            which = int(rng.integers(len(ours)))
            for name, some in sides.items():
                draws[name].append(_measured(labels, some[which], row))
    stacked = {name: np.stack(some) for name, some in draws.items()}
    own = _intervals(whole[""], stacked[""], bounded=True)
    beside = {name: _intervals(whole[""] - whole[name], stacked[""] - stacked[name]) for name in others}
    return own, beside


def _intervals(values: FloatArray, draws: FloatArray, bounded: bool = False) -> dict[str, Interval]:
    """Around each of the values, as wide as the middle 95 % of the draws, ``(resamples, measures)``."""
    found = {}
    for k, name in enumerate(MEASURES):
        known = draws[~np.isnan(draws[:, k]), k]
        value = float(values[k])
        if not len(known):
            found[name] = Interval(value, float("nan"), float("nan"))
            continue
        low, high = np.quantile(known - known.mean(), [0.025, 0.975]) + value
        low, high = min(float(low), value), max(float(high), value)
        found[name] = Interval(value, max(low, -1.0), min(high, 1.0)) if bounded else Interval(value, low, high)
    return found


def _measured(labels: IntArray, clusters: IntArray, weights: FloatArray | None) -> FloatArray:
    """The three measures ``(3,)`` of the examples that have a cluster; NaN of a resample that holds nobody."""
    some = np.flatnonzero(clusters >= 0)
    shape = int(labels.max()) + 1, int(clusters.max()) + 1
    table = table_of(labels[some], clusters[some], shape, None if weights is None else weights[some])
    total = table.sum()
    if not total:
        return np.full(3, np.nan)
    rows, columns = matched(table)
    return np.array([table[rows, columns].sum() / total, _normalised_information(table), _adjusted_rand(table)])


def _normalised_information(table: FloatArray) -> float:
    joint = table / table.sum()
    a, b = joint.sum(1), joint.sum(0)
    entropies = _entropy(a), _entropy(b)
    mean = sum(entropies) / 2
    if mean <= TINY:  # one class and one cluster
        return 1.0
    return max(0.0, (sum(entropies) - _entropy(joint)) / mean)


def _entropy(shares: FloatArray) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum())


def _adjusted_rand(table: FloatArray) -> float:
    cells, rows, columns = (float((c * (c - 1) / 2).sum()) for c in (table, table.sum(1), table.sum(0)))
    total = table.sum()
    expected = rows * columns / max(total * (total - 1) / 2, TINY)
    most = (rows + columns) / 2
    return 1.0 if most == expected else (cells - expected) / (most - expected)

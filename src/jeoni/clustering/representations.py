"""The same method on pretrained, untrained and raw features: clusterings of the same random parts of the examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from jeoni.clustering.number import agreement
from jeoni.clustering.protocol import Clusterer
from jeoni.clustering.space import Space
from jeoni.types import IntArray, Interval

__all__ = ["Representation", "draw_parts", "repeated", "stability_gain", "stability_of"]

SHARE = 0.8  # of the examples in each part
RESAMPLES = 1000


@dataclass(frozen=True)
class Representation:
    """Features, and what the method made of them.

    Attributes:
        kind: ``pretrained``, ``untrained`` or ``raw``.
        name: for people.
        spaces: of each backbone.
        drawn: ``(n,)`` clusters of each part; -1 for examples that are not in it.
    """

    kind: str
    name: str
    spaces: Sequence[Space]
    drawn: tuple[IntArray, ...] = ()


def draw_parts(n: int, repeats: int, seed: int) -> list[IntArray]:
    """Random parts of the examples, 80 % each: numbers in order. All representations are clustered on the same ones."""
    size = max(2, round(SHARE * n))
    return [np.sort(np.random.default_rng([seed, r]).choice(n, size, replace=False)) for r in range(repeats)]


def repeated(
    method: Clusterer, spaces: Sequence[Space], clusters: int, parts: Sequence[IntArray], seed: int,
    advance: Callable[[int], object],
) -> tuple[IntArray, ...]:  # fmt: skip
    """The method on each part, with another seed each time; see :attr:`Representation.drawn`."""
    rows, found = [space.at(clusters) for space in spaces], []
    for r, part in enumerate(parts):
        labels = np.full(len(spaces[0]), -1, dtype=np.int64)
        labels[part] = method.fit([one[part] for one in rows], clusters, seed + r)
        found.append(labels)
        advance(1)
    return tuple(found)


def stability_of(drawn: Sequence[IntArray], seed: int = 0) -> Interval:
    """The mean agreement of two parts' clusterings on the examples in both (Ben-Hur, Elisseeff & Guyon 2002).

    The agreement is the adjusted Rand index: 1 for the same clusters, 0 for chance. The interval resamples the parts.
    """
    pairs = _agreements(drawn)
    draws = [_mean(pairs, rows) for rows in _resampled(len(drawn), seed)]
    return _interval(_mean(pairs, np.arange(len(drawn))), draws)


def stability_gain(ours: Sequence[IntArray], theirs: Sequence[IntArray], seed: int = 0) -> Interval:
    """How much more stable ours are than theirs on the same parts."""
    a, b = _agreements(ours), _agreements(theirs)
    draws = [_mean(a, rows) - _mean(b, rows) for rows in _resampled(len(ours), seed)]
    whole = np.arange(len(ours))
    return _interval(_mean(a, whole) - _mean(b, whole), draws)


def _agreements(drawn: Sequence[IntArray]) -> Mapping[tuple[int, int], float]:
    found = {}
    for i, j in combinations(range(len(drawn)), 2):
        both = (drawn[i] >= 0) & (drawn[j] >= 0)
        found[i, j] = agreement(drawn[i][both], drawn[j][both])
    return found


def _resampled(parts: int, seed: int) -> IntArray:
    rng = np.random.default_rng(seed)
    return rng.integers(parts, size=(RESAMPLES, parts))


def _mean(pairs: Mapping[tuple[int, int], float], rows: IntArray) -> float:
    """Over pairs of different parts; NaN where a resample holds one part alone."""
    values = [pairs[min(i, j), max(i, j)] for i, j in combinations(rows.tolist(), 2) if i != j]
    return float(np.mean(values)) if values else float("nan")


def _interval(value: float, draws: Sequence[float]) -> Interval:
    known = np.array([d for d in draws if d == d])
    if not len(known):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(known, [0.025, 0.975])
    return Interval(value, min(float(low), value), max(float(high), value))

"""From when on a picture counts as unusual: a quantile of the scores of normal examples that were held out.

Examples are scored by what was learned from others, fold by fold, as new ones will be; scores on what was learned from
are too low. Of ``n`` such scores the ``ceil((n + 1) q)``-th is taken (Vovk et al. 2005, *Algorithmic Learning in a
Random World*): a new normal example then lies above it with a chance of at most ``1 - q``, whatever the scores'
distribution. With fewer than ``q / (1 - q)`` examples that is more than can be promised, and the largest is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from jeoni.types import Array, FloatArray, IntArray

__all__ = ["Pictures", "fold_numbers", "learn_and_hold_out", "upper_quantile"]

Batches = Callable[[], Iterator[Sequence[Tensor]]]


class Pictures:
    """Feature maps of pictures, batch by batch, as often as they are asked for.

    Args:
        batches: a function that gives an iterator over batches, each a list of maps ``(b, channels, h, w)``.
        keep: ``(n,)`` bool: the pictures that are meant; None: all, which are counted by going through them once.
    """

    def __init__(self, batches: Batches, keep: Array | None = None) -> None:
        self._batches = batches
        if keep is None:
            keep = np.ones(sum(len(batch[0]) for batch in batches()), dtype=bool)
        self._keep = torch.from_numpy(np.asarray(keep, dtype=bool))

    def __len__(self) -> int:
        return int(self._keep.sum())

    def __iter__(self) -> Iterator[Sequence[Tensor]]:
        start = 0
        for batch in self._batches():
            stop = start + len(batch[0])
            part = self._keep[start:stop]
            start = stop
            if part.all():
                yield batch
            elif part.any():
                yield [one[part] for one in batch]

    def some(self, keep: Array) -> Pictures:
        """Fewer of them, of all that were counted."""
        return Pictures(self._batches, np.asarray(keep, dtype=bool) & self._keep.numpy())


def fold_numbers(n: int, folds: int, seed: int, clusters: IntArray | None = None) -> IntArray:
    """``(n,)`` the fold of each picture, at random; pictures of one cluster are in one fold.

    Args:
        n: how many pictures.
        folds: how many folds; there are no more than clusters.
        seed: of the order.
        clusters: ``(n,)`` numbers; None: each picture is one.
    """
    numbers = np.arange(n) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    units = int(numbers.max()) + 1 if n else 0
    order = np.random.default_rng(seed).permutation(units)
    found: IntArray = (order % max(1, min(folds, units)))[numbers]
    return found


def learn_and_hold_out(
    learn: Callable[[Pictures], None],
    score: Callable[[Sequence[Tensor]], Tensor],
    batches: Batches,
    folds: int,
    seed: int,
    clusters: IntArray | None = None,
) -> FloatArray:
    """Learn from all pictures, and before that from all but one fold, which is scored.

    Args:
        learn: from pictures; forgets what it learned before.
        score: ``(b,)`` of a batch.
        batches: see :class:`Pictures`.
        folds: how many.
        seed: of the folds.
        clusters: ``(n,)`` numbers of pictures that belong together, such as a patient's; they are in one fold.

    Returns:
        ``(n,)`` scores of pictures by what was learned from other folds; NaN where there is but one fold.
    """
    pictures = Pictures(batches)
    fold = fold_numbers(len(pictures), folds, seed, clusters)
    found, numbers = np.full(len(fold), np.nan), np.unique(fold)
    for number in numbers if len(numbers) > 1 else ():
        inside = fold == number
        learn(pictures.some(~inside))
        with torch.inference_mode():
            parts = [score(batch).double().numpy() for batch in pictures.some(inside)]
        found[inside] = np.concatenate(parts)
    learn(pictures)
    return found


def upper_quantile(scores: FloatArray, quantile: float) -> float:
    """The score that a new example of the same kind exceeds with a chance of at most ``1 - quantile``.

    Args:
        scores: ``(n,)``; NaN are left out.
        quantile: between 0 and 1.

    Returns:
        Infinity where there is no score.

    Example:
        >>> upper_quantile(np.arange(1.0, 100.0), 0.95), upper_quantile(np.array([3.0, 1.0]), 0.95)
        (95.0, 3.0)
    """
    known = np.sort(scores[~np.isnan(scores)])
    if not len(known):
        return math.inf
    rank = math.ceil((len(known) + 1) * quantile - 1e-9)
    return float(known[min(rank, len(known)) - 1])

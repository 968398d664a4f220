"""Which examples a step takes: it follows from (seed, epoch) alone, so that a training can go on from any step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jeoni.types import IntArray

__all__ = ["Domain", "DomainBalancedSampler"]

NEIGHBOURS = 50  # batches among which examples of like length are put together


class _Order:
    """Which examples a step takes: an endless row of shuffled epochs, so that every batch is full.

    Where rows differ in length, those of like length are put together among some batches' worth of neighbours.
    """

    def __init__(self, n: int, batch_size: int, seed: int, lengths: IntArray | None = None) -> None:
        self._n, self._batch, self._seed, self._lengths = n, min(batch_size, n), seed, lengths
        self._epochs: dict[int, IntArray] = {}

    def at(self, step: int) -> tuple[IntArray, IntArray]:
        """Example numbers and the epoch of each."""
        place = np.arange(step * self._batch, (step + 1) * self._batch)
        epoch = place // self._n
        return np.array([self._shuffled(int(e))[p % self._n] for p, e in zip(place, epoch, strict=True)]), epoch

    def _shuffled(self, epoch: int) -> IntArray:
        if epoch not in self._epochs:
            self._epochs = {e: v for e, v in self._epochs.items() if e >= epoch - 1}
            rng = np.random.default_rng([self._seed, epoch])
            order = rng.permutation(self._n)
            self._epochs[epoch] = order if self._lengths is None else self._alike(order, self._lengths[order], rng)
        return self._epochs[epoch]

    def _alike(self, order: IntArray, lengths: IntArray, rng: np.random.Generator) -> IntArray:
        window = self._batch * NEIGHBOURS
        parts = [np.arange(at, min(at + window, self._n)) for at in range(0, self._n, window)]
        by_length = np.concatenate([part[np.argsort(lengths[part], kind="stable")] for part in parts])
        batches = [by_length[at : at + self._batch] for at in range(0, self._n, self._batch)]
        mixed: IntArray = order[np.concatenate([batches[k] for k in rng.permutation(len(batches))])]
        return mixed


@dataclass(frozen=True)
class Domain:
    """A part of the examples that gives an equal share of every batch.

    Attributes:
        size: how many examples.
        views_of: the number of an earlier domain of which these are other views, example by example: both take the same
            examples at every step. None: examples of their own.
    """

    size: int
    views_of: int | None = None


class DomainBalancedSampler:
    """An order for each domain; every batch takes equally from all.

    Args:
        domains: consecutive parts of the examples.
        batch_size: examples in a step.
        seed: of all orders.
        lengths: ``(n,)`` of all rows, where they differ.
    """

    def __init__(self, domains: Sequence[Domain], batch_size: int, seed: int, lengths: IntArray | None = None) -> None:
        self._starts = np.cumsum([0, *(d.size for d in domains)])[:-1]
        each = max(1, batch_size // len(domains))
        self._orders: list[_Order] = []
        for number, (domain, start) in enumerate(zip(domains, self._starts, strict=True)):
            own = None if lengths is None else lengths[start : start + domain.size]
            of = number if domain.views_of is None else domain.views_of
            self._orders.append(_Order(domain.size, each, seed + of, own))

    def at(self, step: int) -> tuple[IntArray, IntArray]:
        """Example numbers and the epoch of each, domain after domain."""
        found = [order.at(step) for order in self._orders]
        index = np.concatenate([i + start for (i, _), start in zip(found, self._starts, strict=True)])
        return index, np.concatenate([epoch for _, epoch in found])

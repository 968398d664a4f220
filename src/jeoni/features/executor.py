"""Frozen stages that other processes run: what they are told, and how their work joins that of this process.

They get a :class:`ToDo`, each of them has a :class:`~jeoni.features.worker.Worker`, and what they give back goes
into the store here as if it had been computed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from jeoni.errors import DataError
from jeoni.features.chunks import Chunk
from jeoni.features.jobs import Job, Request
from jeoni.features.known import KnownRows
from jeoni.features.store import Table
from jeoni.types import Console, Items

__all__ = ["Executor", "Source", "ToDo"]

DECIDING = 64  # examples are looked at here for one that must be computed, which decides the engine


@dataclass(frozen=True)
class ToDo:
    """A pass over examples, as other processes get to know it.

    Attributes:
        requests: what to compute.
        known: the rows that are in the store.
        engines: of each request, the engine that is wanted.
        precisions: of each request, that of the rows that are looked for.
        forced: of each request, the only precision to compute in; empty where the process may choose.
        decoding: by ``threads`` or ``processes``; ``auto`` takes what is faster in each process.
    """

    requests: tuple[Request, ...]
    known: KnownRows
    engines: tuple[str, ...]
    precisions: tuple[str, ...]
    forced: tuple[str, ...]
    decoding: str = "auto"


class Executor(Protocol):
    """Other processes that work off chunks; see :mod:`jeoni.scaling`."""

    def chunks(self, items: Items, index: Sequence[int], todo: ToDo, size: int) -> Iterator[Chunk]:
        """The examples at ``index`` in chunks of ``size`` neighbours; each example once, chunks in any order."""

    def least(self) -> int:
        """Fewer examples than this are worked off sooner here."""

    def accelerated(self) -> bool:
        """Whether they have accelerators."""


class Source:
    """Where chunks come from: this process, or an executor where there are many examples.

    Args:
        items: all examples.
        jobs: the requests under way.
        looked: the tables of signatures and remarks.
        here: works off examples in this process.
        executor: other processes; None where there are none.
        strict: stop at the first example that cannot be read.
        engine: that is wanted.
        decoding: by ``threads`` or ``processes`` in each process, or ``auto``.
        console: hears what other processes warn of, each text once.
    """

    def __init__(
        self,
        items: Items,
        jobs: Sequence[Job[Table]],
        looked: Sequence[Table],
        here: Callable[[Sequence[int]], Iterator[Chunk]],
        executor: Executor | None,
        strict: bool,
        engine: str,
        decoding: str,
        console: Console,
    ) -> None:
        self._items, self._jobs, self._looked, self._here = items, jobs, looked, here
        self._executor, self._strict, self._engine = executor, strict, engine
        self._decoding, self._console = decoding, console
        self._told = set[str]()

    def chunks(self, todo: Sequence[int]) -> Iterator[Chunk]:
        """The examples in chunks; of an executor in any order."""
        executor = self._executor
        if executor is None or len(todo) < executor.least():
            yield from self._here(todo)
            return
        size, done = min(job.input.chunk for job in self._jobs), 0
        while not executor.accelerated() and done < DECIDING and any(job.undecided for job in self._jobs):
            yield from self._here(todo[done : done + size])  # all others use the engine that is chosen here
            done += size
        for chunk in executor.chunks(self._items, todo[done:], self._todo(), size):
            self._tell(chunk.warnings)
            if self._strict and chunk.errors:
                number = min(chunk.errors)
                raise DataError(chunk.errors[number], path=self._items.name(number))
            for job, choice in zip(self._jobs, chunk.choices, strict=False):  # none where nothing was computed
                if choice is not None:
                    job.report(choice)
            yield chunk

    def _tell(self, warnings: Sequence[str]) -> None:
        for text in warnings:
            if text not in self._told:  # processes that are alike warn of the same
                self._told.add(text)
                self._console.warn(text)

    def _todo(self) -> ToDo:
        jobs = self._jobs
        chosen = [job.used_engine for job in jobs]
        return ToDo(
            tuple(job.request for job in jobs),
            KnownRows.of([*(table for job in jobs for table in job.every_table), *self._looked]),
            tuple(choice.name if choice else self._engine for choice in chosen),
            tuple(job.precision for job in jobs),
            tuple(job.forced or (choice.precision if choice else "") for job, choice in zip(jobs, chosen, strict=True)),
            self._decoding,
        )

"""One of several processes that run frozen stages: it keeps no store, and gives back what it computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue

from jeoni.features.chunks import Chunk, chunks, keys_beside, plan_of
from jeoni.features.decoding import Decoder, processes_pay
from jeoni.features.executor import ToDo
from jeoni.features.jobs import Engines, Job
from jeoni.features.known import KnownTable
from jeoni.types import Array, Items, Quiet

__all__ = ["Worker"]


class _Kept(Quiet):
    """A console that keeps warnings until they are sent to who can show them."""

    def __init__(self) -> None:
        self._warnings: SimpleQueue[str] = SimpleQueue()

    def warn(self, text: str) -> None:
        self._warnings.put(text)

    def taken(self) -> tuple[str, ...]:
        """Those since the last time."""
        found = []
        with suppress(Empty):
            while True:
                found.append(self._warnings.get_nowait())
        return tuple(found)


class Worker:
    """One process of several: takes examples through the whole chain, and keeps nothing.

    Args:
        todo: what to compute, and what is known.
        threads: examples in work at the same time, one core each.
        count: examples that it will get, about; many are decoded by processes, where a plain run would do that.

    Example:
        ``for chunk in Worker(todo).chunks(items, range(len(items))): ...``
    """

    def __init__(self, todo: ToDo, threads: int = 1, count: int = 0) -> None:
        engines: Engines = {}
        self._console = _Kept()
        self._jobs: list[Job[KnownTable]] = []
        for request, engine in zip(todo.requests, todo.engines, strict=True):
            self._jobs.append(Job(request, todo.known, engine, threads, self._console, engines))
        for job, precision, forced in zip(self._jobs, todo.precisions, todo.forced, strict=True):
            job.precision, job.forced = precision, forced
        self._looked = tuple(todo.known.table(key) for key in keys_beside(self._jobs[0].input))
        self._threads = threads
        processes = processes_pay([job.input for job in self._jobs], count, threads, todo.decoding)
        self._decoder = Decoder(plan_of(self._jobs), threads, processes, self._console)

    @property
    def decoded_by(self) -> str:
        """Who decodes: ``2 threads`` or ``16 processes``."""
        return self._decoder.told

    def chunks(self, items: Items, index: Sequence[int]) -> Iterator[Chunk]:
        """The examples at ``index`` in chunks, in that order."""
        here = chunks(items, index, self._jobs, self._looked, self._threads, strict=False, decoder=self._decoder)
        for chunk in here:
            chunk.choices = tuple(job.choice and replace(job.choice, run=_elsewhere) for job in self._jobs)
            chunk.warnings = self._console.taken()
            yield chunk


def _elsewhere(rows: Array) -> list[Array]:
    """What runs the engine of another process: nothing."""
    raise RuntimeError("This engine is in another process.")

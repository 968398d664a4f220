"""Where examples are decoded: by threads of this process, or by processes where many cores shall be kept busy.

Threads hold the interpreter's lock between one step of decoding and the next, so that many do the work of a few.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from jeoni.data.items import content_digest
from jeoni.errors import DataError
from jeoni.features.decoding.pool import shared_pool
from jeoni.features.decoding.preparing import Lacking, Plan, Prepared, prepare
from jeoni.features.decoding.process import WorkersUnusableError
from jeoni.features.decoding.worker import Source
from jeoni.modalities.inputs import Input
from jeoni.types import Console, Items

__all__ = ["DECODING", "PORTION", "Decoder", "processes_pay"]

DECODING = ("auto", "threads", "processes")
LEAST_WORKERS = 3  # two threads keep up with two processes (benchmarks/workers.py), and start at once
LEAST_EACH = 64  # examples for each worker: to start one takes as long as decoding some hundred small pictures
PORTION = 16  # examples that a worker takes at most at a time: their files are in memory together


class Decoder:
    """Makes rows of examples. Safe to use from several threads, each of which keeps a worker, or itself, busy.

    Args:
        plan: what is made of each example.
        workers: how many work at the same time.
        processes: whether they are processes.
        console: told where processes cannot be used.
    """

    def __init__(self, plan: Plan, workers: int, processes: bool, console: Console) -> None:
        self._plan, self._workers, self._console = plan, workers, console
        self._pickled = _pickled(plan) if processes else b""
        self.processes = bool(self._pickled)
        self._telling = threading.Lock()

    @property
    def told(self) -> str:
        """Who decodes, for the record."""
        kind = "process" if self.processes else "thread"
        return f"{self._workers} {kind}{'' if self._workers == 1 else 'es' if self.processes else 's'}"

    def prepare(self, items: Items, index: Sequence[int], lacking: Lacking) -> Iterator[Prepared | DataError]:
        """What was made of each example, in order, or why nothing was.

        Args:
            items: the examples.
            index: which of them.
            lacking: what has to be made.
        """
        for start in range(0, len(index), PORTION):
            portion = index[start : start + PORTION]
            made = self._by_worker(items, portion, start, lacking) if self.processes else None
            if made is not None:
                yield from made
                continue
            for place, i in enumerate(portion, start):
                yield _prepared(items, i, place, self._plan, lacking)

    def _by_worker(
        self, items: Items, index: Sequence[int], start: int, lacking: Lacking
    ) -> list[Prepared | DataError] | None:
        """None where workers cannot be used; from then on none is."""
        sources = [_source(items, i, place) for place, i in enumerate(index, start)]
        given = [source for source in sources if isinstance(source, Source)]
        try:
            made = iter(shared_pool(self._workers).prepare(self._pickled, given, lacking))
        except WorkersUnusableError as error:
            with self._telling:
                first, self.processes = self.processes, False
            if first:
                self._console.warn(f"Examples are decoded by threads, for worker processes cannot be used: {error}.")
            return None
        return [next(made) if isinstance(source, Source) else source for source in sources]


def processes_pay(inputs: Iterable[Input], count: int, workers: int, wanted: str = "auto") -> bool:
    """Whether processes decode faster than threads.

    Args:
        inputs: what is made of each example; texts and vectors have nothing to decode.
        count: examples.
        workers: that shall work at the same time.
        wanted: ``threads`` or ``processes`` where the user says so, else ``auto``.
    """
    decodes = any(one.decodes for one in inputs)
    if not decodes or wanted != "auto":
        return decodes and wanted == "processes"
    return workers >= LEAST_WORKERS and count >= LEAST_EACH * workers


def _prepared(items: Items, index: int, place: int, plan: Plan, lacking: Lacking) -> Prepared | DataError:
    try:
        raw = items.read(index)
        digest = content_digest(raw)
        wanted = lacking(place, digest)
        return Prepared(digest) if wanted is None else prepare(raw, items.name(index), digest, plan, wanted)
    except DataError as error:
        return error


def _source(items: Items, index: int, place: int) -> Source | DataError:
    """What a worker needs to have an example: the path of a file; the content, where it is not simply one."""
    try:
        name = items.name(index)
        path = items.path(index) if hasattr(items, "path") else ""
        if path:
            return Source(place, name, str(Path(path).absolute()))
        return Source(place, name, raw=items.read(index))
    except DataError as error:
        return error


def _pickled(plan: Plan) -> bytes:
    """The plan for a worker; empty where it cannot travel, such as an input that a script defines."""
    inputs = [type(one.input) for one in plan.preparations]
    if any(kind.__module__ == "__main__" for kind in inputs):
        return b""
    try:
        return pickle.dumps(plan, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception:  # whatever an input holds
        return b""

"""Worker processes that are lent to whoever decodes; one that dies costs the example over which it died, no other."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from jeoni.errors import DataError
from jeoni.features.decoding.preparing import Lacking, Prepared
from jeoni.features.decoding.process import NOTHING, Worker, WorkerDiedError
from jeoni.features.decoding.worker import Source

__all__ = ["WorkerPool", "shared_pool"]

STRIKES = 2  # a worker may be killed for what others took: an example is given up when it happens again
IDLE_S = 30.0


class WorkerPool:
    """At most ``count`` processes, started when they are needed and ended when nobody needed one for a while.

    Args:
        count: how many at most.
    """

    def __init__(self, count: int) -> None:
        self._free: list[Worker] = []
        self._lock = threading.Lock()
        self._room = threading.Semaphore(count)
        self._lent = 0
        self._timer: threading.Timer | None = None

    def prepare(self, plan: bytes, sources: list[Source], lacking: Lacking) -> list[Prepared | DataError]:
        """What was made of each example, or why nothing was; arguments are those of :meth:`.Worker.prepare`.

        Raises:
            WorkersUnusableError: processes cannot do this here.
        """
        found: dict[int, Prepared | DataError] = {}
        strikes = [0] * len(sources)
        left = list(range(len(sources)))
        while left:
            try:
                with self._borrowed() as worker:
                    made = worker.prepare(plan, [sources[k] for k in left], lacking)
                found |= dict(zip(left, made, strict=True))
                left = []
            except WorkerDiedError as died:
                if died.at == NOTHING:  # while it waited for work: another one takes it
                    continue
                suspect = left[min(died.at, len(left) - 1)]
                strikes[suspect] += 1
                if strikes[suspect] == STRIKES:
                    found[suspect] = _fatal(sources[suspect].name, died.how)
                    left.remove(suspect)
        return [found[k] for k in range(len(sources))]

    @contextmanager
    def _borrowed(self) -> Iterator[Worker]:
        """A worker of one's own; one that fails in any way is ended, for what it would answer next is not known."""
        with self._room:
            worker = self._taken()
            try:
                yield worker
            except BaseException:
                worker.end()
                self._give_back(None)
                raise
            self._give_back(worker)

    def _taken(self) -> Worker:
        with self._lock:
            self._lent += 1
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._free:
                return self._free.pop()
        try:
            return Worker()
        except BaseException:
            self._give_back(None)
            raise

    def _give_back(self, worker: Worker | None) -> None:
        with self._lock:
            self._lent -= 1
            if worker is not None:
                self._free.append(worker)
            if not self._lent and self._free:
                self._timer = threading.Timer(IDLE_S, self.close)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """End the workers that nobody has."""
        with self._lock:
            free, self._free = self._free, []
        for worker in free:
            with suppress(OSError):
                worker.end()


def _fatal(name: str, how: str) -> DataError:
    return DataError(
        f"{name}: the worker process that decoded it {how}, and so did another one. It is left out. If it can be "
        "opened elsewhere, try fewer --workers, or save it anew.",
        path=name,
    )


_pools: dict[tuple[int, int], WorkerPool] = {}
_pools_lock = threading.Lock()


def shared_pool(count: int) -> WorkerPool:
    """The pool of this process with that many workers."""
    with _pools_lock:
        key = (os.getpid(), count)
        if key not in _pools:
            _pools[key] = pool = WorkerPool(count)
            atexit.register(pool.close)
        return _pools[key]

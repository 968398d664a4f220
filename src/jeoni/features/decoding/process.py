"""The parent's side of one worker process: started by name, told what to do, and missed when it dies."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from jeoni.errors import DataError
from jeoni.features.decoding.preparing import Lacking, Prepared
from jeoni.features.decoding.shared_block import SharedBlock
from jeoni.features.decoding.worker import Block, Laid, Larger, Make, Raised, Read, Source, Unusable, UsePlan

__all__ = ["NOTHING", "Worker", "WorkerDiedError", "WorkersUnusableError"]

START_BYTES = 4 << 20
PROGRAM = "from jeoni.features.decoding.worker import serve; serve()"
ENDING_S = 5.0
NOTHING = -1  # in work: a worker that dies now does so over no example


class WorkerDiedError(Exception):
    """A worker ended on its own.

    Attributes:
        at: the number of the example in work, among those it was given; :data:`NOTHING` where it had none.
        how: in words.
    """

    def __init__(self, at: int, how: str) -> None:
        super().__init__(f"a worker process {how} at example {at}")
        self.at, self.how = at, how


class WorkersUnusableError(Exception):
    """Worker processes cannot do this work here; the message says why."""


class Worker:
    """One process. Used by one thread at a time.

    Raises:
        WorkersUnusableError: it cannot be started, or there is no memory to share.
    """

    def __init__(self) -> None:
        # a new interpreter, no fork: threads and a GPU do not survive one, and no script's main part is run again
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_environment(),
            )
        except OSError as error:
            raise WorkersUnusableError(f"no process can be started ({error.strerror or error})") from error
        self._plan = b""
        self._block: SharedBlock | None = None
        self._proven = False  # it has read examples

    def prepare(self, plan: bytes, sources: list[Source], lacking: Lacking) -> list[Prepared | DataError]:
        """Read the examples, and make of each what is lacking.

        Args:
            plan: pickled.
            sources: the examples.
            lacking: asked here, in the parent, of each.

        Raises:
            WorkerDiedError: it ended on the way.
            WorkersUnusableError: it cannot load the plan, or ended before it read anything.
        """
        self._get_ready(plan)
        digests = self._ask(Read(sources))
        self._proven = True
        wanted = [
            None if isinstance(digest, DataError) else lacking(source.place, digest)
            for source, digest in zip(sources, digests, strict=True)
        ]
        if not any(wanted):
            return [d if isinstance(d, DataError) else Prepared(d) for d in digests]
        answer = self._ask(Make(wanted))
        if isinstance(answer, Larger):
            answer = self._give_block(answer.size + answer.size // 4)  # and it goes on with what it made
        return [one if isinstance(one, DataError) else self._fetched(*one) for one in answer]

    def _get_ready(self, plan: bytes) -> None:
        if self._block is None:
            self._give_block(START_BYTES)
        else:
            self._block.in_work = NOTHING
        if plan != self._plan:
            answer = self._ask(UsePlan(plan))
            if isinstance(answer, Unusable):
                raise WorkersUnusableError(answer.reason)
            self._plan = plan

    def _give_block(self, size: int) -> Any:
        """Share a block of that size; the worker's answer."""
        block = _new_block(size)
        block.in_work = self._block.in_work if self._block is not None else NOTHING
        try:
            answer = self._ask(Block(block.path, size))
        finally:
            block.forget_name()
        if self._block is not None:
            self._block.close()
        self._block = block
        return answer

    def _fetched(self, one: Prepared, laid: dict[tuple[int, int], Laid]) -> Prepared:
        """With its rows, copied: the block is soon written again."""
        assert self._block is not None
        rows, copied = {}, dict[int, Any]()
        for key, place in laid.items():
            if place.offset not in copied:
                copied[place.offset] = self._block.view(place.offset, place.dtype, place.shape).copy()
            rows[key] = copied[place.offset]
        return Prepared(one.digest, rows, one.signature, one.remarks, one.opened)

    def _ask(self, order: object) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            pickle.dump(order, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
            answer = pickle.load(self._process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            at = self._block.in_work if self._block is not None else NOTHING
            how = _ended(self.end())
            if at == NOTHING and not self._proven:  # no fault of an example: any other worker would end, too
                raise WorkersUnusableError(f"one {how} before it was ready") from error
            raise WorkerDiedError(at, how) from error
        if isinstance(answer, Raised):
            raise answer.error
        return answer

    def end(self) -> int:
        """End the process, if it has not ended; its exit status."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(OSError):
            self._process.stdin.close()  # it ends when there are no more orders
        try:
            status = self._process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._process.stdout.close()
        if self._block is not None:
            self._block.close()
            self._block = None
        return status


def _new_block(size: int) -> SharedBlock:
    try:
        return SharedBlock(size)
    except OSError as error:
        raise WorkersUnusableError(f"there is no memory to share ({error.strerror or error})") from error


def _ended(status: int) -> str:
    if status == -getattr(signal, "SIGKILL", 9):
        return "was killed (signal 9, as systems do for want of memory)"
    if status < 0:
        return f"crashed with signal {-status}"
    return f"ended with status {status}"


def _environment() -> dict[str, str]:
    """This process's, with its search path; one thread, for each worker keeps one core."""
    paths: Sequence[str] = [path for path in sys.path if path]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

"""A worker process: reads examples, decodes them, and lays their rows into memory that it shares with its parent.

It is started by :class:`jeoni.features.decoding.process.Worker`, obeys orders on its standard input until that ends,
and answers on its standard output. It loads no torch. Ctrl-C is its parent's to handle.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from jeoni.data.files import read_file
from jeoni.data.items import content_digest
from jeoni.errors import DataError
from jeoni.features.decoding.preparing import Plan, Prepared, Wanted, prepare
from jeoni.features.decoding.shared_block import SharedBlock
from jeoni.types import Array

__all__ = ["Block", "Make", "Raised", "Read", "Source", "Unusable", "UsePlan", "serve"]

ALIGNED = 64


@dataclass(frozen=True)
class Source:
    """Where an example comes from: a file to be read, or its content. ``place`` is its own among those asked for."""

    place: int
    name: str
    path: str = ""
    raw: bytes | Array = b""


@dataclass(frozen=True)
class UsePlan:
    """An order: from now on make this of every example; ``pickled``, so that what cannot be loaded can be told."""

    pickled: bytes


@dataclass(frozen=True)
class Block:
    """An order: lay rows into this block."""

    path: str
    size: int


@dataclass(frozen=True)
class Read:
    """An order: read these examples, and tell their digests."""

    sources: list[Source]


@dataclass(frozen=True)
class Make:
    """An order: make this of the examples that were read last; None makes nothing."""

    wanted: list[Wanted | None]


@dataclass(frozen=True)
class Larger:
    """An answer: the rows take so many bytes."""

    size: int


@dataclass(frozen=True)
class Laid:
    """A row that lies in the block."""

    offset: int
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Raised:
    """An answer: an error that is not about the examples."""

    error: Exception


@dataclass(frozen=True)
class Unusable:
    """An answer: the plan cannot be loaded in a worker."""

    reason: str


_Sent = tuple[Prepared, dict[tuple[int, int], Laid]] | DataError


class _Worker:
    def __init__(self, orders: BinaryIO, answers: BinaryIO) -> None:
        self._orders, self._answers = orders, answers
        self._plan = Plan(())
        self._block: SharedBlock | None = None
        self._read: list[tuple[Source, bytes | Array, bytes | DataError]] = []

    def run(self) -> None:
        while True:
            try:
                order = pickle.load(self._orders)
            except EOFError:
                return
            self._answer(self._obeyed(order))

    def _answer(self, answer: Any) -> None:
        pickle.dump(answer, self._answers, protocol=pickle.HIGHEST_PROTOCOL)
        self._answers.flush()

    def _obeyed(self, order: object) -> object:
        try:
            if isinstance(order, UsePlan):
                return self._use(order)
            if isinstance(order, Block):
                self._block = SharedBlock(order.size, order.path)
                return order
            if isinstance(order, Read):
                return self._digests(order.sources)
            assert isinstance(order, Make)
            return self._made(order.wanted)
        except Exception as error:
            return Raised(_portable(error))

    def _use(self, order: UsePlan) -> object:
        try:
            self._plan = pickle.loads(order.pickled)
        except Exception as error:  # a class that only the parent's program has
            return Unusable(f"{type(error).__name__}: {error}")
        return None

    def _digests(self, sources: list[Source]) -> list[bytes | DataError]:
        self._read = []
        for number, source in enumerate(sources):
            self._at(number)
            try:
                raw = read_file(source.path, source.name) if source.path else source.raw
                self._read.append((source, raw, content_digest(raw)))
            except DataError as error:
                self._read.append((source, b"", error))
        return [digest for _, _, digest in self._read]

    def _made(self, wanted: list[Wanted | None]) -> list[_Sent]:
        found: list[Prepared | DataError] = []
        for number, ((source, raw, digest), views) in enumerate(zip(self._read, wanted, strict=True)):
            self._at(number)
            found.append(_prepared(source, raw, digest, self._plan, views))
        self._read = []
        return self._laid(found)

    def _laid(self, found: list[Prepared | DataError]) -> list[_Sent]:
        """The rows in the block, each once, and where they are."""
        places: dict[int, Laid] = {}
        rows: dict[int, Array] = {}
        end = 0
        for one in found:
            for row in one.rows.values() if isinstance(one, Prepared) else ():
                if id(row) in places:  # backbones that expect the same share it
                    continue
                places[id(row)], rows[id(row)] = Laid(end, row.dtype.str, row.shape), row
                end += -(-row.nbytes // ALIGNED) * ALIGNED
        block = self._large_enough(end)
        for key, place in places.items():
            np.copyto(block.view(place.offset, place.dtype, place.shape), rows[key])
        return [
            one if isinstance(one, DataError) else (_without_rows(one), {k: places[id(r)] for k, r in one.rows.items()})
            for one in found
        ]

    def _large_enough(self, size: int) -> SharedBlock:
        assert self._block is not None
        if size > self._block.size:
            self._answer(Larger(size))
            self._obeyed(pickle.load(self._orders))
        return self._block

    def _at(self, number: int) -> None:
        """If this process dies now, its parent shall know over which example."""
        if self._block is not None:
            self._block.in_work = number


def _prepared(
    source: Source, raw: bytes | Array, digest: bytes | DataError, plan: Plan, views: Wanted | None
) -> Prepared | DataError:
    if isinstance(digest, DataError):
        return digest
    if views is None:
        return Prepared(digest)
    try:
        return prepare(raw, source.name, digest, plan, views)
    except DataError as error:
        return error


def _without_rows(one: Prepared) -> Prepared:
    return Prepared(one.digest, {}, one.signature, one.remarks, one.opened)


def _portable(error: Exception) -> Exception:
    """The error, or one that says the same where its class does not travel."""
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")


def serve() -> None:
    """Obey orders until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a decoder prints is no answer
    _Worker(sys.stdin.buffer, answers).run()

"""What runs in each process of a Ray cluster: the engine, held ready from block to block."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from jeoni.errors import JeoniError

__all__ = ["Extractor", "Setup"]


@dataclass(frozen=True)
class Setup:
    """What a process must know to begin.

    Attributes:
        todo: a pickled :class:`~jeoni.features.executor.ToDo` without known rows; opened when its libraries are there.
        known: Ray's reference of the known rows, which processes of a machine share.
        items: Ray's reference of all examples, in a list; empty where each block brings its own.
        device: as :func:`jeoni.distributed.select_device` takes it.
        threads: examples in work at the same time.
        count: examples that each process gets, about.
        folder: that relative paths start from, where the machine has it.
    """

    todo: bytes
    known: Any
    items: tuple[Any, ...]
    device: str
    threads: int
    count: int
    folder: str


class Extractor:
    """A stateful actor of Ray Data's ``map_batches``: one is made in each process, and called with block after block.

    What goes wrong in it is sent back and told there; only the death of its process is Ray's to mend.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._worker: Any = None
        self._items: Any = None

    def __call__(self, table: Any) -> Iterator[Any]:
        """One row for each chunk: a pickled :class:`~jeoni.features.extract.Chunk`, or an exception."""
        import pyarrow

        try:
            self._begin()
            for cell in table["block"].to_pylist():
                for chunk in self._chunks(pickle.loads(cell)):
                    yield pyarrow.table({"chunk": pyarrow.array([pickle.dumps(chunk, protocol=5)], pyarrow.binary())})
        except Exception as error:
            yield pyarrow.table({"chunk": pyarrow.array([_as_bytes(error)], pyarrow.binary())})

    def _begin(self) -> None:
        if self._worker is not None:
            return
        from dataclasses import replace

        import ray

        from jeoni import distributed
        from jeoni.features.worker import Worker
        from jeoni.libraries import import_timm

        import_timm()  # networks are made of its classes
        with suppress(OSError):
            os.chdir(self._setup.folder)
        distributed.select_device(self._setup.device)
        todo = replace(pickle.loads(self._setup.todo), known=ray.get(self._setup.known))
        self._items = ray.get(self._setup.items[0]) if self._setup.items else None
        self._worker = Worker(todo, self._setup.threads, self._setup.count)

    def _chunks(self, block: Any) -> Iterator[Any]:
        """The block's chunks, with the numbers that its examples have among all."""
        items = block.items if block.items is not None else self._items.select(block.numbers)
        for chunk in self._worker.chunks(items, range(len(items))):
            chunk.errors = {block.numbers[i]: text for i, text in chunk.errors.items()}
            chunk.index = [block.numbers[i] for i in chunk.index]
            yield chunk


def _as_bytes(error: Exception) -> bytes:
    """The exception with the place it comes from; where it cannot be sent, what it says."""
    error.add_note(traceback.format_exc())
    try:
        sent = pickle.dumps(error)
        pickle.loads(sent)
    except Exception:  # whatever an exception of others holds
        said = str(error) if isinstance(error, JeoniError) else f"{type(error).__name__}: {error}"
        return pickle.dumps((JeoniError if isinstance(error, JeoniError) else RuntimeError)(said))
    return sent

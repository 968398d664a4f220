"""Memory that two processes see: a file without a name on a disk in memory, where there is one.

Rows of pixels are a hundred kilobytes each. Through a pipe they would be copied four times while everybody else waits
for the interpreter's lock. The room is reserved when a block is made: a container with a small ``/dev/shm`` then says
so, where a write past its end would kill the process.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from jeoni.types import Array

__all__ = ["HEADER", "SharedBlock"]

HEADER = 64  # bytes in front of the rows: the number of the example in work
IN_MEMORY = Path("/dev/shm")


class SharedBlock:
    """A block of bytes, mapped by the process that made it and by the one that it tells the path.

    Args:
        size: bytes, the header not counted.
        path: of a block that another process made; empty to make one.

    Raises:
        OSError: there is no room for it.
    """

    def __init__(self, size: int, path: str = "") -> None:
        self.size, self.path = size, path
        if path:
            descriptor = os.open(path, os.O_RDWR)
        else:
            descriptor, self.path = _made(size + HEADER)
        try:
            self._map = mmap.mmap(descriptor, size + HEADER)
        finally:
            os.close(descriptor)

    def forget_name(self) -> None:
        """Both sides have it open: take the file's name away, so that nothing is left behind however they end."""
        with suppress(OSError):  # Windows keeps a file that is open
            Path(self.path).unlink()

    @property
    def in_work(self) -> int:
        """The number of the example that is being worked on."""
        return int(np.frombuffer(self._map, np.int64, 1)[0])

    @in_work.setter
    def in_work(self, number: int) -> None:
        self._map[:8] = int(number).to_bytes(8, "little", signed=True)

    def view(self, offset: int, dtype: str, shape: tuple[int, ...]) -> Array:
        """The array at ``offset``, without a copy."""
        count = int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(self._map, np.dtype(dtype), count, HEADER + offset).reshape(shape)

    def close(self) -> None:
        """Give the memory back, as soon as no array looks at it."""
        with suppress(BufferError):
            self._map.close()
        self.forget_name()


def _made(size: int) -> tuple[int, str]:
    """A file of that size in memory, else in the folder for temporary files."""
    failure: OSError | None = None
    for folder in _folders():
        descriptor, path = tempfile.mkstemp(prefix="jeoni-", dir=folder)
        try:
            _reserve(descriptor, size)
            return descriptor, path
        except OSError as error:
            failure = error
            os.close(descriptor)
            Path(path).unlink()
    raise failure or OSError("there is no folder for temporary files")


def _folders() -> Iterator[str]:
    if IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK):
        yield str(IN_MEMORY)
    yield tempfile.gettempdir()


def _reserve(descriptor: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.ftruncate(descriptor, size)

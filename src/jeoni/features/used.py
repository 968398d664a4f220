"""Which tables of the store are in use: each has a shared lock on its ``key.json``, which ends with its process.

Where the system has no such locks nothing is marked, and clearing the cache asks nobody.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, which does not let open files be removed anyway
    fcntl = None  # type: ignore[assignment]

__all__ = ["Mark", "unless_in_use"]


class Mark:
    """As long as it lives, its table counts as in use."""

    def __init__(self, path: Path) -> None:
        if fcntl is None:
            return
        with suppress(OSError):  # no such file, too many open ones, a file system without locks
            number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            weakref.finalize(self, os.close, number)
            fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)


@contextmanager
def unless_in_use(path: Path) -> Iterator[bool]:
    """Whether nobody uses the table of this ``key.json``; inside, nobody can mark it."""
    if fcntl is None or not path.is_file():
        yield True
        return
    free, number = True, -1
    try:
        number = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        free = False
    except OSError:  # a file system without locks, a file of another user
        free = True
    try:
        yield free
    finally:
        if number >= 0:
            os.close(number)

"""The one place that opens files which others may have put there: regular ones, never more than a known size.

A named pipe or a device in the place of a file would be read for ever, and a link may lead out of the folder.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

__all__ = ["is_regular", "open_regular", "read_regular"]

# a pipe is opened without waiting for its other end; flags that a system lacks are left out
FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


def open_regular(path: str | Path, follow: bool = False) -> BinaryIO:
    """Open a regular file for reading; never waits for one that is a pipe or a device.

    Args:
        path: where it is.
        follow: whether a link is followed, as where a user named the file; in a folder from elsewhere it is not.

    Raises:
        OSError: missing, not readable, a link that is not followed, a folder, a pipe or a device.
    """
    try:
        number = os.open(path, FLAGS if follow else FLAGS | NO_LINKS)
    except OSError as error:
        if error.errno == errno.ELOOP and not follow:
            raise OSError(errno.ELOOP, "it is a link, and links are not followed", str(path)) from error
        raise
    except ValueError as error:  # a name with a NUL
        raise OSError(errno.EINVAL, str(error), str(path)) from error
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return os.fdopen(number, "rb")


def read_regular(path: Path, most: int, follow: bool = False) -> bytes:
    """The content of a regular file of at most ``most`` bytes; see :func:`open_regular`.

    Raises:
        OSError: as :func:`open_regular`, or a larger file.
    """
    with open_regular(path, follow) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than the {most:,} bytes that such a file can have", str(path))
    return content


def is_regular(path: Path) -> bool:
    """Whether there is a regular file, not a link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False

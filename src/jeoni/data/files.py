"""A user's files: regular ones, of a size that can be read, inside the folder they lie in.

A named pipe never answers, a device never ends, and a link may lead anywhere: opened like a file, each of them hangs a
run, fills the memory, or reads what was not handed over.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISBLK, S_ISCHR, S_ISDIR, S_ISFIFO, S_ISSOCK
from typing import BinaryIO

from jeoni.errors import DataError
from jeoni.files.regular import open_regular
from jeoni.types import Finding

__all__ = [
    "MOST_EXAMPLE",
    "MOST_TABLE",
    "Walked",
    "check_file",
    "check_unpacked",
    "list_folder",
    "most_unpacked",
    "open_file",
    "read_file",
    "special_kind",
    "walk",
]

MOST_EXAMPLE = 512 << 20  # bytes of one image, text or recording
MOST_TABLE = 2 << 30  # bytes of a table of text, which is read as a whole
ALWAYS_UNPACKED = 1 << 30  # bytes that a packed file may hold however small it is
MOST_RATIO = 100  # beyond that, so many times its size: what was measured packs 2 to 30 times
MEMORY_SHARE = 0.5
_KINDS = (
    (S_ISDIR, "a folder"),
    (S_ISFIFO, "a named pipe"),
    (S_ISCHR, "a device"),
    (S_ISBLK, "a device"),
    (S_ISSOCK, "a socket"),
)


def open_file(path: str | Path, name: str = "", most: int = MOST_EXAMPLE) -> BinaryIO:
    """Open a regular file to read; never waits for one that is a pipe or a device.

    Args:
        path: where it is; links are followed.
        name: what to call it in messages; the path if left out.
        most: bytes that it may have.

    Raises:
        DataError: missing, unreadable, empty, too large, or no regular file; the message names it.
    """
    name = name or str(path)
    try:
        file = open_regular(path, follow=True)
    except FileNotFoundError:
        raise DataError(f"{name} does not exist.", path=name) from None
    except OSError as error:
        raise _refused(path, name, error) from error
    try:
        _check_opened(os.fstat(file.fileno()), name, most)
    except DataError:
        file.close()
        raise
    return file


def _refused(path: str | Path, name: str, error: OSError) -> DataError:
    """A pipe, a socket or a folder says why it cannot be opened only in the system's words."""
    if kind := special_kind(path):
        return _special(name, kind)
    return DataError(f"{name} cannot be read: {error.strerror or error}.", path=name)


def _check_opened(stat: os.stat_result, name: str, most: int) -> None:
    if not stat.st_size:  # files of /proc say so too, and some of them never end
        raise DataError(f"{name} is empty (zero bytes).", path=name)
    if stat.st_size > most:
        raise DataError(
            f"{name} has {_size(stat.st_size)}; at most {_size(most)} are read. Split it, or make it smaller.",
            path=name,
        )


def _special(name: str, kind: str) -> DataError:
    return DataError(f"{name} is {kind}. Needed: a regular file.", path=name)


def special_kind(path: str | Path) -> str:
    """``a named pipe``, ``a device``, ``a socket`` or ``a folder``; empty for a file, and where nothing is."""
    try:
        return _kind(Path(path).stat().st_mode)
    except (OSError, ValueError):
        return ""


def _kind(mode: int) -> str:
    return next((kind for holds, kind in _KINDS if holds(mode)), "")


def read_file(path: str | Path, name: str = "", most: int = MOST_EXAMPLE) -> bytes:
    """A regular file's bytes; see :func:`open_file`."""
    name = name or str(path)
    with open_file(path, name, most) as file:
        try:
            raw = file.read(os.fstat(file.fileno()).st_size)
        except OSError as error:
            raise _refused(path, name, error) from error
    if not raw:
        raise DataError(f"{name} is empty (zero bytes).", path=name)
    return raw


def check_file(path: str | Path, most: int = MOST_TABLE) -> int:
    """The size in bytes of a file that another library opens by its path; see :func:`open_file`."""
    with open_file(path, most=most) as file:
        return os.fstat(file.fileno()).st_size


def most_unpacked(packed: int) -> int:
    """Bytes that a packed file may unpack to, by its own size and this machine's memory."""
    room = int(MEMORY_SHARE * _memory())
    most = max(ALWAYS_UNPACKED, MOST_RATIO * packed)
    return min(most, room) if room else most


def check_unpacked(path: str | Path, unpacked: int, packed: int) -> None:
    """Refuse a packed file that unpacks to more than the memory holds, or to far more than real data do.

    Args:
        path: the file.
        unpacked: bytes that it says it holds.
        packed: bytes that it has.

    Raises:
        DataError: it is refused; the message says both sizes.
    """
    most = most_unpacked(packed)
    if unpacked > most:
        raise DataError(
            f"{path} has {_size(packed)} and would unpack to {_size(unpacked)}; at most {_size(most)} are unpacked "
            f"({MOST_RATIO} times its size, or half of this machine's memory). If that is meant and no decompression "
            "bomb, save it without compression, or split it.",
            path=str(path),
        )


def _memory() -> int:
    """Bytes of memory of this machine; 0 where the system does not say."""
    if not hasattr(os, "sysconf"):
        return 0
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _size(number: int) -> str:
    """Bytes as a person writes them.

    >>> _size(9_600_000_000), _size(12)
    ('9.6 GB', '12 bytes')
    """
    for unit, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if number >= unit:
            return f"{number / unit:.3g} {name}"
    return f"{number} bytes"


@dataclass
class Walked:
    """Files below a folder.

    Attributes:
        files: in sorted order, whatever they are: a pipe among them is refused when it is read.
        skipped: by its path, why something was left out: a link out of the folder, or a folder that cannot be listed.
    """

    files: list[Path] = field(default_factory=list)
    skipped: dict[Path, str] = field(default_factory=dict)

    def findings(self, root: Path) -> list[Finding]:
        """One for each path that was skipped, relative to ``root``."""
        found = sorted(self.skipped.items())
        return [Finding("outside", path.relative_to(root).as_posix(), why, "skipped") for path, why in found]


def walk(folder: Path, root: Path | None = None) -> Walked:
    """Find files anywhere below a folder; hidden files and folders are left out.

    Links are followed as long as they stay below the root, which may be a link itself; no folder is entered twice.

    Args:
        folder: where to look.
        root: what links must not leave; the folder if left out.
    """
    real_root, real_folder = os.path.realpath(root or folder), os.path.realpath(folder)
    leads_out = f"it is a link that leads out of {root or folder}; copy what it leads to"
    if not _is_below(real_folder, real_root):
        return Walked(skipped={folder: leads_out})
    walked, seen, waiting = Walked(), {real_folder}, [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = list_folder(here)
        except DataError as error:
            walked.skipped[here] = str(error)
            continue
        for path in entries:
            if path.is_symlink() and not _is_below(os.path.realpath(path), real_root):
                walked.skipped[path] = leads_out
            elif not path.is_dir():
                walked.files.append(path)
            elif (real := os.path.realpath(path)) not in seen:
                seen.add(real)
                waiting.append(path)
    walked.files.sort()
    return walked


def list_folder(folder: Path) -> list[Path]:
    """The entries of a folder, in sorted order, without hidden ones.

    Raises:
        DataError: it cannot be listed.
    """
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder} cannot be listed: {error.strerror or error}.", path=str(folder)) from error


def _is_below(real: str, real_root: str) -> bool:
    return real == real_root or real.startswith(real_root.rstrip(os.sep) + os.sep)

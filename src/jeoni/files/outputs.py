"""Files that jeoni writes for a user: each whole or not at all, and never over what is read."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from jeoni.errors import ConfigError, StorageError
from jeoni.files.names import encodable, visible

__all__ = ["check_output", "real_path", "refuse_overlap", "reporting", "write_bytes", "write_text", "writing"]

SHOWN = 80
OF_PART = 40


def check_output(path: str | Path, option: str = "--out") -> Path:
    """A path that a file or folder can have.

    Raises:
        ConfigError: too long for the file system, with characters that no name has, or not UTF-8: libraries that write
            below it take no other encoding.
    """
    text = str(path)
    if "\0" in text or encodable(text) != text:
        shown = visible(text)
        raise ConfigError(f"{option} is {_shown(shown)}; a path of valid UTF-8 without null characters is needed.")
    try:
        os.lstat(text)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        reason = error.strerror or error
        raise ConfigError(f"{option} {_shown(text)} cannot be used: {reason}. Choose another {option}.") from error
    return Path(text)


def refuse_overlap(output: Path, inputs: Mapping[str, str | Path]) -> None:
    """Whether an output may be written: it is no input, holds none and lies in none, whatever links lead there.

    Args:
        output: a file or folder, there or not.
        inputs: by what they are, such as ``data``; what is no path that exists, such as a hub id, is passed over.

    Raises:
        ConfigError: they overlap.
    """
    for what, given in inputs.items():
        relation = _relation(output, Path(given)) if given and _exists(given) else ""
        if relation:
            raise ConfigError(
                f"--out {output} {relation} the {what} {given}, which would be changed or lost. "
                "Choose another --out, outside of what is read."
            )


@contextmanager
def writing(path: Path, mode: str = "w", follow: bool = False) -> Iterator[IO[Any]]:
    """Open a file to write: a part beside it, which takes its place when all is written.

    Args:
        path: of the file.
        mode: ``w`` or ``wb``.
        follow: a link is followed, and a pipe or a device is written to, as where a user named it. Otherwise whatever
            is in the place is replaced: in a folder that came from elsewhere, a link may lead anywhere.

    Raises:
        StorageError: it cannot be written; what was there before is as it was.
    """
    with reporting(path):
        target = real_path(path) if follow else path
        if follow and target.exists() and not target.is_file():
            with _opened(target, mode) as file:
                yield file
            return
        if not target.is_symlink() and target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(0, "it is write-protected")
        # a name may have 255 bytes, of which a part needs some for itself
        part = target.with_name(f".{target.name[:OF_PART]}.{uuid.uuid4().hex[:8]}.part")
        try:
            with _opened(part, mode) as file:
                yield file
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8; see :func:`writing`."""
    with writing(path) as file:
        file.write(encodable(text))


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes; see :func:`writing`."""
    with writing(path, "wb") as file:
        file.write(content)


@contextmanager
def reporting(path: Path) -> Iterator[None]:
    """Report what the system refuses as a StorageError that names the file."""
    try:
        yield
    except BrokenPipeError:  # who reads has enough
        raise
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}.") from error


def real_path(path: Path) -> Path:
    """The path without links."""
    return Path(os.path.realpath(path))


def _opened(path: Path, mode: str) -> IO[Any]:
    return open(path, mode) if "b" in mode else open(path, mode, newline="", encoding="utf-8")


def _relation(output: Path, given: Path) -> str:
    out, source = real_path(output), real_path(given)
    if _same(out, source):
        return "is"
    if any(_same(parent, source) for parent in out.parents):
        return "lies in"
    return "contains" if any(_same(out, parent) for parent in source.parents) else ""


def _same(one: Path, other: Path) -> bool:
    """By inode, so that hard links and the case of letters do not matter."""
    try:
        return one == other or one.samefile(other)
    except (OSError, ValueError):
        return False


def _exists(path: str | Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:
        return False


def _shown(text: str) -> str:
    return repr(text) if len(text) <= SHOWN else f"{text[:SHOWN]!r} …"

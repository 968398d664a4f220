"""The content of the cache folder, and its removal: only files that the store wrote, and no table that is in use."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jeoni.errors import StorageError
from jeoni.features.key import FeatureKey
from jeoni.features.manifest import Manifest, UnsealedManifest
from jeoni.features.used import unless_in_use
from jeoni.files.regular import is_regular

__all__ = ["CacheTotals", "CachedTable", "Cleared", "clear_tables", "list_tables"]

TABLE = re.compile(r"[0-9a-f]{24}")
FILE = re.compile(r"key\.json|[0-9a-f]{32}\.(json|npy)|\.[0-9a-f]{32}\.part")


@dataclass(frozen=True)
class CachedTable:
    """One table of the store.

    Attributes:
        folder: where it lies.
        key: what its rows depend on; None where ``key.json`` is damaged.
        rows: how many there are, by the manifests that can be read.
        damaged: manifests that cannot; their rows are computed again.
        bytes: on the disk.
        used: when it was last used, in seconds since 1970.
        orphaned: bytes that no manifest describes: left over from writing that was interrupted.
    """

    folder: Path
    key: FeatureKey | None
    rows: int
    damaged: int
    bytes: int
    used: float
    orphaned: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing in it is damaged."""
        return self.key is not None and not self.damaged


@dataclass(frozen=True)
class CacheTotals:
    """The cache in a few numbers.

    Attributes:
        tables: how many there are.
        bytes: of all of them.
        idle: tables that were not used lately.
        idle_bytes: of those.
        orphaned: bytes in files that no manifest describes.
        damaged: tables of which a part must be computed again.
    """

    tables: int
    bytes: int
    idle: int
    idle_bytes: int
    orphaned: int
    damaged: int

    @classmethod
    def of(cls, tables: Sequence[CachedTable], idle_s: float, now: float | None = None) -> CacheTotals:
        """The sums over tables; those not used for ``idle_s`` seconds are idle."""
        now = now or time.time()
        idle = [t for t in tables if now - t.used >= idle_s]
        return cls(
            tables=len(tables),
            bytes=sum(t.bytes for t in tables),
            idle=len(idle),
            idle_bytes=sum(t.bytes for t in idle),
            orphaned=sum(t.orphaned for t in tables),
            damaged=sum(not t.sound for t in tables),
        )


@dataclass(frozen=True)
class Cleared:
    """The result of clearing the cache.

    Attributes:
        bytes: that were freed.
        in_use: tables that running processes use; they were left alone.
        left: files and folders that could not be removed, or that the store did not write.
    """

    bytes: int
    in_use: int
    left: tuple[Path, ...]


def list_tables(root: Path) -> list[CachedTable]:
    """All tables under ``root``, damaged ones among them.

    Raises:
        StorageError: the folder may not be read.
    """
    return [_table(folder) for folder in _folders(root)]


def clear_tables(root: Path, older_than_s: float = 0.0, now: float | None = None) -> Cleared:
    """Remove tables not used for ``older_than_s`` seconds; those in use, links and foreign files are left alone.

    Raises:
        StorageError: the folder may not be read.
    """
    now = now or time.time()
    freed, in_use, left = 0, 0, list[Path]()
    for folder in _folders(root):
        if older_than_s > 0 and now - _last_used(folder) < older_than_s:
            continue
        with unless_in_use(folder / "key.json") as free:
            if not free:
                in_use += 1
                continue
            freed += _remove(folder)
        if folder.exists():
            left.append(folder)
    return Cleared(freed, in_use, tuple(left))


def _folders(root: Path) -> list[Path]:
    try:
        if not root.exists():
            return []
        return sorted(f for f in root.iterdir() if TABLE.fullmatch(f.name) and f.is_dir() and not f.is_symlink())
    except OSError as error:
        raise StorageError(f"The feature cache cannot be read: {root} ({error.strerror or error}).") from error


def _files(folder: Path) -> Iterator[Path]:
    """The files that the store wrote, or may have: manifests first, so that no shard is without its rows for long."""
    with suppress(OSError):
        own = (f for f in folder.iterdir() if FILE.fullmatch(f.name) and is_regular(f))
        yield from sorted(own, key=lambda f: (f.name == "key.json", f.suffix != ".json", f.name))


def _table(folder: Path) -> CachedTable:
    key, rows, damaged, size = None, 0, 0, 0
    with suppress(OSError, ValueError):
        key = FeatureKey.read(folder / "key.json")
    files = list(_files(folder))
    described = {file.stem for file in files if file.suffix == ".json"}
    orphaned = 0
    for file in files:
        with suppress(OSError):
            on_disk = file.stat().st_size
            size += on_disk
            orphaned += on_disk if file.suffix != ".json" and file.stem not in described else 0
        if file.suffix != ".json" or file.name == "key.json":
            continue
        try:
            rows += len(Manifest.read(file, folder.name, ragged=False).rows)
        except (UnsealedManifest, OSError, ValueError):
            damaged += 1
    return CachedTable(folder, key, rows, damaged, size, _last_used(folder), orphaned)


def _last_used(folder: Path) -> float:
    for path in (folder / "key.json", folder):
        with suppress(OSError):
            return path.lstat().st_mtime
    return 0.0


def _remove(folder: Path) -> int:
    """Remove a table's files, and its folder if nothing else is in it; returns the bytes freed."""
    freed = 0
    for file in _files(folder):
        with suppress(OSError):
            size = file.stat().st_size
            file.unlink()
            freed += size
    with suppress(OSError):
        folder.rmdir()
    return freed

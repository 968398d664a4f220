"""The feature store: rows on disk, found by the content of the example they were computed from.

A table holds what one (weights, stage, preprocessing, precision) gives; its rows are named by the digest of the
example's content. So ten new images in a folder cost ten rows, and a hold-out set or a second label column
costs nothing.

    features/<digest of the key>/key.json       what the table holds, readable
    features/<digest of the key>/<id>.npy       one shard: (rows, …), memory-mapped when read
    features/<digest of the key>/<id>.json      its manifest: the rows' digests, shape, checksums of both

Rows that differ in their first dimension (texts, audio) lie end to end in their shard; the manifest tells how long
each is, and whoever reads several gets them padded to the longest.

Nobody waits for a lock. A shard has a name of its own, is written beside its place and moved there, the manifest
last: a shard without a manifest does not exist. A killed run loses at most the shard it was filling, and two
processes can at worst compute the same row twice. Whoever uses a table marks it as used (:mod:`.used`), so that
clearing the cache leaves it alone.
"""

from __future__ import annotations

import errno
import json
import os
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import xxhash

from jeoni.errors import StorageError
from jeoni.features.cleaning import CachedTable, Cleared, clear_tables, list_tables
from jeoni.features.key import FeatureKey
from jeoni.features.manifest import Manifest, UnsealedManifest
from jeoni.features.used import Mark
from jeoni.files.regular import open_regular
from jeoni.modalities.inputs import padding
from jeoni.types import Array, Console, IntArray, Quiet

__all__ = ["FeatureKey", "FeatureStore", "Features", "ShardWriter", "Table", "cache_folder"]

SHARD_BYTES = 8 << 20
SHARD_ROWS = 512


def cache_folder() -> Path:
    """Where cached features live: ``JEONI_CACHE``, else the platform's cache folder."""
    named = os.environ.get("JEONI_CACHE")
    if named:
        return Path(named)
    import platformdirs

    return Path(platformdirs.user_cache_dir("jeoni"))


@dataclass(frozen=True)
class _Place:
    shard: int
    row: int
    length: int = 0


class Table:
    """One table of the store: which rows there are, and where. Safe to ask from several threads.

    Manifests are read at once; a shard's content is held against its checksum when a row of it is first asked for.
    """

    def __init__(self, folder: Path, key: FeatureKey, console: Console) -> None:
        self.folder = folder
        self.key = key
        self._mark = Mark(folder / "key.json")
        self._console = console
        self._lock = threading.RLock()
        self._shards: list[Path] = []
        self._unchecked: dict[int, Manifest] = {}
        self._places: dict[bytes, _Place] = {}
        self._shape: tuple[int, ...] = ()
        self._dtype = np.dtype(np.float32)
        self._seen: set[str] = set()
        self.refresh()

    def __contains__(self, digest: bytes) -> bool:
        """Whether the row is there and sound."""
        place = self._places.get(digest)
        return place is not None and self._sound(place.shard)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def digests(self) -> list[bytes]:
        """Of all its rows; whether these are sound is not looked at."""
        with self._lock:
            return list(self._places)

    def refresh(self, written: str = "") -> None:
        """Take in shards that came since, from this process or another; ``written`` is this process's own."""
        with self._lock:
            unsealed = 0
            for manifest in sorted(self.folder.glob("*.json")):
                if manifest.name == "key.json" or manifest.stem in self._seen:
                    continue
                self._seen.add(manifest.stem)
                try:
                    self._take(manifest, trusted=manifest.stem == written)
                except UnsealedManifest:
                    unsealed += 1
                    _remove_shard(manifest)
                except (OSError, ValueError):
                    self._discard(manifest)
            if unsealed:
                self._console.warn(
                    f"{unsealed:,} cached shards of {self._name} were written by an older jeoni, without a checksum of "
                    "their index; their rows are computed again."
                )

    def _take(self, path: Path, trusted: bool) -> None:
        manifest = Manifest.read(path, self.key.digest, self.key.ragged)
        kept = manifest.shape, manifest.dtype
        if self._shards and kept != (self._shape, self._dtype):
            raise ValueError(f"{path} holds rows of another shape than the shards before it")
        self._shape, self._dtype = kept
        shard = len(self._shards)
        self._shards.append(path.with_suffix(".npy"))
        if not trusted:
            self._unchecked[shard] = manifest
        if manifest.lengths is None:
            for row, digest in enumerate(manifest.rows):
                self._places.setdefault(digest, _Place(shard, row))
            return
        starts = np.cumsum(manifest.lengths) - manifest.lengths
        for digest, start, length in zip(manifest.rows, starts.tolist(), manifest.lengths, strict=True):
            self._places.setdefault(digest, _Place(shard, start, length))

    def _sound(self, shard: int) -> bool:
        if shard not in self._unchecked:
            return True
        with self._lock:
            manifest = self._unchecked.get(shard)
            if manifest is None or _is_what_was_written(self._shards[shard], manifest):
                self._unchecked.pop(shard, None)
                return True
            self._discard(self._shards[shard])
            self._places = {d: p for d, p in self._places.items() if p.shard != shard}
            return False

    @property
    def _name(self) -> str:
        return self.key.name or "features"

    def _discard(self, file: Path) -> None:
        shard = file.with_suffix(".npy").name
        self._console.warn(f"A cached shard of {self._name} was damaged; its rows are computed again ({shard}).")
        _remove_shard(file)

    def features(self, digests: Sequence[bytes]) -> Features:
        """The rows of ``digests``, in that order.

        Raises:
            KeyError: a row that was never computed.
        """
        places = [self._places[d] for d in digests]
        return Features(
            self._shards,
            np.array([p.shard for p in places], dtype=np.int64),
            np.array([p.row for p in places], dtype=np.int64),
            self._shape,
            self._dtype,
            np.array([p.length for p in places], dtype=np.int64) if self.key.ragged else None,
            self._mark,
        )

    def writer(self) -> ShardWriter:
        """Something to add rows to; use it as a context manager."""
        return ShardWriter(self)


class ShardWriter:
    """Collects rows and writes a shard whenever enough have come."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._digests: list[bytes] = []
        self._rows: list[Array] = []

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, *failure: object) -> None:
        """Write what is left, also after an interruption: it is sound."""
        self.flush()

    def add(self, digest: bytes, row: Array) -> None:
        """Keep one row, ``(…)``; a row that is there already is left alone."""
        if digest in self._table:
            return
        self._digests.append(digest)
        self._rows.append(row)
        if len(self._rows) >= max(1, min(SHARD_ROWS, SHARD_BYTES // max(1, row.nbytes))):
            self.flush()

    def flush(self) -> None:
        """Write the shard.

        Raises:
            StorageError: the disk is full or may not be written.
        """
        if not self._rows:
            return
        ragged = self._table.key.ragged
        lengths = tuple(len(r) for r in self._rows) if ragged else None
        digests, array = self._digests, np.concatenate(self._rows) if ragged else np.stack(self._rows)
        self._digests, self._rows = [], []
        folder, name = self._table.folder, uuid.uuid4().hex
        part = folder / f".{name}.part"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with open(part, "wb") as file:
                np.save(file, array)
            manifest = Manifest(
                self._table.key.digest,
                tuple(digests),
                array.shape[1:],
                array.dtype,
                _checksum(part),
                lengths,
            )
            part.replace(folder / f"{name}.npy")
            part.write_text(manifest.dumps(), encoding="utf-8")
            part.replace(folder / f"{name}.json")
        except OSError as error:
            part.unlink(missing_ok=True)
            raise _storage_error(error, folder) from error
        self._table.refresh(written=name)


class Features:
    """``(n, …)`` rows of one table, read from memory-mapped shards block by block.

    Maps are opened for a read and closed after it: resident memory does not grow with ``n``. Of rows that differ in
    their first dimension, ``shape`` gives the longest, ``lengths`` each one's, and a read is as long as its longest.
    """

    def __init__(
        self,
        shards: Sequence[Path],
        shard: IntArray,
        row: IntArray,
        shape: tuple[int, ...],
        dtype: np.dtype,
        lengths: IntArray | None = None,
        mark: Mark | None = None,
    ) -> None:
        self._shards, self._shard, self._row, self._kept = shards, shard, row, shape
        self._mark = mark  # as long as the rows may be read, the table is in use
        self.lengths = lengths
        self.shape = (len(row), *(shape if lengths is None else (int(lengths.max(initial=0)), *shape)))
        self.dtype = dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: slice | IntArray) -> Array:
        """The rows at ``index`` as a new array."""
        shard, row = self._shard[index], self._row[index]
        if self.lengths is not None:
            return self._ragged(shard, row, self.lengths[index])
        out = np.empty((len(row), *self.shape[1:]), dtype=self.dtype)
        for s in np.unique(shard):
            here = np.flatnonzero(shard == s)
            out[here] = self._open(s)[row[here]]
        return out

    def _ragged(self, shard: IntArray, start: IntArray, length: IntArray) -> Array:
        shape = (len(shard), int(length.max(initial=0)), *self._kept)
        out = np.full(shape, padding(self.dtype), dtype=self.dtype)
        for s in np.unique(shard):
            rows = self._open(s)
            for k in np.flatnonzero(shard == s):
                out[k, : length[k]] = rows[start[k] : start[k] + length[k]]
        return out

    def _open(self, shard: int) -> Array:
        path = self._shards[shard]
        try:
            rows: Array = np.load(path, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise StorageError(
                f"The cached features in {path.parent} were removed or changed while they were needed ({path.name}). "
                "Run the same command again: what is missing is computed anew."
            ) from error
        return rows

    @property
    def nbytes(self) -> int:
        """Bytes that the rows take on the disk."""
        one = int(np.prod(self._kept, dtype=np.int64)) * self.dtype.itemsize
        return one * (len(self) if self.lengths is None else int(self.lengths.sum()))

    def select(self, index: IntArray) -> Features:
        """Fewer rows, or another order; nothing is read."""
        lengths = None if self.lengths is None else self.lengths[index]
        return Features(self._shards, self._shard[index], self._row[index], self._kept, self.dtype, lengths, self._mark)

    def blocks(self, rows: int = 4096) -> Iterator[Array]:
        """All rows in order, at most ``rows`` at a time."""
        for start in range(0, len(self), rows):
            yield self[start : start + rows]

    def numpy(self) -> Array:
        """All rows as one array in memory."""
        return self[slice(None)]


class FeatureStore:
    """The cache on disk.

    Example:
        >>> import tempfile
        >>> store = FeatureStore(Path(tempfile.mkdtemp()))
        >>> table = store.table(FeatureKey("weights", 3, True, "224 px"))
        >>> with table.writer() as writer:
        ...     writer.add(b"digest of a file", np.ones(4, dtype=np.float32))
        >>> table.features([b"digest of a file"]).shape
        (1, 4)
    """

    def __init__(self, root: Path | None = None, console: Console | None = None) -> None:
        self.root = (root or cache_folder()) / "features"
        self._console = console or Quiet()

    def table(self, key: FeatureKey, /) -> Table:
        """The table of a key, made if it is new.

        Raises:
            StorageError: the cache folder may not be written.
        """
        folder = self.root / key.digest
        named = folder / "key.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if folder.is_symlink():
                raise OSError(errno.ELOOP, "it is a link, and the cache follows none", str(folder))
            if _is_key_of(key, named):
                os.utime(named)
            else:
                part = folder / f".{uuid.uuid4().hex}.part"
                part.write_text(json.dumps(asdict(key)), encoding="utf-8")
                part.replace(named)
        except OSError as error:
            raise _storage_error(error, folder) from error
        return Table(folder, key, self._console)

    def holds(self, key: FeatureKey, /) -> bool:
        """Whether there is a table of that key, which may be empty."""
        return (self.root / key.digest).is_dir()

    def listing(self) -> list[CachedTable]:
        """The content of the cache, table by table; damaged ones among them.

        Raises:
            StorageError: the cache folder may not be read.
        """
        return list_tables(self.root)

    def clear(self, older_than_s: float = 0.0, now: float | None = None) -> Cleared:
        """Remove tables not used for ``older_than_s`` seconds, but for those in use; see :func:`.clear_tables`."""
        return clear_tables(self.root, older_than_s, now)


def _is_key_of(key: FeatureKey, path: Path) -> bool:
    try:
        return FeatureKey.read(path).digest == key.digest
    except (OSError, ValueError):  # new, or damaged: written anew, for people and for `jeoni cache list`
        return False


def _remove_shard(file: Path) -> None:
    """Both files of a shard, where that can be done: what is in their place may be anything."""
    for path in (file.with_suffix(".json"), file.with_suffix(".npy")):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _is_what_was_written(path: Path, manifest: Manifest) -> bool:
    try:
        return _checksum(path) == manifest.checksum and manifest.describes(np.load(path, mmap_mode="r"))
    except (OSError, ValueError):
        return False


def _checksum(path: Path) -> str:
    state = xxhash.xxh3_128()
    with open_regular(path) as file:
        while block := file.read(1 << 20):
            state.update(block)
    return str(state.hexdigest())


def _storage_error(error: OSError, folder: Path) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(
            f"The disk that holds the feature cache is full ({folder}). Free space with `jeoni cache clear`, "
            "or point JEONI_CACHE to another disk. What was computed so far is kept."
        )
    return StorageError(
        f"The feature cache cannot be written: {folder} ({error.strerror or error}). "
        "Point JEONI_CACHE to a folder you may write."
    )

"""Examples in an object store (S3, Google Cloud Storage, Azure, HDFS): listed once, each read when it is asked for.

pyarrow's file systems read them; credentials are those of the environment, on every machine that reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from jeoni.data.columns import PARTS, label_cells
from jeoni.data.files import MOST_EXAMPLE
from jeoni.data.kinds import SUFFIXES, composed, modality_of, plural
from jeoni.errors import DataError
from jeoni.types import Dataset, IntArray

__all__ = ["StoredItems", "is_stored", "read_stored"]

SCHEME = re.compile(r"(s3|gs|gcs|abfs|abfss|hdfs|viewfs|file)://")


def is_stored(path: str) -> bool:
    """Whether it is the address of something in an object store.

    Example:
        >>> is_stored("s3://bucket/photos"), is_stored("photos")
        (True, False)
    """
    return SCHEME.match(path) is not None


class StoredItems:
    """Objects below one address.

    Args:
        root: the address.
        keys: of the objects, below it.
        sizes: ``(n,)`` bytes.
    """

    def __init__(self, root: str, keys: Sequence[str], sizes: IntArray) -> None:
        self._root, self._keys, self._sizes = root, np.asarray(keys, dtype=object), sizes
        self._opened: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """Without the connection: another machine makes its own."""
        return {**self.__dict__, "_opened": None}

    def __len__(self) -> int:
        return len(self._keys)

    def name(self, index: int) -> str:
        """The key below the address."""
        return str(self._keys[index])

    def size(self, index: int) -> int:
        """Bytes."""
        return int(self._sizes[index])

    def select(self, indices: Sequence[int] | IntArray) -> StoredItems:
        """The same objects, fewer or in another order."""
        index = np.asarray(indices, dtype=np.int64)
        return StoredItems(self._root, self._keys[index].tolist(), self._sizes[index])

    def read(self, index: int) -> bytes:
        """The object's bytes.

        Raises:
            DataError: it is gone, empty or too large, or may not be read.
        """
        name = self.name(index)
        if self._opened is None:
            self._opened = _open(self._root)
        system, base = self._opened
        if self.size(index) > MOST_EXAMPLE:
            raise DataError(
                f"{name} has {self.size(index):,} bytes; one example has {MOST_EXAMPLE:,} at most.", path=name
            )
        try:
            with system.open_input_stream(f"{base}/{name}") as stream:
                raw: bytes = stream.read()
        except OSError as error:
            raise DataError(f"{name} cannot be read: {_first_line(error)}.", path=name) from error
        if not raw:
            raise DataError(f"{name} is empty (zero bytes).", path=name)
        return raw


def read_stored(address: str, modality: str = "", labelled: bool = True) -> Dataset:
    """The examples below an address, whose folders are classes where labels are wanted.

    Args:
        address: such as ``s3://bucket/photos``; its folders are classes, or ``train`` and ``test`` with these in them.
        modality: of the examples; empty where the files decide.
        labelled: whether folders are classes; else all that lies below it is taken.

    Raises:
        DataError: it cannot be listed, or nothing there can be used.
    """
    from pyarrow import fs

    address = address.rstrip("/")
    system, base = _open(address)
    try:
        listed = system.get_file_info(fs.FileSelector(base, recursive=True))
    except OSError as error:
        raise DataError(
            f"{address} cannot be listed: {_first_line(error)}. Needed is a folder that may be read with the "
            "credentials of this machine's environment.",
            path=address,
        ) from error
    below = {str(PurePosixPath(i.path).relative_to(base)): i.size for i in listed if i.type == fs.FileType.File}
    shown = sorted(key for key in below if not any(part.startswith(".") for part in key.split("/")))
    modality = modality or modality_of(shown)
    least = 2 if labelled else 1
    keys = [k for k in shown if _suffix(k) in SUFFIXES.get(modality, ()) and len(k.split("/")) >= least]
    if not keys:
        where = "in a folder for each class " if labelled else ""
        raise DataError(
            f"{address} holds no {plural(modality or 'image')} {where}among its {len(below):,} files. Tables are read "
            "from a disk: copy them to one.",
            path=address,
        )
    split = labelled and all(k.split("/")[0].lower() in PARTS and len(k.split("/")) > 2 for k in keys)
    classes = [composed(k.split("/")[1 if split else 0]) for k in keys]
    return Dataset(
        name=PurePosixPath(base).name or "bucket",
        items=StoredItems(address, keys, np.array([below[k] for k in keys], dtype=np.int64)),
        targets=label_cells({"class": classes} if labelled else {}, len(keys)),
        part=np.array([PARTS[k.split("/")[0].lower()] if split else "" for k in keys], dtype="<U5"),
        origin=address,
        modality=modality,
    )


def _open(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it.

    Raises:
        DataError: it has none.
    """
    from pyarrow import fs

    try:
        system, base = fs.FileSystem.from_uri(address)
    except (ValueError, OSError) as error:  # pyarrow's errors are among them
        raise DataError(f"{address} is no address that can be opened: {_first_line(error)}.", path=address) from error
    return system, str(base)


def _suffix(key: str) -> str:
    return PurePosixPath(key).suffix.lower()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")[:200]

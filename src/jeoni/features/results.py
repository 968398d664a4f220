"""Results that are kept beside the features: what was computed once from the same things is not computed again.

A result is an array, or the content of files, in a table of the feature store. It is found by a digest of all that it
depends on: values, the code that makes it, and the libraries' versions.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np
import xxhash

from jeoni import distributed
from jeoni.features.key import FeatureKey
from jeoni.features.store import FeatureStore, Table
from jeoni.types import Array

__all__ = ["code_digest", "digest_of", "find_bytes", "keep_bytes", "kept_once"]

LIBRARIES = ("numpy", "scikit-learn", "scipy", "torch", "pillow", "matplotlib")


def digest_of(*parts: str | bytes | Array) -> bytes:
    """16 bytes that stand for texts, bytes and arrays in this order.

    Example:
        >>> digest_of("a", "b") == digest_of("ab")
        False
    """
    state = xxhash.xxh3_128()
    for part in parts:
        if isinstance(part, np.ndarray):
            state.update(f"{part.dtype}{part.shape}".encode())
            content: bytes = repr(part.tolist()).encode() if part.dtype.hasobject else part.tobytes()
        else:
            content = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
            state.update(f"{len(content)}:".encode())
        state.update(content)
    return state.digest()


@cache
def code_digest(*modules: str) -> str:
    """What modules and packages are made of, and the versions of the libraries beneath them.

    Args:
        modules: dotted names; of a package all files count.
    """
    state = xxhash.xxh3_128()
    for library in LIBRARIES:
        state.update(f"{library} {version(library)}\n".encode())
    for module in modules:
        for file in _files(module):
            state.update(file.read_bytes())
    return str(state.hexdigest())


def _files(module: str) -> Iterable[Path]:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return ()
    origin = Path(spec.origin)
    return sorted(origin.parent.rglob("*.py")) if spec.submodule_search_locations else (origin,)


def kept_once(store: FeatureStore, what: str, identity: bytes, shape: tuple[int, ...],
              compute: Callable[[], Array]) -> Array:  # fmt: skip
    """A float64 array of a known shape: from the store, or computed and put there.

    Args:
        store: where.
        what: the kind of result, for people, such as ``predictions of folds``.
        identity: 16 bytes that stand for all it depends on.
        shape: of the result.
        compute: makes it.

    Example:
        >>> import tempfile
        >>> store = FeatureStore(Path(tempfile.mkdtemp()))
        >>> for number in (1.0, 2.0):
        ...     print(kept_once(store, "numbers", b"0" * 16, (2,), lambda: np.full(2, number)))
        [1. 1.]
        [1. 1.]
    """
    if distributed.world_size() > 1:  # what is computed is agreed upon on the way: all take part
        return compute()
    table = _table(store, what, "float64", str(shape))
    if identity not in table:
        with table.writer() as writer:
            writer.add(identity, np.asarray(compute(), dtype=np.float64))
    kept: Array = table.features([identity]).numpy()[0]
    return kept


def find_bytes(store: FeatureStore, what: str, identity: bytes) -> bytes | None:
    """What :func:`keep_bytes` kept, or None."""
    table = _table(store, what, "uint8", "bytes", ragged=True)
    if identity not in table:
        return None
    kept: bytes = table.features([identity]).numpy()[0].tobytes()
    return kept


def keep_bytes(store: FeatureStore, what: str, identity: bytes, content: bytes) -> None:
    """Put bytes of any length into the store.

    Args:
        store: where.
        what: the kind of result, for people.
        identity: 16 bytes that stand for all it depends on.
        content: the result.
    """
    with _table(store, what, "uint8", "bytes", ragged=True).writer() as writer:
        writer.add(identity, np.frombuffer(content, dtype=np.uint8))


def _table(store: FeatureStore, what: str, kind: str, shape: str, ragged: bool = False) -> Table:
    return store.table(FeatureKey(f"result: {what}", 0, True, shape, kind, what, ragged))

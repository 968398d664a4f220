"""Importing libraries: whether an optional one is there, and large ones without the garbage collector walking them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from jeoni.errors import MissingExtra

__all__ = ["require", "skip_final_gc", "without_collecting"]


def require(module: str, package: str, extra: str, purpose: str) -> None:
    """Look for an optional library without importing it.

    Args:
        module: as it is imported.
        package: its name on PyPI.
        extra: of jeoni, which brings it.
        purpose: what needs it, to begin a sentence with.

    Raises:
        MissingExtra: it is not installed.

    Example:
        >>> require("json", "json", "none", "Reading configurations")
    """
    if find_spec(module) is None:
        raise MissingExtra(package, extra, purpose)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Switch the collector off, for imports that make a million objects that all stay: a third of their time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()
            gc.enable()


def skip_final_gc() -> None:
    """Skip the last garbage collection at exit: it takes up to two seconds with torch and timm loaded."""
    gc.freeze()

"""Importing large libraries without the garbage collector walking all of them again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["skip_final_gc", "without_collecting"]


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

"""Memory of a training on a CPU: a quarter of its time, unless freed blocks are kept and nothing is copied in vain.

Activations are megabytes each. glibc asks the system for every such block and returns it when it is freed, so that each
step touches fresh pages, which the kernel must clear first. Inside :func:`kept_memory` blocks come from the heap, those
of 32 pictures at 224 pixels (154 MB) too, and the heap is not trimmed; afterwards it is. Where the allocator is not
glibc's, nothing happens.

An activation function that works in place saves no memory while a network is trained, where its backward pass needs
what it was given: autograd copies that first. Inside :func:`without_copies` these work out of place, with the same
results bit for bit.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

__all__ = ["kept_memory", "without_copies"]

TRIM, MMAP = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
LARGEST = 1 << 30
OLDER = 32 << 20  # an older glibc refuses more
NEVER = (1 << 31) - 1
USUAL = 128 << 10
NEED_INPUT = (nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid, nn.SiLU, nn.Mish)  # ReLU6 is a Hardtanh


@contextmanager
def kept_memory() -> Iterator[None]:
    """Freed memory stays with the process while what is inside runs."""
    library = _glibc()
    if library is None:
        yield
        return
    if not library.mallopt(MMAP, LARGEST):
        library.mallopt(MMAP, OLDER)
    library.mallopt(TRIM, NEVER)
    try:
        yield
    finally:
        library.mallopt(MMAP, USUAL)
        library.mallopt(TRIM, USUAL)
        library.malloc_trim(0)


@contextmanager
def without_copies(network: nn.Module) -> Iterator[None]:
    """Activation functions whose backward pass needs their input work out of place while what is inside runs."""
    changed = [m for m in network.modules() if isinstance(m, NEED_INPUT) and getattr(m, "inplace", False)]
    for module in changed:
        module.inplace = False
    try:
        yield
    finally:
        for module in changed:
            module.inplace = True


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        library = ctypes.CDLL(None)
        return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
    except OSError:
        return None

"""Whether random views of pixels are written to the store before a training, or decoded when a step asks for them.

Written, each view is decoded once however many epochs look at it, and every step reads. Asked for, it is decoded in
every epoch, and nothing is written; where a GPU computes, decoding hides behind its steps as far as it keeps up. Both
give the same rows, bit for bit, so that a clock may decide.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jeoni.types import Array, IntArray

__all__ = ["ViewCosts", "disk_s", "timed"]

UNWRITABLE_S = 1.0
PROBED = 4 << 20  # bytes that are written and read to time the disk


@dataclass(frozen=True)
class ViewCosts:
    """What random views take, in seconds for one of them.

    Attributes:
        decode_s: decoded by all workers together.
        write_s: to write it to the store.
        read_s: to read it from there.
        step_s: that a GPU takes for an example, while processors decode the next; 0 where they compute themselves.
        lacking: the share of the views that are not in the store yet.

    Example:
        >>> costs = ViewCosts(decode_s=0.002, write_s=0.001)
        >>> costs.kept_s(n=1000, views=4, passes=10), costs.live_s(n=1000, passes=10)
        (12.0, 20.0)
        >>> costs.keeps(n=1000, views=4, passes=10), costs.keeps(n=1000, views=4, passes=3)
        (True, False)
    """

    decode_s: float
    write_s: float = 0.0
    read_s: float = 0.0
    step_s: float = 0.0
    lacking: float = 1.0

    def kept_s(self, n: int, views: int, passes: float) -> float:
        """Seconds beside the network's own where ``views`` of each of ``n`` examples are written first."""
        written = self.lacking * views * n * (self.decode_s + self.write_s)
        return written + passes * n * max(0.0, self.read_s - self.step_s)

    def live_s(self, n: int, passes: float) -> float:
        """Seconds beside the network's own where they are decoded in every one of so many passes."""
        return passes * n * max(0.0, self.decode_s - self.step_s)

    def keeps(self, n: int, views: int, passes: float) -> bool:
        """Whether to write them first; where nothing has to be written, they are there already."""
        return not self.lacking or self.kept_s(n, views, passes) < self.live_s(n, passes)


def timed(batch: Callable[[IntArray, IntArray], Array], n: int, size: int) -> float:
    """Seconds of one row, of batches of ``size``: a first one prepares, the faster of two others counts."""
    taken = []
    for start in range(3):
        index = np.arange(start * size, (start + 1) * size) % n
        begun = time.perf_counter()
        batch(index, np.zeros_like(index))
        taken.append((time.perf_counter() - begun) / size)
    return min(taken[1:])


def disk_s(folder: Path) -> tuple[float, float]:
    """Seconds to write and to read a byte in this folder; a second each where it cannot be written."""
    path = folder / f".{uuid.uuid4().hex}.part"
    block = np.random.default_rng(0).integers(0, 256, PROBED, dtype=np.uint8)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        begun = time.perf_counter()
        path.write_bytes(block.tobytes())
        written = time.perf_counter()
        path.read_bytes()
        read = time.perf_counter()
    except OSError:
        return UNWRITABLE_S, 0.0
    finally:
        with suppress(OSError):
            path.unlink()
    return (written - begun) / PROBED, (read - written) / PROBED

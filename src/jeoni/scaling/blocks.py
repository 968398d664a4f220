"""Examples in blocks, as they are sent to the processes that work them off."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jeoni.types import Items

__all__ = ["Block", "block_length", "blocks", "travels_alone"]

LIGHT = 1 << 16
CHUNKS = 32
BLOCKS_EACH = 4


@dataclass(frozen=True)
class Block:
    """Neighbouring examples.

    Attributes:
        numbers: theirs.
        items: they themselves; None where every process has all of them.
    """

    numbers: tuple[int, ...]
    items: Items | None


def travels_alone(items: Items) -> bool:
    """Whether one example can be sent without the others: a path can, a view of an array takes the array with it."""
    return len(pickle.dumps(items.select([0]), protocol=5)) <= LIGHT


def block_length(count: int, size: int, processes: int) -> int:
    """Examples in a block, a multiple of ``size`` so that chunks are those of one process.

    As many as :data:`CHUNKS` chunks, but each process gets :data:`BLOCKS_EACH` blocks or more where there are so many
    chunks: one that is slower, or began later, then takes fewer of them.

    Example:
        >>> block_length(100_000, 8, 16), block_length(1_000, 8, 16)
        (256, 8)
    """
    share = count // (processes * BLOCKS_EACH * size)
    return size * min(CHUNKS, max(1, share))


def blocks(items: Items, index: Sequence[int], length: int, alone: bool) -> Iterator[Block]:
    """The examples at ``index`` in that order.

    Args:
        items: all examples.
        index: those that are meant.
        length: of each block but the last.
        alone: send the examples with their block; see :func:`travels_alone`.
    """
    for start in range(0, len(index), length):
        numbers = tuple(int(i) for i in index[start : start + length])
        yield Block(numbers, items.select(numbers) if alone else None)

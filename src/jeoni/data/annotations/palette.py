"""Colours of classes, as Pascal VOC gives them to numbers: far apart for numbers that are near each other."""

from __future__ import annotations

import numpy as np

from jeoni.types import Array

__all__ = ["palette"]

BITS = 8


def palette(count: int) -> Array:
    """``(256, 3)`` uint8: colours of numbers, all black from ``count`` on but 255, which is white.

    Example:
        >>> palette(3)[:3].tolist()
        [[0, 0, 0], [128, 0, 0], [0, 128, 0]]
    """
    colours = np.zeros((256, 3), dtype=np.uint8)
    for number in range(min(count, 255)):
        for bit in range(BITS):
            for channel in range(3):
                on = (number >> (3 * bit + channel)) & 1
                colours[number, channel] |= on << (BITS - 1 - bit)
    colours[255] = 255
    return colours

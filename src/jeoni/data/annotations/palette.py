"""Colours of classes: those that Pascal VOC gives to numbers, for files, and others that most eyes tell apart."""

from __future__ import annotations

import numpy as np

from jeoni.types import Array

__all__ = ["distinct_colours", "palette"]

BITS = 8
# the seven of Okabe and Ito (2008); then, one by one, what lies farthest from all before in OKLab, as it is seen with
# and without deuteranopia and protanopia (Machado et al. 2009): more than 0.076 apart, as the first seven are
DISTINCT = [
    "e69f00",
    "56b4e9",
    "009e73",
    "f0e442",
    "0072b2",
    "d55e00",
    "cc79a7",
    "660000",
    "331177",
    "77ffff",
    "0000ff",
    "993300",
    "44ddaa",
    "5588ff",
    "005566",
    "2200bb",
    "66ffaa",
    "44ddff",
    "223344",
    "007766",
    "005599",
    "cc22cc",
    "0066ff",
    "bb4433",
]


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


def distinct_colours(count: int) -> list[str]:
    """Colours that are told apart as well as may be, also by the colour-blind; of more than 24, some come again.

    Example:
        >>> distinct_colours(2)
        ['#e69f00', '#56b4e9']
    """
    return [f"#{DISTINCT[k % len(DISTINCT)]}" for k in range(count)]

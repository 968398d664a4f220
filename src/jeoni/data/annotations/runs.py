"""Run-length encoding of masks as COCO has it (Lin et al. 2014): runs of pixels by columns, off and on in turn.

Compressed, each run is the difference to the one before the last, in digits of five bits with a sixth that says whether
another follows, as letters from ``0`` on: the format of pycocotools, which it is tested against.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.types import Array, IntArray

__all__ = ["Runs"]

FIRST_LETTER = 48
MORE, NEGATIVE, BITS = 0x20, 0x10, 5


@dataclass(frozen=True, eq=False)
class Runs:
    """A region as runs of pixels.

    Attributes:
        counts: lengths of runs, the first one off.
        extent: width and height, pixels.
    """

    counts: IntArray
    extent: tuple[int, int]

    @classmethod
    def decoded(cls, text: str, extent: tuple[int, int]) -> Runs:
        """From the compressed letters.

        Raises:
            ValueError: they are not such letters.
        """
        counts: list[int] = []
        number, shift = 0, 0
        for letter in text:
            digit = ord(letter) - FIRST_LETTER
            if not 0 <= digit < 64:
                raise ValueError(f"{letter!r} is no letter of a compressed mask")
            number |= (digit & 0x1F) << shift
            shift += BITS
            if digit & MORE:
                continue
            if digit & NEGATIVE:
                number -= 1 << shift
            counts.append(number + counts[-2] if len(counts) > 2 else number)
            number, shift = 0, 0
        if shift:
            raise ValueError("a compressed mask ends within a number")
        return cls(np.array(counts, dtype=np.int64), extent)

    @classmethod
    def of(cls, mask: Array) -> Runs:
        """From a mask ``(h, w)`` bool."""
        flat = np.concatenate([[False], mask.ravel(order="F"), [False]])
        changes = np.flatnonzero(flat[1:] != flat[:-1])
        ends = np.concatenate([[0], changes, [mask.size]])
        counts = np.diff(ends)
        if len(counts) > 1 and counts[-1] == 0:
            counts = counts[:-1]
        return cls(counts.astype(np.int64), (mask.shape[1], mask.shape[0]))

    def encoded(self) -> str:
        """The compressed letters."""
        letters: list[str] = []
        for k, count in enumerate(self.counts.tolist()):
            rest = count - (int(self.counts[k - 2]) if k > 2 else 0)
            while True:
                digit = rest & 0x1F
                rest >>= BITS
                more = rest != -1 if digit & NEGATIVE else rest != 0
                letters.append(chr((digit | (MORE if more else 0)) + FIRST_LETTER))
                if not more:
                    break
        return "".join(letters)

    def mask(self) -> Array:
        """``(h, w)`` bool.

        Raises:
            ValueError: the runs do not fill the picture.
        """
        self.check()
        width, height = self.extent
        on = np.arange(len(self.counts)) % 2 == 1
        flat = np.repeat(on, self.counts)
        mask: Array = flat.reshape((height, width), order="F")
        return mask

    def check(self) -> None:
        """Whether the runs fill the picture.

        Raises:
            ValueError: they do not.
        """
        width, height = self.extent
        if self.counts.sum() != width * height or (self.counts < 0).any():
            raise ValueError(f"runs of {self.counts.sum()} pixels for a picture of {width} x {height}")

    @property
    def area(self) -> int:
        """Pixels that are on."""
        return int(self.counts[1::2].sum())

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom of the pixels that are on; None where there are none."""
        mask = self.mask()
        columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        if not len(columns):
            return None
        return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)

"""Which examples a model was fitted on, by short digests of their content: nobody scores it on them unknowingly."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jeoni.data.files import read_file
from jeoni.errors import DataError, WeightsError
from jeoni.types import Array

__all__ = ["FittedOn"]

FILE = "fitted_on.bin"
MARK = b"jeoni fitted on 1\n"
BYTES = 6  # of each digest: among 50,000 examples and as many new ones, one in 100,000 runs takes one for another
CHECKSUM = 32


@dataclass(frozen=True)
class FittedOn:
    """The examples that a model has learned from, with or without their labels; empty where that is not known.

    Attributes:
        digests: the first :data:`BYTES` bytes of each content's digest, sorted, one after the other.

    Example:
        >>> FittedOn.of([b"0123456789", b"abcdefghij"]).holds([b"abcdefghij", b"", b"0000000000"]).tolist()
        [True, False, False]
    """

    digests: bytes = b""

    def __len__(self) -> int:
        return len(self.digests) // BYTES

    @classmethod
    def of(cls, digests: Iterable[bytes]) -> FittedOn:
        """Of the digests of examples, as :func:`jeoni.data.items.content_digest` gives them."""
        return cls(b"".join(sorted({digest[:BYTES] for digest in digests})))

    def with_those(self, other: FittedOn) -> FittedOn:
        """The examples of both."""
        return FittedOn.of([*self._each(), *other._each()])

    def holds(self, digests: Iterable[bytes]) -> Array:
        """``(n,)`` bool: which examples are among these; an empty digest is not."""
        known = set(self._each())
        return np.array([digest[:BYTES] in known for digest in digests], dtype=bool)

    def save(self, folder: Path) -> None:
        """Write a file that holds its own checksum; none where nothing is known."""
        if self.digests:
            checksum = hashlib.sha256(self.digests).digest()
            (folder / FILE).write_bytes(MARK + checksum + self.digests)

    @classmethod
    def load(cls, folder: Path) -> FittedOn:
        """Read what :meth:`save` wrote; empty where there is no file, as in folders of older versions.

        Raises:
            WeightsError: a changed byte.
        """
        path = folder / FILE
        if not os.path.lexists(path):
            return cls()
        try:
            raw = read_file(path, str(path))
        except DataError as error:
            raise WeightsError(str(error)) from error
        head, digests = raw[: len(MARK) + CHECKSUM], raw[len(MARK) + CHECKSUM :]
        if head != MARK + hashlib.sha256(digests).digest() or len(digests) % BYTES:
            raise WeightsError(
                f"{path} was changed since it was saved; its checksum no longer fits. Copy it anew, or remove it: the "
                "model then works, but cannot tell which examples it was fitted on."
            )
        return cls(digests)

    def _each(self) -> list[bytes]:
        return [self.digests[at : at + BYTES] for at in range(0, len(self.digests), BYTES)]

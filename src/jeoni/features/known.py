"""Which rows the store has, as other processes get to know it: digests, no rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from jeoni.features.key import FeatureKey
from jeoni.features.store import Table
from jeoni.types import Array

__all__ = ["KnownRows", "KnownTable", "Rows", "RowsT", "Tables"]

DIGEST = "S16"


class Rows(Protocol):
    """What can tell whether it has the row of an example."""

    def __contains__(self, digest: bytes, /) -> bool:
        """Whether the row is there."""

    def __len__(self) -> int:
        """How many there are."""


RowsT = TypeVar("RowsT", bound=Rows)
RowsT_co = TypeVar("RowsT_co", bound=Rows, covariant=True)


class Tables(Protocol[RowsT_co]):
    """The store itself, or what is known of it."""

    def table(self, key: FeatureKey, /) -> RowsT_co:
        """The table of a key."""

    def holds(self, key: FeatureKey, /) -> bool:
        """Whether there is a table of that key, which may be empty."""


@dataclass(frozen=True)
class KnownTable:
    """One table.

    Attributes:
        digests: ``(n,)``, sorted; 16 bytes each, so that a million take 16 MB, which processes of a machine share.
    """

    digests: Array

    def __len__(self) -> int:
        return len(self.digests)

    def __contains__(self, digest: bytes) -> bool:
        wanted = np.array(digest, dtype=DIGEST)
        place = int(np.searchsorted(self.digests, wanted))
        return place < len(self.digests) and bool(self.digests[place] == wanted)


@dataclass(frozen=True)
class KnownRows:
    """Several tables at one moment, by the digests of their keys.

    Example:
        >>> KnownRows({}).table(FeatureKey("weights", 3, True, "224 px"))
        KnownTable(digests=array([], dtype='|S16'))
    """

    tables: dict[str, KnownTable]

    @classmethod
    def of(cls, tables: Iterable[Table]) -> KnownRows:
        """What is in the tables now."""
        return cls({t.key.digest: KnownTable(np.sort(np.array(t.digests, dtype=DIGEST))) for t in tables})

    def holds(self, key: FeatureKey, /) -> bool:
        """Whether the table of a key is among them."""
        return key.digest in self.tables

    def table(self, key: FeatureKey, /) -> KnownTable:
        """The table of a key; empty where it is not among them."""
        return self.tables.get(key.digest) or KnownTable(np.zeros(0, dtype=DIGEST))

"""Charts of the report that are kept in the feature store."""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.features.results import find_bytes, keep_bytes
from jeoni.features.store import FeatureStore

__all__ = ["KeptCharts"]

KIND = "charts"


@dataclass(frozen=True)
class KeptCharts:
    """Where charts are kept, and taken from; see :class:`jeoni.report.drawn.Keeper`.

    Attributes:
        store: of the run.
    """

    store: FeatureStore

    def find(self, identity: bytes) -> bytes | None:
        """What was kept, or None."""
        return find_bytes(self.store, KIND, identity)

    def keep(self, identity: bytes, content: bytes) -> None:
        """Keep it."""
        keep_bytes(self.store, KIND, identity, content)

"""What to compute of the examples, and one such request under way: its tables in the store, and its engine."""

from __future__ import annotations

import json
import threading
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, Taps, kept_as
from jeoni.backbones.entry import entry
from jeoni.features.decoding import Preparation
from jeoni.features.engine import Choice, accelerated, choose
from jeoni.features.known import RowsT, Tables
from jeoni.features.store import FeatureKey
from jeoni.modalities.inputs import Input, collate
from jeoni.types import Array, Console

__all__ = ["FIRST", "Engines", "Job", "Request"]

FIRST = 8  # examples on which an engine is chosen
PRECISIONS = ("float32", "bfloat16")
ON_GPU = "float16"  # computed there only; looked for elsewhere where a GPU left such rows
Engines = dict[tuple[Hashable, ...], Choice]


@dataclass(frozen=True)
class Request:
    """Rows to compute.

    Attributes:
        backbone: the network.
        taps: where to take something out of it; stage 0 gives the row itself, such as ``(size, size, 3)`` uint8.
        views: 0 is the example as it is; others are random views of it, the same ones every time.
        policy: what random views may change; see :meth:`jeoni.modalities.inputs.Input.view`.
    """

    backbone: Backbone
    taps: tuple[Tap, ...]
    views: tuple[int, ...] = (0,)
    policy: str = "none"

    def __post_init__(self) -> None:
        """Features of several stages are kept stage by stage."""
        kept = (one for tap in self.taps for one in kept_as(self.backbone, tap))
        object.__setattr__(self, "taps", tuple(dict.fromkeys(kept)) if self.backbone.beside else self.taps)

    @property
    def spots(self) -> tuple[tuple[Tap, int], ...]:
        """Every tap of every view."""
        return tuple((tap, view) for view in self.views for tap in self.taps)


class Job(Generic[RowsT]):
    """One request under way: its tables, and its engine once something must be computed."""

    def __init__(
        self,
        request: Request,
        store: Tables[RowsT],
        wanted: str,
        threads: int,
        console: Console,
        engines: Engines,
    ) -> None:
        self.request = request
        self.choice: Choice | None = None
        # what learned nothing gives what it is given; no engine does that faster
        self._wanted = wanted if request.backbone.learned else "torch"
        self._threads, self._console, self._engines = threads, console, engines
        self._lock = threading.Lock()
        self.input: Input = request.backbone.input
        self.described = json.dumps(self.input.describe(), sort_keys=True)
        self._run_taps = tuple(t for t in request.taps if t.stage > 0)
        self._store = store
        self._by_precision: dict[str, dict[tuple[Tap, int], RowsT]] = {}
        for precision in [*PRECISIONS, ON_GPU] if self._knows_float16() else PRECISIONS:
            self.tables_in(precision)
        self.precision = PRECISIONS[0]
        self.forced = ""
        self.reported: Choice | None = None

    def _knows_float16(self) -> bool:
        """Whether rows may be computed in it here, or were."""
        keys = [self._key(tap, view, ON_GPU) for tap, view in self.request.spots if tap.stage > 0]
        return bool(keys) and (accelerated(self._wanted) or any(self._store.holds(key) for key in keys))

    def prefer(self, digests: Sequence[bytes]) -> None:
        """Start with the precision in which most of these examples have rows, else with the fuller one."""

        def rows(precision: str) -> tuple[int, int]:
            tables = self._by_precision[precision].values()
            return sum(d in t for t in tables for d in digests), sum(len(t) for t in tables)

        self.precision = max(self._by_precision, key=rows)

    def report(self, choice: Choice) -> None:
        """Take in what another process computed in; where they differ, all go on in float32."""
        if self.reported is None:
            self.reported, self.precision = choice, choice.precision
        elif choice.precision != self.precision:
            self.choice, self.precision, self.forced = None, PRECISIONS[0], PRECISIONS[0]

    def _key(self, tap: Tap, view: int, precision: str) -> FeatureKey:
        backbone, spec = self.request.backbone, self.input
        varied = {"policy": spec.policy(self.request.policy), "view": view} if view else {}
        preprocessing = json.dumps(spec.describe() | varied, sort_keys=True)
        if tap.stage == 0:  # rows are the same for all weights that expect the same input
            return FeatureKey(spec.rows, 0, False, preprocessing, "uint8", spec.rows, spec.ragged)
        ragged = spec.ragged and not tap.pooled and tap.stage < backbone.n
        return FeatureKey(backbone.fingerprint, tap.stage, tap.pooled, preprocessing, precision, backbone.name, ragged)

    @property
    def used_engine(self) -> Choice | None:
        """The engine that computed its rows, in this call or an earlier one of the same run."""
        return self.choice or self._engines.get(self._engine_key) or self.reported

    @property
    def undecided(self) -> bool:
        """Whether it needs an engine, and has none yet."""
        return bool(self._run_taps) and self.used_engine is None

    @property
    def _engine_key(self) -> tuple[Hashable, ...]:
        return self.request.backbone.fingerprint, self.described, self._run_taps, self._wanted, self._threads

    @property
    def accelerated(self) -> bool:
        """Whether a GPU runs it, or nothing needs to be run."""
        return not self._run_taps or accelerated(self._wanted)

    @property
    def tables(self) -> dict[tuple[Tap, int], RowsT]:
        """Its tables, of the rows that are looked for."""
        return self.tables_in(self.precision)

    def tables_in(self, precision: str) -> dict[tuple[Tap, int], RowsT]:
        """Its tables of rows that were computed in that precision; another process may take one that is new here."""
        if precision not in self._by_precision:
            tables = {spot: self._store.table(self._key(*spot, precision)) for spot in self.request.spots}
            self._by_precision.setdefault(precision, tables)
        return self._by_precision[precision]

    @property
    def every_table(self) -> Iterator[RowsT]:
        """Its tables, of all precisions."""
        for tables in self._by_precision.values():
            yield from tables.values()

    def lacking(self, digest: bytes) -> list[int]:
        """The views of which a row is missing."""
        tables = self.tables
        return [v for v in self.request.views if any(digest not in tables[t, v] for t in self.request.taps)]

    @property
    def preparation(self) -> Preparation:
        """How an example becomes its rows."""
        return Preparation(self.input, self.described, self.request.policy, max(self.request.views) > 0)

    def run(self, rows: list[Array]) -> list[list[Array]]:
        """By tap, one array for each of ``rows``."""
        batch = collate(rows)
        with self._lock:
            if self.choice is None and self._run_taps:
                compiled = self._engines.get(self._engine_key)
                if compiled is not None and self.forced in ("", compiled.precision):
                    self.choice = compiled
            if self.choice is None and self._run_taps:
                network = entry(Taps(self.request.backbone, self._run_taps), self.input).eval()
                with self._console.status("Preparing the engine"):
                    self.choice = choose(
                        network, batch[:FIRST], self._wanted, self._threads, self._console, self.forced
                    )
                self._engines[self._engine_key] = self.choice
            if self.choice is not None:
                self.precision = self.choice.precision
        computed = iter(self.choice.run(batch) if self.choice else ())
        return [rows if t.stage == 0 else _kept(next(computed), t, self.input.ragged) for t in self.request.taps]


def _kept(values: Array, tap: Tap, ragged: bool) -> list[Array]:
    """Rows as they go to disk: whole activations in half precision, a rounding far below what training notices."""
    if tap.pooled or values.ndim == 2:
        return list(values)
    limit = np.finfo(np.float16).max
    halved = np.clip(values, -limit, limit).astype(np.float16)
    if not ragged:
        return list(halved)
    lengths = (values[..., -1] > 0).sum(1)  # padding is at the end
    return [row[:length] for row, length in zip(halved, lengths, strict=True)]

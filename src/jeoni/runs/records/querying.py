"""``metrics.json``, ``figures/queries.json`` and ``figures/pool.json`` of ``jeoni query``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from jeoni.runs.records.compare import Point
from jeoni.runs.records.figures import FigureName
from jeoni.runs.records.values import Count, Interval, Name, Outcome, Place, SaidTexts, Share, Value
from jeoni.runs.typed import AtMost

__all__ = ["PoolItem", "PoolMapRecord", "QueriesRecord", "Query", "QueryMetrics", "SimulatedMethod", "SimulationRecord"]


@dataclass(frozen=True)
class SimulatedMethod:
    """A method against labelling at random, draw by draw.

    ``gain`` is the difference of the areas under the curves of accuracy over labels; ``saved`` how many labels fewer it
    needs for what random reaches in the end, None where it does not come there.
    """

    name: Name
    gain: Interval
    outcome: Outcome
    saved: Interval | None = None


@dataclass(frozen=True)
class SimulationRecord:
    """A labelled pool, labelled again."""

    draws: Count
    pool: Count
    scored: Count
    methods: Annotated[tuple[SimulatedMethod, ...], AtMost(100)]
    points: Annotated[tuple[Point, ...], AtMost(20_000)]


@dataclass(frozen=True)
class QueryMetrics:
    """``metrics.json`` of ``jeoni query``; of a simulation nothing is asked for."""

    method: Name
    class_names: tuple[str, ...]
    pool: Count
    labelled: Count
    asked: Count
    summary: str
    said: SaidTexts = ()
    score: Name = "none"
    head: Name = ""
    simulation: SimulationRecord | None = None


@dataclass(frozen=True)
class Query:
    """An item to label, and what a reader sees of it."""

    rank: Count
    path: str
    score: Value | None = None
    suggested: str = ""
    confidence: Share | None = None
    text: str = ""
    thumb: FigureName = ""
    sound: FigureName = ""


@dataclass(frozen=True)
class QueriesRecord:
    """``figures/queries.json``: the first of the list, in order."""

    queries: Annotated[tuple[Query, ...], AtMost(200)]


@dataclass(frozen=True)
class PoolItem:
    """An item on the map of the pool; ``label`` is that of a labelled one, ``rank`` that of a chosen one."""

    state: Literal["pool", "labelled", "chosen"]
    path: str
    x: Place
    y: Place
    label: str = ""
    rank: Count | None = None


@dataclass(frozen=True)
class PoolMapRecord:
    """``figures/pool.json``."""

    method: str
    items: tuple[PoolItem, ...]

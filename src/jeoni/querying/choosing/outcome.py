"""The outcome of a query: the list, its pictures, the map of the pool, and what a simulation found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jeoni.data.item_columns import item_cells, item_header
from jeoni.evaluation.amounts import amount_of
from jeoni.explain import pictures
from jeoni.locale import Said, paragraph
from jeoni.modalities.inputs import Input
from jeoni.querying.choosing.proposal import Proposal
from jeoni.querying.choosing.simulation import RANDOM, Simulation, mean_interval
from jeoni.runs import RunFolder
from jeoni.runs.records import PoolMapRecord, QueriesRecord
from jeoni.types import Array, Dataset, FloatArray, IntArray, Interval

__all__ = ["query_metrics", "simulation_metrics", "write_map", "write_queries", "write_thumbnails"]

SHOWN = 100  # queries with a picture
POOL_POINTS = 700  # items of the pool on the map
DIGITS = 6


def query_metrics(
    proposal: Proposal,
    names: Sequence[str],
    labels: IntArray,
    pool: int,
    head: str,
    language: str,
    following: str = "querying.next",
) -> dict[str, Any]:
    """The content of ``metrics.json`` of a list of queries.

    Args:
        proposal: the list.
        names: of the classes.
        labels: ``(n,)`` of all items, -1 where there is none.
        pool: how many items could be asked for.
        head: that learned from the labels.
        language: of the summary.
        following: the sentence that says what to do next.
    """
    asked, labelled = len(proposal.index), int((labels >= 0).sum())
    counts = {"asked": f"{asked:,}", "pool": f"{pool:,}"}
    said = [Said("querying.asked", method=proposal.method, **counts)]
    if labelled:
        said.append(Said("querying.labelled", n=f"{labelled:,}", classes=f"{len(np.unique(labels[labels >= 0])):,}"))
    else:
        said.append(Said("querying.cold"))
    said.append(Said(following))
    return {
        "method": proposal.method,
        "class_names": list(names),
        "pool": pool,
        "labelled": labelled,
        "asked": asked,
        "score": proposal.score,
        "head": head if (proposal.suggested >= 0).any() else "",
        **paragraph(said, language),
    }


def simulation_metrics(found: Simulation, names: Sequence[str], head: str, language: str, seed: int) -> dict[str, Any]:
    """The content of ``metrics.json`` of a simulation; arguments as of :func:`query_metrics`."""
    asked = [name for name in found.curves if name != RANDOM]
    methods = []
    said: list[Said] = []
    for name in asked:
        gain, saved = found.gain(name), found.saved(name, seed)
        outcome = "helped" if gain.low > 0 else "hurt" if gain.high < 0 else "cannot tell"
        methods.append(
            {"name": name, "gain": gain.as_dict(), "outcome": outcome, "saved": saved.as_dict() if saved else None}
        )
        said += _said_of(name, gain, outcome, saved)
    said.append(Said("querying.simulated", draws=f"{len(found.curves[RANDOM]):,}", n=f"{int(found.counts[-1]):,}"))
    return {
        "method": ",".join(asked) or RANDOM,
        "class_names": list(names),
        "pool": found.pool,
        "labelled": found.pool + found.scored,
        "asked": int(found.counts[-1]),
        "head": head,
        "simulation": {
            "draws": len(found.curves[RANDOM]),
            "pool": found.pool,
            "scored": found.scored,
            "methods": methods,
            "points": _points(found),
        },
        **paragraph(said, language),
    }


def _said_of(name: str, gain: Interval, outcome: str, saved: Interval | None) -> list[Said]:
    amount = amount_of(gain, "accuracy", "%", signed=outcome == "cannot tell")
    if outcome == "hurt":
        amount = amount_of(Interval(-gain.value, -gain.high, -gain.low), "accuracy", "%")
    kind = {"helped": "paid", "hurt": "cost", "cannot tell": "unclear"}[outcome]
    said = [Said(f"querying.{kind}", method=name, amount=amount)]
    if saved is not None and outcome == "helped":
        span = {"low": f"{saved.low:.0f}", "high": f"{saved.high:.0f}"}
        said.append(Said("querying.saved", n=f"{saved.value:.0f}", **span))
    return said


def _points(found: Simulation) -> list[dict[str, Any]]:
    """Every round of every method, with the interval over draws."""
    return [
        {
            "strategy": name,
            "budget": int(count),
            "n_train": int(count),
            "seconds": 0.0,
            "score": mean_interval(curves[:, k]).as_dict(),
        }
        for name, curves in found.curves.items()
        for k, count in enumerate(found.counts)
    ]


def write_queries(run: RunFolder, data: Dataset, proposal: Proposal, names: Sequence[str]) -> None:
    """``queries.csv``: in order, with an empty column ``label`` to be filled in."""
    run.write_csv(
        "queries.csv",
        ["rank", *item_header(data), "score", "suggested", "confidence", "label"],
        (
            [
                rank,
                *item_cells(data, int(i)),
                _written(proposal.scores[k]),
                names[proposal.suggested[k]] if proposal.suggested[k] >= 0 else "",
                _written(proposal.confidence[k]),
                "",
            ]
            for rank, (k, i) in enumerate(enumerate(proposal.index), start=1)
        ),
    )


def _written(value: float) -> str:
    return f"{value:.{DIGITS}f}" if np.isfinite(value) else ""


def write_thumbnails(run: RunFolder, data: Dataset, proposal: Proposal, names: Sequence[str], spec: Input) -> None:
    """What a reader sees of the first queries."""
    entries = [
        {
            "index": int(i),
            "rank": k + 1,
            "path": data.items.name(int(i)),
            "score": _finite(proposal.scores[k]),
            "suggested": names[proposal.suggested[k]] if proposal.suggested[k] >= 0 else "",
            "confidence": _finite(proposal.confidence[k]),
        }
        for k, i in enumerate(proposal.index[:SHOWN])
    ]
    shown: Mapping[str, Any] = pictures.show(data, spec, {"queries": entries}, run.path / "figures")
    run.write_record("figures/queries.json", QueriesRecord, {"queries": shown["queries"]})


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def write_map(
    run: RunFolder, data: Dataset, rows: Array, able: Array, proposal: Proposal, names: Sequence[str], seed: int
) -> None:
    """Where pool, labelled and chosen items lie.

    Args:
        run: where to.
        data: all items.
        rows: ``(n, d)`` their features.
        able: ``(n,)`` bool: what could be asked for.
        proposal: what is asked for.
        names: of the classes.
        seed: of the draw of items that are shown.
    """
    known = np.flatnonzero(data.targets >= 0)
    rest = np.setdiff1d(np.flatnonzero(able), proposal.index)
    rng = np.random.default_rng(seed)
    some = np.sort(rng.permutation(rest)[:POOL_POINTS])
    known = np.sort(rng.permutation(known)[:POOL_POINTS])
    shown = np.concatenate([some, known, proposal.index])
    places, method = pictures.place(rows[shown], seed)
    rank = {int(i): k + 1 for k, i in enumerate(proposal.index)}
    items = [_item(int(i), place, data, names, rank) for i, place in zip(shown, places, strict=True)]
    run.write_record("figures/pool.json", PoolMapRecord, {"method": method, "items": items})


def _item(i: int, place: FloatArray, data: Dataset, names: Sequence[str], rank: Mapping[int, int]) -> dict[str, Any]:
    label = names[data.targets[i]] if data.targets[i] >= 0 else ""
    state = "labelled" if label else "chosen" if i in rank else "pool"
    return {
        "state": state,
        "path": data.items.name(i),
        "x": round(float(place[0]), 4),
        "y": round(float(place[1]), 4),
        "label": label,
        "rank": rank.get(i),
    }

"""Items whose label is probably wrong: a table of all, and what a reader sees of the most suspect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jeoni.data.item_columns import item_cells, item_header
from jeoni.explain import pictures
from jeoni.modalities.inputs import Input
from jeoni.runs import RunFolder
from jeoni.runs.records import SuspectsRecord
from jeoni.types import Dataset

__all__ = ["Suspect", "show_suspects", "write_suspects"]

MOST = 48  # that are shown


@dataclass(frozen=True)
class Suspect:
    """An item whose label is probably wrong.

    Attributes:
        item: its number in the data set.
        given: its label.
        suggested: what models that had not seen it take it for.
        score: how well its label fits, 0 … 1.
        left_out: whether it was left out of training.
    """

    item: int
    given: str
    suggested: str
    score: float
    left_out: bool = False


def write_suspects(run: RunFolder, data: Dataset, suspects: Sequence[Suspect]) -> None:
    """``suspects.csv``, the most suspect first; nothing where there are none."""
    if not suspects:
        return
    run.write_csv(
        "suspects.csv",
        ["rank", *item_header(data), "given", "suggested", "score", "left_out"],
        (
            [
                rank,
                *item_cells(data, one.item),
                one.given,
                one.suggested,
                f"{one.score:.6f}",
                "yes" if one.left_out else "",
            ]
            for rank, one in enumerate(suspects, start=1)
        ),
    )


def show_suspects(run: RunFolder, data: Dataset, suspects: Sequence[Suspect], spec: Input) -> None:
    """``figures/suspects.json`` and the thumbnails in it, of the first suspects.

    Args:
        run: where to.
        data: all examples that were read.
        suspects: the most suspect first.
        spec: opens an example.
    """
    if not suspects:
        return
    entries: list[dict[str, Any]] = [
        {
            "index": one.item,
            "rank": rank,
            "path": data.items.name(one.item),
            "given": one.given,
            "suggested": one.suggested,
            "score": min(1.0, max(0.0, one.score)),
            "left_out": one.left_out,
        }
        for rank, one in enumerate(suspects[:MOST], start=1)
    ]
    figures = run.path / "figures"
    shown = pictures.show(data, spec, {"suspects": entries}, figures, "suspects", "suspects")
    content = {"suspects": shown["suspects"], "rest": len(suspects) - len(entries)}
    run.write_record("figures/suspects.json", SuspectsRecord, content)

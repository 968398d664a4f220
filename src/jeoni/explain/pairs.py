"""Examples that are identical or nearly so, two by two, for the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jeoni.explain import pictures
from jeoni.modalities.inputs import Input
from jeoni.runs import RunFolder
from jeoni.runs.records import PairsRecord
from jeoni.tasks import as_cell, task_of
from jeoni.types import Dataset, Finding

__all__ = ["write_pairs"]

KINDS = ("label_conflict", "leak", "near_duplicate", "duplicate")  # what needs a look first
MOST = 24


def write_pairs(run: RunFolder, data: Dataset, findings: Sequence[Finding], spec: Input) -> None:
    """Write ``figures/pairs.json`` and the thumbnails in it; nothing where no two examples are alike.

    Args:
        run: where to.
        data: all examples that were read.
        findings: of the checks.
        spec: opens an example.
    """
    alike = sorted((f for f in findings if f.kind in KINDS and f.path and f.other), key=lambda f: KINDS.index(f.kind))
    shown = alike[:MOST]
    if not shown:
        return
    number = {data.items.name(i): i for i in range(len(data))}
    shown = [f for f in shown if f.path in number and f.other in number]
    labels = task_of(data).named_targets(data.targets)

    def record(name: str) -> dict[str, Any]:
        index = number[name]
        return {"index": index, "path": name, "label": as_cell(labels[index]), "predicted": "", "confidence": None}

    sides = {"left": [record(f.path) for f in shown], "right": [record(f.other) for f in shown]}
    seen = pictures.show(data, spec, sides, run.path / "figures", "pairs", "pairs")
    pairs = [
        {"kind": finding.kind, "action": finding.action, "left": left, "right": right}
        for finding, left, right in zip(shown, seen["left"], seen["right"], strict=True)
    ]
    run.write_record("figures/pairs.json", PairsRecord, {"pairs": pairs, "rest": len(alike) - len(shown)})

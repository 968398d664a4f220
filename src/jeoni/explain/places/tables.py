"""``predictions.csv`` and ``issues.csv`` of a dense task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jeoni.data.item_columns import item_cells, item_header
from jeoni.dense.protocol import DenseTask
from jeoni.runs import RunFolder
from jeoni.runs.issues import write_issues
from jeoni.tasks import as_cell
from jeoni.types import Dataset, Finding

__all__ = ["write_place_tables"]


def write_place_tables(
    run: RunFolder,
    held: Dataset,
    fold: Sequence[str],
    task: DenseTask,
    evidence: Sequence[Any],
    findings: Sequence[Finding],
) -> None:
    """Write how each held-out picture was done, a row each, and what the checks found.

    Args:
        run: where to.
        held: the held-out pictures.
        fold: ``test``, or the number of its fold, of each.
        task: what was predicted.
        evidence: of each, by :meth:`jeoni.dense.protocol.DenseTask.evidence`.
        findings: of the checks.
    """
    labels, scores, columns = task.named_targets(held.targets), task.item_scores(evidence), task.columns(evidence)
    header = [*item_header(held), "label", "score", "fold", *columns]
    rows = (
        [
            *item_cells(held, i),
            as_cell(labels[i]),
            f"{scores[i]:.6f}" if np.isfinite(scores[i]) else "",
            fold[i],
            *(_written(values[i]) for values in columns.values()),
        ]
        for i in range(len(held))
    )
    run.write_csv("predictions.csv", header, rows)
    write_issues(run, findings)


def _written(value: Any) -> str:
    """A number in short; empty where there is none."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)

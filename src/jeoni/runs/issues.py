"""``issues.csv``: the findings of the checks, a row each."""

from __future__ import annotations

from collections.abc import Sequence

from jeoni.runs.folder import RunFolder
from jeoni.types import Finding

__all__ = ["write_issues"]


def write_issues(run: RunFolder, findings: Sequence[Finding]) -> None:
    """Write ``issues.csv``."""
    rows = ([f.kind, f.path, f.detail, f.action, f.other] for f in findings)
    run.write_csv("issues.csv", ["kind", "path", "detail", "action", "other"], rows)

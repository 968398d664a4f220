"""Seconds, warnings and number of the interrupted calls of a run, for the call that resumes it.

It stands in ``progress.json`` of the run folder until the run comes to its end. A call that was killed could write
nothing at its end; its time is counted up to its last checkpoint, for what it did after that is done again.
"""

from __future__ import annotations

import json
import math
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jeoni.errors import StorageError
from jeoni.files.regular import read_regular
from jeoni.runs.folder import PROGRESS, RunFolder

__all__ = ["Progress", "begin_call", "interrupt_call"]

MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Progress:
    """Of the calls of a run before this one.

    Attributes:
        calls: how many there were.
        timings: their seconds by step.
        warnings: in order.
    """

    calls: int = 0
    timings: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def begin_call(run: RunFolder) -> Progress:
    """Read the progress of earlier calls, and note that another one has begun."""
    earlier = _read(run)
    _write(run, earlier, {"began": time.time()})
    return earlier


def interrupt_call(run: RunFolder, calls: int, timings: dict[str, float], warnings: list[str]) -> None:
    """Keep what a call leaves that could not come to its end."""
    _write(run, Progress(calls, timings, tuple(warnings)), {})


def _write(run: RunFolder, progress: Progress, more: dict[str, Any]) -> None:
    content = {"calls": progress.calls, "timings": progress.timings, "warnings": list(progress.warnings), **more}
    with suppress(StorageError):  # a full disk: the checkpoint counts, its time does not
        run.write_json(PROGRESS, content)


def _read(run: RunFolder) -> Progress:
    try:
        content = json.loads(read_regular(run.path / PROGRESS, MOST_BYTES))
        timings = {str(k): float(v) for k, v in content["timings"].items()}
        found = Progress(int(content["calls"]), timings, tuple(str(text) for text in content["warnings"]))
        began = float(content.get("began", math.inf))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Progress()
    if found.calls < 0 or not all(0 <= v < math.inf for v in timings.values()):
        return Progress()
    if began == math.inf:
        return found
    killed = {**timings, "total_s": timings.get("total_s", 0.0) + _until_checkpoint(run.checkpoints, began)}
    return Progress(found.calls + 1, killed, found.warnings)


def _until_checkpoint(folder: Path, began: float) -> float:
    """Seconds from ``began`` to the last checkpoint; none where there is no later one."""
    written = [path.lstat().st_mtime for path in folder.glob("*.safetensors")]
    return max(0.0, max(written, default=began) - began)

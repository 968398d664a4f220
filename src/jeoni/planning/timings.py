"""Steps of trainings that were timed before on this machine, so that a second plan of the same data need not time them.

A file for each kind of step lies beside the feature cache. How busy the machine was is kept with it: a step that was
timed on a busy machine is told for a quiet one by the ratio of the two.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import torch

from jeoni import distributed
from jeoni._version import __version__
from jeoni.errors import StorageError
from jeoni.files.outputs import write_text

__all__ = ["Timing", "Timings"]

NAME = re.compile(r"[0-9a-f]{32}\.json")
VALID_S = 30 * 86_400.0  # a machine changes: its system, its libraries, its cooling


@dataclass(frozen=True)
class Timing:
    """One step that was timed.

    Attributes:
        seconds: of the step.
        slower: times as slow as a quiet machine of reference this one was then.
        at: when, in seconds since 1970.
    """

    seconds: float
    slower: float
    at: float


@dataclass(frozen=True)
class Timings:
    """Timings in a folder.

    Args:
        folder: where they are; made when the first one is kept.
    """

    folder: Path

    @classmethod
    def beside(cls, features: Path) -> Timings:
        """Those that belong to a feature cache, by its folder of tables."""
        return cls(features.parent / "timings")

    def find(self, what: Sequence[object], now: float | None = None) -> Timing | None:
        """The timing of ``what``; None where there is none, or one that is too old or damaged.

        Args:
            what: all that the time depends on beside the machine.
            now: seconds since 1970, for tests.
        """
        try:
            timing = Timing(**json.loads(self._path(what).read_text(encoding="utf-8")))
            age = (time.time() if now is None else now) - timing.at
            sound = timing.seconds > 0 and timing.slower > 0 and 0 <= age <= VALID_S
        except (OSError, ValueError, TypeError):
            return None
        return timing if sound else None

    def keep(self, what: Sequence[object], seconds: float, slower: float) -> None:
        """Write a timing; a folder that cannot be written keeps none, and nothing else suffers."""
        path = self._path(what)
        with suppress(OSError, StorageError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, json.dumps(asdict(Timing(seconds, slower, time.time()))))

    def forget(self) -> None:
        """Remove all of them; what else may lie in the folder stays."""
        for path in self.folder.glob("*.json"):
            if NAME.fullmatch(path.name):
                path.unlink(missing_ok=True)

    def _path(self, what: Sequence[object]) -> Path:
        named = json.dumps([*map(str, what), *_machine()])
        return self.folder / f"{hashlib.sha256(named.encode()).hexdigest()[:32]}.json"


@cache
def _processor() -> str:
    """The model of the processor, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _machine() -> tuple[str, ...]:
    """What decides how fast a step is, beside the step."""
    threads = os.environ.get("OMP_NUM_THREADS", "")
    cores = f"{distributed.cores()} cores, {torch.get_num_threads()} threads {threads}"
    return platform.node(), _processor(), cores, str(distributed.device()), torch.__version__, __version__

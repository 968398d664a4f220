"""What a benchmark has computed, in a file: a run that was stopped goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Kept:
    """Outcomes by a name, in a JSON file where one is given.

    Args:
        path: of the file; empty keeps them in memory only.
        told: whether a new outcome is printed.
    """

    def __init__(self, path: str, told: bool = False) -> None:
        self.path, self.told = Path(path) if path else None, told
        self.values: dict[str, Any] = json.loads(self.path.read_text()) if self.path and self.path.exists() else {}

    def get(self, name: str, compute: Callable[[], Any]) -> Any:
        """The outcome of that name, computed where it is not there."""
        if name not in self.values:
            self.values[name] = compute()
            if self.path:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.write_text(json.dumps(self.values, indent=1))
            if self.told:
                print(f"{name:<44}{self.values[name]}", flush=True)
        return self.values[name]

"""Placeholder until the real module is written over it."""

from pathlib import Path
from typing import Any


def find_e5() -> Path | None:
    return None


def read_e5(path: Path) -> Any:
    raise NotImplementedError

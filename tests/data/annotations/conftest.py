"""Real data, where they are there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

PLACE = Path(os.environ.get("JEONI_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.fixture
def real() -> Callable[[str], Path]:
    """``real("bccd")``: the folder of a data set; the test is skipped where it is not there."""

    def find(name: str) -> Path:
        if not (PLACE / name).is_dir():
            pytest.skip(f"{PLACE / name} is not there; set JEONI_DATA")
        return PLACE / name

    return find

"""One thread for all: see the fixture."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def everywhere(one_thread: None) -> None:
    """Each test here trains."""

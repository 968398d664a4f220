"""For all: one thread, one store of features."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def everywhere(one_thread: None) -> None:
    """Each test here trains."""


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(autouse=True)
def own_cache(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Features of the same few pictures are computed once."""
    monkeypatch.setenv("JEONI_CACHE", str(shared_cache))

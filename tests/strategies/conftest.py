"""For all: one thread, one store of features, one draw of the folds that a head is chosen on."""

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
    """Features of the same few pictures are computed once, not for each strategy."""
    monkeypatch.setenv("JEONI_CACHE", str(shared_cache))


@pytest.fixture(autouse=True)
def one_draw(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten draws for each training of a few steps take longer than the training.

    Where auto is one of all strategies, one fold decides between its candidates.
    """
    for module in ("finetuning.tuning", "auto"):
        monkeypatch.setattr(f"jeoni.strategies.{module}.repeats_for", lambda n: 1)
    if request.node.name.endswith("auto]"):
        monkeypatch.setattr("jeoni.strategies.auto.ENOUGH", 1)

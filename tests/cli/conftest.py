from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from jeoni.cli import _app


@pytest.fixture(scope="module", autouse=True)
def everywhere(small_pictures: None) -> None:
    """Each test here has to do with pictures in a network, and none with how large they are."""


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def jeoni(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run the command line in this process; lines of an error are joined, as a wide terminal would show them."""

    def run(*words: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["jeoni", *map(str, words)])
        monkeypatch.setenv("COLUMNS", "400")
        capsys.readouterr()
        code = _app.run()
        said = capsys.readouterr()
        return Outcome(code, said.out, " ".join(said.err.split()))

    return run

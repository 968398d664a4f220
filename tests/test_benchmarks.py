"""Benchmarks take half an hour and are not run here; but names they take from the package must still be there."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "benchmarks"


@pytest.mark.parametrize("name", sorted(p.stem for p in FOLDER.glob("*.py")))
def test_a_benchmark_finds_all_it_imports(name, monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    before = set(sys.modules)
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        assert error.name is not None and error.name.partition(".")[0] != "jeoni", error
        pytest.skip(f"{error.name} is not installed")
    finally:
        for added in set(sys.modules) - before:
            if getattr(sys.modules[added], "__file__", None) == str(FOLDER / f"{added}.py"):
                del sys.modules[added]

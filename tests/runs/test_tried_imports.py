"""Imports are tried as a user's script would do it, and what fails says how to mend it."""

from __future__ import annotations

import pytest

from jeoni.runs import imports
from jeoni.runs.imports import Import, told_once, try_imports


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A library whose import does what is written."""

    def make(name: str, text: str) -> Import:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.syspath_prepend(tmp_path)
        return Import(f"import {name}", name, f"'jeoni[{name}]'")

    return make


def test_what_can_be_imported_is_ready_and_what_is_not_there_can_be_installed(library):
    here, gone = try_imports([library("fine", ""), Import("import nowhere_at_all", "nowhere_at_all", "'jeoni[x]'")])
    assert here.told == "ready"
    assert gone.missing and gone.told == "not installed; pip install 'jeoni[x]'"


def test_what_fails_says_the_last_line_and_how_to_install_it_again(library):
    (found,) = try_imports([library("broken", "raise OSError('no such library: libodd.so.')")])
    assert found.told == (
        "fails: OSError: no such library: libodd.so. Install it again: pip install --force-reinstall --no-deps broken; "
        "or all: pip install 'jeoni[broken]'"
    )


def test_builds_of_torchvision_that_do_not_fit_are_known_by_their_error(library, monkeypatch):
    odd = library("vision", "raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.setattr(imports, "version", lambda name: "2.13.0+cpu")
    (found,) = try_imports([odd])
    assert "torch and torchvision are builds that do not fit each other" in found.mend
    assert "pip install --force-reinstall torch torchvision --index-url https://download.pytorch.org" in found.mend
    monkeypatch.setattr(imports, "version", lambda name: "2.13.0+cu124")
    first, second = told_once(try_imports([odd, odd]))
    assert first[1].endswith("pip install --force-reinstall torch torchvision")
    assert second[1].endswith("operator torchvision::nms does not exist. It is mended by the same")


def test_a_crash_without_a_word_and_a_hanging_import_are_told(library, monkeypatch):
    (found,) = try_imports([library("crash", "import os; os._exit(3)")])
    assert "Python ended with the code 3" in found.told
    monkeypatch.setattr(imports, "LONGEST_S", 0.5)
    (found,) = try_imports([library("slow", "import time; time.sleep(60)")])
    assert "it takes longer than 0.5 s" in found.told

"""Templates are compiled once, and again where they or what was kept of them changed."""

from __future__ import annotations

import sys

import jinja2
import pytest

from jeoni.report import environment as templates
from jeoni.report.environment import CompiledTemplates, page_environment


@pytest.fixture
def place(tmp_path):
    (tmp_path / "greeting.html").write_text("Hello {{ name }}")
    return tmp_path


@pytest.fixture
def compiled(monkeypatch):
    """The names of templates that were compiled."""
    names, compile_source = [], jinja2.Environment.compile

    def noted(self, source, name=None, *rest, **options):
        names.append(name)
        return compile_source(self, source, name, *rest, **options)

    monkeypatch.setattr(jinja2.Environment, "compile", noted)
    return names


@pytest.fixture(autouse=True)
def as_usual(monkeypatch):
    """Whatever the environment of the tests says of bytecode."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def greeting(place, kept):
    """What a new process would say."""
    templates._compiled.clear()
    environment = page_environment([place])
    environment.bytecode_cache = CompiledTemplates(kept)
    return environment.get_template("greeting.html").render(name="<you>")


def test_a_template_is_compiled_once(place, tmp_path, compiled):
    assert {greeting(place, tmp_path / "kept") for _ in range(2)} == {"Hello &lt;you&gt;"}
    assert compiled == ["greeting.html"]


def test_a_process_compiles_a_template_once_whatever_is_kept(place, tmp_path, compiled):
    greeting(place, tmp_path / "kept")
    page_environment([place]).get_template("greeting.html")
    assert compiled == ["greeting.html"]


def test_a_changed_template_is_compiled_again(place, tmp_path, compiled):
    greeting(place, tmp_path / "kept")
    (place / "greeting.html").write_text("Good day {{ name }}")
    assert greeting(place, tmp_path / "kept") == "Good day &lt;you&gt;" and len(compiled) == 2


@pytest.mark.parametrize("keep", [slice(0, 0), slice(0, 30), slice(0, -40)])
def test_damaged_code_is_compiled_again(place, tmp_path, compiled, keep):
    greeting(place, tmp_path / "kept")
    (file,) = (tmp_path / "kept").iterdir()
    file.write_bytes(file.read_bytes()[keep])
    assert greeting(place, tmp_path / "kept") == "Hello &lt;you&gt;" and len(compiled) == 2


def test_a_folder_that_cannot_be_written_costs_only_time(place, tmp_path, compiled):
    (tmp_path / "file").write_text("")
    assert greeting(place, tmp_path / "file" / "kept") == "Hello &lt;you&gt;"


def test_nothing_is_kept_where_python_keeps_nothing(place, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    greeting(place, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()

from __future__ import annotations

import inspect

import pytest

import jeoni
from jeoni import plugins


@pytest.fixture
def mixed(plain_run, tmp_path):
    """A folder with a picture and a file that is none."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "a.png").write_bytes((plain_run.parent / "photos" / "class_0" / "000.png").read_bytes())
    (folder / "b.png").write_bytes(b"no picture")
    return folder


def test_a_script_is_told_what_was_found(plain_run, mixed, capsys):
    jeoni.predict(plain_run / "model", mixed)
    assert "unreadable" in capsys.readouterr().err


def test_quiet_silences(plain_run, mixed, capsys):
    jeoni.predict(plain_run / "model", mixed, quiet=True)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", plugins.names("jeoni.verbs"))
def test_every_verb_can_be_silenced(name):
    assert inspect.signature(plugins.load("jeoni.verbs", name)).parameters["quiet"].default is False

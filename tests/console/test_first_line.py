from __future__ import annotations

import io
import subprocess
import sys

import pytest

from jeoni.cli._first_line import announce
from jeoni.console.first_line import clear_first_line


@pytest.mark.parametrize("words", [["fit", "photos"], ["doctor"], ["adapt", "--source", "a"]])
def test_commands_that_load_libraries_say_so(words, capsys):
    announce(words)
    assert capsys.readouterr() == ("", "Loading libraries …\n")


@pytest.mark.parametrize("words", [[], ["--help"], ["fit", "--help"], ["fit", "x", "--quiet"], ["list"], ["fitt", "x"]])
def test_others_say_nothing(words, capsys):
    announce(words)
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_the_line_goes_away(monkeypatch):
    class Screen(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Screen())
    announce(["fit"])
    assert sys.stderr.getvalue() == "Loading libraries …"
    clear_first_line()
    clear_first_line()
    assert sys.stderr.getvalue() == "Loading libraries …\r\x1b[2K"


def test_nothing_heavy_is_loaded_for_it():
    code = (
        "import sys; from jeoni.cli._first_line import announce; announce(['fit']); "
        "print(sorted({'numpy', 'rich', 'typer', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"

from __future__ import annotations

import io
import sys
import threading

import pytest

from jeoni.console import console_for, terminal
from jeoni.console.terminal import Terminal
from jeoni.types import Quiet


@pytest.fixture
def hurried(monkeypatch):
    """A console whose patience is a hundredth."""
    monkeypatch.setattr(terminal, "SILENCE_S", 0.02)
    monkeypatch.setattr(terminal, "LOOK_S", 0.01)


def wait_for(capsys, text):
    """What was written to standard error, until the text is in it."""
    seen = ""
    for _ in range(500):
        seen += capsys.readouterr().err
        if text in seen:
            return seen
        threading.Event().wait(0.01)
    raise AssertionError(f"{text!r} was not written within five seconds, but {seen!r}")


def test_a_long_status_is_named_where_lines_stay(hurried, capsys):
    with Terminal().status("Loading the backbone"):
        assert "Loading the backbone …" in wait_for(capsys, "Loading")


def test_a_short_one_is_not(capsys):
    with Terminal().status("Checking"):
        pass
    assert capsys.readouterr() == ("", "")


def test_steps_are_counted_and_their_end_is_told(hurried, capsys):
    with Terminal().track("Features", 4) as advance:
        advance(2)
        assert "Features: 2 of 4" in wait_for(capsys, "Features")
        advance(2)
    assert "Features: 4 in 1 s" in capsys.readouterr().err


def test_what_goes_on_within_steps_stands_behind_them(hurried, capsys):
    console = Terminal()
    with console.status("Fitting"), console.track("Comparing", 5), console.track("Fine-tuning", 9) as advance:
        advance(3)
        line = wait_for(capsys, "Fine-tuning").strip().splitlines()[-1]
    assert line.startswith("Comparing: 0 of 5; Fine-tuning: 3 of 9")


def test_lines_become_seldom():
    assert [terminal._due_s(lines) for lines in range(6)] == [1.5, 10.0, 30.0, 60.0, 120.0, 180.0]


def test_a_status_that_steps_have_spoken_for_does_not_make_up_for_its_lines():
    said = []
    lines = terminal._Lines(said.append)
    status = terminal.Activity("Fitting")
    lines._active.append(status)
    for now in (200.0, 200.1, 200.2, 245.0):
        lines._write(status.began + now)
    assert len(said) == 2


def test_a_terminal_shows_bars_and_leaves_nothing(monkeypatch):
    class Screen(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setenv("TERM", "xterm")
    console = Terminal()
    with console.status("Fitting"), console.track("Training", 8, 80.0) as advance:
        advance(2, 20.0)
        console.rich.print("a remark")
        console._display._live.refresh()
        shown = sys.stderr.getvalue()
    assert "Fitting" in shown and "Training" in shown and "2 of 8" in shown and "a remark" in shown
    assert console._display._live is None


def test_remarks_are_not_styled_by_what_they_name(capsys):
    Terminal().say("[bold]x[/]")
    Terminal().warn("see [red]this")
    assert capsys.readouterr().err == "[bold]x[/]\n! see [red]this\n"


def test_a_notebook_without_widgets_gets_plain_lines(hurried, monkeypatch, capsys):
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setattr(terminal, "find_spec", lambda name: None)
    console = Terminal()
    assert not console._can_change and not console.rich.stderr


def test_quiet_is_quiet_and_an_own_console_is_used():
    own = Quiet()
    assert console_for(own) is own and isinstance(console_for(), Terminal)
    assert isinstance(console_for(Terminal(), quiet=True), Quiet)


def test_only_the_main_process_speaks(monkeypatch):
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost"}.items():
        monkeypatch.setenv(name, value)
    assert isinstance(console_for(), Quiet)

"""The console of terminals and notebooks: a live display where there can be one, sparse plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from rich.console import Console as RichConsole
from rich.markup import escape as escape_markup

from jeoni.console.activity import Activity
from jeoni.console.first_line import clear_first_line
from jeoni.console.interrupts import raise_if_interrupted
from jeoni.files.names import visible
from jeoni.locale import language_of, translated

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

__all__ = ["Terminal", "escape"]

SILENCE_S = 1.5  # a phase that lasts longer is named
REPEATS_S = (10.0, 30.0, 60.0)  # when plain lines are written again; then once a minute
LOOK_S = 0.25
BAR = 28


def escape(text: str) -> str:
    """A text to print as it is: names in it neither style the output nor steer the terminal."""
    return escape_markup(visible(text))


class Terminal:
    """Progress and remarks go to standard error, so that standard output holds only results; in a notebook, below the
    cell."""

    def __init__(self, language: str = "auto") -> None:
        self.language = language_of(language)
        notebook = RichConsole().is_jupyter
        # without ipywidgets rich cannot change what a notebook shows: plain lines then
        self._widgets = notebook and find_spec("ipywidgets") is not None
        self.rich = RichConsole(stderr=not notebook, highlight=False, force_jupyter=self._widgets)
        self._display = _Live(self.rich) if self._can_change else _Lines(self.say)

    @property
    def _can_change(self) -> bool:
        """Whether lines that were written can be changed."""
        return self._widgets or (self.rich.is_terminal and not self.rich.is_dumb_terminal)

    def say(self, text: str) -> None:
        """A remark."""
        clear_first_line()
        self.rich.print(escape(translated(text, self.language)))

    def warn(self, text: str) -> None:
        """A remark that asks for a look."""
        clear_first_line()
        self.rich.print(f"[yellow]![/] {escape(translated(text, self.language))}")

    @contextmanager
    def status(self, text: str) -> Iterator[None]:
        """Show what is done inside, and how long it has taken."""
        raise_if_interrupted()
        with self._display.showing(Activity(text, language=self.language)):
            yield

    @contextmanager
    def track(self, title: str, total: int, expected_s: float | None = None) -> Iterator[Callable[..., None]]:
        """Show how many of the steps are done, their rate and the time left; see :class:`jeoni.types.Console`."""
        activity = Activity(title, total, expected_s, self.language)

        def advance(steps: int, seconds: float = 0.0) -> None:
            activity.advance(steps, seconds)
            raise_if_interrupted()

        with self._display.showing(activity):
            yield advance


class _Live:
    """All that is under way, one line each, redrawn four times a second."""

    def __init__(self, rich: RichConsole) -> None:
        self._rich, self._lock = rich, threading.Lock()
        self._active: list[Activity] = []
        self._live: Live | None = None

    @contextmanager
    def showing(self, activity: Activity) -> Iterator[None]:
        from rich.live import Live

        with self._lock:
            clear_first_line()
            self._active.append(activity)
            if self._live is None:
                self._live = Live(console=self._rich, get_renderable=self._drawn, transient=True, refresh_per_second=4)
                self._live.start()
            self._live.refresh()
        try:
            yield
        finally:
            with self._lock:
                self._active.remove(activity)
                if not self._active and self._live is not None:
                    self._live.stop()
                    self._live = None

    def _drawn(self) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        now = time.monotonic()
        table = Table.grid(padding=(0, 1))
        for activity in list(self._active):
            bar = "" if activity.total is None else ProgressBar(total=1.0, completed=activity.share, width=BAR)
            table.add_row(escape(activity.name), bar, f"[dim]{activity.progress(now)}[/]")
        return table


class _Lines:
    """Lines that stay: one where a phase takes longer than a moment, then seldom."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._lock = say, threading.Lock()
        self._active: list[Activity] = []
        self._written: dict[Activity, int] = {}
        self._watched = False

    @contextmanager
    def showing(self, activity: Activity) -> Iterator[None]:
        with self._lock:
            self._active.append(activity)
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._watch, name="jeoni-status", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._active.remove(activity)
                if self._written.pop(activity, 0) and activity.total is not None:
                    self._say(activity.outcome(time.monotonic()))

    def _watch(self) -> None:
        """Look now and then whether a line is due, until nothing is under way."""
        while True:
            time.sleep(LOOK_S)
            with self._lock:
                if not self._active or sys.is_finalizing():
                    self._watched = False
                    return
                self._write(time.monotonic())

    def _write(self, now: float) -> None:
        """What goes on within counted steps has no lines of its own: it stands behind those."""
        counted = [k for k, activity in enumerate(self._active) if activity.total is not None]
        shown = self._active[counted[0] :] if counted else self._active[-1:]
        leader = shown[0]
        lines = self._written.get(leader, 0)
        if now - leader.began < _due_s(lines):
            return
        self._say("; ".join(_line(activity, now, lines == 0) for activity in shown))
        while now - leader.began >= _due_s(lines):  # those that other lines stood in the place of are not made up for
            lines += 1
        self._written[leader] = lines


def _line(activity: Activity, now: float, first: bool) -> str:
    """A plain line; the first one of a status leaves out how long it has taken."""
    if activity.total is not None:
        return f"{activity.name}: {activity.progress(now)}"
    return f"{activity.name} …" if first else f"{activity.name} … {activity.progress(now)}"


def _due_s(lines: int) -> float:
    """When an activity of which so many lines were written gets its next one, in seconds from its start."""
    if not lines:
        return SILENCE_S
    if lines <= len(REPEATS_S):
        return REPEATS_S[lines - 1]
    return REPEATS_S[-1] * (lines - len(REPEATS_S) + 1)

"""The console of the command line: progress on a terminal, plain lines elsewhere."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console as RichConsole
from rich.markup import escape as escape_markup
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from jeoni.files.names import encodable_content, visible
from jeoni.locale import language_of, translated

__all__ = ["Terminal", "escape", "print_json", "say_whose_file"]

PATIENCE_S = 2.0


def escape(text: str) -> str:
    """A text to print as it is: names in it neither style the output nor steer the terminal."""
    return escape_markup(visible(text))


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")


class Terminal:
    """Progress and remarks go to standard error, so that standard output holds only results."""

    def __init__(self, language: str = "auto") -> None:
        self.language = language_of(language)
        self.rich = RichConsole(stderr=True, highlight=False)

    def say(self, text: str) -> None:
        """A remark."""
        self.rich.print(escape(translated(text, self.language)))

    def warn(self, text: str) -> None:
        """A remark that asks for a look."""
        self.rich.print(f"[yellow]![/] {escape(translated(text, self.language))}")

    @contextmanager
    def track(self, title: str, total: int) -> Iterator[Any]:
        """A bar with rate and time left, once it has taken two seconds; nothing where there is no terminal."""
        if not self.rich.is_terminal:
            yield lambda steps: None
            return
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn()
        bar = Progress(*columns, console=self.rich, transient=True)
        task = bar.add_task(title, total=total)
        start, shown = time.monotonic(), False

        def advance(steps: int) -> None:
            nonlocal shown
            if not shown and time.monotonic() - start > PATIENCE_S:
                bar.start()
                shown = True
            bar.advance(task, steps)

        try:
            yield advance
        finally:
            if shown:
                bar.stop()


def say_whose_file(model: str, terminal: Terminal) -> None:
    """Say so where a file of a model folder was named: its folder is taken."""
    if Path(model).is_file():
        terminal.say(f"{model} is one file of a model; its folder {Path(model).parent} is taken.")


def print_json(content: dict[str, Any]) -> None:
    """One line on standard output, the last one."""
    line = json.dumps(encodable_content(content), ensure_ascii=False)
    print(visible(line) if sys.stdout.isatty() else line, flush=True)

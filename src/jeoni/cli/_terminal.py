"""What commands print: text that steers nothing, and JSON as the last line."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoni.cli._spoken import spoken
from jeoni.console.terminal import escape
from jeoni.files.names import encodable_content, visible
from jeoni.locale import measure_name, translated

if TYPE_CHECKING:
    from jeoni.types import Console

__all__ = ["between", "escape", "in_words", "print_json", "print_places", "say_whose_file", "word"]


def in_words(text: str) -> str:
    """A text in the language of the command line, of verbs that have no option for it."""
    return translated(text, spoken(sys.argv))


def word(term: str) -> str:
    """A term in the language of the command line, such as the heading of a column."""
    return measure_name(term, spoken(sys.argv))


def say_whose_file(model: str, console: Console) -> None:
    """Say so where a file of a model folder was named: its folder is taken."""
    if Path(model).is_file():
        console.say(f"{model} is one file of a model; its folder {Path(model).parent} is taken.")


def between(words: Mapping[str, Any], low: float | None, high: float | None) -> str:
    """The bounds of an interval, three digits each; a dash where there is none."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return "–"
    return str(words["span"]).format(low=f"{low:.3f}", high=f"{high:.3f}")


def print_json(content: dict[str, Any]) -> None:
    """One line on standard output, the last one."""
    line = json.dumps(encodable_content(content), ensure_ascii=False)
    print(visible(line) if sys.stdout.isatty() else line, flush=True)


def print_places(out: Any, places: dict[str, Path], before: str = "") -> None:
    """Where files lie: a line for each, its name before it; a long path is never broken, so that it can be copied.

    Args:
        out: a console of rich.
        places: paths by what they are.
        before: what stands before the first line, such as how long it took, as markup.
    """
    from rich.cells import cell_len, set_cell_size
    from rich.text import Text

    width = max(map(cell_len, places))
    margin = cell_len(Text.from_markup(before).plain)
    out.print()
    for k, (name, path) in enumerate(places.items()):
        start = before if k == 0 else " " * margin
        out.print(f"{start}{set_cell_size(name, width)}  {escape(str(path))}", soft_wrap=True)

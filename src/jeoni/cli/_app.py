"""Finds the verbs, runs one, and turns what went wrong into a sentence and an exit code."""

from __future__ import annotations

import io
import os
import sys
import time
from itertools import pairwise
from typing import Any

import typer
from typer.core import TyperGroup

from jeoni import distributed, plugins
from jeoni.errors import JeoniError
from jeoni.locale import CHOICES, Said, language_of, translated

__all__ = ["run"]

DONE, USER, USAGE, INTERRUPTED = 0, 1, 2, 130


COMMANDS, VERBS = "jeoni.cli", "jeoni.verbs"


class Verbs(TyperGroup):
    """Verbs by file name: listed without importing them, imported when called.

    A command of its own, in ``jeoni.cli``, goes before the one that is made of the verb's signature.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """The files of both folders."""
        return sorted({*plugins.names(COMMANDS), *plugins.names(VERBS)})

    def get_command(self, ctx: Any, name: str) -> Any:
        """Import one verb."""
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        if name in plugins.names(COMMANDS):
            app.command(name)(plugins.load(COMMANDS, name))
        elif name in plugins.names(VERBS):
            from jeoni.cli._generic import command_of

            app.command(name)(command_of(plugins.load(VERBS, name)))
        else:
            return None
        return typer.main.get_command(app)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Each verb with the first line of its file."""
        with formatter.section("Verbs"):
            formatter.write_dl([(n, self._described(n)) for n in self.list_commands(ctx)])

    def _described(self, name: str) -> str:
        return plugins.describe(COMMANDS if name in plugins.names(COMMANDS) else VERBS, name)


app = typer.Typer(cls=Verbs, add_completion=False, rich_markup_mode=None, no_args_is_help=True)


def _version(wanted: bool) -> None:
    if wanted:
        from jeoni._version import __version__

        typer.echo(f"jeoni {__version__}")
        raise typer.Exit


@app.callback()
def _jeoni(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Say the version."),
) -> None:
    """Reuse pretrained knowledge on little data, and prove that it helped."""


def run() -> int:
    """Run the command line; returns the exit code: 0 done, 1 data or arguments, 2 usage, 130 interrupted."""
    command = typer.main.get_command(app)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that lacks a letter shows its number
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = command.main(prog_name="jeoni", standalone_mode=False)
    except JeoniError as error:
        _complain(error.args[0] if error.args else str(error))
        return USER
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:
        # typer brings its own copy of click's errors in some versions, so they are known by what they can do
        if hasattr(error, "exit_code") and hasattr(error, "show"):
            error.show()
            return int(error.exit_code)
        if hasattr(error, "exit_code"):
            return int(error.exit_code)
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return USER
        if not isinstance(error, (OSError, MemoryError)):
            raise
        _complain(_refusal(error))
        return USER
    if code == INTERRUPTED:  # typer catches Ctrl-C itself, and says so by this code only
        _complain(Said("error.interrupted"))
    return code if isinstance(code, int) else DONE


def _refusal(error: OSError | MemoryError) -> str:
    """The sentence for what the system refused, where nobody could say it better."""
    if isinstance(error, MemoryError):
        return Said("error.memory")
    where = f"{error.filename}: " if error.filename else ""
    return Said("error.refused", what=f"{where}{error.strerror or error}")


def _spoken() -> str:
    """The language that was asked for, also where the options could not be read."""
    for word, following in pairwise([*sys.argv, ""]):
        if word == "--language" and following in CHOICES:
            return language_of(following)
        if word.startswith("--language=") and word.partition("=")[2] in CHOICES:
            return language_of(word.partition("=")[2])
    return language_of()


def _complain(text: str) -> None:
    from rich.console import Console

    from jeoni.cli._terminal import escape

    text = translated(text, _spoken())
    if not distributed.is_main_process():
        # what stops all processes the first one says; it then ends, and so do the others before they come to speak
        time.sleep(5)
        text = f"(process {distributed.rank()}) {text}"
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]jeoni:[/] {escape(text)}")

"""Finds the verbs, runs one, and turns what went wrong into a sentence and an exit code."""

from __future__ import annotations

import io
import os
import sys
import time
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from jeoni import distributed, plugins
from jeoni.cli._spoken import spoken
from jeoni.console.first_line import clear_first_line
from jeoni.errors import JeoniError, did_you_mean
from jeoni.locale import Said, translated

__all__ = ["run"]

DONE, USER, USAGE, INTERRUPTED = 0, 1, 2, 130


COMMANDS, VERBS = "jeoni.cli", "jeoni.verbs"
EXAMPLES = (
    "jeoni fit photos/             a model, its scores and a report",
    "jeoni fit --help              the options of a verb",
    "jeoni --install-completion    so that Tab completes verbs, options and names",
)


class Verbs(TyperGroup):
    """Verbs by file name: listed without importing them, imported when called.

    A command of its own, in ``jeoni.cli``, goes before the one that is made of the verb's signature.
    """

    only_names = False

    def list_commands(self, ctx: Any) -> list[str]:
        """The files of both folders, with a dash where Python has an underscore."""
        return sorted({name.replace("_", "-") for name in (*plugins.names(COMMANDS), *plugins.names(VERBS))})

    def get_command(self, ctx: Any, name: str) -> Any:
        """Import one verb."""
        file = name.replace("-", "_")
        if self.only_names and name in self.list_commands(ctx):
            return TyperCommand(name, help=self._described(name))
        if file in plugins.names(COMMANDS):
            function = plugins.load(COMMANDS, file)
        elif file in plugins.names(VERBS):
            from jeoni.cli._generic import command_of

            function = command_of(plugins.load(VERBS, file), name)
        else:
            return None
        from jeoni.cli._help import WIDEST, Verb, describe_command

        summary, examples = describe_command(function)
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        settings = {"max_content_width": WIDEST}
        app.command(name, cls=Verb, help=summary, epilog=examples, context_settings=settings)(function)
        return typer.main.get_command(app)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As the base does, with a dash for an underscore; an unknown verb is told the nearest one."""
        known = self.list_commands(ctx)
        if args[0].replace("_", "-") in known:
            args = [args[0].replace("_", "-"), *args[1:]]
        if args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            near = did_you_mean(args[0], known)
            ctx.fail(Said("error.no_verb", name=repr(args[0]), near=near, known=", ".join(known)))
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """The verbs, without importing any."""
        self.only_names = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self.only_names = False

    def get_params(self, ctx: Any) -> Any:
        """The base's; a flag that is left out is False, since typer would import pydantic to make that of None."""
        parameters = super().get_params(ctx)
        for parameter in parameters:
            if getattr(parameter, "is_flag", False) and parameter.default is None:
                parameter.default = False
        return parameters

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """How it is called."""
        from jeoni.cli._help import write_usage

        write_usage(self, ctx, formatter)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """What the program does."""
        from jeoni.cli._help import in_language

        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(in_language()(self.help or ""))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The program's own options, then the verbs."""
        from jeoni.cli._help import in_language

        told = in_language()
        records = [record for p in self.get_params(ctx) if (record := p.get_help_record(ctx)) is not None]
        with formatter.section(told("Options")):
            formatter.write_dl([(names, told(text)) for names, text in records])
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Each verb with the first line of its file."""
        from jeoni.cli._help import in_language

        told = in_language()
        with formatter.section(told("Verbs")):
            formatter.write_dl([(n, told(self._described(n))) for n in self.list_commands(ctx)])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The examples."""
        from jeoni.cli._help import in_language, write_examples

        told = in_language()
        pairs = [line.rpartition("  ") for line in (self.epilog or "").splitlines()]
        write_examples(formatter, "\n".join(f"{command}{gap}{told(text)}" for command, gap, text in pairs))

    def _described(self, name: str) -> str:
        file = name.replace("-", "_")
        return plugins.describe(COMMANDS if file in plugins.names(COMMANDS) else VERBS, file)


app = typer.Typer(
    cls=Verbs,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"max_content_width": 110},
    epilog="\n".join(EXAMPLES),
)


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
            _show_usage(error)
            return int(error.exit_code)
        if hasattr(error, "exit_code"):
            return int(error.exit_code)
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return USER
        if not isinstance(error, (OSError, MemoryError)) and not _fills_gpu(error):
            raise
        _complain(_refusal(error))
        return USER
    if code == INTERRUPTED:  # typer catches Ctrl-C itself, and says so by this code only
        _complain(Said("error.interrupted"))
    return code if isinstance(code, int) else DONE


def _fills_gpu(error: Exception) -> bool:
    """Whether a GPU had no memory; known by its name, since torch takes a second to import."""
    return type(error).__name__ == "OutOfMemoryError" and type(error).__module__.partition(".")[0] == "torch"


def _refusal(error: Exception) -> str:
    """The sentence for what the system refused, where nobody could say it better."""
    if isinstance(error, MemoryError):
        return Said("error.memory")
    if not isinstance(error, OSError):
        return Said("error.gpu_memory")
    where = f"{error.filename}: " if error.filename else ""
    return Said("error.refused", what=f"{where}{error.strerror or error}")


def _show_usage(error: Any) -> None:
    """How the command is called, and what was wrong with it."""
    clear_first_line()
    language, context = spoken(sys.argv), getattr(error, "ctx", None)
    usage = context.get_usage() if context is not None else ""
    said = getattr(error, "message", "")
    if language == "en" or (usage and str(said).startswith(usage)):  # without a verb the message is the whole help page
        error.show()
        return
    if context is not None:
        hint = translated(f"Try '{context.command_path} --help' for help.", language)
        typer.echo(f"{usage}\n{hint}\n", err=True)
    typer.echo(f"jeoni: {translated(said if isinstance(said, Said) else error.format_message(), language)}", err=True)


def _complain(text: str) -> None:
    from rich.console import Console

    from jeoni.cli._terminal import escape

    clear_first_line()
    text = translated(text, spoken(sys.argv))
    if not distributed.is_main_process():
        # what stops all processes the first one says; it then ends, and so do the others before they come to speak
        time.sleep(5)
        text = f"(process {distributed.rank()}) {text}"
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold red]jeoni:[/] {escape(text)}")

"""The command line: one thin file per verb, imported only when that verb is called."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["build_command", "main"]


def build_command() -> Any:
    """The command ``jeoni`` with all its verbs, a group of click, for whoever documents or tests it."""
    import typer

    from jeoni.cli._app import app

    return typer.main.get_command(app)


def main() -> None:
    """Entry point of ``jeoni``."""
    from jeoni.cli._first_line import announce
    from jeoni.console.interrupts import remember_interrupts

    try:
        remember_interrupts()
        announce(sys.argv[1:])
        from jeoni.cli._app import run
        from jeoni.imports import skip_final_gc

        code = run()
        skip_final_gc()
    except KeyboardInterrupt:  # before there was anybody to say it nicely
        code = 130
    # Ctrl-C that came while `exec` ran a string, as dataclasses have it do, stays marked as not taken care of:
    # `python -m` would end by it, whatever its exit code. The next `exec` takes the mark away.
    exec("")
    raise SystemExit(code)

"""The command line: one thin file per verb, imported only when that verb is called."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Entry point of ``jeoni``."""
    try:
        from jeoni.cli._app import run
        from jeoni.imports import leave_quickly

        code = run()
        leave_quickly()
    except KeyboardInterrupt:  # before there was anybody to say it nicely
        code = 130
    raise SystemExit(code)

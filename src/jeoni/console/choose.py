"""Which console a verb speaks to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jeoni import distributed

if TYPE_CHECKING:
    from jeoni.types import Console

__all__ = ["console_for"]


def console_for(console: Console | None = None, quiet: bool = False, language: str = "auto") -> Console:
    """The console of a verb: remarks and progress are shown unless somebody wants them elsewhere, or not at all.

    Args:
        console: who is told instead of the terminal or the notebook.
        quiet: nobody is told.
        language: of the remarks; ``auto`` goes by ``LC_ALL`` and ``LANG``.

    Returns:
        ``console``, or one that writes to the terminal or the notebook; of several processes only the main one speaks.

    Example:
        >>> console_for(quiet=True).say("nobody reads this")
    """
    if quiet or not distributed.is_main_process():
        from jeoni.types import Quiet

        return Quiet()
    if console is not None:
        return console
    from jeoni.console.terminal import Terminal

    return Terminal(language)

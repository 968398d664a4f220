"""Ctrl-C that is not lost: a library that catches everything while it is loaded may catch it too.

Python raises KeyboardInterrupt wherever the main thread happens to be. Where that is inside ``except BaseException:
pass`` of foreign code, or in a finaliser, nobody hears of it again. So the command line remembers that it came, and
asks where it shows progress.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

__all__ = ["raise_if_interrupted", "remember_interrupts"]

_came = False


def remember_interrupts() -> None:
    """From now on Ctrl-C is remembered as well as raised, unless the program has a way of its own with it."""
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _remember)


def raise_if_interrupted() -> None:
    """Raise KeyboardInterrupt, once, if it came before and was lost; does nothing in other threads.

    Raises:
        KeyboardInterrupt: it came.
    """
    global _came
    if _came and threading.current_thread() is threading.main_thread():
        _came = False
        raise KeyboardInterrupt


def _remember(number: int, frame: FrameType | None) -> None:
    global _came
    _came = True
    raise KeyboardInterrupt

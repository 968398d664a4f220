"""Run in a process of its own what may crash, never end, or take all memory, such as a foreign reader written in C."""

from __future__ import annotations

import os
import subprocess
import sys

from jeoni.errors import DataError

__all__ = ["IsolatedError", "IsolatedTimeoutError", "run_isolated"]


class IsolatedError(DataError):
    """The process crashed, or an error was raised in it; the message is the error's last line."""


class IsolatedTimeoutError(DataError):
    """The process took longer than it may."""


def run_isolated(code: str, arguments: list[str], given: bytes = b"", *, seconds: float, memory: int = 0) -> bytes:
    """Run Python code in a new interpreter that finds the same packages.

    Args:
        code: what to run; ``sys.argv[1:]`` are the arguments.
        arguments: strings.
        given: bytes on its standard input.
        seconds: after which it is stopped.
        memory: bytes it may take beside those of the interpreter, where the system can limit that; 0: no limit.

    Returns:
        What it wrote to its standard output.

    Raises:
        IsolatedTimeoutError: it was stopped.
        IsolatedError: it crashed or raised an error.
    """
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_DATA, ({memory}, {memory}))\n" if memory else ""
    if os.name != "posix":
        limited = ""
    # -P: no module is imported from the working directory, which may be a folder of somebody else's data
    command = [sys.executable, "-P", "-c", limited + code, *arguments]
    try:
        ended = subprocess.run(
            command, input=given, capture_output=True, timeout=seconds, env=_environment(), check=False
        )
    except subprocess.TimeoutExpired:
        raise IsolatedTimeoutError(f"it was stopped after {seconds:g} s") from None
    if ended.returncode < 0:
        raise IsolatedError(f"its reader crashed with signal {-ended.returncode}")
    if ended.returncode:
        lines = ended.stderr.decode("utf-8", "replace").strip().splitlines()
        raise IsolatedError(lines[-1] if lines else f"its reader ended with status {ended.returncode}")
    return ended.stdout


def _environment() -> dict[str, str]:
    """This process's, with its search path; one thread, for each reserves memory."""
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

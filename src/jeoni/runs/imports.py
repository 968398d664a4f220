"""What becomes of ``import torchvision`` and its like in a fresh Python here, and how to mend what fails.

jeoni works around a torchvision whose compiled part does not fit torch; a user's own script does not, and dies of it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

__all__ = ["TRIED", "Attempt", "Import", "told_once", "try_imports"]

LONGEST_S = 120
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
OF_TORCHVISION = ("torchvision::", "torchvision")


@dataclass(frozen=True)
class Import:
    """An import that users' scripts hold.

    Attributes:
        statement: as it is written.
        module: the library.
        install: what pip installs it by.
    """

    statement: str
    module: str
    install: str


@dataclass(frozen=True)
class Attempt:
    """What became of an import.

    Attributes:
        tried: which.
        missing: the library is not installed.
        error: the last line of what Python says; empty where it can be imported.
        mend: what to do about it.
    """

    tried: Import
    missing: bool = False
    error: str = ""
    mend: str = ""

    @property
    def told(self) -> str:
        """The outcome in a line."""
        if self.missing:
            return f"not installed; {self.mend}"
        return f"fails: {self.error}. {self.mend}" if self.error else "ready"


TRIED = (
    Import("import torchvision", "torchvision", "torchvision"),
    Import("import timm", "timm", "timm"),
    Import("from transformers import AutoModel", "transformers", "'jeoni[text]'"),
    Import("import peft", "peft", "'jeoni[lora]'"),
    Import("import datasets", "datasets", "datasets"),
    Import("import soundfile", "soundfile", "'jeoni[audio]'"),
    Import("import openvino", "openvino", "'jeoni[openvino]'"),
    Import("import openpyxl", "openpyxl", "'jeoni[excel]'"),
)


def try_imports(tried: Sequence[Import] = TRIED, at_once: int = 2) -> list[Attempt]:
    """Try each in a Python process of its own, as the first thing that a script does.

    Args:
        tried: which.
        at_once: processes at the same time.
    """
    with ThreadPoolExecutor(max(1, at_once)) as pool:
        return list(pool.map(_attempt, tried))


def told_once(attempts: Sequence[Attempt]) -> list[tuple[str, str]]:
    """Each statement and its outcome; how to mend several failures of one cause is said once."""
    told: list[tuple[str, str]] = []
    said: set[str] = set()
    for attempt in attempts:
        again = attempt.error and attempt.mend in said
        text = f"fails: {attempt.error}. It is mended by the same" if again else attempt.told
        told.append((attempt.tried.statement, text))
        said.add(attempt.mend)
    return told


def _attempt(tried: Import) -> Attempt:
    if find_spec(tried.module) is None:
        return Attempt(tried, missing=True, mend=f"pip install {tried.install}")
    command = [sys.executable, "-c", tried.statement]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=LONGEST_S, check=False)
    except subprocess.TimeoutExpired:
        return Attempt(tried, error=f"it takes longer than {LONGEST_S} s", mend="Try it by itself in a shell.")
    if done.returncode == 0:
        return Attempt(tried)
    lines = done.stderr.strip().splitlines() or [f"Python ended with the code {done.returncode}"]
    return Attempt(tried, error=lines[-1].rstrip("."), mend=_mend(tried, done.stderr))


def _mend(tried: Import, said: str) -> str:
    """How to mend an import, by what Python said of it."""
    if any(sign in said for sign in OF_TORCHVISION):
        index = f" --index-url {TORCH_INDEX}" if version("torch").endswith("+cpu") else ""
        return (
            "torch and torchvision are builds that do not fit each other (jeoni itself works around it). Install both "
            f"from one place: pip install --force-reinstall torch torchvision{index}"
        )
    return (
        f"Install it again: pip install --force-reinstall --no-deps {tried.module}; or all: pip install {tried.install}"
    )

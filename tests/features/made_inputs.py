"""Inputs that end the process that decodes, or cannot be loaded by it; worker processes import them by name."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeoni.modalities.inputs.image import ImageInput


@dataclass(frozen=True)
class Crashing(ImageInput):
    """Ends its process at files of certain names; at ``once`` only if the file ``mark`` is not there yet."""

    mark: str = ""

    def open(self, raw: Any, name: str, at_least: int = 0) -> Any:
        assert "pytest" not in sys.modules, "a decoder that crashes must not run in the tests' own process"
        if "exit" in name:
            os._exit(3)
        if "killed" in name:
            os.kill(os.getpid(), signal.SIGKILL)
        if "once" in name and not Path(self.mark).exists():
            Path(self.mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if "bug" in name:
            raise ZeroDivisionError("a mistake in a decoder")
        return super().open(raw, name, at_least)


def only_here(size: int) -> ImageInput:
    if "pytest" not in sys.modules:
        raise ImportError("no such module in a worker")
    return ImageInput(size, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@dataclass(frozen=True)
class Homebound(ImageInput):
    """Travels to no other process."""

    def __reduce__(self) -> Any:
        return only_here, (self.size,)

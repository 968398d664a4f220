"""Inputs by the kind that a saved model names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jeoni import plugins
from jeoni.modalities.protocol import Input

__all__ = ["INPUTS", "input_class", "load_input"]

INPUTS = "jeoni.modalities.inputs"


def input_class(kind: str) -> type[Input]:
    """The class of that kind.

    Raises:
        ConfigError: there is none; the message lists the known ones.

    Example:
        >>> input_class("vector").__name__
        'VectorInput'
    """
    found: type[Input] = plugins.load(INPUTS, kind)
    return found


def load_input(kind: str, described: dict[str, Any], folder: Path) -> Input:
    """An input as :meth:`Input.describe` described it, its files being in ``folder``."""
    return input_class(kind).restore(described, folder)

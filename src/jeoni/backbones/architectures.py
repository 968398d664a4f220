"""A network with fresh weights, made by whichever source knows its architecture."""

from __future__ import annotations

from typing import Any

from torch import nn

from jeoni import plugins

__all__ = ["SOURCES", "build_architecture"]

SOURCES = "jeoni.backbones.sources"


def build_architecture(library: str, architecture: str, arguments: dict[str, Any]) -> nn.Module:
    """A headless network in eval mode.

    Args:
        library: the source, such as ``timm``.
        architecture: as it calls it.
        arguments: it is made with.

    Raises:
        WeightsError: the source does not know the architecture.
        MissingExtra: the source needs a package that is not installed.
    """
    made: nn.Module = plugins.load(SOURCES, library)().build(architecture, arguments)
    return made

"""Heads by their names, with hyper-parameters of their own behind a colon: ``mlp:hidden=128,dropout=0.1``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jeoni import plugins
from jeoni.heads.fitting.protocol import Head
from jeoni.specs.settings import configured, parse_settings, write_settings

__all__ = ["build_head", "kind_of_head", "named_head"]

HEADS = "jeoni.heads"


def kind_of_head(name: str) -> str:
    """The id of a head, without its hyper-parameters.

    Example:
        >>> kind_of_head("mlp:hidden=128")
        'mlp'
    """
    return name.partition(":")[0]


def named_head(name: str, settings: Mapping[str, Any]) -> str:
    """The name of a head with more hyper-parameters, which replace those of the same name.

    Example:
        >>> named_head("mlp:hidden=128", {"dropout": 0.1})
        'mlp:hidden=128,dropout=0.1'
    """
    kind, _, given = name.partition(":")
    both = {**parse_settings(given, "head"), **settings}
    return f"{kind}:{write_settings(both)}" if both else kind


def build_head(name: str) -> Head:
    """Make a head.

    Args:
        name: its id, and hyper-parameters behind a colon.

    Raises:
        ConfigError: an unknown head, a hyper-parameter that it does not have, or a value of another type.

    Example:
        >>> build_head("mlp:hidden=128;64").hidden
        (128, 64)
    """
    kind, _, settings = name.partition(":")
    made: Head = configured(kind, plugins.load(HEADS, kind), parse_settings(settings, "head"))
    return made

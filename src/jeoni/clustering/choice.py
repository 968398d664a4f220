"""A method by its name, and what can be said against a number of clusters before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jeoni import plugins
from jeoni.clustering.protocol import Clusterer
from jeoni.errors import ConfigError, DataError
from jeoni.specs.settings import configured

__all__ = ["METHODS", "build_clusterer", "check_number"]

METHODS = "jeoni.clustering.methods"
LEAST = 4  # items: of fewer nothing can be told


def build_clusterer(name: str, settings: Mapping[str, Any] | None = None) -> Clusterer:
    """Make a method.

    Raises:
        ConfigError: an unknown method or setting, with the known ones.

    Example:
        >>> build_clusterer("kmeans", {"starts": 3})
        KMeans(starts=3)
    """
    made: Clusterer = configured(name, plugins.load(METHODS, name), settings or {})
    return made


def check_number(clusters: int | None, n: int) -> None:
    """Whether so many clusters can be found among ``n`` examples.

    Raises:
        ConfigError: as many clusters as examples, or more.
        DataError: hardly any examples.
    """
    if n < LEAST:
        raise DataError(
            f"Items that can be used: {n}; clusters need at least {LEAST}. Give a folder of items, or a table with a "
            "row for each."
        )
    if clusters is not None and clusters >= n:
        raise ConfigError(
            f"clusters is {clusters}, and there are {n} items: a cluster for each says nothing. Needed: at most "
            f"{n // 2}, so that each has two on the mean; left out, a number is proposed."
        )

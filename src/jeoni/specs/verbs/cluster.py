"""The options of `jeoni cluster`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jeoni.specs.backbone import SeveralBackboneOptions
from jeoni.specs.options import Bounds, option
from jeoni.specs.training import SettingOptions
from jeoni.specs.verbs.common import PICTURES, CommonSpec

__all__ = ["ClusterSpec"]


@dataclass(frozen=True, kw_only=True)
class ClusterSpec(SeveralBackboneOptions, CommonSpec, SettingOptions):
    """Everything that decides a clustering.

    Example:
        >>> ClusterSpec(backbone="efficientnet_lite0,efficientnet_lite1").backbones
        ('efficientnet_lite0', 'efficientnet_lite1')
    """

    absent: ClassVar[Mapping[str, str]] = {
        "test": "Labels teach nothing here, they only score: all items are clustered.",
        "folds": "Nothing is learned from labels here; --repeats says how often parts of the items are clustered.",
        "strategy": "Name a way of clustering: method='turtle', or another one of `jeoni list clustering`.",
    }

    section: ClassVar[str] = "Evaluation"

    clusters: int | None = option(
        None,
        "How many clusters; left out, the number that two halves of the data agree on most.",
        bounds=Bounds(2, 10_000),
        section="Transfer",
    )
    method: str = option(
        "kmeans", "How to cluster; see `jeoni list clustering`.", section="Transfer", names=("clustering",)
    )
    scaling: str = option(
        "auto",
        "How features are made ready: whitened (for networks), unit length, standardized columns, or as they are; auto "
        "is whitened for a backbone and standardized for vectors.",
        ("auto", "whitened", "unit", "standardized", "none"),
        section="Transfer",
    )
    repeats: int = option(
        5, "Random parts of the items that are clustered too, to see how stable clusters are.", bounds=Bounds(2, 1000)
    )
    control: bool = option(True, "Also cluster features of an untrained backbone, and raw pixels, words or spectra.")
    control_items: int = option(
        1000,
        "The most examples that the untrained backbone is run on; a number above that of the examples takes all.",
        bounds=Bounds(100, 10_000_000),
    )
    pictures: bool = option(True, PICTURES, section="Output")

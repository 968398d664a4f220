"""The options of `jeoni score`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from jeoni.errors import ConfigError
from jeoni.specs.backbone import BackboneOptions
from jeoni.specs.data import TestSetOptions
from jeoni.specs.options import Bounds, option
from jeoni.specs.verbs.common import FOLD_BOUNDS, FOLDS, CommonSpec

__all__ = ["ScoreSpec"]


@dataclass(frozen=True, kw_only=True)
class ScoreSpec(CommonSpec, TestSetOptions):
    """Everything that decides which backbones are scored, how, and against what.

    Example:
        >>> ScoreSpec(backbone="efficientnet_lite0,mobilenet_v2").backbones
        ('efficientnet_lite0', 'mobilenet_v2')
    """

    absent: ClassVar[Mapping[str, str]] = {
        "backbones": "Name them in backbone, with commas between: backbone='efficientnet_lite0,mobilenet_v2'.",
        "strategy": "Scores are about frozen features; hold strategies against each other with jeoni compare.",
        "task": "Scores are about classes; the labels must be classes.",
    }

    section: ClassVar[str] = "Evaluation"

    backbone: str = option(
        "auto",
        "The candidates: names from `jeoni list backbones`, model folders, or source:name, with commas between; auto "
        "is every one whose weights are installed, and the default one without training.",
        section="Transfer",
        names=("backbones",),
        aliases=("backbones",),
    )
    stages: bool = option(False, "Also score the features of every lower stage.", section="Transfer")
    scores: str = option(
        "auto",
        "Scores from `jeoni list scores`, with commas between; auto is all.",
        several=True,
        names=("scores",),
    )
    head: str = option(
        "linear", "The head that is then measured on held-out items; see `jeoni list heads`.", section="Transfer",
        names=("heads",),
    )  # fmt: skip
    test_fraction: float = option(
        0.3,
        "The share of the items that the head is measured on, where the data come without a test part; scores see only "
        "the others.",
        bounds=Bounds(0, 0.9, open_low=True),
    )
    folds: int = option(5, FOLDS, bounds=FOLD_BOUNDS)
    resamples: int = option(
        200, "Resamples of the items for the intervals of scores that are quick to compute; 0 gives none.",
        bounds=Bounds(0, 100_000),
    )  # fmt: skip

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.backbones or len(set(self.backbones)) < len(self.backbones):
            raise ConfigError(f"backbone is {self.backbone!r}; one is needed, or different ones with commas between.")
        if self.weights and (len(self.backbones) > 1 or self.backbone == "auto"):
            raise ConfigError(
                f"weights is {self.weights!r}; a file of weights is for one backbone. Name that one alone, or leave "
                "weights out."
            )

    @property
    def backbones(self) -> tuple[str, ...]:
        """The backbones' names."""
        return _listed(self.backbone)

    @property
    def score_names(self) -> tuple[str, ...]:
        """The scores' ids; empty for all."""
        return () if self.scores == "auto" else _listed(self.scores)

    def of_backbone_named(self, name: str) -> BackboneOptions:
        """The part that is about one backbone."""
        return replace(self.of_backbone, backbone=name)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())

"""The options of `jeoni pretrain`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jeoni.specs.budget import TimeOptions
from jeoni.specs.data import TaskOptions
from jeoni.specs.options import option
from jeoni.specs.training import Recipe, SettingOptions
from jeoni.specs.verbs.common import FOLD_BOUNDS, FOLDS, PICTURES, REDRAWN, REDRAWN_BOUNDS, CommonSpec

__all__ = ["PretrainSpec"]


@dataclass(frozen=True, kw_only=True)
class PretrainSpec(CommonSpec, TaskOptions, SettingOptions, Recipe, TimeOptions):
    """Everything that decides a pretraining.

    Example:
        >>> PretrainSpec(method="vicreg", backbone="none").method
        'vicreg'
    """

    absent: ClassVar[Mapping[str, str]] = {
        "strategy": "Name the method: method='vicreg', or another one of `jeoni list pretraining`.",
        "test": "The verdict is a linear probe's: give its labelled data as probe='labelled/'.",
        "head": "A pretrained backbone has no head; fit one with `jeoni fit DATA --backbone RUN/model`.",
    }

    section: ClassVar[str] = "Evaluation"

    method: str = option(
        "auto",
        "How to pretrain; see `jeoni list pretraining`. Auto takes vicreg for images and audio, masked_language for "
        "texts, sparse_coding for vectors.",
        section="Transfer",
        names=("pretraining",),
    )
    backbone: str = option(
        "auto",
        "The weights to start from: a name from `jeoni list backbones`, or source:name; auto goes by the data, none "
        "takes the same network with random weights.",
        section="Transfer",
        names=("backbones",),
        aliases=("from",),
    )
    probe: str = option(
        "",
        "Labelled data for the verdict, as for fit; left out, the labels of the data themselves where there are any.",
    )
    folds: int = option(5, FOLDS, bounds=FOLD_BOUNDS)
    repeats: int | None = option(None, REDRAWN, bounds=REDRAWN_BOUNDS)
    pictures: bool = option(True, PICTURES, section="Output")

"""The options of `jeoni zero-shot`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jeoni.specs.options import option
from jeoni.specs.training import SettingOptions
from jeoni.specs.verbs.common import PICTURES, CommonSpec

__all__ = ["ZeroShotSpec"]


@dataclass(frozen=True, kw_only=True)
class ZeroShotSpec(CommonSpec, SettingOptions):
    """Everything that decides a zero-shot classification.

    Example:
        >>> ZeroShotSpec(method="eszsl").calibration
        'auto'
    """

    absent: ClassVar[Mapping[str, str]] = {
        "test": "All items are scored whose label is one of the classes; labels teach nothing.",
        "head": "The head follows from the class names; see method.",
        "strategy": "Name the method: method='eszsl', or another one of `jeoni list zero-shot`.",
    }

    section: ClassVar[str] = "Transfer"

    method: str = option(
        "auto",
        "How items are held against classes; auto is nearest_name where items and names are in one space, and eszsl "
        "with seen classes.",
        names=("zero-shot",),
    )
    calibration: str = option(
        "auto",
        "What is taken from each class's scores: batch, its mean over the unlabelled items; contextual, its mean over "
        "texts without content; none. auto is none: batch helps where classes are equally frequent, and costs else.",
        names=("calibrations",),
    )
    templates: str = option(
        "auto", "Sentences that a class's name is put into, with {} for it and | between them; auto goes by the data."
    )
    text_backbone: str = option(
        "auto",
        "What encodes the class names where items are no texts; auto goes by their language.",
        names=("backbones",),
    )
    generalised: bool = option(
        False, "Items may be of the seen classes too: these are candidates, at a handicap that seen classes decide."
    )
    pictures: bool = option(True, PICTURES, section="Output")

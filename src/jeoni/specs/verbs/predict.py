"""The options of `jeoni predict`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jeoni.specs.backbone import ComputeOptions
from jeoni.specs.data import FRAMES, SubjectOptions
from jeoni.specs.options import Spec, option

__all__ = ["PredictSpec"]


@dataclass(frozen=True, kw_only=True)
class PredictSpec(Spec, SubjectOptions, ComputeOptions):
    """Everything that decides how a saved model predicts."""

    section: ClassVar[str] = "Data"

    column: str = option(
        "",
        "A table's column of items; left out, that of the fit, or a recognised one.",
        aliases=("image_column", "text_column", "audio_column"),
    )
    format: str = option(
        "",
        "Of places in pictures, the format of the files in --out: voc, coco, yolo, mask_png, deeplabcut, labelme; "
        "left out, the one that the model learned from, else the usual one.",
    )
    frames: str = option("middle", FRAMES, ("middle", "all"))

"""A detection checkpoint of transformers as a model that predicts: its own classes, nothing trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.detector import detector_rest, is_detector
from jeoni.backbones.saved import CONFIG, read_object
from jeoni.backbones.sources.detectors import Detectors
from jeoni.dense.frames import framed
from jeoni.dense.heads.detection.detr import DETR
from jeoni.dense.heads_on import built_head, maps_for
from jeoni.dense.model import DenseModel
from jeoni.dense.tasks.detection import Detection
from jeoni.errors import WeightsError
from jeoni.modalities.inputs.frame import FrameInput
from jeoni.modalities.inputs.image import ImageInput

__all__ = ["is_detection_checkpoint", "load_detection_checkpoint"]


def is_detection_checkpoint(folder: str | Path) -> bool:
    """Whether ``save_pretrained`` of transformers wrote a detector into a folder."""
    try:
        return is_detector(read_object(Path(folder) / CONFIG))
    except WeightsError:
        return False


def load_detection_checkpoint(folder: str | Path, side: int | None = None) -> DenseModel:
    """The checkpoint with its own classes.

    Args:
        folder: that ``save_pretrained`` wrote.
        side: of the square that pictures are put into, in their own proportions; a multiple of 32, or of what the
            checkpoint's windows need. Left out, as it was trained, or 640.

    Raises:
        WeightsError: it cannot be loaded.
        MissingExtra: transformers is not installed.
    """
    backbone = _in_square(Detectors().load(str(folder), ""), side)
    rest = detector_rest(backbone.network)
    assert rest is not None
    task, factory = Detection(rest.labels), DETR()
    maps = maps_for(factory, backbone, task)
    head = built_head(factory, backbone, task, maps).eval()
    return DenseModel(backbone, head, "detr", task, maps, backbone.n, backbone.n)


def _in_square(backbone: Backbone, side: int | None) -> Backbone:
    old = backbone.input
    assert isinstance(old, ImageInput)
    side = old.size if side is None else side
    return framed(replace(backbone, input=FrameInput(side, side, old.mean, old.std, "bilinear")))

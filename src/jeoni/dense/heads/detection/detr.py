"""DETR: a detection checkpoint's own encoder, decoder and queries (Carion et al. ECCV 2020, and its successors).

What a detector of transformers does behind its feature maps, with its pretrained weights: only what depends on the
classes is new, and of classes that it knows by name that too is taken over. Trained by its own loss: boxes are matched
to queries one to one, every layer of the decoder is asked, RT-DETR and D-FINE are given disturbed boxes to mend, and
RF-DETR asks several groups of queries at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.detector import ONE_MAP, DetectorRest, detector_rest
from jeoni.data.annotations import Detections, Prediction
from jeoni.dense.protocol import DenseHead, MapShape
from jeoni.errors import ConfigError, WeightsError
from jeoni.libraries import import_transformers
from jeoni.locale import Said

__all__ = ["DETR"]

BOX = 4
OF_CLASSES = ("class", "enc_score_head")  # in the names of tensors that have a row for each class


@dataclass(frozen=True)
class DETR:
    """Hyper-parameters.

    Attributes:
        least: the lowest score that is kept.
        most: boxes of one picture that are kept.
    """

    recipe: ClassVar[Mapping[str, Any]] = {"head_learning_rate": 2e-4, "weight_decay": 1e-4}

    least: float = 0.02
    most: int = 100

    @staticmethod
    def fits(backbone: Backbone) -> bool:
        """Whether a backbone came from a detector."""
        return detector_rest(backbone.network) is not None

    def strides(self, backbone: Backbone) -> tuple[int, ...]:
        """Of the feature maps that the detector goes on with."""
        return self._rest_of(backbone).strides

    def build(self, task: Any, maps: Sequence[MapShape]) -> DenseHead:
        """Without a backbone there is no checkpoint.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(Said("dense.no_checkpoint"))

    def build_on(self, backbone: Backbone, task: Any, maps: Sequence[MapShape]) -> DenseHead:
        """A head for the task's classes, with what the checkpoint knows.

        Raises:
            ConfigError: a backbone that came from no detection checkpoint.
            WeightsError: tensors of the checkpoint are missing.
        """
        return _DETRHead(self, self._rest_of(backbone), tuple(task.names), maps)

    def _rest_of(self, backbone: Backbone) -> DetectorRest:
        found = detector_rest(backbone.network)
        if found is None:
            raise ConfigError(Said("dense.no_checkpoint"))
        return found


class _Given(nn.Module):
    """Stands where the backbone stood, and gives the feature maps that it is handed."""

    def __init__(self, one_map: bool) -> None:
        super().__init__()
        self.one_map, self.maps = one_map, list[Tensor]()

    def forward(self, pixel_values: Tensor, pixel_mask: Tensor) -> Any:
        """Each map, and that all of its places are part of the picture."""
        found = [(one, torch.ones(len(one), *one.shape[2:], dtype=torch.bool, device=one.device)) for one in self.maps]
        return found[0] if self.one_map else found


class _DETRHead(DenseHead):
    def __init__(self, own: DETR, rest: DetectorRest, names: Sequence[str], maps: Sequence[MapShape]) -> None:
        super().__init__()
        self.own, self.classes = own, len(names)
        self.shapes = tuple(maps)
        self.detector = _detector_for(rest, names)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """``(b, queries, logits + 4)``; while it is trained the maps end to end, since its loss needs the boxes."""
        if self.training:
            return torch.cat([one.flatten(1) for one in maps], dim=1)
        found = self._run([one.float() for one in maps], None)
        return torch.cat([found.logits, found.pred_boxes], dim=2)

    def _run(self, maps: Sequence[Tensor], labels: list[dict[str, Tensor]] | None) -> Any:
        self.detector.model.backbone.maps = list(maps)
        height, width = maps[-1].shape[2:]
        stride = self.shapes[-1].stride
        picture = maps[-1].new_zeros(len(maps[-1]), 3, height * stride, width * stride)  # its size alone is asked for
        try:
            return self.detector(picture, labels=labels)
        finally:
            self.detector.model.backbone.maps = []

    def loss(self, outputs: Tensor, targets: Sequence[Any], size: tuple[int, int]) -> Tensor:
        """The checkpoint's own, of the whole batch; boxes that are ignored are no objects to it."""
        maps = self._apart(outputs.float(), size)
        found = self._run(maps, [_as_label(one, size, outputs.device) for one in targets])
        loss: Tensor = found.loss.reshape(1).expand(len(targets))
        return loss

    def _apart(self, outputs: Tensor, size: tuple[int, int]) -> list[Tensor]:
        """Maps that lie end to end."""
        sides = [(-(-size[1] // one.stride), -(-size[0] // one.stride)) for one in self.shapes]
        numbers = [one.channels * high * wide for one, (high, wide) in zip(self.shapes, sides, strict=True)]
        parts = torch.split(outputs, numbers, dim=1)
        return [
            part.reshape(len(part), one.channels, high, wide)
            for part, one, (high, wide) in zip(parts, self.shapes, sides, strict=True)
        ]

    def decode(self, outputs: Tensor, size: tuple[int, int]) -> list[Prediction]:
        """The surest boxes: of a softmax with a class for nothing one for each query, else one for each class."""
        outputs = outputs.float()
        logits, boxes = outputs[..., :-BOX], outputs[..., -BOX:]
        probs = logits.softmax(-1)[..., :-1] if logits.shape[-1] > self.classes else logits.sigmoid()
        if logits.shape[-1] > self.classes:
            probs = probs * (probs == probs.amax(-1, keepdim=True))
        scale = torch.tensor([*size, *size], dtype=boxes.dtype, device=boxes.device)
        middle, half = boxes[..., :2], boxes[..., 2:] / 2
        corners = torch.cat([middle - half, middle + half], dim=-1).clamp(0, 1) * scale
        return [self._decode_one(*one) for one in zip(corners, probs, strict=True)]

    def _decode_one(self, boxes: Tensor, probs: Tensor) -> Detections:
        best, index = probs.flatten().topk(min(self.own.most, probs.numel()))
        index, best = index[best >= self.own.least], best[best >= self.own.least]
        return Detections(
            boxes=boxes[index // self.classes].cpu().numpy().astype(np.float64),
            labels=(index % self.classes).cpu().numpy(),
            scores=best.cpu().numpy().astype(np.float64),
        )


def _as_label(target: Any, size: tuple[int, int], device: torch.device) -> dict[str, Tensor]:
    """Boxes as transformers takes them: middle, width and height, in shares of the picture."""
    kept = ~np.asarray(target.ignored, dtype=bool)
    boxes = torch.as_tensor(target.boxes[kept], dtype=torch.float32) / torch.tensor([*size, *size])
    sides = boxes[:, 2:] - boxes[:, :2]
    found = torch.cat([boxes[:, :2] + sides / 2, sides], dim=1)
    labels = torch.as_tensor(np.asarray(target.labels)[kept], dtype=torch.int64)
    return {"class_labels": labels.to(device), "boxes": found.to(device)}


def _detector_for(rest: DetectorRest, names: Sequence[str]) -> Any:
    """The checkpoint's model without its backbone, for other classes."""
    library = import_transformers()
    config = type(rest.config).from_dict(rest.config.to_dict())
    config.id2label = dict(enumerate(names))
    made = library.AutoModelForObjectDetection.from_config(config)
    made.model.backbone = _Given(config.model_type in ONE_MAP)
    for name, tensor in made.state_dict().items():
        if name not in rest.state:
            raise WeightsError(f"The detection checkpoint lacks {name}. Copy its folder anew.")
        if tensor.device.type != "meta":
            tensor.copy_(_for_classes(name, rest.state[name], tensor, rest.labels, names))
    return made


def _for_classes(name: str, old: Tensor, new: Tensor, known: Sequence[str], names: Sequence[str]) -> Tensor:
    """A tensor of the checkpoint; of one that has a row for each class, those that are known by name.

    Behind the classes may stand one more row, for nothing.
    """
    if tuple(known) == tuple(names) or not any(word in name for word in OF_CLASSES):
        return old
    found = new.clone()
    for k, one in enumerate(names):
        if one in known:
            found[k] = old[known.index(one)]
    found[len(names) :] = old[len(known) :]
    return found

"""Semantic segmentation: the class of every pixel. Scores are of all pixels together (Everingham et al. 2010)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from PIL import Image

from jeoni.data.annotations import LabelMap, Prediction
from jeoni.data.annotations.kinds import VOID
from jeoni.dense.merging.maps import merged_labels
from jeoni.dense.merging.tile import Tile
from jeoni.dense.protocol import DenseTask, Row
from jeoni.errors import DataError
from jeoni.evaluation.measures import Measure
from jeoni.locale import Said
from jeoni.modalities.geometry import Geometry
from jeoni.tasks import Unreadable, distinct_names
from jeoni.types import Array, Dataset, Finding, FloatArray, IntArray

__all__ = ["Segmentation"]

LEAST = 4  # pictures
LOOKED_AT = 200  # masks that a profile reads


@dataclass(frozen=True)
class Segmentation(DenseTask):
    """Classes of pixels. Targets are masks; -1 (void) is neither trained on nor scored.

    Attributes:
        class_names: in the order of the outputs.
    """

    id: ClassVar[str] = "segmentation"
    family: ClassVar[str] = "segmentation"
    headline: ClassVar[str] = "miou"
    head: ClassVar[str] = "fpn"
    augment: ClassVar[str] = "scale"
    strides: ClassVar[tuple[int, ...]] = (4, 8, 16, 32)
    recipe: ClassVar[Mapping[str, Any]] = {"batch_size": 8, "views": 4, "length": 1.0}

    class_names: tuple[str, ...]

    @classmethod
    def takes(cls, annotation: Any) -> bool:
        """Masks."""
        return hasattr(annotation, "read") and hasattr(annotation, "names")

    @classmethod
    def read(cls, annotations: Sequence[Any]) -> tuple[Self, list[Finding]]:
        """The classes that the masks name.

        Raises:
            Unreadable: masks of different classes, or of fewer than two.
        """
        named = list(dict.fromkeys(one.names for one in annotations if one is not None))
        if len(named) != 1:
            raise Unreadable(Said("dense.mask_lists", n=f"{len(named)}"))
        if len(named[0]) < 2:
            raise Unreadable(Said("dense.one_mask_class", name=repr(named[0][0])))
        return cls(named[0]), []

    def reread(self, annotations: Sequence[Any]) -> None:
        """See :class:`DenseTask`."""
        for one in annotations:
            if one is not None and tuple(one.names) != self.class_names:
                unknown = sorted(set(one.names) - set(self.class_names))
                raise Unreadable(
                    f"Masks name the classes {', '.join(one.names[:8])}, the model {', '.join(self.class_names[:8])}"
                    + (f"; {unknown[0]!r} is new." if unknown else ", in another order.")
                )

    def known(self, targets: Array) -> Array:
        """A mask is there."""
        return np.array([one is not None for one in targets], dtype=bool)

    def strata(self, targets: Array) -> IntArray:
        """All alike: most pictures hold most classes."""
        return np.where(self.known(targets), 0, -1).astype(np.int64)

    def check(self, data: Dataset) -> list[Finding]:
        """See :class:`DenseTask`."""
        count = int(self.known(data.targets)[data.part != "test"].sum())
        if count < LEAST:
            where = data.origin or data.name
            raise DataError(Said("dense.few_masks", data=where, n=f"{count}", least=f"{LEAST}"))
        return []

    def named_targets(self, targets: Array) -> list[Any]:
        """Nothing: a mask is shown, not told."""
        return [""] * len(targets)

    def counted(self, targets: Array) -> Mapping[str, int]:
        """Pictures in which each class occurs, of so many at most that are looked at."""
        some = np.unique(np.linspace(0, len(targets) - 1, min(LOOKED_AT, len(targets))).astype(np.int64))
        found = np.zeros(len(self.class_names), dtype=np.int64)
        for i in some:
            there = np.unique(targets[i].read())
            found[there[there != VOID]] += 1
        return dict(zip(self.class_names, found.tolist(), strict=True))

    def moved(self, annotation: Any, geometry: Geometry) -> Array:
        """``(h, w)`` int16 of the row's pixels, the class nearest to each; void outside of the picture."""
        inverse = np.linalg.inv(geometry.matrix)
        mask = Image.fromarray(annotation.read().astype(np.int32), mode="I")
        moved = mask.transform(
            geometry.size, Image.Transform.AFFINE, tuple(inverse[:2].ravel()), Image.Resampling.NEAREST, fillcolor=VOID
        )
        return np.asarray(moved, dtype=np.int16)

    def returned(self, prediction: Prediction, geometry: Geometry, extent: tuple[int, int]) -> LabelMap:
        """Each pixel of the picture takes the class of the row's pixel it lies in."""
        assert isinstance(prediction, LabelMap)
        where = tuple(geometry.matrix[:2].ravel())

        def back(values: Array, mode: str) -> Array:
            image = Image.fromarray(values, mode=mode)
            return np.asarray(image.transform(extent, Image.Transform.AFFINE, where, Image.Resampling.NEAREST))

        labels = back(prediction.labels.astype(np.int32), "I").astype(np.int16)
        sure = prediction.certainty
        return LabelMap(labels, None if sure is None else back(sure.astype(np.float32), "F").astype(np.float16))

    def merged(self, parts: Iterable[tuple[Prediction, Tile]], extent: tuple[int, int]) -> Prediction:
        """Probabilities are blended; see :mod:`jeoni.dense.merging.maps`."""
        maps = ((one, tile) for one, tile in parts if isinstance(one, LabelMap))
        return merged_labels(maps, extent, len(self.class_names))

    def evidence(self, prediction: Prediction, annotation: Any) -> IntArray:
        """``(classes, classes)`` pixels by true and predicted class."""
        assert isinstance(prediction, LabelMap)
        true, width = annotation.read(), len(self.class_names)
        if true.shape != prediction.labels.shape:
            sizes = [f"{one.shape[1]} x {one.shape[0]}" for one in (true, prediction.labels)]
            raise DataError(Said("dense.mask_size", mask=sizes[0], picture=sizes[1]))
        known = true != VOID
        pairs = true[known].astype(np.int64) * width + prediction.labels[known]
        found: IntArray = np.bincount(pairs, minlength=width * width).reshape(width, width)
        return found

    def scores(self, evidence: Sequence[Any], weights: FloatArray) -> dict[str, FloatArray]:
        """See :class:`DenseTask`. Means are over the classes that occur in a resample."""
        iou, dice, _ = self._by_class(evidence, weights)
        table = self._tables(evidence, weights)
        right, total = np.trace(table, axis1=1, axis2=2), table.sum(axis=(1, 2))
        return {
            "miou": _mean(iou),
            "dice": _mean(dice),
            "pixel_accuracy": np.where(total > 0, right / np.maximum(total, 1), np.nan),
        }

    def metrics(self) -> Mapping[str, Measure]:
        """See :class:`DenseTask`."""
        return {
            "miou": Measure("miou", "Mean IoU"),
            "dice": Measure("dice", "Mean Dice"),
            "pixel_accuracy": Measure("pixel_accuracy", "Pixel accuracy"),
        }

    def rows(self, evidence: Sequence[Any], weights: FloatArray) -> list[Row]:
        """IoU and Dice of each class."""
        iou, dice, recall = self._by_class(evidence, weights)
        counts = np.sum(np.stack(list(evidence)), axis=0).sum(axis=1)
        return [
            Row(name, int(counts[k]), {"iou": iou[:, k], "dice": dice[:, k], "recall": recall[:, k]})
            for k, name in enumerate(self.class_names)
        ]

    def item_scores(self, evidence: Sequence[Any]) -> FloatArray:
        """Each picture's own mean IoU."""
        iou, _, _ = self._by_class(evidence, np.eye(len(evidence)))
        return _mean(iou)

    def columns(self, evidence: Sequence[Any]) -> dict[str, Sequence[Any]]:
        """The share of right pixels, and how many pixels were looked at."""
        right = self.scores(evidence, np.eye(len(evidence)))["pixel_accuracy"]
        return {"pixel_accuracy": right.round(6).tolist(), "pixels": [int(np.sum(one)) for one in evidence]}

    def details(self, evidence: Sequence[Any]) -> dict[str, Any]:
        """The confusion of classes, in pixels."""
        table = np.sum(np.stack(list(evidence)), axis=0)
        return {"confusion": table.tolist(), "class_names": list(self.class_names)}

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes."""
        return self.class_names

    def describe(self) -> dict[str, Any]:
        """See :class:`DenseTask`."""
        return {"class_names": list(self.class_names)}

    @classmethod
    def restored(cls, described: Mapping[str, Any]) -> Self:
        """See :class:`DenseTask`."""
        return cls(distinct_names(described["class_names"]))

    def _tables(self, evidence: Sequence[Any], weights: FloatArray) -> FloatArray:
        """``(B, classes, classes)``."""
        width = len(self.class_names)
        flat = np.stack([np.asarray(one, dtype=np.float64).ravel() for one in evidence])
        found: FloatArray = (weights @ flat).reshape(-1, width, width)
        return found

    def _by_class(self, evidence: Sequence[Any], weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """``(B, classes)`` IoU, Dice and recall; NaN of a class that neither occurs nor is predicted."""
        table = self._tables(evidence, weights)
        hits = np.einsum("bkk->bk", table)
        true, said = table.sum(2), table.sum(1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return hits / (true + said - hits), 2 * hits / (true + said), hits / true


def _mean(values: FloatArray) -> FloatArray:
    """``(B,)`` over the defined ones of ``(B, classes)``."""
    known = ~np.isnan(values)
    total = known.sum(axis=1)
    found: FloatArray = np.where(total > 0, np.nan_to_num(values).sum(axis=1) / np.maximum(total, 1), np.nan)
    return found

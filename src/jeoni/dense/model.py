"""DenseModel: a backbone cut somewhere with a head on feature maps, and the folder it is kept in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from jeoni._version import __version__
from jeoni.backbones import card
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.maps import MapNetwork, StageMap
from jeoni.backbones.saved import (
    CONFIG,
    OF_ANY_TASK,
    WEIGHTS,
    backbone_config,
    library_versions,
    replaced_whole,
    tensors_of,
    write_weights,
)
from jeoni.backbones.weights import file_sha256
from jeoni.data.annotations import Prediction, Skeletons
from jeoni.data.annotations.read import annotated_file, without_masks
from jeoni.data.checks import tell, unreadable
from jeoni.data.examples import as_dataset
from jeoni.data.fitted_on import FittedOn
from jeoni.dense.network import DenseNetwork, extent_of, predictions_of
from jeoni.dense.protocol import DenseHead, DenseTask
from jeoni.dense.rows import held_rows
from jeoni.dense.running import PicturePrediction, predictions_of_pictures
from jeoni.errors import ConfigError, DataError
from jeoni.features.examples import Context, Examples
from jeoni.locale import Said
from jeoni.modalities.inputs.frame import FrameInput
from jeoni.runs import seal
from jeoni.types import Array, Dataset, Items

__all__ = ["DenseModel", "DensePredictions", "pictures_of"]


@dataclass(frozen=True)
class DensePredictions:
    """Predictions for some pictures.

    Attributes:
        names: of the pictures that could be read.
        predictions: of each; :class:`jeoni.data.annotations.Detections` of a detection, and so on by task.
        task: what was predicted.
        sizes: width and height of each picture, pixels.
        annotations: the id of the format in which the pictures were annotated that the model was fitted on.
        class_numbers: what that format numbers classes by, by their names.
        errors: name and reason of each picture that could not be read.
        seen: ``(n,)``: which of the readable ones the model was fitted on.
        data: the pictures that could be read.
    """

    names: list[str]
    predictions: list[Prediction]
    task: DenseTask
    sizes: list[tuple[int, int]] = field(default_factory=list)
    annotations: str = ""
    class_numbers: Mapping[str, int] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    seen: Array = field(default_factory=lambda: np.zeros(0, dtype=bool), repr=False)
    data: Dataset | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Prediction:
        return self.predictions[index]

    @property
    def several(self) -> bool:
        """Whether keypoints are of several subjects in a picture."""
        return any(isinstance(one, Skeletons) for one in self.predictions)


@dataclass(frozen=True)
class DenseModel:
    """A model that says where in a picture something is.

    Attributes:
        backbone: the network below, its input whole frames.
        head: feature maps to outputs.
        head_id: the head's id.
        task: what is predicted.
        maps: the stages whose maps the head takes.
        frozen: stages that were not trained.
        reuse: stages that started from pretrained weights.
        settings: hyper-parameters of the head.
        training: how the rest was trained; empty where nothing was.
        facts: data, scores and versions, for the card.
        fitted_on: the pictures it has learned from, by digests of their content.
        annotations: the id of the format in which those were annotated; empty where that is not known.
        class_numbers: what that format numbers classes by, by their names, also those that no object has.
    """

    backbone: Backbone
    head: DenseHead
    head_id: str
    task: DenseTask
    maps: tuple[StageMap, ...]
    frozen: int
    reuse: int
    settings: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    fitted_on: FittedOn = field(default_factory=FittedOn, repr=False)
    annotations: str = ""
    class_numbers: Mapping[str, int] = field(default_factory=dict)

    def network(self, stored: bool = False) -> DenseNetwork:
        """Rows to outputs: pixels ``(n, h, w, 3)`` uint8, or stored maps end to end, as in training.

        Args:
            stored: whether rows are maps from the store; only of a model of which no stage was trained.
        """
        if stored:
            features = MapNetwork(self.backbone, self.maps, self.maps, None)
        else:
            features = MapNetwork(self.backbone, self.maps, (), self.backbone.network)
        return DenseNetwork(features, self.head).eval()

    def predict_examples(self, examples: Examples, source: Backbone, context: Context) -> Iterator[Prediction]:
        """Predictions one by one, of pictures whose rows at the cut may be in the store: those are not run again.

        Args:
            examples: which.
            source: the backbone their rows were computed with.
            context: computes rows that are not there.

        Raises:
            DataError: a picture that cannot be read any more.
        """
        if not self._stored(examples, source):
            for one in self.predictions(examples.data.items, context):
                if one.prediction is None:
                    raise DataError(one.error, path=examples.data.items.name(one.index))
                yield one.prediction
            return
        network = self.network(stored=True)
        rows = held_rows(examples, source, network.features, context)
        items = examples.data.items
        extents = [extent_of(items, i, self.backbone.input) for i in range(len(items))]
        yield from predictions_of(network, self.task, rows, extents)

    def _stored(self, examples: Examples, source: Backbone) -> bool:
        """Whether all maps are in the store, as the model computes them."""
        tiled = getattr(self.backbone.input, "tiled", False)
        trained = self.frozen < max(m.stage for m in self.maps)
        return not tiled and not trained and all(examples.seen.holds(source, m.tap) for m in self.maps)

    def predictions(self, items: Items, context: Context) -> Iterator[PicturePrediction]:
        """Predictions one by one, in one pass of which nothing is kept; of what cannot be read, why.

        Args:
            items: the pictures.
            context: engine, who decodes, and how many at a time.
        """
        spec = self.backbone.input
        assert isinstance(spec, FrameInput)
        return predictions_of_pictures(self.network(), self.task, items, spec, context)

    def predict(
        self, data: Any, context: Context | None = None, *, column: str = "", frames: str = "middle"
    ) -> DensePredictions:
        """Predict a folder, a picture, a table of paths, or whatever of these is in memory.

        Args:
            data: as for :meth:`jeoni.models.model.Model.predict`; of an annotated folder its pictures, without masks.
            context: cache, engine, threads; left out, the defaults.
            column: of a table, the one that holds the pictures.
            frames: of DICOM files of several frames, those that are examples: ``middle`` or ``all``.

        Raises:
            DataError: nothing there, or nothing that can be read.
            ConfigError: a model of several subjects in a picture, which needs their boxes.
        """
        if self.task.in_boxes:
            raise ConfigError(Said("dense.boxes_needed"))
        context = context or Context()
        found = pictures_of(data, column, frames, context)
        items = found.items
        with context.console.track("Predicting", len(items)) as advance:
            every = []
            for one in self.predictions(items, context):
                every.append(one)
                advance(1)
        errors = {one.index: one.error for one in every if one.error}
        tell([*found.findings, *unreadable(items, errors)], context.console)
        read = [(one, one.prediction) for one in every if one.prediction is not None]
        if not read:
            raise DataError(Said("dense.none_read", n=f"{len(items)}", first=next(iter(errors.values()))))
        return DensePredictions(
            names=[items.name(one.index) for one, _ in read],
            predictions=[prediction for _, prediction in read],
            task=self.task,
            sizes=[one.extent for one, _ in read],
            annotations=self.annotations,
            class_numbers=self.class_numbers,
            errors={items.name(i): text for i, text in errors.items()},
            seen=self.fitted_on.holds([one.digest for one, _ in read]),
            data=found.select(np.array([one.index for one, _ in read], dtype=np.int64)),
        )

    def save(self, folder: str | Path) -> Path:
        """Write ``model.safetensors``, ``config.json`` and ``README.md``; an existing model is replaced when all is
        written.

        Raises:
            ConfigError: something else than a model folder is there; it is left alone.
            StorageError: the folder cannot be written; what was there is there still.
        """
        folder = Path(folder)
        with replaced_whole(folder) as part:
            write_weights(tensors_of(self.backbone.network, self.head), part / WEIGHTS)
            self.fitted_on.save(part)
            config = self._config(part / WEIGHTS)
            (part / CONFIG).write_text(json.dumps(config, indent=2, ensure_ascii=False), encoding="utf-8")
            (part / "README.md").write_text(card.render(config), encoding="utf-8")
        return folder

    def _config(self, weights: Path) -> dict[str, Any]:
        backbone = self.backbone
        config = {
            "format": OF_ANY_TASK,
            "jeoni": __version__,
            "modality": backbone.input.modality,
            "backbone": backbone_config(backbone),
            "cut": {
                "frozen": self.frozen,
                "reuse": self.reuse,
                "dropped": backbone.dropped,
                "statistics": self.training.get("statistics", ""),
                "stages": [s.name for s in backbone.stages],
            },
            "head": {
                "id": self.head_id,
                "dim": backbone.dim,
                "choice": self.settings,
                "maps": [[m.stage, m.channels, m.stride] for m in self.maps],
            },
            "task": {"id": self.task.id, **self.task.describe()},
            "class_names": [],
            "column": "",
            "annotations": self.annotations,
            "class_numbers": dict(self.class_numbers),
            "weights": {"file": weights.name, "sha256": file_sha256(weights)},
            "versions": library_versions(),
            "facts": self.facts,
        }
        return seal(config)


def pictures_of(data: Any, column: str, frames: str, context: Context) -> Dataset:
    """The pictures that are to be predicted; of an annotated folder without its masks.

    Args:
        data: a folder, a picture, a table of paths, a file of annotations, such as COCO's JSON, or whatever of these
            is in memory.
        column: of a table, the one that holds the pictures.
        frames: of DICOM files of several frames, those that are examples.
        context: its console is told of masks.

    Raises:
        DataError: nothing there.
    """
    if isinstance(data, (str, os.PathLike)) and (annotated := annotated_file(Path(data))):
        return annotated
    found = as_dataset(data, "image", column, "", frames)
    if not isinstance(data, (str, os.PathLike)) or not Path(data).is_dir():
        return found
    found, masks = without_masks(found, Path(data))
    if masks:
        context.console.say(Said("dense.masks", n=f"{masks:,}", path=str(data)))
    return found

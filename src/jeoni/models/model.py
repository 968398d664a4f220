"""Model: what every way of transferring returns, and the folder it is kept in (safetensors and JSON, no code)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from jeoni._version import __version__
from jeoni.backbones import card
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, cut, whole
from jeoni.backbones.entry import entry
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
from jeoni.backbones.side_by_side import side_by_side
from jeoni.backbones.weights import file_sha256
from jeoni.data.checks import remarked, tell, unreadable
from jeoni.data.examples import as_dataset
from jeoni.data.fitted_on import FittedOn
from jeoni.errors import ConfigError, DataError, WeightsError
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.heads.fitting.affine import AffineModule
from jeoni.heads.fitting.averaged import part_of_head
from jeoni.heads.fitting.mapped import Mapped
from jeoni.models.new_classes import add_classes
from jeoni.models.predictions import Predictions
from jeoni.runs import seal
from jeoni.tasks import Task
from jeoni.tasks.classification import Classification
from jeoni.training.forward import outputs_of
from jeoni.training.rows import plain_rows
from jeoni.types import FloatArray, RowsLike

__all__ = ["Model"]

BLOCK = 4096


@dataclass(frozen=True)
class Model:
    """A backbone cut somewhere, with a head.

    Attributes:
        backbone: the network below.
        head: features ``(n, d)`` to calibrated outputs ``(n, width)``.
        head_id: the head's name, with hyper-parameters behind a colon where it has others than usual.
        task: what is predicted.
        frozen: stages that were not trained.
        reuse: stages that started from pretrained weights.
        choice: what the folds decided about the head.
        candidates: fold scores of what was tried.
        facts: data, scores and versions, for the card.
        training: how the stages above the cut were trained; empty where nothing was.
        chosen: the strategy that was chosen among several; empty where none was.
        contest: held-out loss and score of those it was chosen among.
        statistics: what batch normalisation used in the trained stages: ``own`` statistics, or those of the ``batch``;
            empty where nothing was trained.
        column: of the table it was fitted on, the one that held the examples; empty where there was none.
        fitted_on: the examples it has learned from, or was adapted to, by digests of their content.
        held_out: ``(repeats, n, p)`` predictions of the examples that a head was fitted on, by heads that did not see
            them; None where there are none. Not saved.
    """

    backbone: Backbone
    head: nn.Module
    head_id: str
    task: Task
    frozen: int
    reuse: int
    choice: dict[str, Any] = field(default_factory=dict)
    candidates: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    chosen: str = ""
    contest: dict[str, dict[str, float]] = field(default_factory=dict)
    statistics: str = ""
    column: str = ""
    fitted_on: FittedOn = field(default_factory=FittedOn, repr=False)
    held_out: FloatArray | None = field(default=None, repr=False, compare=False)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of a classification, in the order of the outputs.

        Raises:
            ConfigError: another task.
        """
        if not isinstance(self.task, Classification):
            raise ConfigError(f"The model's task is {self.task.id}; it has no classes.")
        return self.task.class_names

    @property
    def network(self) -> nn.Module:
        """One module: rows as the input makes them, such as pixels ``(n, size, size, 3)`` uint8, to calibrated outputs
        ``(n, width)``."""
        return entry(nn.Sequential(whole(self.backbone), self.head), self.backbone.input).eval()

    @property
    def top(self) -> tuple[Backbone, nn.Module]:
        """The network and the head on its last stage: of a head on several stages, what it says by the last one's."""
        if not self.backbone.beside:
            return self.backbone, self.head
        assert isinstance(self.head, AffineModule)
        alone = side_by_side(self.backbone, self.backbone.beside[-1:])
        return replace(alone, beside=()), part_of_head(self.head, alone.dim)

    def predict_features(self, features: RowsLike) -> FloatArray:
        """Predictions ``(n, p)`` from pooled features ``(n, d)``, block by block.

        Raises:
            WeightsError: NaN among them, as weights that are too large give.
        """
        found = []
        with torch.inference_mode():
            for start in range(0, len(features), BLOCK):
                block = torch.as_tensor(np.asarray(features[slice(start, start + BLOCK)], dtype=np.float32))
                outputs = self.head(block).double().numpy()
                bad = np.flatnonzero(~np.isfinite(outputs).all(1))
                if len(bad):
                    raise WeightsError(
                        f"The model on {self.backbone.name} gives NaN or infinity, first for example "
                        f"{start + int(bad[0])}: its weights are damaged or too large. Train the model again."
                    )
                found.append(self.task.decode(outputs))
        return np.concatenate(found)

    def predict_examples(self, examples: Examples, source: Backbone, context: Context) -> FloatArray:
        """Predictions ``(n, p)`` of examples whose rows at the cut are in the store: frozen stages are not run.

        Args:
            examples: which.
            source: the backbone their rows were computed with; its stages below the cut are this model's.
            context: computes rows that did not fit into the store.
        """
        made = cut(self.backbone, self.frozen)
        rows = plain_rows(examples, replace(source, beside=self.backbone.beside), made.tap, context)
        network = nn.Sequential(made.from_rows(self.backbone.input), self.head).eval()
        return self.task.decode(outputs_of(network, rows, 4096 if made.tap.pooled else 64))

    def predict(
        self,
        data: Any,
        context: Context | None = None,
        *,
        column: str = "",
        frames: str = "middle",
    ) -> Predictions:
        """Predict a folder, a file, a table, or whatever of these is in memory.

        Args:
            data: a string alone is a path: of a file, a folder, or a table. A list of strings is one of paths, or of
                the texts themselves for a model of texts; what is missing in it (None, NaN) is listed as empty. It may
                also hold Paths, bytes of files, PIL pictures, arrays of any sizes, or rows of numbers. Arrays and
                tensors are images ``(n, h, w)``, ``(n, h, w, c)`` or ``(n, c, h, w)``, or vectors ``(n, d)`` for a
                model of such; ``(h, w)``, ``(h, w, c)`` and a PIL picture are a single image. A frame of pandas or
                polars, a table of Arrow, a dictionary of columns and a list of records are tables. Datasets of torch
                and of ``datasets`` are taken too, and iterators.
            context: cache, engine, threads; left out, the defaults.
            column: of a table, the one that holds the examples; left out, the one that the model was fitted on if
                there is one of that name, or else one that is recognised by its name.
            frames: of DICOM files of several frames, those that are examples: ``middle`` or ``all``.

        Raises:
            DataError: nothing there, or nothing that can be read; what cannot be understood, or in two ways.
            ConfigError: a column, and no table.
        """
        context = context or Context()
        found = as_dataset(data, self.backbone.input.modality, column, self.column, frames)
        items = found.items
        tap = Tap(self.backbone.n, True)
        seen = context.extract(items, [Request(self.backbone, (tap,))])
        tell([*found.findings, *remarked(items, seen.remarks), *unreadable(items, seen.errors)], context.console)
        index = np.flatnonzero(seen.readable)
        if not len(index):
            raise DataError(
                f"None of the {len(items)} items could be read. The first: {next(iter(seen.errors.values()))}"
            )
        known = self.fitted_on.holds([seen.digests[int(i)] for i in index])
        if known.any():
            context.console.warn(_remark_on_seen(int(known.sum()), len(index)))
        values = self.predict_features(seen.features(self.backbone, tap, index))
        return Predictions(
            names=[items.name(int(i)) for i in index],
            labels=self.task.named(values),
            values=values,
            columns=self.task.columns,
            task=self.task,
            errors={items.name(i): text for i, text in seen.errors.items()},
            readable=seen.readable,
            seen=known,
            data=found.select(index),
        )

    def with_classes(self, new: Mapping[str, Any], context: Context | None = None) -> Model:
        """The same model with new classes, each known by one example or a few; nothing is trained.

        Args:
            new: examples by the class's name: whatever :meth:`predict` takes, such as a list of paths or texts.
            context: cache, engine, threads; left out, the defaults.

        Returns:
            A model of which predictions of the known classes may change: the new ones compete with them. It has no
            scores; :func:`jeoni.evaluate` gives them where there are labelled examples of all classes.

        Raises:
            ConfigError: a head that cannot take classes (``prototype``, ``knn`` and ``cosine`` can), another task, or a
                class that is known.
            DataError: an example that cannot be read.

        Example:
            ``model.with_classes({"heron": ["heron.jpg"]}).predict("photos/")``
        """
        return add_classes(self, new, context or Context())

    def save(self, folder: str | Path) -> Path:
        """Write ``model.safetensors``, ``config.json`` and ``README.md``; an existing model is replaced when all is
        written.

        Beside them lies ``fitted_on.bin``, if it is known what the model was fitted on.

        Raises:
            ConfigError: something else than a model folder is there; it is left alone.
            StorageError: the folder cannot be written; what was there is there still.
        """
        folder = Path(folder)
        with replaced_whole(folder) as part:
            write_weights(tensors_of(self.backbone.network, self.head), part / WEIGHTS)
            for name, content in self.backbone.input.files().items():
                (part / name).write_bytes(content)
            self.fitted_on.save(part)
            config = self._config(part / WEIGHTS)
            (part / CONFIG).write_text(json.dumps(config, indent=2, ensure_ascii=False), encoding="utf-8")
            (part / "README.md").write_text(card.render(config), encoding="utf-8")
        return folder

    def _config(self, weights: Path) -> dict[str, Any]:
        backbone = self.backbone
        config = {
            "format": 1 if isinstance(self.task, Classification) else OF_ANY_TASK,
            "jeoni": __version__,
            "modality": backbone.input.modality,
            "backbone": backbone_config(backbone),
            "cut": {
                "frozen": self.frozen,
                "reuse": self.reuse,
                "dropped": backbone.dropped,
                "statistics": self.statistics,
                **({"beside": list(backbone.beside)} if backbone.beside else {}),
                "stages": [s.name for s in backbone.stages],
            },
            "head": {
                "id": self.head_id,
                "dim": backbone.dim,
                "choice": self.choice,
                **({"mapped": self.head.describe()} if isinstance(self.head, Mapped) else {}),
            },
            "task": {"id": self.task.id, **self.task.describe()},
            # what versions that know of no other task read
            "class_names": list(self.class_names) if isinstance(self.task, Classification) else [],
            "column": self.column,
            "weights": {"file": weights.name, "sha256": file_sha256(weights)},
            "versions": library_versions(),
            "facts": self.facts,
        }
        return seal(config)


def _remark_on_seen(count: int, of: int) -> str:
    which = f"All {of} items were" if count == of else f"{count} of the {of} items {'was' if count == 1 else 'were'}"
    return f"{which} seen in fitting; what the model says of them tells nothing about new data."

"""Load a model folder, its hashes, bounds and shapes checked before anything is built."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from jeoni import plugins
from jeoni.backbones.outline import check_shapes, outline
from jeoni.backbones.saved import SavedModel, open_model
from jeoni.backbones.schema import SavedHead
from jeoni.backbones.side_by_side import side_by_side
from jeoni.backbones.sources.checkpoint import restore_backbone
from jeoni.backbones.weights import first_line
from jeoni.data.fitted_on import FittedOn
from jeoni.dense.checkpoint import is_detection_checkpoint, load_detection_checkpoint
from jeoni.dense.loading import is_dense_model, load_dense
from jeoni.dense.model import DenseModel
from jeoni.errors import ConfigError, WeightsError
from jeoni.heads.fitting.mapped import Mapped
from jeoni.heads.fitting.named import build_head, kind_of_head
from jeoni.models.model import Model
from jeoni.tasks import Task, restore
from jeoni.tasks.classification import Classification
from jeoni.training.depth import set_temperature

__all__ = ["AnyModel", "load_model", "load_pooled_model"]


AnyModel = Model | DenseModel


def load_model(folder: str | Path) -> AnyModel:
    """Read a model folder, having checked its hashes and format.

    Args:
        folder: the ``model`` folder of a run, a file in it, or the run folder itself; or a folder that
            ``save_pretrained`` of transformers wrote of a detector, which then predicts its own classes.

    Raises:
        WeightsError: not a model folder, a changed byte, a value out of bounds, or a newer format.

    Example:
        ``jeoni.load_model("runs/latest/model").predict("new/").labels``
    """
    if is_detection_checkpoint(folder):
        return load_detection_checkpoint(folder)
    saved = open_model(Path(folder))
    config = saved.config
    if config.head is None:
        raise WeightsError(
            f"{saved.folder} holds a pretrained backbone without a head, which predicts nothing. Fit one to labelled "
            f"data: jeoni fit DATA --backbone {saved.folder}"
        )
    if is_dense_model(saved):
        return load_dense(saved)
    backbone = restore_backbone(saved)
    task = restore(config.task or {"id": Classification.id, "class_names": config.class_names})
    if config.cut.beside:
        backbone = side_by_side(backbone, config.cut.beside)
    return Model(
        backbone=backbone,
        head=_restored_head(saved, config.head, backbone.dim, task),
        head_id=config.head.id,
        task=task,
        frozen=config.cut.frozen,
        reuse=config.cut.reuse,
        choice=config.head.choice,
        facts=config.facts,
        statistics=config.cut.statistics,
        column=config.column,
        fitted_on=FittedOn.load(saved.folder),
    )


def load_pooled_model(folder: str | Path) -> Model:
    """A model of whole examples; see :func:`load_model`.

    Raises:
        ConfigError: a model of places in pictures.
        WeightsError: as :func:`load_model`.
    """
    found = load_model(folder)
    if isinstance(found, DenseModel):
        raise ConfigError(
            f"{folder} holds a model for {found.task.id}, which says where in pictures something is; needed is one of "
            "whole examples, such as `jeoni fit` makes of a folder per class."
        )
    return found


def _restored_head(saved: SavedModel, kept: SavedHead, dim: int, task: Task) -> nn.Module:
    """The head of a model folder for ``dim`` features, its shapes held against the weights file before it is built.

    Raises:
        ConfigError: of a kind that is not installed here.
        WeightsError: it does not go with its weights or its backbone.
    """
    width = task.width
    if kind_of_head(kept.id) not in plugins.names("jeoni.heads"):
        raise ConfigError(f"This model's head {kept.id!r} is not known here; install the package it came with.")
    if kept.dim != dim:
        raise WeightsError(f"{saved.folder}: head.dim is {kept.dim}; the backbone gives {dim} features.")

    top = build_head(kept.id)

    def build() -> nn.Module:
        if kept.mapped:
            return Mapped(**kept.mapped.model_dump(), classes=width)
        like = getattr(top, "build_like", None)  # of heads that keep examples: how many is in the shapes alone
        made = like(held, dim, width) if like else top.build(dim, width)
        if held.get("temperature") == (width,):  # one for each output, as several tasks have
            set_temperature(made, np.ones(width))
        return made

    held, what = saved.shapes_of("head"), f"The head in {saved.folder}"
    check_shapes(outline(build, held, what), held, what, f"{kept.id} of {width} outputs")
    head = build()
    head.load_state_dict(saved.state_of("head"))
    _try_head(head.eval(), dim, width, what)
    return head


def _try_head(head: nn.Module, dim: int, width: int, what: str) -> None:
    """Raise a WeightsError if features do not become calibrated outputs."""
    if not bool((torch.as_tensor(getattr(head, "temperature", 1.0)) > 0).all()):
        raise WeightsError(f"{what} has a temperature that is not above 0. Copy the folder anew.")
    try:
        with torch.inference_mode():
            shape = tuple(head(torch.zeros(1, dim)).shape)
    except RuntimeError as error:
        raise WeightsError(f"{what} does not take the backbone's {dim} features ({first_line(error)}).") from error
    if shape != (1, width):
        raise WeightsError(f"{what} gives outputs of shape {shape}; (1, {width}) is needed.")

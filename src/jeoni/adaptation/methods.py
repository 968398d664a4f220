"""A method by its name, and a model out of what a shallow one found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from jeoni import plugins
from jeoni.adaptation.adapter import Adapter
from jeoni.adaptation.alignment import Alignment
from jeoni.adaptation.shallow.standardize import Standardize
from jeoni.backbones.backbone import Backbone
from jeoni.errors import ConfigError, did_you_mean
from jeoni.heads.fitting.affine import AffineModule
from jeoni.heads.fitting.estimator import HeadClassifier
from jeoni.heads.fitting.mapped import mapped
from jeoni.heads.fitting.maps import Affine, joined
from jeoni.models.model import Model
from jeoni.specs.settings import configured
from jeoni.tasks.classification import Classification

__all__ = ["DEEP", "SHALLOW", "build_method", "known_methods", "model_of", "model_with"]

SHALLOW, DEEP = "jeoni.adaptation.shallow", "jeoni.adaptation.deep"


def known_methods() -> tuple[str, ...]:
    """All ids of adapters and deep methods."""
    return (*plugins.names(SHALLOW), *plugins.names(DEEP))


def build_method(name: str, settings: dict[str, Any]) -> Adapter | Alignment:
    """Make an adapter or a deep method.

    Raises:
        ConfigError: an unknown name or setting, with the known ones; a method that needs target labels.
    """
    folder = next((f for f in (SHALLOW, DEEP) if name in plugins.names(f)), None)
    if folder is None:
        known = ("auto", "source_only", *known_methods())
        raise ConfigError(f"{name!r} is no method of adaptation.{did_you_mean(name, known)} Known: {', '.join(known)}.")
    kind = plugins.load(folder, name)
    made: Adapter | Alignment = configured(name, kind, settings)
    if isinstance(made, Adapter) and made.labelled_target:
        raise ConfigError(
            f"{name} needs some labels of the target: see jeoni.adaptation.FewLabels, on arrays of features."
        )
    return Standardize(made) if isinstance(made, Adapter) and made.scaled else made


def model_of(backbone: Backbone, head: HeadClassifier, adapter: Adapter | None, class_names: tuple[str, ...]) -> Model:
    """The backbone with a head that holds the adapter's map of target rows, so that it predicts by itself.

    Args:
        backbone: gave the rows.
        head: a fitted linear head on adapted rows.
        adapter: fitted; None, or one that leaves target rows alone, changes nothing.
        class_names: in the order of the labels.

    """
    given = head.head_
    assert isinstance(given, AffineModule)
    return replace(model_with(backbone, given, adapter, class_names), choice=head.choice_, candidates=head.candidates_)


def model_with(backbone: Backbone, given: AffineModule, adapter: Adapter | None, class_names: tuple[str, ...]) -> Model:
    """As :func:`model_of`, of a linear module on adapted rows."""
    weight, bias = given.weight.detach().double().numpy(), given.bias.detach().double().numpy()
    moves = joined(adapter.moves()) if adapter is not None else ()
    if moves and isinstance(moves[-1], Affine):
        matrix, shift = (np.asarray(part, dtype=np.float64) for part in (moves[-1].matrix, moves[-1].shift))
        weight, bias, moves = weight @ matrix.T, bias + weight @ shift, moves[:-1]
    dim, classes = weight.shape[1], len(class_names)
    module = mapped(moves, dim, classes) if moves else AffineModule(dim, classes)
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(weight))
        module.bias.copy_(torch.from_numpy(bias))
        module.temperature.copy_(given.temperature)
    return Model(
        backbone=backbone,
        head=module.eval(),
        head_id="linear",
        task=Classification(class_names),
        frozen=backbone.n,
        reuse=backbone.n,
    )

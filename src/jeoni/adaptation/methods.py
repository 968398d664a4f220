"""A method by its name, and a model out of what a shallow one found."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from inspect import signature
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

import numpy as np
import torch

from jeoni import plugins
from jeoni.adaptation.deep._alignment import Alignment
from jeoni.adaptation.shallow._adapter import Adapter
from jeoni.adaptation.shallow.standardize import Standardize
from jeoni.backbones.backbone import Backbone
from jeoni.errors import ConfigError, did_you_mean
from jeoni.heads._estimator import HeadClassifier
from jeoni.heads._mapped import mapped
from jeoni.heads.linear import LinearModule
from jeoni.maps import Affine, joined
from jeoni.model import Model

__all__ = ["DEEP", "SHALLOW", "build_method", "known_methods", "model_of"]

SHALLOW, DEEP = "jeoni.adaptation.shallow", "jeoni.adaptation.deep"
NUMBERS = tuple[float, ...]
WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a word",
    NoneType: "none",
    NUMBERS: "numbers with semicolons between, such as 0.5;1;2",
}
WRITTEN = set(WORDS)


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
    takes = _takes(kind)
    for setting in settings:
        if setting not in takes:
            raise ConfigError(
                f"{name} has no setting {setting!r}.{did_you_mean(setting, takes)} "
                f"It has: {', '.join(takes) or 'none'}."
            )
    made: Adapter | Alignment = kind(**{k: _typed(name, k, v, takes[k]) for k, v in settings.items()})
    if isinstance(made, Adapter) and made.labelled_target:
        raise ConfigError(
            f"{name} needs some labels of the target: see jeoni.adaptation.FewLabels, on arrays of features."
        )
    return Standardize(made) if isinstance(made, Adapter) and made.scaled else made


def _takes(kind: Any) -> dict[str, tuple[Any, ...]]:
    """The settings that can be written in words, and the types each may have."""
    hints = get_type_hints(kind if is_dataclass(kind) else kind.__init__)
    names = [f.name for f in fields(kind)] if is_dataclass(kind) else list(signature(kind).parameters)
    found = {n: tuple(get_args(hints[n])) if isinstance(hints[n], UnionType) else (hints[n],) for n in names}
    return {n: types for n, types in found.items() if set(types) <= WRITTEN}


def _typed(name: str, setting: str, value: Any, types: tuple[Any, ...]) -> Any:
    """The value as one of the types.

    Raises:
        ConfigError: it is none of them, or no finite number.
    """
    if type(value) is str and value.lower() == "none" and NoneType in types:
        return None
    if NUMBERS in types and type(value) in (int, float, str):
        try:
            value = tuple(float(part) for part in str(value).split(";"))
        except ValueError:
            types = (NUMBERS,)
    elif float in types and type(value) is int:
        value = float(value)
    fits = NUMBERS in types if type(value) is tuple else type(value) in types
    if not fits or (type(value) is float and not math.isfinite(value)):
        raise ConfigError(f"{name}: {setting} is {value!r}; it can be {' or '.join(WORDS[t] for t in types)}.")
    return value


def model_of(backbone: Backbone, head: HeadClassifier, adapter: Adapter | None, class_names: tuple[str, ...]) -> Model:
    """The backbone with a head that holds the adapter's map of target rows, so that it predicts by itself.

    Args:
        backbone: gave the rows.
        head: a fitted linear head on adapted rows.
        adapter: fitted; None, or one that leaves target rows alone, changes nothing.
        class_names: in the order of the labels.

    """
    given = head.head_
    assert isinstance(given, LinearModule)
    weight, bias = given.weight.detach().double().numpy(), given.bias.detach().double().numpy()
    moves = joined(adapter.moves()) if adapter is not None else ()
    if moves and isinstance(moves[-1], Affine):
        matrix, shift = (np.asarray(part, dtype=np.float64) for part in (moves[-1].matrix, moves[-1].shift))
        weight, bias, moves = weight @ matrix.T, bias + weight @ shift, moves[:-1]
    dim, classes = weight.shape[1], len(class_names)
    module = mapped(moves, dim, classes) if moves else LinearModule(dim, classes)
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(weight))
        module.bias.copy_(torch.from_numpy(bias))
        module.temperature.copy_(given.temperature)
    return Model(
        backbone=backbone,
        head=module.eval(),
        head_id="linear",
        class_names=class_names,
        frozen=backbone.n,
        reuse=backbone.n,
        choice=head.choice_,
        candidates=head.candidates_,
    )

"""A model folder that jeoni saved: its backbone, to transfer from again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from jeoni import plugins
from jeoni.backbones.architectures import SOURCES, build_architecture
from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.cut import shorten
from jeoni.backbones.outline import check_shapes, outline
from jeoni.backbones.saved import SavedModel, open_model
from jeoni.backbones.sources.timm import fill
from jeoni.backbones.weights import fingerprint, first_line
from jeoni.errors import JeoniError, WeightsError
from jeoni.modalities.inputs import load_input
from jeoni.modalities.inputs.text import TextInput

__all__ = ["Checkpoint", "restore_backbone"]


class Checkpoint:
    """``checkpoint:runs/latest/model``."""

    def names(self) -> list[str]:
        """None in advance: any model folder will do."""
        return []

    def load(self, name: str, weights: str) -> Backbone:
        """Load from a model folder, hashes checked.

        Raises:
            WeightsError: not a model folder, or one with a changed byte or a value out of bounds.
        """
        if weights:
            raise WeightsError(f"{name} is a model folder with its own weights; it takes no weights file ({weights}).")
        return restore_backbone(open_model(Path(name)))

    def classifier(self, name: str, weights: str) -> tuple[Tensor, Tensor] | None:
        """The model's own head: weight ``(classes, d)`` and bias; None where it is no linear one for classes.

        Raises:
            WeightsError: as of :meth:`load`.
        """
        saved = open_model(Path(name))
        if saved.config.head is None or (saved.config.task and saved.config.task.get("id") != SOFTMAX):
            return None
        state = saved.state_of("head")
        if set(state) != {"weight", "bias", "temperature"} or state["weight"].ndim != 2:
            return None
        return state["weight"] / state["temperature"], state["bias"] / state["temperature"]


SOFTMAX = "classification"  # the task whose head gives probabilities of classes


def restore_backbone(saved: SavedModel) -> Backbone:
    """The backbone of a model folder.

    Raises:
        WeightsError: its configuration and its weights do not make a network that runs.
    """
    try:
        return _restored(saved)
    except JeoniError:
        raise
    except Exception as error:  # the libraries below raise what they like where values do not go together
        raise WeightsError(f"{saved.folder} holds a backbone that cannot be run ({first_line(error)}).") from error


def _restored(saved: SavedModel) -> Backbone:
    kept, dropped = saved.config.backbone, saved.config.cut.dropped
    network = _built(saved)
    whole = build_backbone(
        network,
        name=kept.name,
        architecture=kept.architecture,
        arguments=kept.arguments,
        input=load_input(kept.kind, kept.input, saved.folder),
        provenance=Provenance(**kept.provenance.model_dump()),
        library=kept.library,
        preferred=kept.preferred.model_dump(exclude_unset=True),
    )
    if dropped >= whole.n:
        raise WeightsError(f"{saved.folder}: cut.dropped is {dropped}, of {whole.n} stages; at least one must be left.")
    backbone = shorten(whole, whole.n - dropped)
    if backbone.n != len(saved.config.cut.stages):
        raise WeightsError(
            f"{saved.folder}: cut.stages names {len(saved.config.cut.stages)} stages; the network has {backbone.n}."
        )
    fill(backbone.network, saved.state_of("backbone"), str(saved.folder))
    _try_longest(backbone, str(saved.folder))
    return replace(backbone, fingerprint=fingerprint(backbone.network.state_dict()))


def _built(saved: SavedModel) -> nn.Module:
    """The network with fresh weights, once its shapes are known to be those of the weights file."""
    kept, held = saved.config.backbone, saved.shapes_of("backbone")
    if kept.library not in plugins.names(SOURCES) or not hasattr(plugins.load(SOURCES, kept.library), "build"):
        raise WeightsError(
            f"{saved.folder}: backbone.library is {kept.library!r}, which builds no networks here; install the package "
            "it came with."
        )

    def build() -> nn.Module:
        return build_architecture(kept.library, kept.architecture, kept.arguments)

    shortened = saved.config.cut.dropped > 0
    own = outline(build, held, str(saved.folder), shortened)
    if shortened:  # of a shortened network the file holds only the lower part
        own = {name: shape for name, shape in own.items() if name in held}
    check_shapes(own, held, str(saved.folder), kept.architecture)
    return build()


def _try_longest(backbone: Backbone, what: str) -> None:
    """Raise a WeightsError if texts can have more tokens than the network has places for."""
    spec = backbone.input
    if isinstance(spec, TextInput):
        try:
            with torch.inference_mode():
                backbone.network(torch.zeros(1, spec.most, dtype=torch.int32))
        except (IndexError, RuntimeError) as error:
            raise WeightsError(
                f"{what}: backbone.input.most is {spec.most} tokens, more than the network takes ({first_line(error)})."
            ) from error

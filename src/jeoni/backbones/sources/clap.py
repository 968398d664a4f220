"""CLAP (Wu et al. ICASSP 2023) of transformers: sounds in one space with texts."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from torch import nn

from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.sources.transformers import plain_settings
from jeoni.backbones.two_towers import AudioTower, TextTower, load_towers, text_backbone
from jeoni.backbones.weights import fingerprint, first_line
from jeoni.errors import WeightsError
from jeoni.imports import require
from jeoni.libraries import import_transformers
from jeoni.modalities.inputs.spectrum import SpectrumInput

__all__ = ["Clap"]

FAMILIES = {"clap": "ClapModel"}
PREFERRED = {"learning_rate": 1e-5, "depth_decay": 0.8, "label_smoothing": 0.0}


class Clap:
    """``clap:laion/clap-htsat-unfused``, or a folder that ``save_pretrained`` wrote."""

    def names(self) -> list[str]:
        """None in advance: any id of the hub of this family will do."""
        return []

    def check(self, name: str, weights: str) -> None:
        """Raise MissingExtra if transformers is not installed; which ids the hub has is not asked."""
        require("transformers", "transformers", "text", "A backbone of clap")

    def build(self, architecture: str, arguments: dict[str, Any]) -> nn.Module:
        """The audio tower with fresh weights, from what :meth:`load` kept of it.

        Raises:
            WeightsError: what was kept is not what :meth:`load` keeps.
        """
        config = arguments.get("config")
        if architecture not in FAMILIES or not isinstance(config, dict):
            raise WeightsError(f"The arguments of the {architecture} audio tower are damaged. Needed: config.")
        library = import_transformers()
        made = library.ClapAudioModelWithProjection(library.ClapAudioConfig(**plain_settings(config)))
        return _tower(made).eval()

    def load(self, name: str, weights: str) -> Backbone:
        """The audio tower, from a folder or the hub.

        Raises:
            WeightsError: the hub is out of reach, another family, or no feature extractor.
            MissingExtra: transformers is not installed.
        """
        if weights:
            raise WeightsError(f"clap:{name} is loaded with its own weights; it takes no weights file ({weights}).")
        model = load_towers(name, FAMILIES, "clap")
        library = import_transformers()
        try:
            extractor = library.ClapFeatureExtractor.from_pretrained(name)
        except Exception as error:  # the hub's client raises what it likes
            raise WeightsError(
                f"clap:{name} has no feature extractor ({first_line(error)}). Save its processor beside it."
            ) from error
        kept = json.loads(json.dumps(model.config.audio_config.to_diff_dict(), default=str))
        return build_backbone(
            _tower(model),
            name=f"clap:{name}",
            architecture="clap",
            arguments={"config": plain_settings(kept)},
            input=SpectrumInput.make(extractor, float(extractor.max_length_s)),
            provenance=_provenance(name, model),
            library="clap",
            preferred=PREFERRED,
        )

    def text_tower(self, name: str) -> tuple[Backbone, float]:
        """What puts texts where the sounds lie, and what cosines were multiplied by in the pretraining.

        Raises:
            WeightsError: as :meth:`load`.
        """
        model = load_towers(name, FAMILIES, "clap")
        config = model.config.text_config
        most = int(
            config.max_position_embeddings - config.pad_token_id - 1
        )  # RoBERTa's count begins behind its padding
        tower = TextTower(model.text_model, model.text_projection)
        scale = math.exp(float(model.logit_scale_a.detach()))
        return text_backbone(tower, name, "clap", min(most, 512), _provenance(name, model)), scale


def _tower(model: Any) -> AudioTower:
    audio = model.audio_model
    return AudioTower(audio, model.audio_projection, bool(audio.config.enable_fusion))


def _provenance(name: str, model: nn.Module) -> Provenance:
    here = Path(name).is_dir()
    url = "" if here else f"https://huggingface.co/{name}"
    return Provenance("file" if here else "clap", name, "not stated", fingerprint(model.state_dict()), url)

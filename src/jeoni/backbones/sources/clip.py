"""CLIP (Radford et al. 2021) and SigLIP (Zhai et al. 2023) of transformers: images in one space with texts."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from torch import nn

from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.sources.transformers import plain_settings
from jeoni.backbones.two_towers import ImageTower, TextTower, load_towers, text_backbone
from jeoni.backbones.weights import fingerprint
from jeoni.errors import WeightsError
from jeoni.imports import require
from jeoni.libraries import import_transformers
from jeoni.modalities.inputs.image import ImageInput

__all__ = ["Clip"]

FAMILIES = {"clip": "CLIPModel", "siglip": "SiglipModel"}
VISION = {"clip": ("CLIPVisionConfig", "CLIPVisionModel"), "siglip": ("SiglipVisionConfig", "SiglipVisionModel")}
RESAMPLING = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}
PREFERRED = {"learning_rate": 1e-5, "depth_decay": 0.8, "label_smoothing": 0.0}


class Clip:
    """``clip:openai/clip-vit-base-patch32``, or a folder that ``save_pretrained`` wrote."""

    def names(self) -> list[str]:
        """None in advance: any id of the hub of these families will do."""
        return []

    def check(self, name: str, weights: str) -> None:
        """Raise MissingExtra if transformers is not installed; which ids the hub has is not asked."""
        require("transformers", "transformers", "text", "A backbone of clip")

    def build(self, architecture: str, arguments: dict[str, Any]) -> nn.Module:
        """The image tower with fresh weights, from what :meth:`load` kept of it.

        Raises:
            WeightsError: what was kept is not what :meth:`load` keeps.
        """
        config, projection = arguments.get("config"), arguments.get("projection")
        if architecture not in VISION or not isinstance(config, dict) or not isinstance(projection, (int, type(None))):
            raise WeightsError(
                f"The arguments of the {architecture} image tower are damaged. Needed: config, and projection, the "
                "width of the common space or null."
            )
        library, (of_config, of_model) = import_transformers(), VISION[architecture]
        made = getattr(library, of_config)(**plain_settings(config))
        layer = nn.Linear(made.hidden_size, projection, bias=False) if projection else None
        return ImageTower(getattr(library, of_model)(made), layer).eval()

    def load(self, name: str, weights: str) -> Backbone:
        """The image tower, from a folder or the hub.

        Raises:
            WeightsError: the hub is out of reach, or another family.
            MissingExtra: transformers is not installed.
        """
        if weights:
            raise WeightsError(f"clip:{name} is loaded with its own weights; it takes no weights file ({weights}).")
        model = load_towers(name, FAMILIES, "clip")
        family = model.config.model_type
        layer = getattr(model, "visual_projection", None)
        kept = json.loads(json.dumps(model.config.vision_config.to_diff_dict(), default=str))
        return build_backbone(
            ImageTower(model.vision_model, layer),
            name=f"clip:{name}",
            architecture=family,
            arguments={"config": plain_settings(kept), "projection": layer.out_features if layer is not None else None},
            input=_input(name, model.config.vision_config.image_size),
            provenance=_provenance(name, model),
            library="clip",
            preferred=PREFERRED,
        )

    def text_tower(self, name: str) -> tuple[Backbone, float]:
        """What puts texts where the images lie, and what cosines were multiplied by in the pretraining.

        Raises:
            WeightsError: as :meth:`load`.
        """
        model = load_towers(name, FAMILIES, "clip")
        length = model.config.text_config.max_position_embeddings
        siglip = model.config.model_type == "siglip"
        tower = TextTower(model.text_model, getattr(model, "text_projection", None), length if siglip else 0)
        scale = math.exp(float(model.logit_scale.detach().reshape(-1)[0]))
        return text_backbone(tower, name, "clip", int(length), _provenance(name, model)), scale


def _input(name: str, size: int) -> ImageInput:
    """Pixels as the model's own processor says, read from its file: none of its code is needed."""
    said = _processor(name)
    return ImageInput(
        size=int(size),
        mean=tuple(said.get("image_mean", (0.5, 0.5, 0.5))),
        std=tuple(said.get("image_std", (0.5, 0.5, 0.5))),
        interpolation=RESAMPLING.get(said.get("resample", 3), "bicubic"),
    )


def _processor(name: str) -> dict[str, Any]:
    """The settings of the image processor.

    Raises:
        WeightsError: there are none.
    """
    found = import_transformers().utils.cached_file
    for file, part in (("preprocessor_config.json", ""), ("processor_config.json", "image_processor")):
        try:
            path = found(name, file)
        except (OSError, ValueError):
            continue
        content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
        said = content.get(part) if part else content
        if isinstance(said, dict) and "image_mean" in said:
            return said
    raise WeightsError(
        f"clip:{name} has no preprocessor_config.json that says how its images are normalised. Save its processor "
        "beside it."
    )


def _provenance(name: str, model: nn.Module) -> Provenance:
    here = Path(name).is_dir()
    url = "" if here else f"https://huggingface.co/{name}"
    return Provenance("file" if here else "clip", name, "not stated", fingerprint(model.state_dict()), url)

"""Object detectors of Hugging Face transformers (Wolf et al. EMNLP 2020), a folder or of the hub: DETR and after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from torch import nn

from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.detector import FAMILIES, DetectorFeatures
from jeoni.backbones.sources.transformers import plain_settings
from jeoni.backbones.weights import fingerprint, first_line
from jeoni.errors import JeoniError, WeightsError
from jeoni.imports import require
from jeoni.libraries import import_transformers
from jeoni.modalities.inputs.image import ImageInput

__all__ = ["Detectors"]

SIZE = 640  # pixels of a square, where a checkpoint does not say
FIXED = ("anchor_image_size", "eval_size")  # sizes for which positions are made in advance: ours differ
INNER = "backbone_config"
KIND = "model_type"


class Detectors:
    """``detectors:FOLDER``, that ``save_pretrained`` wrote; code of the hub is never run."""

    def names(self) -> list[str]:
        """None in advance: any folder, or id of the hub, will do."""
        return []

    def check(self, name: str, weights: str) -> None:
        """Raise MissingExtra if transformers is not installed; which ids the hub has is not asked."""
        require("transformers", "transformers", "text", "A detector of transformers")

    def build(self, architecture: str, arguments: dict[str, Any]) -> nn.Module:
        """A detector's backbone with fresh weights, from what :meth:`load` kept of it.

        Raises:
            WeightsError: what was kept is not what :meth:`load` keeps.
        """
        config = arguments.get("config")
        if architecture not in FAMILIES or not isinstance(config, dict):
            raise WeightsError(f"The arguments of the detector {architecture} are damaged. Needed: its config.")
        made = detector_config(architecture, config)
        return DetectorFeatures(import_transformers().AutoModelForObjectDetection.from_config(made)).eval()

    def load(self, name: str, weights: str) -> Backbone:
        """Load from a folder or the hub.

        Raises:
            WeightsError: the hub is out of reach, another family, or a damaged folder.
            MissingExtra: transformers is not installed.
        """
        if weights:
            raise WeightsError(f"{name} is loaded with its own weights; it takes no weights file ({weights}).")
        library = import_transformers()
        try:
            config = library.AutoConfig.from_pretrained(name, trust_remote_code=False)
            self._check_family(name, config)
            config = detector_config(config.model_type, _kept(config), config.id2label)
            model = library.AutoModelForObjectDetection.from_pretrained(name, config=config, trust_remote_code=False)
            backbone = _backbone(model.float().eval(), name, _input_of(name))
        except JeoniError:
            raise
        except Exception as error:  # the hub's client, and a family's own code, raise what they like
            raise WeightsError(
                f"{name!r} could not be loaded as a detector by transformers ({first_line(error)}). Needed: a folder "
                f"that save_pretrained wrote of one of {', '.join(FAMILIES)}."
            ) from error
        return backbone

    def _check_family(self, name: str, config: Any) -> None:
        if config.model_type not in FAMILIES:
            raise WeightsError(
                f"{name!r} is a detector of the family {config.model_type}; read are {', '.join(FAMILIES)}. Take one "
                "of these, or an image backbone: --backbone efficientnet_lite0."
            )


def _backbone(model: Any, name: str, spec: ImageInput) -> Backbone:
    here = Path(name).is_dir()
    url = "" if here else f"https://huggingface.co/{name}"
    digest = fingerprint(model.state_dict())
    return build_backbone(
        DetectorFeatures(model),
        name=name,
        architecture=model.config.model_type,
        arguments={"config": _kept(model.config)},
        input=spec,
        provenance=Provenance("file" if here else "detectors", name, "not stated", digest, url),
        library="detectors",
    )


def _input_of(name: str) -> ImageInput:
    """What the image processor beside the weights states, as far as pixels are concerned."""
    try:
        said = json.loads((Path(name) / "preprocessor_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none beside it, or a name on the hub
        said = {}
    normalised = bool(said.get("do_normalize", True))
    mean = said.get("image_mean", [0.485, 0.456, 0.406]) if normalised else [0.0, 0.0, 0.0]
    std = said.get("image_std", [0.229, 0.224, 0.225]) if normalised else [1.0, 1.0, 1.0]
    return ImageInput(_side_of(said.get("size")), _three(mean), _three(std), "bilinear", "squash", 1.0)


def _side_of(said: Any) -> int:
    """Pixels of the square that pictures were squashed into; where they kept their proportions, the usual size."""
    sides = {said.get(side) for side in ("height", "width")} if isinstance(said, dict) else set()
    (side,) = sides if len(sides) == 1 else (None,)
    return side if isinstance(side, int) and side > 0 else SIZE


def _three(values: list[float]) -> tuple[float, float, float]:
    red, green, blue = values
    return float(red), float(green), float(blue)


def detector_config(family: str, kept: dict[str, Any], id2label: dict[int, str] | None = None) -> Any:
    """A configuration of transformers, from settings of which none can name code or a file.

    Args:
        family: of :data:`~jeoni.backbones.detector.FAMILIES`.
        kept: what was kept of a configuration, that of its backbone under ``backbone_config``.
        id2label: names of the classes; left out, what is usual.

    Raises:
        WeightsError: no configuration of a backbone.
    """
    library = import_transformers()
    inner = kept.get(INNER)
    if not isinstance(inner, dict) or not isinstance(inner.get(KIND), str):
        raise WeightsError(f"The configuration of the detector {family} names no backbone. Copy the folder anew.")
    of_backbone = library.AutoConfig.for_model(inner[KIND], **_plain(inner))
    if hasattr(of_backbone, "use_pretrained_backbone"):
        of_backbone.use_pretrained_backbone = False
    named = {} if id2label is None else {"id2label": {int(k): str(v) for k, v in id2label.items()}}
    made = library.AutoConfig.for_model(family, backbone_config=of_backbone, **_plain(kept), **named)
    for name in FIXED:
        if hasattr(made, name):
            setattr(made, name, None)
    return made


def _kept(config: Any) -> dict[str, Any]:
    """The settings that make the configuration anew."""
    inner = config.backbone_config
    own = json.loads(json.dumps(config.to_diff_dict(), default=str))
    inside = json.loads(json.dumps(inner.to_diff_dict(), default=str))
    return {**_plain(own), INNER: {**_plain(inside), KIND: inner.model_type}}


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Sizes, switches and words; of what is called after a backbone, numbers and timm's name of one."""
    own = {name: value for name, value in settings.items() if name not in (INNER, KIND)}
    numbers = {n: v for n, v in own.items() if isinstance(v, (bool, int, float)) and "pretrained" not in n}
    name = own.get("backbone")
    called = {"backbone": name} if isinstance(name, str) and name.isidentifier() else {}
    return {**plain_settings(own), **{n: v for n, v in numbers.items() if "label" not in n}, **called}

"""PyTorch Image Models (Wightman 2019), https://github.com/huggingface/pytorch-image-models: from the hub or a file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.outline import check_shapes
from jeoni.backbones.weights import file_sha256, fingerprint, first_line, read_state
from jeoni.errors import WeightsError, did_you_mean
from jeoni.libraries import has_architecture, import_timm, import_torchvision, timm_model
from jeoni.locale import Said
from jeoni.modalities.inputs.image import ImageInput

__all__ = ["Timm"]


class Timm:
    """Any of timm's models by its name, such as ``resnet50.a1_in1k``."""

    def names(self) -> list[str]:
        """Pretrained ones."""
        return list(import_timm().list_models(pretrained=True))

    def build(self, architecture: str, arguments: dict[str, Any]) -> nn.Module:
        """The architecture with fresh weights.

        Raises:
            WeightsError: unknown, or with arguments. None of ours has any, and among those of ``timm.create_model``
                are some that read files, which in older versions could run code.
        """
        check_architecture(architecture.partition(".")[0])
        if arguments:
            raise WeightsError(
                f"The architecture {architecture} came with arguments ({', '.join(arguments)[:100]}); none are taken."
            )
        return build_network(architecture)

    def check(self, name: str, weights: str) -> None:
        """Raise a WeightsError if timm has no such architecture."""
        check_architecture(name.partition(".")[0])

    def load(self, name: str, weights: str) -> Backbone:
        """Load from the hub, or from a local file.

        Args:
            name: timm's name.
            weights: a safetensors file or plain state dict; empty: from the hub.

        Raises:
            WeightsError: unknown name, hub out of reach, or a file that does not fit.
        """
        check_architecture(name.partition(".")[0])
        if weights:
            network = build_network(name)
            fill(network, read_state(Path(weights)), weights)
            digest = file_sha256(Path(weights))
        else:
            network = _from_hub(name)
            digest = fingerprint(network.state_dict())
        return build_backbone(
            network,
            name=name,
            architecture=name,
            input=input_of(network),
            provenance=of_file(Path(weights), digest) if weights else _of_hub(network, name, digest),
        )


@cache
def architectures() -> list[str]:
    """timm's architectures, without tags."""
    return list(import_timm().list_models())


def check_architecture(name: str) -> None:
    """Raise a WeightsError that offers near names, if timm has no such architecture."""
    if not has_architecture(name) and name not in architectures():
        raise WeightsError(Said("error.no_architecture", name=repr(name), near=did_you_mean(name, architectures())))


def build_network(architecture: str) -> nn.Module:
    """A headless network with fresh weights, in eval mode."""
    return timm_model(architecture, num_classes=0).eval()


def input_of(network: nn.Module) -> ImageInput:
    """The input that the network's own configuration states."""
    import_torchvision()
    from timm.data import resolve_data_config

    config = resolve_data_config({}, model=network)
    how = config["interpolation"] if config["interpolation"] in ("bicubic", "bilinear", "nearest") else "bicubic"
    pct = float(config["crop_pct"])
    return ImageInput(config["input_size"][-1], tuple(config["mean"]), tuple(config["std"]), how, "squash", pct)


def of_file(path: Path, digest: str) -> Provenance:
    """Provenance of a user's own file: whose licence it has is not known, whatever the architecture's usual one is."""
    return Provenance("file", path.name, "not stated", digest)


def _of_hub(network: nn.Module, name: str, digest: str) -> Provenance:
    config = getattr(network, "pretrained_cfg", {})
    hub = config.get("hf_hub_id")
    url = f"https://huggingface.co/{hub}" if hub else ""
    return Provenance("timm", name, str(config.get("license") or "not stated"), digest, url)


def fill(network: nn.Module, state: dict[str, Tensor], what: str) -> None:
    """Load a state dict; only the old classifier may be left over.

    Raises:
        WeightsError: names or shapes that do not fit; the first few are named.
    """
    own = network.state_dict()
    classifier = getattr(network, "pretrained_cfg", {}).get("classifier") or ()
    heads = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    shapes, held = ({k: tuple(v.shape) for k, v in d.items()} for d in (own, state))
    check_shapes(shapes, held, what, type(network).__name__, tuple(f"{h}." for h in heads if h))
    network.load_state_dict({k: state[k] for k in own})


def _from_hub(name: str) -> nn.Module:
    timm = import_timm()
    try:
        made: nn.Module = timm.create_model(name, pretrained=True, num_classes=0)
    except Exception as error:  # the hub's client raises what it likes
        raise WeightsError(
            f"The weights of {name!r} could not be loaded from the hub ({first_line(error)}). "
            "Needed: a network, or --weights FILE with the weights, or a bundled backbone such as efficientnet_lite0."
        ) from error
    return made.eval()

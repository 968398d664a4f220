"""Options about the pretrained network and the machine that runs it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import ClassVar

from jeoni.errors import ConfigError
from jeoni.specs.amounts import parse_window
from jeoni.specs.options import Bounds, Options, option
from jeoni.specs.where import HERE, parse_where

__all__ = ["BackboneOptions", "ComputeOptions", "SeveralBackboneOptions", "check_span"]

MOST_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class BackboneOptions(Options):
    """The pretrained network, and how an example becomes its input."""

    section: ClassVar[str] = "Transfer"

    backbone: str = option(
        "auto",
        "What to transfer from: a name from `jeoni list backbones`, or source:name; auto goes by the data.",
        names=("backbones",),
    )
    weights: str = option("", "A local weights file for the backbone (safetensors, or a plain state dict).")
    crop: str = option(
        "squash", "How an image becomes a square: whole but squashed, or its centre.", ("squash", "center")
    )
    seconds: float | None = option(
        None,
        "Seconds of each recording that are used, its middle; left out, the data decide.",
        bounds=Bounds(0, MOST_SECONDS, open_low=True),
    )

    window: str = option(
        "",
        "Of images of more than 8 bits, such as scans, the values that become black and white: LOW,HIGH or "
        "CENTER/WIDTH; left out, each file's own window, or else the range of the data.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_window(self.window)

    @property
    def of_backbone(self) -> BackboneOptions:
        """The part that is about the backbone."""
        return BackboneOptions(**{f.name: getattr(self, f.name) for f in fields(BackboneOptions)})

    @property
    def value_window(self) -> tuple[float, float] | None:
        """The values that become black and white; None where none is asked for."""
        return parse_window(self.window)


@dataclass(frozen=True, kw_only=True)
class SeveralBackboneOptions(BackboneOptions):
    """One pretrained network, or several.

    Example:
        >>> SeveralBackboneOptions(backbone="efficientnet_lite0,efficientnet_lite1").backbones
        ('efficientnet_lite0', 'efficientnet_lite1')
    """

    backbone: str = option(
        "auto",
        "What to transfer from: a name from `jeoni list backbones`, or several with commas between; auto goes by the "
        "data.",
        names=("backbones",),
        aliases=("backbones",),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.backbones or len(set(self.backbones)) < len(self.backbones):
            raise ConfigError(f"backbone is {self.backbone!r}; one is needed, or different ones with commas between.")
        if self.weights and len(self.backbones) > 1:
            raise ConfigError(
                f"weights is {self.weights!r}, and there are {len(self.backbones)} backbones; a file of weights is for "
                "one. Name one, or leave it out."
            )

    @property
    def backbones(self) -> tuple[str, ...]:
        """The backbones' names."""
        return tuple(name.strip() for name in self.backbone.split(",") if name.strip())

    @property
    def of_backbones(self) -> tuple[BackboneOptions, ...]:
        """The options of each."""
        return tuple(replace(self.of_backbone, backbone=name) for name in self.backbones)


@dataclass(frozen=True, kw_only=True)
class ComputeOptions(Options):
    """How the frozen stages are run."""

    section: ClassVar[str] = "Machine"

    engine: str = option("auto", "What runs the frozen stages; see `jeoni doctor`.", names=("engines",))
    device: str = option(
        "auto",
        "What it is computed on: auto (a GPU if there is one), cpu, cuda, cuda:1 (the second GPU), mps (a Mac's GPU).",
    )
    on: str = option(
        HERE,
        "Where the frozen stages are run: here, ray (processes on this machine), or a Ray cluster: ray://HOST:PORT, or "
        "HOST:PORT on one of its machines.",
    )
    workers: int | None = option(
        None,
        "How many threads or processes read and decode; left out, one per core. On Ray: processes; left out, one per "
        "GPU or core.",
        bounds=Bounds(1, 1024),
    )
    decoding: str = option(
        "auto",
        "What decodes images and recordings: threads, or processes, which many cores need; auto goes by the cores and "
        "the number of items.",
        ("auto", "threads", "processes"),
    )
    strict: bool = option(False, "Stop at the first bad item instead of skipping it.", section="Data")

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_where(self.on)


def check_span(seconds: float) -> None:
    """Refuse more of a recording than memory holds.

    Raises:
        ConfigError: more than an hour.
    """
    if not seconds <= MOST_SECONDS:
        raise ConfigError(f"seconds is {seconds:g}; of a recording at most {MOST_SECONDS:,} can be used at once.")

"""Backbones by name, whatever their source."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from jeoni import plugins
from jeoni.backbones.architectures import SOURCES
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.detector import is_detector
from jeoni.backbones.packaged_names import E5, MINILM
from jeoni.backbones.saved import CONFIG, find_folder, read_object
from jeoni.backbones.sources.timm import architectures
from jeoni.data.encodings import decode
from jeoni.data.kinds import plural
from jeoni.errors import ConfigError, DataError, WeightsError, did_you_mean
from jeoni.locale import Said
from jeoni.modalities.inputs.image import ImageInput
from jeoni.modalities.inputs.spectrogram import SpectrogramInput
from jeoni.modalities.text.texts import is_english
from jeoni.types import Dataset

__all__ = [
    "check_backbone",
    "default_backbone",
    "fitted_to",
    "list_backbones",
    "load_backbone",
    "load_classifier",
    "packaged_for",
    "packaged_here",
]

PACKAGED = ("bundled", "mobilenet", "sentences", "voices")
SAMPLE = 200


def load_backbone(name: str, weights: str = "", crop: str = "squash") -> Backbone:
    """Load ``source:name``, or a bare name: bundled ones first, then a model folder, then timm.

    Args:
        name: such as ``efficientnet_lite0``, ``timm:resnet50``, ``untrained:resnet18``, ``runs/latest/model``.
        weights: a local weights file.
        crop: how an image becomes a square, ``squash`` or ``center``.

    Raises:
        WeightsError: unknown; the message offers near names.
        MissingExtra: the package with the weights is not installed.
    """
    source, rest = _source_of(name)
    backbone: Backbone = plugins.load(SOURCES, source)().load(rest, weights)
    if not isinstance(backbone.input, ImageInput):
        return backbone
    spec = replace(backbone.input, crop=crop, crop_pct=backbone.input.crop_pct if crop == "center" else 1.0)
    return replace(backbone, input=spec)


def load_classifier(name: str, weights: str = "") -> tuple[Tensor, Tensor] | None:
    """What a backbone was trained with on top, of its pooled features: weight ``(z, d)`` and bias ``(z,)``.

    Args:
        name: as for :func:`load_backbone`.
        weights: a local weights file.

    Returns:
        None where the source knows of none, such as of a sentence encoder or of random weights.

    Raises:
        WeightsError: as of :func:`load_backbone`.
    """
    source, rest = _source_of(name)
    offered = plugins.load(SOURCES, source)()
    if not hasattr(offered, "classifier"):
        return None
    found: tuple[Tensor, Tensor] | None = offered.classifier(rest, weights)
    return found


def packaged_here(modality: str) -> list[str]:
    """Names of the backbones for a modality whose weights are installed, as ``jeoni list backbones`` says ``here``.

    Args:
        modality: such as ``image``; recordings are also looked at as pictures of their spectra.
    """
    wanted = ("image", "audio") if modality == "audio" else (modality,)
    return [r["name"] for r in _packaged_records() if r["available"] and r["modality"] in wanted]


def check_backbone(name: str, weights: str = "") -> None:
    """Say what can be said of a backbone before data are read: nothing is loaded, and no hub is asked.

    Args:
        name: as for :func:`load_backbone`; ``auto`` is known by the data only.
        weights: a local weights file.

    Raises:
        WeightsError: an unknown name, or no such file.
        MissingExtra: the package with the weights is not installed.
    """
    if weights and not Path(weights).is_file():
        raise WeightsError(f"There is no weights file {weights}.")
    if name == "auto":
        return
    source, rest = _source_of(name)
    offered = plugins.load(SOURCES, source)()
    if hasattr(offered, "check"):
        offered.check(rest, weights)


def packaged_for(data: Dataset) -> list[str]:
    """Those of :func:`packaged_here` that suit the data: of texts in other languages none that reads English only."""
    names = packaged_here(data.modality)
    return names if data.modality != "text" or _english(data) else [name for name in names if name != MINILM]


def default_backbone(data: Dataset) -> str:
    """The default backbone: by modality, of texts by their script, of vectors themselves."""
    if data.modality == "vector":
        return f"vectors:{data.items.size(0)}"
    if data.modality != "text":
        return "efficientnet_lite0"
    return MINILM if _english(data) else E5


def _english(data: Dataset) -> bool:
    """Whether a sample of the texts is most likely English."""
    some = np.linspace(0, len(data) - 1, min(SAMPLE, len(data))).astype(np.int64)
    texts = []
    for i in np.unique(some).tolist():
        with suppress(DataError):
            texts.append(decode(data.items.read(i), "")[0])  # type: ignore[arg-type]  # texts are read as bytes
    return is_english(texts)


def fitted_to(
    backbone: Backbone, data: Dataset, seconds: float | None = None, window: tuple[float, float] | None = None
) -> Backbone:
    """The backbone for such data: one for images takes audio as spectrograms, one for waveforms as much as there is.

    Args:
        backbone: as it was loaded.
        data: what it shall be used on; of deep images they decide what becomes black and white.
        seconds: how much of each example of audio is used; None lets the data decide.
        window: of deep images, the values that become black and white; None lets each file, or the data, decide.

    Raises:
        ConfigError: it takes something else, or not so many seconds.
        DataError: vectors of another length than it takes.
    """
    spec, takes = backbone.input, backbone.input.modality
    if window:
        if data.modality != "image":
            raise ConfigError(
                f"window is {window[0]:g},{window[1]:g}, but the data are {plural(data.modality)}, not images. Leave "
                "it out."
            )
        if isinstance(spec, ImageInput):
            spec = replace(spec, window=window, own_window=False)
    if seconds and data.modality != "audio":
        raise ConfigError(f"seconds is {seconds:g}, but the data are {plural(data.modality)}, not audio. Leave it out.")
    if data.modality == "audio" and isinstance(spec, ImageInput):
        return replace(backbone, input=SpectrogramInput.like(spec, data.items, seconds))
    if takes != data.modality:
        raise ConfigError(
            f"The backbone {backbone.name} takes {plural(takes)}; the data are {plural(data.modality)}. "
            "Leave --backbone out, or see `jeoni list backbones`."
        )
    fitted = spec.fitted(data, seconds)
    return backbone if fitted is backbone.input else replace(backbone, input=fitted)


def _source_of(name: str) -> tuple[str, str]:
    """Who loads a backbone, and what it is called there.

    Raises:
        WeightsError: nobody knows it; the message offers near names.
    """
    source, _, rest = name.partition(":")
    if rest and source in plugins.names(SOURCES):
        return source, rest
    for packaged in PACKAGED:
        if name in plugins.load(SOURCES, packaged)().names():
            return packaged, name
    folder = Path(name)
    known_to_timm = name.partition(".")[0] in architectures()
    saved = find_folder(folder) is not None
    # a folder of photos that happens to be called resnet18 hides no architecture
    if saved or (folder.is_dir() and not known_to_timm):
        return _source_of_folder(folder), name
    if not known_to_timm:
        packed = [n for s in PACKAGED for n in plugins.load(SOURCES, s)().names()]
        known = [*packed, *architectures(), *(f"{s}:" for s in plugins.names(SOURCES))]
        raise WeightsError(Said("error.no_backbone", name=repr(name), near=did_you_mean(name, known)))
    return "timm", name


def _source_of_folder(folder: Path) -> str:
    """Who loads a folder: of transformers, if its ``save_pretrained`` wrote it."""
    try:
        content = read_object(folder / CONFIG)
    except WeightsError:
        return "checkpoint"
    if "model_type" not in content:
        return "checkpoint"
    return "detectors" if is_detector(content) else "transformers"


def list_backbones() -> list[dict[str, Any]]:
    """One record per backbone that can be had, here or with a hub; no network is built.

    Each holds ``name``, ``modality`` it was trained on, ``source``, ``licence``, whether it is ``packaged``, whether
    it is ``available`` (without a hub) and ``how`` to get it.
    """
    records = _packaged_records()
    for source in plugins.names(SOURCES):
        if source in (*PACKAGED, "untrained"):
            continue
        for name in plugins.load(SOURCES, source)().names():
            how = "from the hub, or --weights FILE"
            known = {"name": name, "modality": "image", "source": source, "packaged": False}
            records.append({**known, "licence": "", "available": False, "how": how})
    return records


def _packaged_records() -> list[dict[str, Any]]:
    """Of the backbones whose weights come in packages."""
    records: list[dict[str, Any]] = []
    for source in PACKAGED:
        for packaged in import_module(f"{SOURCES}.{source}").PACKAGED:
            here = packaged.file() is not None
            extra = f"[{packaged.extra}]" if packaged.extra else ""
            how = "" if here else getattr(packaged, "how", f"pip install 'jeoni{extra}'")
            known = {"name": packaged.name, "modality": packaged.modality, "source": source, "packaged": True}
            records.append({**known, "licence": packaged.licence, "available": here, "how": how})
    return records

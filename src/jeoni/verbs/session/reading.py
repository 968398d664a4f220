"""From what the user hands over to a dataset, as the options say."""

from __future__ import annotations

from pathlib import Path

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import default_backbone, fitted_to, load_backbone
from jeoni.data.kinds import Columns
from jeoni.data.read import load_labelled
from jeoni.specs import BackboneOptions, ColumnOptions
from jeoni.types import Dataset

__all__ = ["choose_backbone", "columns_of", "read"]


def read(data: str | Path, options: ColumnOptions, *, test: str = "", modality: str = "", kept: str = "") -> Dataset:
    """Labelled data; see :func:`jeoni.load_data`, and of the last two arguments :class:`jeoni.data.kinds.Columns`."""
    return load_labelled(data, columns_of(options, modality, kept), test)


def columns_of(options: ColumnOptions, modality: str = "", kept: str = "") -> Columns:
    """The columns that the options name."""
    return Columns(
        image=options.image_column,
        text=options.text_column,
        audio=options.audio_column,
        label=options.label_column,
        group=options.group_column,
        pattern=options.group_pattern,
        modality=modality,
        kept=kept,
    )


def choose_backbone(data: Dataset, options: BackboneOptions) -> Backbone:
    """The backbone the user named, or the default for such data; its input fitted to them.

    Raises:
        ConfigError: a backbone for another modality.
        WeightsError: unknown.
        MissingExtra: the package with the weights is not installed.
    """
    name = default_backbone(data) if options.backbone == "auto" else options.backbone
    return fitted_to(load_backbone(name, options.weights, options.crop), data, options.seconds)

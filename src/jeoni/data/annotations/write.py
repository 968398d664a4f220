"""Predictions of places in pictures, written in the format that the data came in, or in the usual one of their task."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from jeoni import plugins
from jeoni.data.annotations.notes import Notes
from jeoni.data.annotations.numbering import Numbering
from jeoni.data.annotations.protocol import Predicted, WritingFormat
from jeoni.data.annotations.read import FORMATS, load_format
from jeoni.errors import ConfigError
from jeoni.files.outputs import reporting

__all__ = ["format_to_write", "listed_by", "write_predictions"]

USUAL = {"detection": "coco", "segmentation": "mask_png", "pose": "coco"}


def format_to_write(task: str, came: str = "") -> str:
    """The id of the format for predictions of a task: the one that the data came in, if it can hold them.

    Args:
        task: detection, segmentation or pose.
        came: the id of the format that was read; empty where there was none.

    Raises:
        ConfigError: a task whose predictions no format holds.

    Example:
        >>> format_to_write("detection", "voc"), format_to_write("detection", "cvat")
        ('voc', 'coco')
    """
    if came in plugins.names(FORMATS) and task in getattr(load_format(came), "writes", ()):
        return came
    if task not in USUAL:
        raise ConfigError(
            f"No format of annotations holds predictions of {task}. There are some for {', '.join(USUAL)}."
        )
    return USUAL[task]


def listed_by(origin: str, name: str, task: str, notes: Notes) -> Numbering:
    """The numbers of the data that predictions are made of, where those are of the format that is written.

    Args:
        origin: the folder or the file that the pictures were read from.
        name: the id of the format.
        task: detection, segmentation or pose.
        notes: is told of numbers that contradict each other.

    Example:
        >>> listed_by("", "coco", "detection", Notes()).pictures
        {}
    """
    kind: Any = load_format(name)
    root = Path(origin)
    if not origin or not hasattr(kind, "numbering") or not root.exists() or not kind.recognises(root):
        return Numbering()
    found: Numbering = kind.numbering(root, task, notes)
    return found


def write_predictions(folder: Path, predicted: Predicted, task: str, name: str = "") -> list[Path]:
    """Write predictions into a folder.

    Args:
        folder: is made where it is not there.
        predicted: pictures, and what was found in them.
        task: detection, segmentation or pose.
        name: the id of a format; left out, the usual one of the task.

    Returns:
        The files that were written.

    Raises:
        ConfigError: an unknown format, one that cannot hold such predictions, or a file that is there already.
        StorageError: the folder cannot be written.
    """
    name = name or format_to_write(task)
    chosen: Any = load_format(name)
    if task not in getattr(chosen, "writes", ()):
        able = [one for one in plugins.names(FORMATS) if task in getattr(load_format(one), "writes", ())]
        known = ", ".join(able) or "none"
        if not getattr(chosen, "writes", ()):
            raise ConfigError(f"{chosen.title} is read, not written. Formats that hold predictions of {task}: {known}.")
        raise ConfigError(f"{name} holds no predictions of {task}. Formats that do: {known}.")
    with reporting(folder):
        return cast(WritingFormat, chosen).write(folder, predicted)

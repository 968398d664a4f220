"""Small pictures and annotation files, made for one test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

Array = np.ndarray


def save_picture(path: Path, width: int = 40, height: int = 30, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def save_mask(path: Path, values: Array, mode: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.asarray(values, dtype=np.uint8))
    (image if mode is None else image.convert(mode)).save(path)
    return path


def save_text(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def voc_file(objects: Sequence[tuple[str, Sequence[float], int]], size: tuple[int, int] = (40, 30)) -> str:
    """The text of a file of boxes: name, the four numbers as VOC writes them, and whether it is difficult."""
    corners = ("xmin", "ymin", "xmax", "ymax")
    parts = [f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>"]
    for name, box, difficult in objects:
        numbers = "".join(f"<{c}>{v}</{c}>" for c, v in zip(corners, box, strict=True))
        parts.append(
            f"<object><name>{name}</name><difficult>{difficult}</difficult><bndbox>{numbers}</bndbox></object>"
        )
    return f"<annotation>{''.join(parts)}</annotation>"


def names_of(data) -> list[str]:
    return [data.items.name(i) for i in range(len(data))]


def kinds_of(data) -> list[str]:
    return sorted({finding.kind for finding in data.findings})


def said_of(data, kind: str) -> str:
    """The detail of the first finding of a kind."""
    return next(finding.detail for finding in data.findings if finding.kind == kind)

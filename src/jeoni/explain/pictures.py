"""The pictures a report needs and cannot make itself: thumbnails, and a map of the features."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jeoni.errors import DataError
from jeoni.modalities.image.images import thumbnail
from jeoni.modalities.inputs import Input
from jeoni.tasks import as_cell, task_of
from jeoni.types import Array, Dataset, FloatArray, IntArray

__all__ = [
    "feature_map",
    "gallery",
    "place",
    "save_filters",
    "save_heat",
    "save_responses",
    "save_sprite",
    "show",
    "telling",
]

MAP_POINTS = 800
MAP_TILE = 56
MAP_COLUMNS = 32
THUMB = 288
GALLERY = 12
TEXT = 360
HINT = 200


def gallery(data: Dataset, predictions: FloatArray) -> dict[str, list[dict[str, Any]]]:
    """The worst mistakes and the most doubtful examples.

    Args:
        data: the held-out examples.
        predictions: ``(n, p)`` for them.
    """
    task = task_of(data)
    sure, losses = task.certainty(predictions), task.losses(predictions, data.targets)
    said, labels = task.named(predictions), task.named_targets(data.targets)
    wrong = np.flatnonzero([a != b for a, b in zip(said, labels, strict=True)])
    mistakes = wrong[np.argsort(-losses[wrong], kind="stable")][:GALLERY]
    doubtful = np.argsort(sure, kind="stable")[:GALLERY] if np.isfinite(sure).any() else np.zeros(0, dtype=np.int64)

    def record(i: int) -> dict[str, Any]:
        return {
            "index": int(i),
            "path": data.items.name(int(i)),
            "label": as_cell(labels[i]),
            "predicted": as_cell(said[i]),
            "confidence": float(sure[i]) if np.isfinite(sure[i]) else None,
        }

    return {"mistakes": [record(i) for i in mistakes], "doubtful": [record(i) for i in doubtful]}


def show(
    data: Dataset,
    spec: Input,
    shown: dict[str, list[dict[str, Any]]],
    figures: Path,
    thumbs: str = "thumbs",
    sounds: str = "sounds",
) -> dict[str, list[dict[str, Any]]]:
    """The gallery with what a reader sees of each example: its text, or a thumbnail and audio, which are written.

    Args:
        data: the examples.
        spec: opens one.
        shown: entries with the ``index`` of an example, in lists by name.
        figures: the folder of the run.
        thumbs: the folder in it for thumbnails, whose names are the examples' numbers.
        sounds: the same for audio.
    """
    numbers = sorted({e["index"] for entries in shown.values() for e in entries})
    seen: dict[int, dict[str, str]] = {}
    for i, (picture, text, audio) in zip(numbers, _seen(data, spec, numbers, THUMB, loud=True), strict=True):
        seen[i] = {"text": shorten(text, TEXT)} if text else {}
        if audio:
            (figures / sounds).mkdir(parents=True, exist_ok=True)
            name = f"{i:05d}.flac" if audio.startswith(b"fLaC") else f"{i:05d}.mp3"
            (figures / sounds / name).write_bytes(audio)
            seen[i]["sound"] = f"{sounds}/{name}"
        if picture is not None:
            (figures / thumbs).mkdir(parents=True, exist_ok=True)
            picture.convert("RGB").save(figures / thumbs / f"{i:05d}.jpg", quality=85)
            seen[i]["thumb"] = f"{thumbs}/{i:05d}.jpg"
    return {
        kind: [{**{k: v for k, v in e.items() if k != "index"}, **seen[e["index"]]} for e in entries]
        for kind, entries in shown.items()
    }


def shorten(text: str, most: int) -> str:
    """At most so many characters, with an ellipsis where some are left out."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def telling(labels: IntArray, probs: FloatArray, most: int = 6) -> tuple[IntArray, IntArray]:
    """The most confident hits and the most confident mistakes: numbers of at most ``most`` each."""
    confidence, right = probs.max(1), probs.argmax(1) == labels

    def first(of: Array) -> IntArray:
        index = np.flatnonzero(of)
        return index[np.argsort(-confidence[index], kind="stable")][:most]

    return first(right), first(~right)


def save_heat(picture: Image.Image, heat: FloatArray, path: Path) -> None:
    """A thumbnail with a map ``(h, w)`` of 0 … 1 laid over it: what counts is warm, the rest is dim and grey."""
    from matplotlib import colormaps

    small = thumbnail(picture, THUMB).convert("RGB")
    weight = (
        np.asarray(Image.fromarray((255 * heat).astype(np.uint8)).resize(small.size, Image.Resampling.BICUBIC)) / 255
    )
    grey = np.asarray(small.convert("L"), dtype=float)[..., None].repeat(3, 2)
    warm = 255 * colormaps["inferno"](0.25 + 0.75 * weight)[..., :3]
    share = 0.15 + 0.5 * weight[..., None]
    Image.fromarray(((1 - share) * grey + share * warm).astype(np.uint8)).save(path, quality=85)


def save_filters(filters: FloatArray, path: Path, tile: int = 28, columns: int = 16) -> None:
    """First-layer filters ``(m, h, w, 3)`` of 0 … 1 in one picture, row by row."""
    rows, gap = -(-len(filters) // columns), 3
    wide = min(columns, len(filters))
    sheet = Image.new("RGBA", (wide * (tile + gap) - gap, rows * (tile + gap) - gap), (0, 0, 0, 0))
    for k, values in enumerate(filters):
        small = Image.fromarray((255 * values).round().astype(np.uint8)).resize((tile, tile), Image.Resampling.NEAREST)
        sheet.paste(small, (k % columns * (tile + gap), k // columns * (tile + gap)))
    sheet.save(path)


def save_responses(pictures: Sequence[Image.Image], maps: FloatArray, path: Path, tile: int = 112) -> None:
    """Pictures side by side; what does not excite the channel is dimmed by its map, one of ``(m, h, w)`` each."""
    gap = 3
    sheet = Image.new("RGB", (len(pictures) * (tile + gap) - gap, tile), (128, 128, 128))
    for k, (picture, heat) in enumerate(zip(pictures, maps, strict=True)):
        small = thumbnail(picture, tile).convert("RGB")
        mask = Image.fromarray((255 * heat).astype(np.uint8)).resize(small.size, Image.Resampling.BICUBIC)
        light = 0.3 + 0.7 * np.asarray(mask, dtype=float)[..., None] / 255
        left, top = k * (tile + gap) + (tile - small.width) // 2, (tile - small.height) // 2
        sheet.paste(Image.fromarray((np.asarray(small) * light).astype(np.uint8)), (left, top))
    sheet.save(path, quality=80)


def feature_map(labels: IntArray, n: int, seed: int) -> IntArray:
    """Which examples to show on the map: all, or a stratified draw of :data:`MAP_POINTS`; ``(m,)`` indices."""
    if n <= MAP_POINTS:
        return np.arange(n)
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    order = order[np.argsort(labels[order], kind="stable")]
    return np.sort(order[np.linspace(0, n - 1, MAP_POINTS).astype(np.int64)])


def place(features: Array, seed: int) -> tuple[FloatArray, str]:
    """Two coordinates in 0..1 for each row of ``features (m, d)``, and what made them.

    t-SNE (van der Maaten & Hinton 2008) of the first 32 principal components; those components alone below 30 rows.
    Rows that are all alike are in one place: t-SNE would divide zero by zero, and end the process.
    """
    from sklearn.decomposition import PCA

    m = len(features)
    scaled = _standardised(features)
    if not scaled.any():
        return np.full((m, 2), 0.5), "all are alike to it"
    first = PCA(min(32, *scaled.shape), random_state=seed).fit_transform(scaled)
    if m < 30:
        flat, method = np.pad(first, ((0, 0), (0, 2)))[:, :2], "principal components"
    else:
        flat, method = _tsne(first, seed), "t-SNE of the first 32 principal components"
    low, high = flat.min(0), flat.max(0)
    return ((flat - low) / np.where(high > low, high - low, 1)).astype(np.float64), method


def _standardised(features: Array) -> FloatArray:
    """``(m, d)`` with mean 0 and deviation 1 in each column; a column that is constant, or not finite, is zero.

    In float64, and by the largest value first: the square of 1e19 is infinite in float32, and that of 1e-24 is zero.
    """
    wide = features.astype(np.float64)
    wide[:, ~np.isfinite(wide).all(0)] = 0
    largest = np.abs(wide).max(0)
    constant = (wide == wide[:1]).all(0)
    relative = wide / np.where(largest > 0, largest, 1)
    centred = relative - relative.mean(0)
    spread = centred.std(0)
    scaled: FloatArray = np.where(constant | (spread == 0), 0.0, centred / np.where(spread > 0, spread, 1))
    return scaled


def _tsne(rows: FloatArray, seed: int) -> FloatArray:
    """``(m, 2)``; where rows are so nearly alike that t-SNE cannot part them, their first two columns."""
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(rows) - 1) / 3)
    tsne = TSNE(2, perplexity=perplexity, init="pca", max_iter=500, random_state=seed)
    flat: FloatArray = tsne.fit_transform(rows.astype(np.float32)).astype(np.float64)
    return flat if np.isfinite(flat).all() else rows[:, :2]


def save_sprite(data: Dataset, spec: Input, index: IntArray, path: Path) -> tuple[dict[str, Any], list[str]]:
    """All thumbnails of the map in one picture, row by row, and what each example reads like."""
    seen = _seen(data, spec, [int(i) for i in index], MAP_TILE)
    texts = [shorten(text, HINT) for _, text, _ in seen]
    if all(picture is None for picture, _, _ in seen):
        return {"tile": MAP_TILE, "columns": MAP_COLUMNS}, texts
    rows = -(-len(index) // MAP_COLUMNS)
    sheet = Image.new("RGB", (MAP_COLUMNS * MAP_TILE, rows * MAP_TILE), (128, 128, 128))
    for k, (picture, _, _) in enumerate(seen):
        left, top = k % MAP_COLUMNS * MAP_TILE, k // MAP_COLUMNS * MAP_TILE
        if picture is not None:
            sheet.paste(picture, (left + (MAP_TILE - picture.width) // 2, top + (MAP_TILE - picture.height) // 2))
    sheet.save(path, quality=70)
    return {"sprite": path.name, "tile": MAP_TILE, "columns": MAP_COLUMNS}, texts


def _seen(
    data: Dataset, spec: Input, index: Sequence[int], side: int, loud: bool = False
) -> list[tuple[Image.Image | None, str, bytes]]:
    """Thumbnails of examples, at most ``side`` pixels, what they read like and, if ``loud``, what they sound like."""

    def one(i: int) -> tuple[Image.Image | None, str, bytes]:
        try:
            opened = spec.open(data.items.read(i), data.items.name(i), side)
        except DataError:  # it could be read a moment ago; nothing is shown where it no longer can
            return None, "", b""
        picture = spec.picture(opened)
        small = None if picture is None else thumbnail(picture, side)
        return small, spec.text(opened), spec.audio(opened) if loud else b""

    with ThreadPoolExecutor() as pool:
        return list(pool.map(one, index))

"""Pairs of domains on which the choice by a few target labels was developed: none is a pair of real_domains.py.

    fsdd      spoken digits from one speaker to another: the ten ordered pairs that real_domains.py leaves
    office    Office-Caltech10, SURF counts divided by their sum: all twelve ordered pairs
    reviews   dvd and electronics, both ways (MiniLM); 1,000 reviews each
    nsmc      Korean film reviews, half of them good, to others of which four in five are, and back
    cifar     vehicles or animals: photographs to darker, blurred or paler ones, some with other shares of the classes
    digits    scikit-learn's digits, with pixels that are dimmed, inverted, moved, noisy, turned, or as they were; ten
              classes, or odd and even, with other shares of these

Domains larger than 500 rows (reviews: 1,000) are drawn from at random. Features are kept in a folder.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from _data import shared
from office_caltech import DOMAINS
from PIL import Image, ImageFilter
from scipy.io import loadmat
from scipy.ndimage import rotate, shift
from sklearn.datasets import load_digits

import jeoni
from jeoni.backbones.catalog import default_backbone, fitted_to, load_backbone
from jeoni.backbones.cut import Tap
from jeoni.features.examples import Context
from jeoni.features.extract import Request

__all__ = ["PAIRS", "development_pair", "features"]

ROWS = 500
SPEAKERS = ("george", "jackson", "nicolas", "theo")
OFFICE = tuple(DOMAINS.values())
VEHICLES = ("airplane", "automobile", "ship", "truck")
ANIMALS = ("bird", "cat", "deer", "dog", "frog", "horse")
Domain = tuple[np.ndarray, np.ndarray]


def _ordered(names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    return ((a, b) for a in names for b in names if a != b)


PAIRS: dict[str, tuple[tuple[str, str], ...]] = {
    "fsdd": tuple(pair for pair in _ordered(SPEAKERS) if set(pair) != {"jackson", "theo"}),
    "office": tuple(_ordered(OFFICE)),
    "reviews": (("dvd", "electronics"), ("electronics", "dvd")),
    "nsmc": (("half", "mostly"), ("mostly", "half")),
    "cifar": (
        ("clear", "dark"), ("dark", "clear"), ("clear", "blurred"),
        ("clear", "rare"), ("clear", "dark_rare"), ("pale_rare", "clear"),
    ),
    "digits": (
        ("ten", "ten_dimmed"), ("ten", "ten_inverted"), ("ten", "ten_moved"), ("ten", "ten_again"),
        ("odd", "odd_noisy"), ("odd", "odd_turned"), ("odd", "odd_rare"), ("odd", "odd_again"),
    ),
}  # fmt: skip


def features(table: Path, kept: Path) -> Domain:
    """Features ``(n, d)`` and labels ``(n,)`` of a table, from the file where they are kept already."""
    if not kept.exists():
        data = jeoni.load_data(table)
        backbone = fitted_to(load_backbone(default_backbone(data)), data, None)
        tap = Tap(backbone.n, True)
        seen = Context().extract(data.items, [Request(backbone, (tap,))])
        rows = np.asarray(seen.features(backbone, tap).numpy(), dtype=np.float32)
        np.savez(kept, X=rows, y=np.array(data.task.class_names)[data.targets])
    content = np.load(kept)
    return content["X"], content["y"]


def development_pair(family: str, source: str, target: str, folder: Path) -> tuple[Domain, Domain]:
    """Both domains' features and labels.

    Args:
        family: a key of ``PAIRS``.
        source: a domain.
        target: another.
        folder: where tables and features are kept.
    """
    domain = MAKERS[family]
    return domain(source, folder), domain(target, folder)


def _some(count: int, most: int, seed: int) -> np.ndarray:
    return np.sort(np.random.default_rng(seed).permutation(count)[:most])


def _written(columns: tuple[str, str], lines: list[tuple[str, str]], path: Path) -> Path:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(lines)
    return path


def _fsdd(speaker: str, folder: Path) -> Domain:
    found = sorted(shared("fsdd").glob(f"*_{speaker}_*.wav"))
    lines = [(str(path), f"digit {path.stem.split('_')[0]}") for path in found]
    table = _written(("file", "label"), lines, folder / f"fsdd-{speaker}.csv")
    return features(table, folder / f"fsdd-{speaker}.npz")


def _office(name: str, _: Path) -> Domain:
    content = loadmat(shared("office_caltech_surf") / f"{name}_SURF_L10.mat")
    counts, labels = content["fts"].astype(float), content["labels"].ravel().astype(int)
    chosen = _some(len(labels), ROWS, 0)
    return (counts / counts.sum(1, keepdims=True))[chosen].astype(np.float32), labels[chosen]


def _reviews(name: str, folder: Path) -> Domain:
    with open(shared("amazon_reviews") / f"{name}.csv", newline="", encoding="utf-8") as file:
        content = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    lines = [content[i] for i in _some(len(content), 2 * ROWS, 0)]
    return features(_written(("text", "label"), lines, folder / f"reviews-{name}.csv"), folder / f"reviews-{name}.npz")


def _nsmc(name: str, folder: Path) -> Domain:
    part, share = ("train", 0.5) if name == "half" else ("test", 0.8)
    with open(shared("nsmc") / f"{part}.csv", newline="", encoding="utf-8") as file:
        content = [(row["text"], "good" if row["label"] == "positive" else "bad") for row in csv.DictReader(file)]
    lines = [content[i] for i in _shared_out(np.array([label == "good" for _, label in content]), share)]
    return features(_written(("text", "label"), lines, folder / f"nsmc-{name}.csv"), folder / f"nsmc-{name}.npz")


def _shared_out(first: np.ndarray, share: float, most: int = ROWS) -> np.ndarray:
    """Rows, at random, of which a share is of the first kind."""
    order = np.random.default_rng(0).permutation(len(first))
    count = round(share * most)
    return np.sort(np.concatenate([order[first[order]][:count], order[~first[order]][: most - count]]))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "dark": lambda image: image.point(lambda value: 0.3 * value),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(1.2)),
    "pale": lambda image: image.convert("L").convert("RGB").point(lambda value: 128 + 0.4 * value),
}


def _cifar(name: str, folder: Path) -> Domain:
    part = "train" if name == "clear" else "test"  # no image is in both domains of a pair
    kinds = name.split("_")
    paths = [path for kind in (*VEHICLES, *ANIMALS) for path in sorted((shared("cifar10") / part / kind).iterdir())]
    vehicle = np.array([path.parent.name in VEHICLES for path in paths])
    chosen = [paths[i] for i in _shared_out(vehicle, 0.15 if "rare" in kinds else 0.4)]
    made = folder / f"cifar-{name}"
    made.mkdir(exist_ok=True)
    lines = []
    for path in chosen:
        image = Image.open(path).convert("RGB")
        for kind in kinds:
            image = CHANGES.get(kind, lambda same: same)(image)
        image.save(made / f"{path.parent.name}-{path.stem}.png")
        label = "vehicle" if path.parent.name in VEHICLES else "animal"
        lines.append((str(made / f"{path.parent.name}-{path.stem}.png"), label))
    return features(_written(("file", "label"), lines, folder / f"cifar-{name}.csv"), folder / f"cifar-{name}.npz")


def _digits(name: str, _: Path) -> Domain:
    images, digit = load_digits(return_X_y=True)
    images, (classes, *kinds) = images.reshape(-1, 8, 8), name.split("_")
    half = np.random.default_rng(1).permutation(len(images)) < len(images) // 2
    images, digit = images[half == bool(kinds)], digit[half == bool(kinds)]
    labels = digit if classes == "ten" else digit % 2
    chosen = _shared_out(labels == 1, 0.2) if "rare" in kinds else _some(len(labels), ROWS, 0)
    rows = np.array([PIXELS.get(kinds[0] if kinds else "", lambda image: image)(image) for image in images[chosen]])
    return rows.reshape(len(rows), -1).astype(np.float32), labels[chosen]


PIXELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "dimmed": lambda image: 0.5 * image + 3,
    "inverted": lambda image: 16 - image,
    "moved": lambda image: shift(image, (0, 1), order=1),
    "noisy": lambda image: image + 4 * np.random.default_rng(int(image.sum() * 7)).normal(size=image.shape),
    "turned": lambda image: rotate(image, 25, reshape=False, order=1),
}
MAKERS: dict[str, Callable[[str, Path], Domain]] = {
    "fsdd": _fsdd,
    "office": _office,
    "reviews": _reviews,
    "nsmc": _nsmc,
    "cifar": _cifar,
    "digits": _digits,
}

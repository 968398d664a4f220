"""Pooled features of labelled examples, from the store."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from _data import shared

from jeoni.backbones.cut import Tap
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.specs import FitSpec
from jeoni.tasks import load_data
from jeoni.tasks.classification import Classification
from jeoni.verbs.session.reading import choose_backbone

MOST = 3000  # examples that are read
REVIEWS = {"nsmc": "nsmc/test.csv", "amazon": "amazon_reviews/books.csv"}


@dataclass(frozen=True)
class Rows:
    """Features ``(n, d)``, labels ``(n,)`` and groups ``(n,)``."""

    name: str
    features: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    task: Classification


def labelled(name: str) -> tuple[list[Any], list[str], list[str] | None]:
    """Examples, labels and groups of CIFAR-10, ELPV (sure labels only), NSMC, Amazon's reviews of books, or FSDD."""
    if name == "elpv":
        return (*sure_cells(), None)
    if name == "fsdd":
        files = sorted(shared("fsdd").glob("*.wav"))
        names = [file.stem.split("_") for file in files]
        return [str(file) for file in files], [f"digit {digit}" for digit, _, _ in names], [who for _, who, _ in names]
    if name in REVIEWS:
        with open(shared(REVIEWS[name]), encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["text"].strip()]
        return [row["text"] for row in rows], [f"label {row['label']}" for row in rows], None
    folders = sorted((shared("cifar10") / "train").iterdir())
    files = [file for folder in folders for file in sorted(folder.iterdir())]
    return [str(file) for file in files], [file.parent.name for file in files], None


def sure_cells() -> tuple[list[str], list[str]]:
    """Files and labels of the cells of whose state the experts were sure."""
    sure = [(path, defect) for path, defect in cells() if defect in (0.0, 1.0)]
    return [path for path, _ in sure], ["defect" if defect else "sound" for _, defect in sure]


def cells() -> list[tuple[str, float]]:
    """Files of ELPV and the probability of a defect, by the experts."""
    spec = find_spec("elpv_dataset")
    if spec is None or spec.origin is None:
        raise SystemExit("The solar cells come with a package: pip install 'jeoni[demo]'")
    folder = Path(spec.origin).parent / "data"
    lines = [line.split() for line in (folder / "labels.csv").read_text(encoding="utf-8").splitlines()]
    return [(str(folder / path), float(probability)) for path, probability, _ in lines]


def rows_of(name: str, most: int = MOST) -> Rows:
    """Features by the backbone that jeoni takes by default."""
    return features_of(name, *labelled(name), most)


def features_of(name: str, items: list[Any], labels: list[str], groups: list[str] | None, most: int = MOST) -> Rows:
    """Features of some of the items, drawn at random."""
    order = np.sort(np.random.default_rng(0).permutation(len(items))[:most]).tolist()
    data = load_data(([items[i] for i in order], [labels[i] for i in order]))
    backbone = choose_backbone(data, FitSpec())
    tap = Tap(backbone.n, True)
    seen = Context().extract(data.items, [Request(backbone, (tap,))])
    kept = np.flatnonzero(seen.readable & (data.targets >= 0))
    features = np.asarray(seen.features(backbone, tap, kept).numpy(), dtype=np.float32)
    numbers = np.arange(len(order)) if groups is None else np.unique([groups[i] for i in order], return_inverse=True)[1]
    assert isinstance(data.task, Classification)
    return Rows(name, features, data.targets[kept], numbers[kept], data.task)

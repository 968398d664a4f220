"""Pooled features of labelled examples, from the store."""

from __future__ import annotations

from dataclasses import dataclass
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

MOST = 4000  # examples that are read


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
    from planner import amazon, cifar, elpv, nsmc

    if name == "fsdd":  # both halves of the speakers: they are groups here
        files = sorted(shared("fsdd").glob("*.wav"))
        names = [file.stem.split("_") for file in files]
        return [str(file) for file in files], [f"digit {digit}" for digit, _, _ in names], [who for _, who, _ in names]
    pools = {"cifar10": cifar, "elpv": elpv("defect"), "nsmc": nsmc, "amazon": amazon("books")}
    items, labels, others, other_labels = pools[name]()
    return items + others, labels + other_labels, None


def rows_of(name: str, most: int = MOST) -> Rows:
    """Features by the backbone that jeoni takes by default."""
    items, labels, groups = labelled(name)
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

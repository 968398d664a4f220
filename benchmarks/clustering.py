"""Clusters of frozen features: every method beside k-means, and pretrained features beside untrained and raw ones."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from _data import shared
from sklearn.datasets import load_digits

from jeoni.backbones.catalog import default_backbone, fitted_to, load_backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.clustering.plain import plain_features
from jeoni.data.items import ArrayItems, FileItems
from jeoni.data.text_items import TextItems
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.types import Dataset, Items

MOST = 2000


def examples(name: str) -> tuple[Items, np.ndarray, str]:
    """Items, labels that only score, and the modality."""
    if name == "digits":
        data = load_digits()
        return ArrayItems((data.images * 15).astype(np.uint8)), data.target, "image"
    if name == "elpv":
        from elpv import cells

        paths, labels = cells()
        return FileItems(paths, paths), labels, "image"
    if name == "nsmc":
        with open(shared("nsmc") / "train.csv", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["text"].strip()][:MOST]
        return TextItems([r["text"] for r in rows]), np.array([r["label"] == "positive" for r in rows], int), "text"
    if name == "fsdd":
        files = sorted(Path(shared("fsdd")).glob("*.wav"))
        paths = [str(path) for path in files]
        return FileItems(paths, paths), np.array([int(path.name[0]) for path in files]), "audio"
    files = sorted((shared("cifar10") / "train").glob("*/*"))
    paths = [str(path) for path in files]
    return FileItems(paths, paths), np.unique([p.parent.name for p in files], return_inverse=True)[1], "image"


def representations(name: str) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Features ``(n, d)`` by what they are of, and the labels."""
    items, labels, modality = examples(name)
    data = Dataset(name, items, labels, modality=modality)
    backbone = fitted_to(load_backbone(default_backbone(data)), data)
    twin = untrained_twin(backbone, 0)
    tap, context = Tap(backbone.n, True), Context()
    seen = context.extract(items, [Request(backbone, (tap,)), Request(twin, (tap,))])
    assert seen.readable.all()
    raw = plain_features(items, backbone.input, context.threads)
    found = {
        "pretrained": seen.features(backbone, tap).numpy(),
        "untrained": seen.features(twin, tap).numpy(),
        "raw": raw,
    }
    return {kind: np.asarray(rows, dtype=np.float32) for kind, rows in found.items()}, labels


if __name__ == "__main__":
    import time

    for name in ("digits", "nsmc", "fsdd", "elpv", "cifar10"):
        t = time.time()
        reps, y = representations(name)
        np.savez(f"/tmp/w1_{name}.npz", y=y, **reps)
        print(name, {k: v.shape for k, v in reps.items()}, time.time() - t, flush=True)

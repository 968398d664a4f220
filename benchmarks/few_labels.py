"""Heads for few labels on frozen features: 1 to 16 examples of each class, and 5-way episodes.

    python benchmarks/few_labels.py [--seeds 10] [--episodes 600] [--data cifar10,elpv,digits] [--heads linear,gda]

The same draws for every head. Prints the mean accuracy over the draws with its 95 % interval, and of each head its mean
difference to the best one; then 5-way 1-shot and 5-shot episodes (15 queries a class) as the literature has them.
Features come from the store, so a second run takes seconds.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from _data import shared
from sklearn.datasets import load_digits

from jeoni import plugins
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.items import ArrayItems, FileItems
from jeoni.data.splits import build_folds
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.heads.fitting.named import build_head
from jeoni.tasks.classification import Classification
from jeoni.types import Items

SHOTS = (1, 2, 4, 8, 16)
POOL = 150  # examples of each class that are read
QUERIES = 15


def examples(name: str) -> tuple[Items, np.ndarray]:
    """Items and labels: CIFAR-10, ELPV (defect), or scikit-learn's digits."""
    if name == "digits":
        data = load_digits()
        return ArrayItems((data.images * 15).astype(np.uint8)), data.target
    if name == "elpv":
        from elpv import cells

        paths, labels = cells()
        return FileItems(paths, paths), labels
    files = [sorted((shared("cifar10") / "train" / folder).iterdir())[:POOL] for folder in class_folders()]
    paths = [str(path) for folder in files for path in folder]
    return FileItems(paths, paths), np.repeat(np.arange(len(files)), [len(folder) for folder in files])


def class_folders() -> list[str]:
    return sorted(path.name for path in Path(shared("cifar10") / "train").iterdir())


def features_of(items: Items) -> np.ndarray:
    """Pooled features of the default backbone."""
    backbone = load_backbone("efficientnet_lite0")
    tap = Tap(backbone.n, True)
    seen = Context().extract(items, [Request(backbone, (tap,))])
    assert seen.readable.all()
    return np.asarray(seen.features(backbone, tap).numpy(), dtype=np.float32)


def accuracy(head: str, support: np.ndarray, labels: np.ndarray, query: np.ndarray, true: np.ndarray) -> float:
    """Of a head that is fitted on the support set, on the query set."""
    classes = int(labels.max()) + 1
    task = Classification(tuple(f"class {k}" for k in range(classes)))
    alone = np.bincount(labels).max() < 2
    folds = (
        np.zeros((0, len(labels)), dtype=np.int64) if alone else build_folds(labels, np.arange(len(labels)), 5, 2, 0)
    )
    module = build_head(head).fit(support, labels, task, folds, "none").module
    with torch.inference_mode():
        return float((module(torch.from_numpy(query)).argmax(1).numpy() == true).mean())


def draws(labels: np.ndarray, shots: int, seeds: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Support and query sets: ``shots`` of each class, and all others."""
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(labels))
        support = np.concatenate([order[labels[order] == c][:shots] for c in np.unique(labels)])
        yield support, np.setdiff1d(np.arange(len(labels)), support)


def episodes(labels: np.ndarray, ways: int, shots: int, number: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of the support and of the query set, ways x shots and ways x 15, by class."""
    for seed in range(number):
        rng = np.random.default_rng(seed)
        chosen = rng.choice(np.unique(labels), ways, replace=False)
        drawn = [rng.choice(np.flatnonzero(labels == c), shots + QUERIES, replace=False) for c in chosen]
        yield np.concatenate([d[:shots] for d in drawn]), np.concatenate([d[shots:] for d in drawn])


def shown(values: list[float]) -> str:
    """Mean and 95 % interval in percent."""
    error = 1.96 * np.std(values, ddof=1) / len(values) ** 0.5
    return f"{100 * np.mean(values):5.1f} ± {100 * error:3.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--episodes", type=int, default=600)
    parser.add_argument("--data", default="cifar10,digits,elpv")
    parser.add_argument(
        "--heads", default=",".join(h for h in plugins.names("jeoni.heads") if h not in ("mlp", "cosine"))
    )
    asked = parser.parse_args()
    heads, behind = asked.heads.split(","), {head: [] for head in asked.heads.split(",")}
    for name in asked.data.split(","):
        items, labels = examples(name)
        rows = features_of(items)
        print(
            f"\n{name}: {len(labels):,} examples, {len(np.unique(labels))} classes; accuracy over {asked.seeds} draws"
        )
        print(f"{'per class':>10}" + "".join(f"{head:>14}" for head in heads), flush=True)
        for shots in SHOTS:
            found = {head: [] for head in heads}
            for support, query in draws(labels, shots, asked.seeds):
                for head in heads:
                    found[head].append(accuracy(head, rows[support], labels[support], rows[query], labels[query]))
            best = max(np.mean(values) for values in found.values())
            for head in heads:
                behind[head].append(100 * (best - np.mean(found[head])))
            print(f"{shots:>10}" + "".join(f"{shown(found[head]):>14}" for head in heads), flush=True)
        if len(np.unique(labels)) >= 5:
            for shots in (1, 5):
                found = {head: [] for head in heads}
                for support, query in episodes(labels, 5, shots, asked.episodes):
                    true = np.repeat(np.arange(5), QUERIES)
                    for head in heads:
                        found[head].append(
                            accuracy(head, rows[support], np.repeat(np.arange(5), shots), rows[query], true)
                        )
                print(f"5-way {shots}-shot" + "".join(f"{shown(found[h]):>14}" for h in heads), flush=True)
    print(
        "\npoints behind the best head, mean over all rows: "
        + ", ".join(f"{h} {np.mean(b):.1f}" for h, b in behind.items())
    )


if __name__ == "__main__":
    main()

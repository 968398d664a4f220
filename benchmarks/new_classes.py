"""A model takes new classes with one example each: how well are these recognised, and what do the known ones lose?

    python benchmarks/new_classes.py [--shots 1]

CIFAR-10: heads are fitted on eight classes (100 images each); the two others come in with ``--shots`` examples each, by
``with_classes``, without training. All 45 pairs of new classes. Accuracy on 50 other images of each class, of the known
and of the new ones among all ten, and their harmonic mean, with 95 % t-intervals over the pairs. Beside it a fit of all
ten classes at once, from the same examples.
"""

from __future__ import annotations

import argparse
from itertools import combinations

import numpy as np
import torch
from _data import shared
from few_labels import class_folders, features_of, shown

from jeoni.data.items import FileItems
from jeoni.data.splits import build_folds
from jeoni.heads.fitting.named import build_head
from jeoni.tasks.classification import Classification

HEADS = ("prototype:metric=euclidean", "prototype:metric=cosine", "knn")
KNOWN, ASKED = 100, 50


def fitted(head: str, rows: np.ndarray, labels: np.ndarray):
    task = Classification(tuple(map(str, range(int(labels.max()) + 1))))
    folds = build_folds(labels, np.arange(len(labels)), 3, 1, 0) if np.bincount(labels).min() > 2 else None
    nothing = np.zeros((0, len(labels)), dtype=np.int64)
    return build_head(head).fit(rows, labels, task, nothing if folds is None else folds, "none").module


def shares_right(module, rows: np.ndarray, true: np.ndarray) -> tuple[float, float, float]:
    """Of the known classes (0 to 7), of the new ones (8, 9), and the harmonic mean."""
    with torch.inference_mode():
        right = module(torch.from_numpy(rows)).argmax(1).numpy() == true
    known, new = float(right[true < 8].mean()), float(right[true >= 8].mean())
    return known, new, 2 * known * new / max(known + new, 1e-9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shots", type=int, default=1)
    shots = parser.parse_args().shots
    folders = [sorted((shared("cifar10") / "train" / f).iterdir())[: KNOWN + ASKED] for f in class_folders()]
    paths = [str(path) for folder in folders for path in folder]
    rows = features_of(FileItems(paths, paths)).reshape(10, KNOWN + ASKED, -1)
    found: dict[str, list[tuple[float, float, float]]] = {}
    for number, new in enumerate(combinations(range(10), 2)):
        order = [c for c in range(10) if c not in new] + list(new)
        at = np.random.default_rng(number).permutation(KNOWN)[:shots]
        known = rows[order[:8], :KNOWN].reshape(-1, rows.shape[2])
        added = [rows[c, at] for c in new]
        asked, true = rows[order, KNOWN:].reshape(-1, rows.shape[2]), np.repeat(np.arange(10), ASKED)
        labels = np.repeat(np.arange(8), KNOWN)
        for head in HEADS:
            with torch.no_grad():
                module = fitted(head, known, labels).with_classes([torch.from_numpy(r) for r in added])
            found.setdefault(head, []).append(shares_right(module, asked, true))
        every = np.concatenate([known, *added]), np.concatenate([labels, np.repeat([8, 9], shots)])
        found.setdefault("gda, fitted anew", []).append(shares_right(fitted("gda", *every), asked, true))
    print(f"{'':28}{'known':>14}{'new':>14}{'harmonic mean':>16}   ({shots} of each new class, 45 pairs)")
    for head, values in found.items():
        print(f"{head:28}" + "".join(f"{shown(list(v)):>15}" for v in zip(*values, strict=True)), flush=True)


if __name__ == "__main__":
    main()

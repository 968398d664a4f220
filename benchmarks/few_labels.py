"""Few labels on frozen features: heads at 1 to 16 examples of each class, and 5-way episodes.

    python benchmarks/few_labels.py [--seeds 5] [--first 0] [--episodes 600] [--data cifar10,digits,elpv] [--keep F.json]

The same draws for every head. Prints the mean accuracy over the draws with its 95 % t-interval, and how far each head is
behind the best one, twice: behind the best of these very draws, which is known only afterwards and partly lucky, and, draw
by draw, behind the head that was best on the other draws. Then episodes as the literature has them (15 queries a class), with balanced and with Dirichlet(2)
queries, for transductive methods too. `simpleshot` is the cosine prototype, `cache` Tip-Adapter's cache of the labelled
features without its zero-shot half (exp(-(1 - cos)) votes). Features come from the store, and what ``--keep`` holds is
not computed again. ``--first`` is the first draw's seed. Target: the default head at most 0.5 point behind the best on the
mean.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from _data import shared
from scipy.stats import t as student
from sklearn.datasets import load_digits

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.items import ArrayItems, FileItems
from jeoni.data.splits import build_folds
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.few_shot import evaluate_episodes
from jeoni.heads.fitting.named import build_head
from jeoni.tasks.classification import Classification
from jeoni.types import Items

SHOTS = (1, 2, 4, 8, 16)
POOL = 150  # examples of each class that are read
HEADS = {
    "linear": "linear", "ridge": "ridge", "gda": "gda", "prototype": "prototype", "simpleshot": "prototype:metric=cosine",
    "knn": "knn", "cache": "", "auto": "auto",
}  # fmt: skip
DEFAULT = "auto"
IN_EPISODES = ("linear", "gda", "prototype", "prototype:metric=cosine")
TOGETHER = tuple(f"transductive:{name}" for name in ("bd_cspn", "laplacian_shot", "tim", "alpha_tim", "auto"))


class Kept:
    """Accuracies by a name, in a JSON file where one is given."""

    def __init__(self, path: str) -> None:
        self.path = Path(path) if path else None
        self.values = json.loads(self.path.read_text()) if self.path and self.path.exists() else {}

    def get(self, name: str, compute):
        if name not in self.values:
            self.values[name] = compute()
            if self.path:
                self.path.write_text(json.dumps(self.values))
        return self.values[name]


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
    if not HEADS[head]:
        return cache_accuracy(support, labels, query, true)
    classes = int(labels.max()) + 1
    task = Classification(tuple(f"class {k}" for k in range(classes)))
    alone = np.bincount(labels).max() < 2
    nothing = np.zeros((0, len(labels)), dtype=np.int64)
    folds = nothing if alone else build_folds(labels, np.arange(len(labels)), 5, 2, 0)
    module = build_head(HEADS[head]).fit(support, labels, task, folds, "none").module
    with torch.inference_mode():
        return float((module(torch.from_numpy(query)).argmax(1).numpy() == true).mean())


def cache_accuracy(support: np.ndarray, labels: np.ndarray, query: np.ndarray, true: np.ndarray) -> float:
    """Votes of all labelled examples, ``exp(-(1 - cos))`` each (Zhang et al. ECCV 2022, beta = 1)."""
    rows, asked = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (support, query))
    votes = np.exp(asked @ rows.T - 1) @ np.eye(int(labels.max()) + 1)[labels]
    return float((votes.argmax(1) == true).mean())


def draws(labels: np.ndarray, shots: int, seeds: range) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Support and query sets: ``shots`` of each class, and all others."""
    for seed in seeds:
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(labels))
        support = np.concatenate([order[labels[order] == c][:shots] for c in np.unique(labels)])
        yield support, np.setdiff1d(np.arange(len(labels)), support)


def shown(values: list[float]) -> str:
    """Mean and 95 % t-interval in percent."""
    error = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return f"{100 * np.mean(values):5.1f} ± {100 * error:3.1f}"


Found = dict[str, list[float]]  # accuracies of the draws, by head


def behind_the_best(found: Found) -> dict[str, float]:
    """Points behind the head that is best on these draws."""
    best = max(np.mean(values) for values in found.values())
    return {head: float(100 * (best - np.mean(values))) for head, values in found.items()}


def behind_the_others_best(found: Found, head: str) -> float:
    """Points behind the head (not the default itself) that is best on the other draws, mean over the draws."""
    rivals = {rival: np.array(values) for rival, values in found.items() if rival != DEFAULT}
    points = []
    for draw, value in enumerate(found[head]):
        best = max(rivals, key=lambda rival: float(np.delete(rivals[rival], draw).mean()))
        points.append(100 * (rivals[best][draw] - value))
    return float(np.mean(points))


def draws_table(name: str, rows: np.ndarray, labels: np.ndarray, seeds: range, kept: Kept) -> list[Found]:
    """Print accuracies at each number of labels; returns them, row by row."""
    print(f"{'per class':>10}" + "".join(f"{head:>14}" for head in HEADS), flush=True)
    table: list[Found] = []
    for shots in SHOTS:
        found: Found = {head: [] for head in HEADS}
        for seed, (support, query) in zip(seeds, draws(labels, shots, seeds), strict=True):
            known = rows[support], labels[support], rows[query], labels[query]
            for head in HEADS:
                found[head].append(kept.get(f"{name} {shots} {seed} {head}", lambda h=head, k=known: accuracy(h, *k)))
        table.append(found)
        print(f"{shots:>10}" + "".join(f"{shown(found[head]):>14}" for head in HEADS), flush=True)
    return table


def episodes_tables(name: str, rows: np.ndarray, labels: np.ndarray, episodes: int, kept: Kept) -> None:
    """Print accuracies over 5-way episodes, balanced and not, and each method's difference to the nearest mean."""
    for dirichlet in (None, 2.0):
        for shots in (1, 5):
            print(f"\n{name}: 5-way {shots}-shot, {'balanced' if dirichlet is None else 'Dirichlet(2)'} queries")
            for method in (*IN_EPISODES, *TOGETHER):
                drawn = {"ways": 5, "shots": shots, "episodes": episodes, "dirichlet": dirichlet}

                def run(method=method, drawn=drawn) -> list[float]:
                    found = evaluate_episodes(rows, labels, [method], **drawn)
                    return [float(v) for v in found.accuracies[method]]

                values = kept.get(f"{name} episodes {shots} {dirichlet} {episodes} {method}", run)
                base = kept.values[f"{name} episodes {shots} {dirichlet} {episodes} {IN_EPISODES[0]}"]
                against = shown(list(np.array(values) - np.array(base))) if method != IN_EPISODES[0] else ""
                print(f"{method:>30}  {shown(values)}   {against and f'minus linear {against}'}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--episodes", type=int, default=600)
    parser.add_argument("--data", default="cifar10,digits,elpv")
    parser.add_argument("--keep", default="")
    asked = parser.parse_args()
    kept, table, seeds = Kept(asked.keep), list[Found](), range(asked.first, asked.first + asked.seeds)
    for name in asked.data.split(","):
        items, labels = examples(name)
        rows = features_of(items)
        print(f"\n{name}: {len(labels):,} examples, {len(np.unique(labels))} classes; {asked.seeds} draws")
        table += draws_table(name, rows, labels, seeds, kept)
        if len(np.unique(labels)) >= 5 and asked.episodes:
            episodes_tables(name, rows, labels, asked.episodes, kept)
    hindsight = {head: float(np.mean([behind_the_best(found)[head] for found in table])) for head in HEADS}
    foresight = {head: float(np.mean([behind_the_others_best(found, head) for found in table])) for head in HEADS}
    print("\npoints behind the best head of these draws, mean over all rows: " + listed(hindsight))
    print("points behind the head that was best on the other draws: " + listed(foresight))
    print(f"the default head: {hindsight[DEFAULT]:.2f} and {foresight[DEFAULT]:.2f} (target 0.5)")


def listed(points: dict[str, float]) -> str:
    return ", ".join(f"{head} {value:.2f}" for head, value in points.items())


if __name__ == "__main__":
    main()

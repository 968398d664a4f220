"""Clusters of frozen features: every method beside k-means, and pretrained features beside untrained and raw ones.

    python benchmarks/clustering.py [--data digits,fsdd,nsmc,elpv,cifar10] [--seeds 5] [--keep FOLDER]
                                    [--methods kmeans,turtle,turtle:start=random]

CIFAR-10 (300 images a class), ELPV (defect), scikit-learn's digits as pictures, NSMC (2,000 reviews) and FSDD (2,000
recordings of spoken digits). The number of clusters is that of the classes; labels only score. Every method gets the same
features, prepared in the same way, and the same seeds. Prints accuracy of the best one-to-one naming and NMI, means over
seeds with their standard deviation, seconds of a fit, and of each method the mean difference to k-means over data sets;
then k-means on untrained and on raw features. With --keep each outcome is written to a folder and not computed again.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path

import numpy as np
from _data import shared
from sklearn.datasets import load_digits

from jeoni.backbones.catalog import default_backbone, fitted_to, load_backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.clustering.choice import build_clusterer
from jeoni.clustering.number import propose
from jeoni.clustering.plain import plain_features
from jeoni.clustering.scores import scores_of
from jeoni.clustering.space import Space, prepared
from jeoni.data.items import ArrayItems, FileItems
from jeoni.data.text_items import TextItems
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.specs.settings import parse_settings
from jeoni.types import Dataset, Items

MOST = 2000
METHODS = "kmeans,spectral,gaussian_mixture,information_maximising,turtle,turtle:start=random"


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


def spaces(name: str) -> tuple[dict[str, Space], np.ndarray]:
    """Prepared features by what they are of, and the labels."""
    items, labels, modality = examples(name)
    data = Dataset(name, items, labels, modality=modality)
    backbone = fitted_to(load_backbone(default_backbone(data)), data)
    twin = untrained_twin(backbone, 0)
    tap, context = Tap(backbone.n, True), Context()
    seen = context.extract(items, [Request(backbone, (tap,)), Request(twin, (tap,))])
    assert seen.readable.all()
    raw = plain_features(items, backbone.input, context.threads)
    found = {
        "pretrained": prepared(seen.features(backbone, tap).numpy()),
        "untrained": prepared(seen.features(twin, tap).numpy()),
        "raw": prepared(raw, "standardized" if modality == "audio" else "unit"),
    }
    return found, labels


def outcome(space: Space, labels: np.ndarray, method: str, seed: int) -> dict[str, float]:
    """Scores of one clustering, and the seconds it took."""
    number = len(np.unique(labels))
    start = time.perf_counter()
    name, _, settings = method.partition(":")
    clusters = build_clusterer(name, parse_settings(settings)).fit([space.at(number)], number, seed)
    seconds = time.perf_counter() - start
    scores = scores_of(labels, clusters, resamples=1)
    return {"accuracy": scores["clustering_accuracy"].value, "nmi": scores["nmi"].value, "seconds": seconds}


def kept(folder: Path | None, name: str, compute) -> dict[str, float]:
    """An outcome from its file, else computed and written there."""
    file = folder / f"{name}.json" if folder else None
    if file is not None and file.exists():
        return json.loads(file.read_text())
    found = compute()
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(found))
    return found


def shown(found: list[dict[str, float]]) -> str:
    """Means over seeds, with the standard deviation of accuracy."""
    accuracy, nmi, seconds = (np.array([one[key] for one in found]) for key in ("accuracy", "nmi", "seconds"))
    spread = 100 * accuracy.std(ddof=1) if len(accuracy) > 1 else 0.0
    return f"{100 * accuracy.mean():5.1f} ± {spread:3.1f}   NMI {nmi.mean():.3f}   {seconds.mean():6.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="digits,fsdd,nsmc,elpv,cifar10")
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--numbers", action="store_true", help="also propose a number of clusters")
    asked = parser.parse_args()
    gains: dict[str, list[tuple[float, float]]] = {}
    for name in asked.data.split(","):
        found, labels = spaces(name)
        print(f"\n{name}: {len(labels):,} examples, {len(np.unique(labels))} classes", flush=True)
        if asked.numbers:
            proposal = propose([found["pretrained"]])
            print(
                f"  proposed {proposal.clusters} (stability {proposal.stability:.2f}, {proposal.sureness})", flush=True
            )
        arms = [("pretrained", method) for method in asked.methods.split(",")]
        means = {}
        for kind, method in [*arms, ("untrained", "kmeans"), ("raw", "kmeans")]:
            outcomes = [
                kept(asked.keep, f"{name}-{kind}-{method}-{seed}", lambda: outcome(found[kind], labels, method, seed))  # noqa: B023
                for seed in range(asked.seeds)
            ]
            means[kind, method] = [np.mean([one[key] for one in outcomes]) for key in ("accuracy", "nmi")]
            print(f"  {kind:<11} {method:<24} {shown(outcomes)}", flush=True)
        for _, method in arms:
            difference = np.subtract(means["pretrained", method], means["pretrained", "kmeans"])
            gains.setdefault(method, []).append((float(difference[0]), float(difference[1])))
    print("\nminus k-means, mean over the data sets:")
    for method, values in gains.items():
        accuracy, nmi = np.mean(values, axis=0)
        print(f"  {method:<24} {100 * accuracy:+.1f} points, NMI {nmi:+.3f}")


if __name__ == "__main__":
    main()

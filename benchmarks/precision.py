"""Fine-tuning in bfloat16 against float32, on the same draws: what a GPU takes by default, and what it costs.

    python benchmarks/precision.py [--draws 5] [--data digits,reviews] [--strategy finetune]

Handwritten digits (scikit-learn's, EfficientNet-lite0, 16 of each digit) and reviews (MiniLM, 64 of each class; in
JEONI_DATA), everything else is the test set, at most 1,000. Prints both accuracies, the paired difference with its 95 %
interval over draws and test items, and seconds a fit, features in the store. It is meant for a GPU: on two cores a fit of
the reviews takes more than ten minutes.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from _data import shared
from nsmc import interval
from sklearn.datasets import load_digits

from jeoni.assessment.draws import pick
from jeoni.assessment.holdout import taps_of
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.sources.sentences import MINILM
from jeoni.data.items import ArrayItems
from jeoni.data.splits import build_folds, repeats_for
from jeoni.data.text_items import TextItems
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.specs import TransferOptions
from jeoni.strategies import build_strategy
from jeoni.tasks.classification import Classification
from jeoni.types import Dataset

PRECISIONS = ("float32", "bfloat16")


def digits() -> tuple[Dataset, str, int]:
    found = load_digits()
    pixels = np.repeat(np.clip(found.images * 16, 0, 255).astype(np.uint8)[..., None], 3, axis=-1)
    names = tuple(map(str, range(10)))
    return Dataset("digits", ArrayItems(pixels), found.target, Classification(tuple(names))), "efficientnet_lite0", 16


def reviews() -> tuple[Dataset, str, int]:
    with open(shared("amazon_reviews") / "kitchen.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names, labels = np.unique([row["label"] for row in rows], return_inverse=True)
    items = TextItems([row["text"] for row in rows])
    return Dataset("reviews", items, labels, Classification(tuple(map(str, names))), modality="text"), MINILM, 64


def compare(data: Dataset, name: str, budget: int, strategy: str, draws: int) -> None:
    backbone = load_backbone(name)
    store = FeatureStore(Path(tempfile.mkdtemp()))
    size = budget * data.task.width
    arms = {p: build_strategy(strategy, TransferOptions(precision=p)) for p in PRECISIONS}
    taps = taps_of(arms["float32"], backbone, size)
    start = time.perf_counter()
    seen = Context(store).extract(data.items, [Request(backbone, taps)])
    print(f"{data.name}: {len(data)} items in {time.perf_counter() - start:.0f} s", flush=True)
    everything = np.arange(len(data))
    whole = Examples(data, everything, seen, everything, np.zeros((1, len(data)), dtype=np.int64))
    right: dict[str, list[np.ndarray]] = {p: [] for p in PRECISIONS}
    seconds: dict[str, list[float]] = {p: [] for p in PRECISIONS}
    for seed in range(draws):
        chosen = pick(data.targets, everything, budget, seed)
        others = np.setdiff1d(everything, chosen)
        held = np.random.default_rng(seed).permutation(others)[:1000]
        folds = build_folds(data.targets[chosen], chosen, 5, repeats_for(len(chosen)), seed)
        train, test = whole.select(chosen, folds), whole.select(held, whole.folds[:, held])
        for precision, made in arms.items():
            context = Context(store, seed=seed)
            start = time.perf_counter()
            model = made.fit(backbone, train, context)
            seconds[precision].append(time.perf_counter() - start)
            said = model.predict_examples(test, backbone, context).argmax(1)
            right[precision].append(said == data.targets[held])
    rows = {p: np.array(r, dtype=float) for p, r in right.items()}
    low, high = interval(rows["bfloat16"] - rows["float32"])
    scores = ", ".join(f"{p} {r.mean():.4f} in {np.median(seconds[p]):.1f} s" for p, r in rows.items())
    difference = 100 * (rows["bfloat16"] - rows["float32"]).mean()
    print(
        f"{data.name}, {strategy}: {scores}; difference {difference:+.2f} points ({100 * low:.2f} to {100 * high:.2f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--data", default="digits,reviews")
    parser.add_argument("--strategy", default="finetune")
    asked = parser.parse_args()
    print(torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU")
    for name in asked.data.split(","):
        compare(*{"digits": digits, "reviews": reviews}[name](), asked.strategy, asked.draws)


if __name__ == "__main__":
    main()

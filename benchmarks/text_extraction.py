"""Sentences per second: ours against `sentence-transformers`' `encode` in eager float32, on the same MiniLM and reviews.

    python benchmarks/text_extraction.py [--n 1500] [--repeats 3]

Needs `pip install 'jeoni[text,openvino]' sentence-transformers` and the reviews in JEONI_DATA. Ours includes reading,
tokenizing, choosing an engine and writing features to the store. Prints both rates, their ratio (target 3) and the
smallest cosine between the two embeddings of a text (target 0.999).
"""

from __future__ import annotations

import argparse
import csv
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from _data import shared

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.sources.sentences import MINILM, PACKAGED
from jeoni.data.text_items import TextItems
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.libraries import import_timm


def ours(texts: list[str]) -> tuple[np.ndarray, float, str]:
    backbone = load_backbone(MINILM)
    start = time.perf_counter()
    context = Context(FeatureStore(Path(tempfile.mkdtemp())))
    tap = Tap(backbone.n, True)
    seen = context.extract(TextItems(texts), [Request(backbone, (tap,))])
    features = seen.features(backbone, tap).numpy()
    choice = seen.choices[0]
    assert choice is not None
    return features, time.perf_counter() - start, f"{choice.name}, {choice.precision}"


def theirs(texts: list[str]) -> tuple[np.ndarray, float]:
    import_timm()
    from sentence_transformers import SentenceTransformer

    path = next(p.file() for p in PACKAGED if p.name == MINILM)
    assert path is not None
    model = SentenceTransformer(str(path.parent), device="cuda" if torch.cuda.is_available() else "cpu")
    start = time.perf_counter()
    found = model.encode(texts, batch_size=32, show_progress_bar=False)
    return np.asarray(found), time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--n", type=int, default=1500)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    with open(shared("amazon_reviews") / "kitchen.csv", encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)][: asked.n]
    ratios = []
    for _ in range(asked.repeats):
        other, seconds_theirs = theirs(texts)
        own, seconds_ours, how = ours(texts)
        ratios.append(seconds_theirs / seconds_ours)
        cosines = (own * other).sum(1) / np.linalg.norm(own, axis=1) / np.linalg.norm(other, axis=1)
        print(
            f"ours {len(texts) / seconds_ours:.0f} sentences/s ({how}), sentence-transformers "
            f"{len(texts) / seconds_theirs:.0f}, ratio {ratios[-1]:.2f}; smallest cosine {cosines.min():.5f}",
            flush=True,
        )
    print(f"median ratio {statistics.median(ratios):.2f} (target 3)")


if __name__ == "__main__":
    main()

"""Fine-tuning against the linear probe: ELPV solar cells, five folds, no knob turned.

    python benchmarks/finetune.py [--backbone NAME] [--seed 0] [--steps N]

Prints accuracy and ROC-AUC of the probe and of `finetune` over the same five stratified folds, the verdict on their paired
difference (Nadeau-Bengio over folds), and the time for all of it, nothing cached. Published for these cells: SVM on
hand-made features 82.44 %, fine-tuned VGG19 88.42 % (Deitsch et al. 2019). Target: a positive interval, within 20 minutes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from elpv import cells
from sklearn.metrics import accuracy_score, roc_auc_score

from jeoni.backbones.catalog import load_backbone
from jeoni.data.items import FileItems
from jeoni.data.splits import build_folds
from jeoni.evaluation.verdict import compare_pairs, words
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.specs import Recipe
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.probe import Probe
from jeoni.tasks.classification import Classification
from jeoni.types import Dataset


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int)
    asked = parser.parse_args()
    paths, labels = cells()
    start = time.perf_counter()
    backbone = load_backbone(asked.backbone)
    context = Context(FeatureStore(Path(tempfile.mkdtemp())), seed=asked.seed)
    items = FileItems(paths, paths)
    arms = {"probe": Probe(), "finetune": Finetune(recipe=Recipe(steps=asked.steps))}
    taps = tuple(dict.fromkeys(t for s in arms.values() for t in s.taps(backbone, len(labels))))
    seen = context.extract(items, [Request(backbone, taps)])
    alone = np.arange(len(labels))
    fold = build_folds(labels, alone, 5, 1, asked.seed)[0]
    everything = Examples(
        Dataset("elpv", items, labels, Classification(("functional", "defective"))), alone, seen, alone, fold[None]
    )
    probs = {name: np.zeros((len(labels), 2)) for name in arms}
    for f in range(5):
        train, held = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
        inner = build_folds(labels[train], alone[train], 5, 1, asked.seed)
        for name, strategy in arms.items():
            model = strategy.fit(backbone, everything.select(train, inner), context)
            probs[name][held] = model.predict_examples(everything.select(held, fold[None, held]), backbone, context)
        scores = ", ".join(f"{n} {accuracy_score(labels[held], p[held].argmax(1)):.4f}" for n, p in probs.items())
        print(f"fold {f}: {scores}; {time.perf_counter() - start:.0f} s", flush=True)
    for name, p in probs.items():
        print(
            f"{name}: accuracy {accuracy_score(labels, p.argmax(1)):.4f}, ROC-AUC {roc_auc_score(labels, p[:, 1]):.4f}"
        )
    right = {name: p.argmax(1) == labels for name, p in probs.items()}
    verdict = compare_pairs(right["finetune"], right["probe"], alone, fold, overlap=1 / 4, seed=asked.seed)
    print(words(verdict, "finetune", "probe"), f"p {verdict.p:.4f}, McNemar {verdict.mcnemar_p:.6f}")
    print(f"{time.perf_counter() - start:.0f} s in all (target: 1200 s)")


if __name__ == "__main__":
    main()

"""Choosing the strength of the linear head: all folds and strengths side by side, against scikit-learn one by one.

    python benchmarks/head.py

ELPV's 2,624 x 1,280 features of EfficientNet-lite0, eight strengths, five folds. Prints seconds of both, their ratio,
and the held-out log-loss that each finds for every strength: what the choice is made on.
"""

from __future__ import annotations

import time

import numpy as np
from elpv import cells
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.items import FileItems
from jeoni.data.splits import build_folds
from jeoni.evaluation.calibration import softmax
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.heads.fitting.logistic import rows_from
from jeoni.heads.linear import Linear, held_out_logits


def main() -> None:
    backbone = load_backbone("efficientnet_lite0")
    paths, labels = cells()
    tap = Tap(backbone.n, True)
    seen = Context().extract(FileItems(paths, paths), [Request(backbone, (tap,))])
    features = seen.features(backbone, tap).numpy()
    strengths = Linear().strengths
    folds = build_folds(labels, np.arange(len(labels)), 5, 1, 0)
    start = time.perf_counter()
    logits = held_out_logits(rows_from(features), labels, 2, folds, ["none"], strengths, np.ones(len(labels)))[0, 0]
    ours = time.perf_counter() - start
    deviation = features.std(0)
    scaled = (features - features.mean(0)) / np.where(deviation > 0, deviation, 1) / np.sqrt((deviation > 0).sum())
    start = time.perf_counter()
    losses = []
    for strength in strengths:
        probs = np.zeros((len(labels), 2))
        for f in range(5):
            held = folds[0] == f
            oracle = LogisticRegression(C=strength, max_iter=1000).fit(scaled[~held], labels[~held])
            probs[held] = oracle.predict_proba(scaled[held])
        losses.append(log_loss(labels, probs))
    theirs = time.perf_counter() - start
    for strength, logit, loss in zip(strengths, logits, losses, strict=True):
        own = log_loss(labels, softmax(logit.astype(np.float64)))
        print(f"strength {strength:>6g}: log-loss ours {own:.4f}, scikit-learn {loss:.4f}")
    print(f"ours {ours:.2f} s, scikit-learn {theirs:.2f} s, {theirs / ours:.0f} times")


if __name__ == "__main__":
    main()

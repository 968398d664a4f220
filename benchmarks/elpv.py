"""ELPV solar cells, defective if the experts' probability is at least 0.5: five folds, no knob turned.

    python benchmarks/elpv.py [--backbone NAME]

Prints ROC-AUC and accuracy of the linear probe over five stratified folds (every choice made inside the training
folds), for three draws of the folds. Target: ROC-AUC at least 0.895, accuracy at least 0.85.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, roc_auc_score

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.items import FileItems
from jeoni.data.splits import build_folds
from jeoni.evaluation.calibration import softmax
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.heads.linear import Linear
from jeoni.tasks.classification import Classification


def cells() -> tuple[list[str], np.ndarray]:
    """Paths and labels, 1 for defective."""
    import subprocess
    import sys

    table = Path(tempfile.mkdtemp()) / "cells.csv"
    script = Path(__file__).parent.parent / "examples" / "solar_cells.py"
    subprocess.run([sys.executable, script, table], check=True, stdout=subprocess.DEVNULL)
    rows = list(csv.DictReader(table.open()))
    return [r["file"] for r in rows], np.array([r["defect"] == "defective" for r in rows], dtype=np.int64)


def main() -> None:
    import torch

    parser = argparse.ArgumentParser()
    parser.add_argument("--backbone", default="efficientnet_lite0")
    backbone = load_backbone(parser.parse_args().backbone)
    paths, labels = cells()
    tap = Tap(backbone.n, True)
    seen = Context().extract(FileItems(paths, paths), [Request(backbone, (tap,))])
    features = seen.features(backbone, tap).numpy()
    alone = np.arange(len(labels))
    for seed in range(3):
        fold = build_folds(labels, alone, 5, 1, seed)[0]
        probs = np.zeros((len(labels), 2))
        for f in range(5):
            train, held = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
            inner = build_folds(labels[train], alone[train], 5, 1, seed)
            module = Linear().fit(features[train], labels[train], Classification(("no", "yes")), inner, "auto").module
            with torch.inference_mode():
                probs[held] = softmax(module(torch.from_numpy(features[held])).double().numpy())
        aucs = [roc_auc_score(labels[fold == f], probs[fold == f, 1]) for f in range(5)]
        accuracies = [accuracy_score(labels[fold == f], probs[fold == f].argmax(1)) for f in range(5)]
        print(
            f"seed {seed}: ROC-AUC {np.mean(aucs):.4f} (sd {np.std(aucs, ddof=1):.4f} over folds), "
            f"accuracy {np.mean(accuracies):.4f} (sd {np.std(accuracies, ddof=1):.4f})"
        )


if __name__ == "__main__":
    main()

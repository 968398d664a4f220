"""English reviews with few labels: ours against SetFit (Tunstall et al. 2022), with the same MiniLM and the same draws.

    python benchmarks/setfit_reviews.py [--budgets 8,64] [--draws 5] [--domains kitchen,books] [--test 1000]

Needs `pip install setfit`. SetFit runs as its documentation says (20 iterations of pairs, one epoch, batches of 16). Times are those of a fit;
ours includes running the texts through the network. Prints accuracy, the paired difference with its 95 % interval over
draws and test items, and the ratio of times (target: within noise or better, at least 5 times less time).
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path

import numpy as np
from _data import shared
from nsmc import interval

from jeoni.assessment.draws import pick
from jeoni.assessment.holdout import taps_of
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.sources.sentences import MINILM, PACKAGED
from jeoni.data.splits import build_folds, repeats_for
from jeoni.data.text_items import TextItems
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.libraries import import_timm
from jeoni.strategies import build_strategy
from jeoni.tasks.classification import Classification
from jeoni.types import Dataset


def setfit(texts: list[str], labels: np.ndarray, test: list[str], seed: int) -> tuple[np.ndarray, float]:
    import_timm()
    import datasets
    from setfit import SetFitModel, Trainer, TrainingArguments

    path = next(p.file() for p in PACKAGED if p.name == MINILM)
    assert path is not None
    model = SetFitModel.from_pretrained(str(path.parent))
    given = datasets.Dataset.from_dict({"text": texts, "label": labels.tolist()})
    arguments = TrainingArguments(
        output_dir=tempfile.mkdtemp(), batch_size=16, num_epochs=1, num_iterations=20, seed=seed, report_to="none"
    )
    start = time.perf_counter()
    Trainer(model=model, args=arguments, train_dataset=given).train()
    seconds = time.perf_counter() - start
    return np.asarray(model.predict(test, show_progress_bar=False)), seconds


def ours(strategy: str, data: Dataset, chosen: np.ndarray, test: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
    backbone = load_backbone(MINILM)
    made = build_strategy(strategy)
    context = Context(FeatureStore(Path(tempfile.mkdtemp())), seed=seed)
    start = time.perf_counter()
    part = data.select(chosen)
    here = np.arange(len(chosen))
    seen = context.extract(part.items, [Request(backbone, taps_of(made, backbone, len(chosen)))])
    folds = build_folds(part.targets, here, 5, repeats_for(len(chosen)), seed)
    model = made.fit(backbone, Examples(part, here, seen, here, folds), context)
    seconds = time.perf_counter() - start
    # a store that lasts: a probe's features of the test texts are computed once for all draws
    kept = Context(FeatureStore(), engine="auto")
    tap = Tap(backbone.n, True)
    rows = kept.extract(data.select(test).items, [Request(model.backbone, (tap,))])
    return model.predict_features(rows.features(model.backbone, tap)).argmax(1), seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--budgets", default="8,64")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--domains", default="kitchen,books")
    parser.add_argument("--test", type=int, default=1000)
    parser.add_argument("--strategies", default="probe,contrastive")
    asked = parser.parse_args()
    for budget in map(int, asked.budgets.split(",")):
        right: dict[str, list[np.ndarray]] = {}
        seconds: dict[str, list[float]] = {}
        for domain in asked.domains.split(","):
            with open(shared("amazon_reviews") / f"{domain}.csv", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            texts, labels = (
                [r["text"] for r in rows],
                np.array([r["label"] == "positive" for r in rows], dtype=np.int64),
            )
            data = Dataset(domain, TextItems(texts), labels, Classification(("negative", "positive")), modality="text")
            shuffled = np.random.default_rng(0).permutation(len(texts))
            test, rest = np.sort(shuffled[: asked.test]), shuffled[asked.test :]
            for seed in range(asked.draws):
                chosen = pick(labels, rest, budget, seed)
                said, took = setfit([texts[i] for i in chosen], labels[chosen], [texts[i] for i in test], seed)
                right.setdefault("setfit", []).append(said == labels[test])
                seconds.setdefault("setfit", []).append(took)
                for name in asked.strategies.split(","):
                    said, took = ours(name, data, chosen, test, seed)
                    right.setdefault(name, []).append(said == labels[test])
                    seconds.setdefault(name, []).append(took)
                line = ", ".join(f"{n} {v[-1].mean():.3f} in {seconds[n][-1]:.0f} s" for n, v in right.items())
                print(f"  {domain}, {budget} per class, draw {seed}: {line}", flush=True)
        base = np.array(right["setfit"], dtype=float)
        for name, values in right.items():
            found = np.array(values, dtype=float)
            low, high = interval(found)
            line = f"{budget} per class, {name}: accuracy {found.mean():.4f} ({low:.4f} to {high:.4f}), {np.median(seconds[name]):.1f} s a fit"
            if name != "setfit":
                below, above = interval(found - base)
                ratio = np.median(np.array(seconds["setfit"]) / np.array(seconds[name]))
                line += f"; minus setfit {100 * (found - base).mean():+.1f} points ({100 * below:.1f} to {100 * above:.1f}), {ratio:.1f} times faster"
            print(line, flush=True)


if __name__ == "__main__":
    main()

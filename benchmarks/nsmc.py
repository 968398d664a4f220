"""Korean film reviews (NSMC): probe and fine-tuning of the multilingual backbone against TF-IDF and against scratch.

    python benchmarks/nsmc.py [--budgets 16,64,256] [--draws 5] [--strategies probe,finetune,scratch] [--all] [--frozen auto]
                              [--keep FOLDER] [--first 0]

Every draw takes as many labels of each class from train.csv; all are tested on the whole of test.csv, and paired on it.
TF-IDF: character n-grams of 1 to 5 with logistic regression, its strength chosen by cross-validation in the draw. With
--all: all 20,000 training reviews, once. From scratch a fit takes up to 40 minutes: with --keep, what each draw had right
is written to a folder and not computed again, so that draws can be done by several processes (--first), and an interval
printed by a last one; outcomes/nsmc/ holds those that are done, outcomes/nsmc-h100/ those of a GPU. Prints accuracy with
its 95 % interval over draws, and the paired difference to TF-IDF with its interval (draws and test items resampled
together). Expected of probe and fine-tuning at 16 and 64: a positive interval.
"""

from __future__ import annotations

import argparse
import csv
import time
import warnings
from pathlib import Path

import numpy as np
from _data import shared
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline

from jeoni.assessment.draws import pick
from jeoni.assessment.holdout import taps_of
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.sources.sentences import E5
from jeoni.data.splits import build_folds, repeats_for
from jeoni.data.text_items import TextItems
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.specs import TransferOptions
from jeoni.strategies import build_strategy
from jeoni.tasks.classification import Classification
from jeoni.types import Dataset


def read(path: Path) -> tuple[list[str], np.ndarray]:
    with open(path, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    kept = [r for r in rows if r["text"].strip()]
    return [r["text"] for r in kept], np.array([r["label"] == "positive" for r in kept], dtype=np.int64)


def tfidf(texts: list[str], labels: np.ndarray, test: list[str]) -> np.ndarray:
    folds = min(5, int(np.bincount(labels).min()))
    model = make_pipeline(
        TfidfVectorizer(
            analyzer="char_wb", ngram_range=(1, 5), sublinear_tf=True, min_df=1 if len(texts) < 1000 else 2
        ),
        LogisticRegressionCV(
            Cs=np.logspace(-2, 4, 7),
            cv=folds,
            max_iter=2000,
            scoring="accuracy",
            l1_ratios=(0.0,),
            use_legacy_attributes=False,
        ),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: np.ndarray = model.fit(texts, labels).predict(test)
    return found


def interval(values: np.ndarray, draws: int = 2000) -> tuple[float, float]:
    """95 % of the mean of ``(draws, items)``, both resampled."""
    rng = np.random.default_rng(0)
    means = []
    for _ in range(draws):
        rows = values[rng.integers(len(values), size=len(values))].mean(0)
        means.append(rows[rng.integers(len(rows), size=len(rows))].mean())
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--budgets", default="16,64,256")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--strategies", default="probe,finetune,scratch")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--frozen", default="auto", help="stages that finetune leaves alone")
    parser.add_argument("--keep", type=Path, help="a folder for what each draw had right, of one version of the code")
    parser.add_argument("--first", type=int, default=0, help="the draw to begin with")
    asked = parser.parse_args()
    (train, own), (test, labels) = read(shared("nsmc") / "train.csv"), read(shared("nsmc") / "test.csv")
    texts, everything = [*train, *test], np.concatenate([own, labels])
    data = Dataset("nsmc", TextItems(texts), everything, Classification(("negative", "positive")), modality="text")
    backbone, context = load_backbone(E5), Context(FeatureStore())
    draws = range(1) if asked.all else range(asked.first, asked.draws)
    strategies = {s: build_strategy(s, TransferOptions(frozen=asked.frozen)) for s in asked.strategies.split(",")}
    budgets: list[int | None] = [None] if asked.all else [int(b) for b in asked.budgets.split(",")]
    sizes = [2 * b if b else len(train) for b in budgets]
    here = np.arange(len(train))
    needed = np.unique(np.concatenate([pick(own, here, b, seed) for b in budgets for seed in draws]))
    at = np.concatenate([needed, np.arange(len(train), len(texts))])  # only these texts are ever run
    place = {int(i): k for k, i in enumerate(at)}
    taps = tuple(dict.fromkeys(t for s in strategies.values() for n in sizes for t in taps_of(s, backbone, n)))
    start = time.perf_counter()
    part = data.select(at)
    seen = context.extract(part.items, [Request(backbone, taps)])
    print(f"{len(at)} texts in {time.perf_counter() - start:.0f} s ({[t.stage for t in taps]})", flush=True)
    whole = Examples(part, np.arange(len(at)), seen, np.arange(len(at)), np.zeros((1, len(at)), dtype=np.int64))
    held = np.array([place[i] for i in range(len(train), len(texts))])
    held_out = whole.select(held, whole.folds[:, held])
    for budget, size in zip(budgets, sizes, strict=True):
        right: dict[str, list[np.ndarray]] = {}
        seconds: dict[str, list[float]] = {}
        for seed in draws:
            chosen = pick(own, here, budget, seed)
            some = np.array([place[int(i)] for i in chosen])
            folds = build_folds(own[chosen], some, 5, repeats_for(len(some)), seed)
            examples = whole.select(some, folds)
            examples = Examples(examples.data, examples.clusters, seen, some, folds)
            start = time.perf_counter()
            said = tfidf([texts[i] for i in chosen], own[chosen], test)
            right.setdefault("tf-idf", []).append(said == labels)
            seconds.setdefault("tf-idf", []).append(time.perf_counter() - start)
            print(f"  tf-idf {size} draw {seed}: {right['tf-idf'][-1].mean():.4f}", flush=True)
            for name, strategy in strategies.items():
                kept = asked.keep and asked.keep / f"{name}-{asked.frozen}-{size}-{seed}.npz"
                if kept and kept.exists():
                    found = np.load(kept)
                    right.setdefault(name, []).append(found["right"])
                    seconds.setdefault(name, []).append(float(found["seconds"]))
                    continue
                start = time.perf_counter()
                model = strategy.fit(backbone, examples, Context(context.store, seed=seed))
                seconds.setdefault(name, []).append(time.perf_counter() - start)
                if model.frozen:
                    probs = model.predict_examples(held_out, backbone, context)
                else:  # nothing of it is in the store: all texts run through the whole network, by the fastest engine
                    probs = model.predict(test, Context(FeatureStore(), engine=context.engine)).probs
                right.setdefault(name, []).append(probs.argmax(1) == labels)
                how = {
                    k: model.training[k]
                    for k in ("steps", "trials", "shortened", "ruined", "same")
                    if k in model.training
                }
                print(f"  {name} {size} draw {seed}: {right[name][-1].mean():.4f} {how or ''}", flush=True)
                if kept:
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    np.savez_compressed(kept, right=right[name][-1], seconds=seconds[name][-1])
        base = np.array(right["tf-idf"], dtype=float)
        for name, values in right.items():
            rows = np.array(values, dtype=float)
            low, high = interval(rows)
            line = f"{budget or 'all'} per class, {name}: accuracy {rows.mean():.4f} ({low:.4f} to {high:.4f}), {np.mean(seconds[name]):.1f} s a fit"
            if name != "tf-idf":
                below, above = interval(rows - base)
                line += (
                    f"; minus tf-idf {100 * (rows - base).mean():+.1f} points ({100 * below:.1f} to {100 * above:.1f})"
                )
            print(line, flush=True)


if __name__ == "__main__":
    main()

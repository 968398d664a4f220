"""Ten, twenty or fifty target labels: what `jeoni adapt --labels` gains over the source alone, on six real pairs.

    python benchmarks/few_target_labels.py [--pairs elpv,fsdd,reviews] [--sizes 10,20,50] [--draws 5] [--outcomes FOLDER]

The pairs are those of benchmarks/real_domains.py. The labelled items are drawn at random; the target's other items are
scored. Every method that takes part in the choice is also scored by itself, so that the choice can be compared with the
best single method on the mean of all pairs. Printed are the mean gain over source only (points of accuracy) with
Student's 95 % interval over the pairs, each pair's mean of the draws being one number; the worst pair; and how far the
choice lies behind the best single method.

Features and what needs no labels are computed once for a pair; each draw is a file in the folder of outcomes, so that a
run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import pickle
import time
from pathlib import Path

import numpy as np
from _data import shared
from real_domains import PAIRS, tables

import jeoni
from jeoni.adaptation.labelled_target import SOURCE_ONLY, Choices, choose_by_labels, fit_contender, label_free
from jeoni.adaptation.shrunken_choice import Lead, choose_shrunken
from jeoni.backbones.catalog import default_backbone, fitted_to, load_backbone
from jeoni.backbones.cut import Tap
from jeoni.evaluation.calibration import softmax
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.heads.fitting.estimator import HeadClassifier
from jeoni.querying.choosing.simulation import mean_interval


def domain(table: Path, kept: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of one domain, from the folder of outcomes where they are there already."""
    if not kept.exists():
        data = jeoni.load_data(table)
        backbone = fitted_to(load_backbone(default_backbone(data)), data, None)
        tap = Tap(backbone.n, True)
        seen = Context().extract(data.items, [Request(backbone, (tap,))])
        rows = np.asarray(seen.features(backbone, tap).numpy(), dtype=np.float32)
        np.savez(kept, X=rows, y=np.array(data.task.class_names)[data.targets])
    content = np.load(kept)
    return content["X"], content["y"]


def scores(choices: Choices, Xt: np.ndarray, yt: np.ndarray, size: int, draw: int) -> dict[str, object]:
    """Accuracy of every method on the items without a label, and what the labels chose."""
    known = np.sort(np.random.default_rng(draw).permutation(len(yt))[:size])
    rest = np.setdiff1d(np.arange(len(yt)), known)
    found = choose_by_labels(choices, known, yt[known])
    accuracy = {}
    for name, one in found.contenders.items():
        if one.space is None:
            said = choices.free[name][rest]
        else:
            weights, biases, _ = fit_contender(one, known, yt[known])
            rows = choices.moved(one.space.adapter, Xt)[rest]
            said = softmax(rows @ weights.T + biases)
        accuracy[name] = float((said.argmax(1) == yt[rest]).mean())
    leads = {name: [lead.mean, lead.error, lead.items] for name, lead in found.leads.items()}
    return {"accuracy": accuracy, "leads": leads}


def chosen(one: dict) -> str:
    """The method that the labels of a draw choose."""
    return choose_shrunken(
        {name: Lead(*lead) for name, lead in one["leads"].items()},
        SOURCE_ONLY,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", default="elpv,reviews,fsdd")
    parser.add_argument("--sizes", default="20,10,50")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--outcomes", type=Path, default=Path(__file__).parent / "outcomes" / "few_target_labels")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    asked.outcomes.mkdir(parents=True, exist_ok=True)
    names = [(pair, source, target) for pair in asked.pairs.split(",") for source, target in PAIRS[pair]]
    shared("fsdd")
    for size, (pair, source, target) in ((size, name) for size in sizes for name in names):
        files = {
            (size, draw): asked.outcomes / f"{pair}-{source}-{target}-{size}-{draw}.json" for draw in range(asked.draws)
        }
        if all(file.exists() for file in files.values()):
            continue
        made = tables(pair, asked.outcomes)
        (Xs, ys), (Xt, yt) = (domain(made[d], asked.outcomes / f"{pair}-{d}.npz") for d in (source, target))
        classes, ys = np.unique(ys, return_inverse=True)
        yt = np.searchsorted(classes, yt)
        start = time.perf_counter()
        ready = asked.outcomes / f"{pair}-{source}-{target}.pickle"
        if not ready.exists():
            ready.write_bytes(pickle.dumps(label_free(Xs, ys.astype(np.int64), Xt, HeadClassifier(), seed=0)))
        choices = pickle.loads(ready.read_bytes())
        alone = {k: round(100 * float((p.argmax(1) == yt).mean()), 1) for k, p in choices.free.items()}
        print(f"{pair}: {source} to {target}, {time.perf_counter() - start:.0f} s, without labels {alone}", flush=True)
        for (size, draw), file in files.items():
            if not file.exists():
                start = time.perf_counter()
                found = scores(choices, Xt, yt, size, draw)
                file.write_text(json.dumps({**found, "seconds": round(time.perf_counter() - start, 1)}))
                gain = 100 * (found["accuracy"][chosen(found)] - found["accuracy"][SOURCE_ONLY])
                print(f"  {size} labels, draw {draw}: {chosen(found)} {gain:+.1f}", flush=True)
    report(names, sizes, asked)


def report(names: list[tuple[str, str, str]], sizes: list[int], asked: argparse.Namespace) -> None:
    """Gains by number of labels."""
    for size in sizes:
        by_pair = {}
        for pair, source, target in names:
            files = [asked.outcomes / f"{pair}-{source}-{target}-{size}-{draw}.json" for draw in range(asked.draws)]
            by_pair[f"{pair}: {source} to {target}"] = [json.loads(file.read_text()) for file in files]
        gains = {where: mean_gain(read, None) for where, read in by_pair.items()}
        value, low, high = mean_interval(np.array(list(gains.values())) / 100).points()
        print(f"\n{size} labels: {value:+.1f} points over source only ({low:+.1f} to {high:+.1f} over the pairs)")
        for where, gain in gains.items():
            source_only = 100 * np.mean([one["accuracy"][SOURCE_ONLY] for one in by_pair[where]])
            choices = ", ".join(chosen(one) for one in by_pair[where])
            print(f"  {where:28} source only {source_only:5.1f}, by labels {gain:+5.1f}   [{choices}]")
        worst = min(gains, key=lambda where: gains[where])
        single = {n: np.mean([mean_gain(read, n) for read in by_pair.values()]) for n in common(by_pair)}
        ranked = sorted(single.items(), key=lambda item: -item[1])
        print(f"  worst pair: {worst} {gains[worst]:+.1f}; best single method: {ranked[0][0]} {ranked[0][1]:+.1f}, "
              f"the choice is {ranked[0][1] - value:+.1f} behind it")  # fmt: skip
        print("  single methods: " + ", ".join(f"{n} {g:+.1f}" for n, g in ranked), flush=True)


def mean_gain(read: list[dict], name: str | None) -> float:
    """Points over source only, mean over draws: of a method, or of what was chosen."""
    each = [one["accuracy"][name or chosen(one)] - one["accuracy"][SOURCE_ONLY] for one in read]
    return 100 * float(np.mean(each))


def common(by_pair: dict[str, list[dict]]) -> list[str]:
    """Methods that took part everywhere."""
    return sorted(set.intersection(*(set(one["accuracy"]) for read in by_pair.values() for one in read)))


if __name__ == "__main__":
    main()

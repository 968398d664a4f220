"""Ten, twenty or fifty target labels: what `jeoni adapt --labels` gains over the source alone, on six real pairs.

    python benchmarks/few_target_labels.py [--pairs elpv,reviews,fsdd] [--sizes 20,10,50] [--draws 5] [--outcomes FOLDER]
    python benchmarks/few_target_labels.py --development [--pairs digits,office,...]

The six pairs are those of benchmarks/real_domains.py; they decided nothing. What was decided, was decided on the pairs of
benchmarks/development_domains.py, which share no ordered pair with them (`--development`). The labelled items are drawn at random; the
target's other items are scored. Every method that takes part in the average is also scored by itself, so that the average can be
compared with the best single method on the mean of all pairs. Printed are the mean gain over source only (points of
accuracy) with Student's 95 % interval over the pairs, each pair's mean of the draws being one number; the worst pair and
the worst draw; and how far the average lies behind the best single method.

Features and what needs no labels are computed once for a pair; each draw is a file in the folder of outcomes, so that a
run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import pickle
import time
from pathlib import Path

import development_domains
import numpy as np
import real_domains
from _data import shared
from development_domains import Domain, development_pair, features

from jeoni.adaptation.averaged_methods import fit_average, fit_contender
from jeoni.adaptation.labelled_target import AVERAGE, SOURCE_ONLY, Choices, judge_by_labels, label_free
from jeoni.heads.fitting.estimator import HeadClassifier
from jeoni.querying.choosing.simulation import mean_interval

Pair = tuple[str, str, str]


def both(pair: Pair, folder: Path, development: bool) -> tuple[Domain, Domain]:
    """Features and labels of both domains."""
    family, source, target = pair
    if development:
        return development_pair(family, source, target, folder)
    made = real_domains.tables(family, folder)
    here, there = (features(made[name], folder / f"{family}-{name}.npz") for name in (source, target))
    return here, there


def scores(choices: Choices, Xt: np.ndarray, yt: np.ndarray, size: int, draw: int) -> dict[str, object]:
    """Accuracy of every method and of the average on the items without a label, and the shares."""
    known = np.sort(np.random.default_rng(draw).permutation(len(yt))[:size])
    rest = np.setdiff1d(np.arange(len(yt)), known)
    judged = judge_by_labels(choices, known, yt[known])
    heads = {AVERAGE: fit_average(judged, choices, known, yt[known])}
    heads |= {name: fit_contender(one, choices, known, yt[known]) for name, one in judged.contenders.items()}
    accuracy = {}
    for name, head in heads.items():
        rows = Xt[rest] if head.adapter is None else head.adapter.transform(Xt)[rest]
        said = (rows @ head.weights.T + head.biases).argmax(1)
        accuracy[name] = float((said == yt[rest]).mean())
    leads = {name: [lead.mean, lead.error, lead.items] for name, lead in judged.leads.items()}
    return {"accuracy": accuracy, "shares": judged.shares, "leads": leads}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--development", action="store_true", help="the pairs that decided")
    parser.add_argument("--pairs", help="families of pairs, all if left out")
    parser.add_argument("--sizes", default="20,10,50")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--outcomes", type=Path, default=Path(__file__).parent / "outcomes" / "few_target_labels")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    asked.outcomes.mkdir(parents=True, exist_ok=True)
    known = development_domains.PAIRS if asked.development else real_domains.PAIRS
    families = asked.pairs.split(",") if asked.pairs else list(known)
    pairs = [(family, *ends) for family in families for ends in known[family]]
    shared("fsdd")
    for size, pair in ((size, pair) for size in sizes for pair in pairs):
        draw_all(pair, size, asked)
    for size in sizes:
        report(pairs, size, asked)


def outcomes(pair: Pair, size: int, asked: argparse.Namespace) -> list[Path]:
    """A file for each draw."""
    return [asked.outcomes / f"{'-'.join(pair)}-{size}-{draw}.json" for draw in range(asked.draws)]


def draw_all(pair: Pair, size: int, asked: argparse.Namespace) -> None:
    """Score the draws that have no file yet."""
    files = outcomes(pair, size, asked)
    if all(file.exists() for file in files):
        return
    (Xs, ys), (Xt, yt) = both(pair, asked.outcomes, asked.development)
    classes, ys = np.unique(ys, return_inverse=True)
    yt = np.searchsorted(classes, yt)
    start = time.perf_counter()
    ready = asked.outcomes / f"{'-'.join(pair)}.pickle"
    if not ready.exists():
        ready.write_bytes(pickle.dumps(label_free(Xs, ys.astype(np.int64), Xt, HeadClassifier(), seed=0)))
    choices = pickle.loads(ready.read_bytes())
    alone = {name: round(100 * float((probs.argmax(1) == yt).mean()), 1) for name, probs in choices.free.items()}
    print(f"{called(pair)}, {time.perf_counter() - start:.0f} s, without labels {alone}", flush=True)
    for draw, file in enumerate(files):
        if file.exists():
            continue
        start = time.perf_counter()
        found = scores(choices, Xt, yt, size, draw)
        file.write_text(json.dumps({**found, "seconds": round(time.perf_counter() - start, 1)}))
        gain = 100 * (found["accuracy"][AVERAGE] - found["accuracy"][SOURCE_ONLY])
        print(f"  {size} labels, draw {draw}: {gain:+.1f} [{said(found)}]", flush=True)


def called(pair: Pair) -> str:
    family, source, target = pair
    return f"{family}: {source} to {target}"


def said(one: dict) -> str:
    """The three methods that count most."""
    ordered = sorted(one["shares"].items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {100 * share:.0f} %" for name, share in ordered[:3])


def report(pairs: list[Pair], size: int, asked: argparse.Namespace) -> None:
    """Gains by pair, and beside single methods."""
    by_pair = {called(pair): [json.loads(f.read_text()) for f in outcomes(pair, size, asked)] for pair in pairs}
    gains = {where: gains_of(read, AVERAGE) for where, read in by_pair.items()}
    means = {where: float(np.mean(each)) for where, each in gains.items()}
    value, low, high = mean_interval(np.array(list(means.values())) / 100).points()
    print(f"\n{size} labels: {value:+.1f} points over source only ({low:+.1f} to {high:+.1f} over {len(pairs)} pairs)")
    for where, mean in means.items():
        source_only = 100 * np.mean([one["accuracy"][SOURCE_ONLY] for one in by_pair[where]])
        draws = " ".join(f"{gain:+.1f}" for gain in gains[where])
        print(f"  {where:28} source only {source_only:5.1f}, average {mean:+5.1f}   [{draws}]")
    worst = min(means, key=lambda where: means[where])
    single = {n: np.mean([np.mean(gains_of(read, n)) for read in by_pair.values()]) for n in single_methods(by_pair)}
    ranked = sorted(single.items(), key=lambda item: -item[1])
    best, lead = ranked[0]
    behind = [np.mean(gains_of(read, best)) - means[where] for where, read in by_pair.items()]
    away, least, most = mean_interval(np.array(behind) / 100).points()
    every = np.concatenate([gains[where] for where in gains])
    print(
        f"  worst pair: {worst} {means[worst]:+.1f}; worst draw {every.min():+.1f}, {100 * (every < -2).mean():.0f} % of draws lose more than 2"
    )
    lowest = min(np.mean(gains_of(read, best)) for read in by_pair.values())
    print(
        f"  best single method: {best} {lead:+.1f} (worst pair {lowest:+.1f}), "
        f"the average is {away:+.1f} behind it ({least:+.1f} to {most:+.1f})"
    )
    alone = [np.mean([gains_of([one], heaviest(one))[0] for one in read]) for read in by_pair.values()]
    print(f"  the method of the largest share alone: {np.mean(alone):+.1f}, worst pair {min(alone):+.1f}")
    print("  single methods: " + ", ".join(f"{n} {g:+.1f}" for n, g in ranked), flush=True)


def heaviest(one: dict) -> str:
    """The method that counts most."""
    return max(one["shares"], key=lambda name: one["shares"][name])


def gains_of(read: list[dict], name: str) -> np.ndarray:
    """Points over source only of each draw; 0 where a method takes no part, as where the labels show one class."""
    scores = [one["accuracy"] for one in read]
    return 100 * np.array([one.get(name, one[SOURCE_ONLY]) - one[SOURCE_ONLY] for one in scores])


def single_methods(by_pair: dict[str, list[dict]]) -> list[str]:
    """Methods that took part anywhere."""
    return sorted({name for read in by_pair.values() for one in read for name in one["accuracy"]} - {AVERAGE})


if __name__ == "__main__":
    main()

"""Training from scratch as it was and as it is: what it costs, and whether the control is as good.

    python benchmarks/scratch.py quality [--keep outcomes.json] [--backbone untrained:test_resnet] [--seeds 5]
    python benchmarks/scratch.py steps [--backbone efficientnet_lite0]
    python benchmarks/scratch.py at-once [--backbone untrained:test_resnet]

``quality``: 60 pictures (20 of each of three classes of CIFAR-10), five folds, three repeats, as `compare` has them. Before:
every repeat tries three rates for itself, all pictures at the network's full size. Now: one search for all repeats, smaller
pictures first, beaten trials stopped. Both train on the same examples from the same seeds; both are scored on the same 300
other pictures. Prints processor seconds, their ratio, accuracies, and the paired difference with its 95 % interval over
pictures and repeats. What ``--keep`` holds is not run again.

``steps``: seconds of a step at each size of pictures, one thread; and by them what the comparison of the first part takes in
all, before and now. With efficientnet_lite0 at 224 pixels that is the comparison that took over 25 minutes on two cores.

``at-once``: the same three fits in this process with all cores, and in worker processes with one core each: wall seconds,
their ratio, and whether the predictions agree with one thread in this process, bit for bit.

Target: a quarter of the time or less, and a difference within noise. Needs CIFAR-10 (see `_data.py`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _data import shared

from jeoni.assessment.draws import Draw, draws_by_fold
from jeoni.assessment.fits import Fit, Workers, made_by_workers, make_fit
from jeoni.assessment.shared_search import Searches
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.items import FileItems
from jeoni.data.splits import build_folds
from jeoni.evaluation.verdict import pigeonhole
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.strategies.scratch import LENGTH, TRIAL, Scratch
from jeoni.tasks.classification import Classification
from jeoni.training.defaults import steps_for
from jeoni.training.memory import kept_memory
from jeoni.training.sizes import growing_sizes, resize
from jeoni.types import Dataset

CLASSES = ("airplane", "frog", "truck")
EACH, TESTED, FOLDS, REPEATS = 20, 100, 5, 3
BEFORE, NOW = "before", "now"


def pictures(seed: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Paths, labels, and which of them are the 300 that are only tested on."""
    rng = np.random.default_rng(seed)
    paths, labels, tested = [], [], []
    for number, name in enumerate(CLASSES):
        files = sorted((shared("cifar10") / "train" / name).iterdir())
        chosen = [files[i] for i in rng.permutation(len(files))[:EACH]]
        held = sorted((shared("cifar10") / "test" / name).iterdir())[:TESTED]
        paths += [str(file) for file in [*chosen, *held]]
        labels += [number] * (EACH + len(held))
        tested += [False] * EACH + [True] * len(held)
    return paths, np.array(labels), np.array(tested)


def examples_of(seed: int, backbone: Backbone, context: Context) -> tuple[Examples, Examples]:
    """The 60 that are learned from, and the 300."""
    paths, labels, tested = pictures(seed)
    data = Dataset("cifar", FileItems(paths, paths), labels, Classification(CLASSES))
    seen = context.extract(data.items, [Request(backbone, (Tap(0, False), Tap(backbone.n, True)))])
    whole = Examples(data, np.arange(len(labels)), seen, np.arange(len(labels)), np.zeros((1, len(labels)), dtype=int))
    learned, other = np.flatnonzero(~tested), np.flatnonzero(tested)
    return (
        whole.select(learned, np.zeros((1, len(learned)), dtype=int)),
        whole.select(other, np.zeros((1, len(other)), dtype=int)),
    )


def fits_of(strategy: Scratch, backbone: Backbone, learned: Examples, other: Examples, seed: int) -> list[Fit]:
    """One for each repeat, as a comparison makes them."""
    labels = learned.data.targets
    made = []
    for draw in draws(learned, seed):
        own = seed + 1000 * draw.number
        inner = build_folds(labels[draw.train], learned.clusters[draw.train], FOLDS, 1, own)
        train = replace(learned.select(draw.train, inner), of=len(draw.train))
        made.append(Fit(f"repeat {draw.number}", strategy, backbone, train, other, own))
    return made


def draws(learned: Examples, seed: int) -> list[Draw]:
    return draws_by_fold(learned.data.targets, learned.clusters, REPEATS, FOLDS, seed)


def run(way: str, seed: int, backbone: Backbone, context: Context) -> dict[str, Any]:
    """All repeats in one way: processor seconds, which of the 300 were right, and what the search found."""
    learned, other = examples_of(seed, backbone, context)
    strategy = Scratch() if way == NOW else Scratch(growing=False, stopping=False)
    fits = fits_of(strategy, backbone, learned, other, seed)
    begun = time.process_time()
    if way == NOW:
        own = replace(context, seed=seed)
        found = Searches(strategy, backbone, learned, draws(learned, seed), own, FOLDS).at(None)
        fits = [replace(fit, found=found[number]) for number, fit in enumerate(fits)]
    made = [make_fit(fit, context) for fit in fits]
    seconds = time.process_time() - begun
    right = [(one.predictions.argmax(1) == other.data.targets).astype(int).tolist() for one in made]
    return {
        "seconds": round(seconds, 1),
        "right": right,
        "rates": [one.training["recipe"]["learning_rate"] for one in made],
        "search": [one.training["search"] for one in made],
    }


def quality(asked: argparse.Namespace) -> None:
    torch.set_num_threads(1)  # processor seconds of waiting threads would count too
    backbone = load_backbone(asked.backbone)
    path = Path(asked.keep)
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        context = Context(FeatureStore(Path(folder)), workers=1)
        for seed in range(asked.seeds):
            for way in (NOW, BEFORE):
                key = f"{asked.backbone}|{seed}|{way}"
                if key not in kept:
                    kept[key] = run(way, seed, backbone, context)
                    path.write_text(json.dumps(kept))
            told(kept, asked.backbone, seed + 1)


def told(kept: dict[str, Any], backbone: str, seeds: int) -> None:
    """The table of all seeds so far."""
    found = {way: [kept[f"{backbone}|{seed}|{way}"] for seed in range(seeds)] for way in (BEFORE, NOW)}
    for way, runs in found.items():
        seconds = np.mean([one["seconds"] for one in runs])
        print(f"{way:<8}{100 * np.mean(scores(runs)):6.1f} % right, {seconds:8.1f} processor seconds", flush=True)
    difference = scores(found[NOW]) - scores(found[BEFORE])
    items = np.tile(np.arange(3 * TESTED), seeds * REPEATS)
    numbers = np.repeat(np.arange(seeds * REPEATS), 3 * TESTED)
    interval = pigeonhole(difference, items, numbers, 0, None)
    ratio = sum(one["seconds"] for one in found[BEFORE]) / sum(one["seconds"] for one in found[NOW])
    agree = np.mean(
        [a == b for o, n in zip(*found.values(), strict=True) for a, b in zip(o["rates"], n["rates"], strict=True)]
    )
    stopped = sum(one["search"][0]["stopped"] for one in found[NOW])
    print(
        f"{seeds} seeds: now minus before {100 * interval.value:+.1f} points "
        f"({100 * interval.low:.1f} to {100 * interval.high:.1f}); before took {ratio:.1f} times as long; "
        f"the same rate in {100 * agree:.0f} % of the repeats; {stopped} trials stopped",
        flush=True,
    )


def scores(runs: list[dict[str, Any]]) -> np.ndarray:
    return np.concatenate([np.concatenate([np.array(one) for one in run["right"]]) for run in runs]).astype(float)


def steps(asked: argparse.Namespace) -> None:
    """Seconds of a step by size, and the comparison in units of them."""
    torch.set_num_threads(1)
    backbone = load_backbone(asked.backbone)
    sizes = growing_sizes(backbone)
    if sizes is None:
        raise SystemExit(f"{asked.backbone} trains at one size only.")
    network = backbone.input.entry(backbone.network).train().requires_grad_(True)
    rows = torch.from_numpy(backbone.input.example_rows(32)).float()
    taken = {}
    with kept_memory():
        for side in sizes.sides:
            some, each = resize(rows, side), []
            for _ in range(asked.passes):
                begun = time.process_time()
                network(some).square().mean().backward()
                each.append(time.process_time() - begun)
            taken[side] = min(each)
            print(
                f"{side} pixels: {taken[side]:.2f} s a step, {taken[side] / taken[sizes.sides[0]]:.1f} times the first"
            )
    whole, full = taken[sizes.whole], steps_for(round(EACH * 3 * (1 - 1 / FOLDS)), 32, LENGTH)
    grown = sum(share * taken[side] for side, share in zip(sizes.sides, sizes.shares, strict=True))
    before = REPEATS * full * whole * (1 + 3 * TRIAL)
    now = REPEATS * full * grown + full * 3 * TRIAL * taken[sizes.sides[0]]
    print(
        f"{REPEATS} repeats of {full} steps: {before:.0f} s before, {now:.0f} s now, on one core: {before / now:.1f} times"
    )


def at_once(asked: argparse.Namespace) -> None:
    backbone = load_backbone(asked.backbone)
    cores = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        context = Context(FeatureStore(Path(folder)))
        learned, other = examples_of(0, backbone, context)
        strategy = Scratch(recipe=replace(Scratch().recipe, learning_rate=1e-3))
        fits = fits_of(strategy, backbone, learned, other, 0)
        list(made_by_workers(fits[:2], context, Workers(2, 1)))  # starts the workers, and computes the views
        begun = time.perf_counter()
        at_once = list(made_by_workers(fits, context, Workers(min(cores, len(fits)), 1)))
        middle = time.perf_counter()
        for fit in fits:
            make_fit(fit, context)
        end = time.perf_counter()
        torch.set_num_threads(1)
        alone = make_fit(fits[0], replace(context, workers=1))
    same = np.array_equal(at_once[0].predictions, alone.predictions)
    print(
        f"workers {middle - begun:.1f} s, one after the other {end - middle:.1f} s: {(end - middle) / (middle - begun):.2f} times"
    )
    print(f"the same predictions as with one thread here: {same}")


def parts() -> Iterator[tuple[str, Any]]:
    yield from (("quality", quality), ("steps", steps), ("at-once", at_once))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=[name for name, _ in parts()])
    parser.add_argument("--keep", default="scratch-outcomes.json")
    parser.add_argument("--backbone", default="")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--passes", type=int, default=3)
    asked = parser.parse_args()
    asked.backbone = asked.backbone or ("efficientnet_lite0" if asked.part == "steps" else "untrained:test_resnet")
    dict(parts())[asked.part](asked)


if __name__ == "__main__":
    main()

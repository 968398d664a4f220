"""Training from scratch as it was and as it is: what it costs, and whether the control is as good.

    python benchmarks/scratch.py quality [--keep outcomes.json] [--backbone untrained:test_byobnet] [--seeds 5]
    python benchmarks/scratch.py steps [--backbone efficientnet_lite0]
    python benchmarks/scratch.py at-once [--backbone untrained:test_byobnet]

``quality``: 60 pictures (20 of each of three classes of CIFAR-10), five folds, three repeats, as `compare` has them. Before:
every repeat tries three rates for itself, all pictures at the network's full size. Now: one search for all repeats, smaller
pictures first, beaten trials stopped. Both train on the same examples from the same seeds; both are scored on the same 300
other pictures. Prints processor seconds, their ratio, accuracies, and the paired difference with its 95 % interval over
pictures and repeats. What ``--keep`` holds is not run again; ``--most 1`` makes one fit and ends, ``--steps 60`` trains for
less long in both ways.

``steps``: seconds of a step at each size of pictures, one thread; and by them what the comparison of the first part takes in
all, before and now; then what fine-tuning on 2,000 recordings takes. With efficientnet_lite0 at 224 pixels that is the comparison that took over 25 minutes on two cores.

``at-once``: the same three fits in this process with all cores, and in worker processes with one core each: wall seconds,
their ratio, and whether the predictions agree with one thread in this process, bit for bit.

Target: a quarter of the time or less, and a difference within noise. Needs CIFAR-10 (see `_data.py`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
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
from jeoni.backbones.cut import Tap, cut
from jeoni.data.items import FileItems
from jeoni.data.splits import build_folds
from jeoni.evaluation.verdict import pigeonhole
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.specs import Recipe
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.search import Found
from jeoni.strategies.scratch import LENGTH, TRIAL, Scratch
from jeoni.tasks.classification import Classification
from jeoni.training.defaults import steps_for
from jeoni.training.memory import kept_memory
from jeoni.training.sizes import growing_sizes, resize
from jeoni.training.work import EVALUATIONS, FORWARD
from jeoni.types import Dataset

CLASSES = ("airplane", "frog", "truck")
EACH, TESTED, FOLDS, REPEATS = 20, 100, 5, 3
DIGITS = 2000
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


def quality(asked: argparse.Namespace) -> None:
    torch.set_num_threads(1)  # processor seconds of waiting threads would count too
    backbone = load_backbone(asked.backbone)
    path = Path(asked.keep)
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    context = Context(FeatureStore(Path(asked.cache) if asked.cache else Path(tempfile.mkdtemp())), workers=1)
    made = 0
    for seed in range(asked.seeds):
        name = f"{asked.backbone}|{asked.steps or 'all'}|{seed}"
        for key, unit in units(name, seed, backbone, context, asked.steps, kept).items():
            if key in kept:
                continue
            if made == asked.most:
                return
            kept[key] = unit()
            made += 1
            path.write_text(json.dumps(kept))
        told(kept, f"{asked.backbone}|{asked.steps or 'all'}", seed + 1)


def units(
    name: str, seed: int, backbone: Backbone, context: Context, count: int, kept: dict[str, Any]
) -> dict[str, Callable[[], dict[str, Any]]]:
    """The search of one seed, and the fits in both ways; each is made once."""
    learned, other = examples_of(seed, backbone, context)
    recipe = Recipe(steps=count or None)
    ways = {NOW: Scratch(recipe=recipe), BEFORE: Scratch(recipe=recipe, growing=False, stopping=False)}

    def search() -> dict[str, Any]:
        own, begun = replace(context, seed=seed), time.process_time()
        found = Searches(ways[NOW], backbone, learned, draws(learned, seed), own, FOLDS).at(None)
        seconds = time.process_time() - begun
        each = [{**asdict(one), "scores": [*one.scores.items()]} for one in found.values()]
        return {"seconds": seconds, "found": each, "stopped": found[0].stopped}

    def fit(way: str, number: int) -> dict[str, Any]:
        one = fits_of(ways[way], backbone, learned, other, seed)[number]
        if way == NOW:
            known = kept[f"{name}|search"]["found"][number]
            one = replace(one, found=Found(**{**known, "scores": dict(known["scores"])}))
        begun = time.process_time()
        fitted = make_fit(one, context)
        return {
            "seconds": time.process_time() - begun,
            "right": (fitted.predictions.argmax(1) == other.data.targets).astype(int).tolist(),
            "rate": fitted.training["recipe"]["learning_rate"],
            "steps": fitted.training["recipe"]["steps"],
        }

    fits = {f"{name}|{way}|{k}": partial(fit, way, k) for k in range(REPEATS) for way in (NOW, BEFORE)}
    return {f"{name}|search": search, **fits}


def told(kept: dict[str, Any], name: str, seeds: int) -> None:
    """The table of all seeds so far."""
    found = {
        way: [kept[f"{name}|{seed}|{way}|{k}"] for seed in range(seeds) for k in range(REPEATS)]
        for way in (BEFORE, NOW)
    }
    searches = [kept[f"{name}|{seed}|search"] for seed in range(seeds)]
    seconds = {way: sum(one["seconds"] for one in runs) for way, runs in found.items()}
    seconds[NOW] += sum(one["seconds"] for one in searches)
    items = np.tile(np.arange(3 * TESTED), seeds * REPEATS)
    numbers = np.repeat(np.arange(seeds * REPEATS), 3 * TESTED)
    for way, runs in found.items():
        share = pigeonhole(scores(runs), items, numbers, 0)
        print(
            f"{way:<8}{100 * share.value:6.1f} % right ({100 * share.low:.1f} to {100 * share.high:.1f}), "
            f"{seconds[way] / seeds:8.1f} processor seconds",
            flush=True,
        )
    difference = pigeonhole(scores(found[NOW]) - scores(found[BEFORE]), items, numbers, 0)
    agree = np.mean([a["rate"] == b["rate"] for a, b in zip(found[BEFORE], found[NOW], strict=True)])
    stopped = sum(one["stopped"] for one in searches)
    print(
        f"{seeds} seeds of {REPEATS} repeats: now minus before {100 * difference.value:+.1f} points "
        f"({100 * difference.low:.1f} to {100 * difference.high:.1f}); before took {seconds[BEFORE] / seconds[NOW]:.1f} "
        f"times as long; the same rate in {100 * agree:.0f} %; {stopped} of {3 * seeds} trials stopped",
        flush=True,
    )


def scores(runs: list[dict[str, Any]]) -> np.ndarray:
    return np.concatenate([np.array(one["right"], dtype=float) for one in runs])


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
    finetuning(load_backbone(asked.backbone), asked.passes)


def finetuning(backbone: Backbone, passes: int) -> None:
    """Seconds of fine-tuning on 2,000 recordings of a second: random views below the cut, and steps above it."""
    n = round(0.8 * DIGITS)
    recipe = Finetune().resolved(backbone, n)
    made = cut(backbone, Finetune().frozen(backbone, DIGITS))
    lower, upper = backbone.input.entry(made.lower), made.upper.train().requires_grad_(True)
    rows = torch.from_numpy(backbone.input.example_rows(recipe.batch_size))
    below, above = [], []
    for _ in range(passes):
        begun = time.process_time()
        with torch.inference_mode():
            given = lower(rows)
        below.append(time.process_time() - begun)
        some = given.clone()
        begun = time.process_time()
        upper(some).square().mean().backward()
        above.append(time.process_time() - begun)
    views = recipe.views * n / recipe.batch_size * min(below)
    trained = recipe.steps * min(above)
    looks = EVALUATIONS * FORWARD * (n / 10) / recipe.batch_size * min(above)
    print(
        f"fine-tuning on {DIGITS:,} recordings, one core: {views:.0f} s for {recipe.views} views of {n:,}, not compiled; "
        f"{trained:.0f} s for {recipe.steps} steps above stage {made.frozen} of {backbone.n}; {looks:.0f} s of evaluations"
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
    parser.add_argument("--steps", type=int, default=0, help="of a training; 0: as many as by default")
    parser.add_argument("--most", type=int, default=10**6, help="searches and fits in one call")
    parser.add_argument("--cache", default="", help="a folder for features that the next call finds again")
    parser.add_argument("--passes", type=int, default=3)
    asked = parser.parse_args()
    asked.backbone = asked.backbone or ("efficientnet_lite0" if asked.part == "steps" else "untrained:test_byobnet")
    dict(parts())[asked.part](asked)


if __name__ == "__main__":
    main()

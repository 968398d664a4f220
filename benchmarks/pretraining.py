"""Does pretraining on one's own unlabelled data pay? With against without, paired on the same draws and test items.

    python benchmarks/pretraining.py language [--texts 20000] [--steps 600] [--budgets 16,64] [--draws 5] [--test 5000]
        [--keep FOLDER]
    python benchmarks/pretraining.py elpv [--method vicreg] [--steps 600] [--views 4] [--budgets 10] [--draws 5] [--keep FOLDER]
    python benchmarks/pretraining.py dcgan [--steps 3000] [--width 32] [--draws 5] [--keep FOLDER]

language: masked language modelling of multilingual-e5-small on film reviews of nsmc/unlabelled.txt, which are disjoint
from the labelled ones; then a linear probe of as many labels a class of train.csv, tested on test.csv. elpv: a
self-supervised method from efficientnet_lite0 on one half of the cells, without labels; then a linear probe of as many
labels a class of that half, tested on the other. dcgan: a generator and a discriminator on the 3,000 training images of CIFAR-10 at 32 pixels; its
features against pretrained and untrained ones by linear probe. Each training keeps checkpoints, and what each draw had
right is written to a file, in the folder of --keep: both are not computed again.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from _data import shared
from nsmc import interval, read

from jeoni.assessment.draws import pick
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, cut, merge
from jeoni.backbones.sources.sentences import E5
from jeoni.data.items import FileItems
from jeoni.data.splits import build_folds, repeats_for
from jeoni.data.text_items import TextItems
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.pretraining.learning.collapse import spread_of
from jeoni.pretraining.learning.method import OwnNetwork, Pretrained, Start, build_method
from jeoni.specs import Recipe
from jeoni.strategies.probe import Probe
from jeoni.tasks import load_data
from jeoni.tasks.classification import Classification
from jeoni.training.checkpoint import load_state
from jeoni.types import Console, Dataset, IntArray, Items, Quiet


class Told(Quiet):
    """Says what the run says."""

    def warn(self, text: str) -> None:
        print(f"  {text}", flush=True)


def unlabelled(items: Items, modality: str) -> Dataset:
    return Dataset("unlabelled", items, np.full((len(items), 1), None, dtype=object), modality=modality)


def examples_of(data: Dataset, backbone: Backbone, taps: tuple[Tap, ...], context: Context) -> Examples:
    """All examples that can be read, with the rows of the taps in the store."""
    seen = context.extract(data.items, [Request(backbone, taps)])
    index = np.flatnonzero(seen.readable)
    return Examples(data.select(index), index, seen, index, np.zeros((1, len(index)), dtype=np.int64))


def pretrained(
    name: str, backbone: Backbone, data: Dataset, recipe: Recipe, keep: Path, settings: dict[str, Any] | None = None
) -> Pretrained:
    method, seed = build_method(name, settings), 0
    console: Console = Told()
    context = Context(FeatureStore(), seed=seed, console=console, checkpoints=keep / "checkpoints")
    start = time.perf_counter()
    examples = examples_of(data, backbone, method.taps(backbone, len(data), recipe), context)
    print(f"{len(examples)} items read in {time.perf_counter() - start:.0f} s", flush=True)
    found = method.learn(Start(backbone, examples, context, recipe))
    said = ", ".join(f"{k} {v[0]:.3f} to {v[-1]:.3f}" for k, v in found.course.terms.items())
    t = found.training
    print(
        f"{name}: {found.frozen} of {backbone.n} stages frozen, {t['steps']} steps, {t['seconds']:.0f} s; {said}",
        flush=True,
    )
    return found


def compare(
    arms: dict[str, Backbone],
    data: Dataset,
    train: IntArray,
    test: IntArray,
    budgets: list[int],
    draws: int,
    keep: Path,
) -> None:
    """Linear probes of every backbone on the same draws; the first one is what the others are held against."""
    labels = data.targets
    needed = np.unique(np.concatenate([pick(labels, train, b, seed) for b in budgets for seed in range(draws)]))
    at = np.concatenate([needed, test])
    part, place = data.select(at), {int(i): k for k, i in enumerate(at)}
    held = np.arange(len(needed), len(at))
    right: dict[tuple[str, int], list[np.ndarray]] = {}
    for name, backbone in arms.items():
        context, pooled = Context(FeatureStore()), (Tap(backbone.n, True),)
        whole = None
        for budget in budgets:
            for seed in range(draws):
                file = keep / f"{name}-{budget}-{seed}.npz"
                if file.exists():
                    right.setdefault((name, budget), []).append(np.load(file)["right"])
                    continue
                if whole is None:
                    start = time.perf_counter()
                    seen = context.extract(part.items, [Request(backbone, pooled)])
                    whole = Examples(
                        part, np.arange(len(at)), seen, np.arange(len(at)), np.zeros((1, len(at)), dtype=np.int64)
                    )
                    spread = spread_of(
                        whole.select(held, whole.folds[:, held]).features(backbone, pooled[0]).numpy()[:2000]
                    )
                    print(f"{name}: {len(at)} items in {time.perf_counter() - start:.0f} s; {spread}", flush=True)
                chosen = pick(labels, train, budget, seed)
                some = np.array([place[int(i)] for i in chosen])
                folds = build_folds(labels[chosen], some, 5, repeats_for(len(some)), seed)
                examples = whole.select(some, folds)
                model = Probe().fit(backbone, examples, Context(context.store, seed=seed))
                probs = model.predict_examples(whole.select(held, whole.folds[:, held]), backbone, context)
                hit = probs.argmax(1) == labels[test]
                right.setdefault((name, budget), []).append(hit)
                keep.mkdir(parents=True, exist_ok=True)
                np.savez_compressed(file, right=hit)
    first = next(iter(arms))
    for budget in budgets:
        base = np.array(right[first, budget], dtype=float)
        for name in arms:
            rows = np.array(right[name, budget], dtype=float)
            low, high = interval(rows)
            line = f"{budget} per class, {name}: accuracy {100 * rows.mean():.1f} ({100 * low:.1f} to {100 * high:.1f})"
            if name != first:
                below, above = interval(rows - base)
                line += (
                    f"; minus {first} {100 * (rows - base).mean():+.1f} points ({100 * below:.1f} to {100 * above:.1f})"
                )
            print(line, flush=True)


def interrupted(backbone: Backbone, frozen: int, checkpoint: Path) -> Backbone:
    """The weights of a training that did not come to its end, as its last checkpoint has them."""
    found = load_state(checkpoint)
    assert found is not None
    tensors, facts = found
    print(f"interrupted at step {facts['step']} after {facts['seconds']:.0f} s: {facts['evaluations']}", flush=True)
    made = cut(backbone, frozen)
    made.upper.load_state_dict({k.removeprefix("last.features."): v for k, v in tensors.items() if ".features." in k})
    return merge(backbone, made)


def language(asked: argparse.Namespace) -> None:
    lines = (shared("nsmc") / "unlabelled.txt").read_text(encoding="utf-8").splitlines()
    some = np.random.default_rng(0).permutation(len(lines))[: asked.texts]
    corpus = unlabelled(TextItems([lines[i] for i in some if lines[i].strip()]), "text")
    backbone = load_backbone(E5)
    recipe = Recipe(steps=asked.steps, frozen=asked.frozen, cache_gb=5.0)
    if asked.weights_of:
        after = interrupted(backbone, int(asked.frozen), asked.weights_of)
    else:
        after = pretrained("masked_language", backbone, corpus, recipe, asked.keep).backbone
    (train, own), (test, labels) = read(shared("nsmc") / "train.csv"), read(shared("nsmc") / "test.csv")
    task = Classification(("negative", "positive"))
    data = Dataset("nsmc", TextItems([*train, *test]), np.concatenate([own, labels]), task, modality="text")
    here, there = np.arange(len(train)), np.arange(len(train), len(data))
    there = there[: asked.test]
    arms = {"without": backbone, "with": after}
    stem = asked.weights_of.stem if asked.weights_of else f"{asked.texts}-{asked.steps}-{asked.frozen}"
    settings = f"language-{stem}-{asked.test}"
    compare(arms, data, here, there, asked.budgets, asked.draws, asked.keep / settings)


def elpv(asked: argparse.Namespace) -> None:
    from elpv import cells

    paths, labels = cells()
    data = Dataset("elpv", FileItems(paths, paths), labels, Classification(("good", "defective")))
    order = np.random.default_rng(0).permutation(len(data))
    train, test = np.sort(order[: len(data) // 2]), np.sort(order[len(data) // 2 :][: asked.test])
    backbone = load_backbone("efficientnet_lite0")
    here = data.items.select(train)
    sizes = {"steps": asked.steps, "batch_size": asked.batch_size, "views": asked.views}
    recipe = Recipe(frozen=asked.frozen, augment=asked.augment, **sizes)
    found = pretrained(asked.method, backbone, unlabelled(here, "image"), recipe, asked.keep)
    arms = {"without": backbone, "with": found.backbone}
    settings = f"elpv-{asked.method}-{asked.steps}-{asked.frozen}-{asked.views}-{asked.augment}-{asked.test}"
    compare(arms, data, train, test, asked.budgets, asked.draws, asked.keep / settings)


def dcgan(asked: argparse.Namespace) -> None:
    data = load_data(shared("cifar10"))
    train, test = np.flatnonzero(data.part == "train"), np.flatnonzero(data.part == "test")
    test = np.sort(np.random.default_rng(0).permutation(test)[: asked.test])
    method = build_method("dcgan", {"width": asked.width})
    assert isinstance(method, OwnNetwork)
    random = method.network(0)
    here = unlabelled(data.items.select(train), "image")
    found = pretrained("dcgan", random, here, Recipe(steps=asked.steps), asked.keep, {"width": asked.width})
    arms = {
        "pretrained lite0": load_backbone("efficientnet_lite0"),
        "untrained discriminator": random,
        "dcgan": found.backbone,
    }
    settings = f"dcgan-{asked.steps}-{asked.width}-{asked.test}"
    compare(arms, data, train, test, asked.budgets, asked.draws, asked.keep / settings)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=("language", "elpv", "dcgan"))
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--frozen", default="auto")
    parser.add_argument("--budgets", type=lambda text: [int(b) for b in text.split(",")])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--test", type=int, default=5000, help="test items, at most")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument(
        "--weights-of", type=Path, help="of language: a checkpoint, whose weights are taken as they are"
    )
    parser.add_argument("--method", default="vicreg")
    parser.add_argument("--views", type=int, default=4)
    parser.add_argument("--augment", default="medical", help="of elpv; brightness is a measurement there")
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--keep", type=Path, default=Path("benchmarks/outcomes/pretraining"))
    asked = parser.parse_args()
    if asked.budgets is None:
        asked.budgets = {"language": [16, 64], "elpv": [10], "dcgan": [10, 100]}[asked.part]
    globals()[asked.part](asked)


if __name__ == "__main__":
    main()

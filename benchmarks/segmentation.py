"""Street scenes (CamVid at 240 x 180, eleven classes): mean IoU of heads on frozen and on trained stages, and their cost.

    python benchmarks/segmentation.py [--arms linear,fpn,finetune,scratch,untrained] [--seeds 1] [--keep outcomes.json]
    python benchmarks/segmentation.py --speed

Trained on the 367 pictures of the given training part, scored on the 233 of its test part; nothing was chosen on those.
Arms: `linear` and `fpn` heads on frozen ImageNet features of efficientnet_lite0, `finetune` the pyramid with the upper
stages trained, `scratch` everything from random weights, `untrained` the pyramid on frozen random weights. Intervals are
95 % percentiles over 2,000 resamples of the test pictures.

`--speed` trains the linear head twice for as many steps on the same views: once on maps from the store, and once as the
common recipe does it, the whole network forward in every epoch; both print seconds, without and with the first pass over
the pictures, and the mean IoU.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from _data import shared
from _dense import Kept, Pictures

from jeoni.dense.assess import evidence_of
from jeoni.dense.scoring import evaluate_evidence
from jeoni.dense.transfer import Transfer, build_dense_head
from jeoni.features.store import FeatureStore
from jeoni.specs import Recipe

CLASSES = "sky,building,pole,road,pavement,tree,sign,fence,car,pedestrian,bicyclist"
ARMS = {
    "linear": ("probe", "linear", True),
    "fpn": ("probe", "fpn", True),
    "finetune": ("finetune", "fpn", True),
    "scratch": ("scratch", "fpn", True),
    "untrained": ("probe", "fpn", False),
}


def parts_of(pictures: Pictures, test: str) -> tuple[np.ndarray, np.ndarray]:
    part = pictures.data.part
    return np.flatnonzero(part == "train"), np.flatnonzero(part == test)


def outcome(pictures: Pictures, arm: str, seed: int, test: str, recipe: dict[str, Any]) -> dict[str, Any]:
    strategy, head, trained = ARMS[arm]
    train, held = parts_of(pictures, test)
    model, _, seconds = pictures.fit(strategy, train, seed, trained=trained, head=head, **recipe)
    evidence = [one.tolist() for one in pictures.evidence(model, held)]
    spent = model.training["seconds"]
    return {"seconds": seconds, "training_s": spent, "steps": model.training["steps"], "evidence": evidence}


def told(pictures: Pictures, arm: str, found: list[dict[str, Any]]) -> str:
    lines = []
    for one in found:
        scores = evaluate_evidence(pictures.task, [np.array(e) for e in one["evidence"]])
        miou, dice = scores.metrics["miou"], scores.metrics["dice"]
        lines.append(
            f"{arm:>10}: mIoU {miou.value:.3f} ({miou.low:.3f} to {miou.high:.3f}), Dice {dice.value:.3f}; "
            f"{one['seconds']:.0f} s in all, {one['training_s']:.0f} s of it {one['steps']} steps"
        )
    last = scores.breakdown
    lines.append(" " * 12 + ", ".join(f"{row['class']} {row['iou'].value:.2f}" for row in last))
    return "\n".join(lines)


def speed(pictures: Pictures, steps: int, test: str, kept: Kept) -> None:
    """The same head, views and steps, with and without stored maps; each from a store of its own, empty at first."""
    train, held = parts_of(pictures, test)

    def one(cached: bool) -> dict[str, float]:
        with tempfile.TemporaryDirectory() as root:
            context = replace(pictures.context, store=FeatureStore(Path(root)))
            return of_a_store(replace(pictures, context=context), cached)

    def of_a_store(pictures: Pictures, cached: bool) -> dict[str, float]:
        backbone = pictures.backbone()
        task = pictures.task
        recipe = Recipe(steps=steps, cache_gb=20.0 if cached else 1e-6)
        transfer = Transfer(task, build_dense_head(task, "linear"), "linear", "probe", recipe)
        start = time.perf_counter()
        examples = pictures.examples(backbone, transfer, train, pictures.context)
        model = transfer.fit(backbone, examples, pictures.context)
        whole = time.perf_counter() - start
        others = pictures.examples(backbone, transfer, held, pictures.context)
        evidence = evidence_of(model, backbone, others, pictures.context)
        miou = evaluate_evidence(task, evidence, resamples=10).metrics["miou"].value
        return {"whole": whole, "training": model.training["seconds"], "miou": miou}

    ours, common = (
        kept.get(f"speed ours {steps}", lambda: one(True)),
        kept.get(f"speed common {steps}", lambda: one(False)),
    )
    for name, found in (("maps from the store", ours), ("whole network forward", common)):
        print(
            f"{name:>22}: {found['training']:.0f} s training, {found['whole']:.0f} s in all, mIoU {found['miou']:.3f}"
        )
    print(
        f"ratio: training {common['training'] / ours['training']:.1f} times sooner, "
        f"in all {common['whole'] / ours['whole']:.1f} times"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arms", default="linear,fpn,finetune,scratch,untrained")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--longest", type=int, default=0)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--test", default="test", choices=("test", "val"))
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--keep", default="")
    asked = parser.parse_args()
    kept = Kept(asked.keep)
    pictures = Pictures.read(shared("camvid"), "segmentation", asked.longest, class_names=CLASSES, void="11")
    pictures = replace(pictures, context=replace(pictures.context, workers=0))
    train, held = parts_of(pictures, asked.test)
    print(
        f"{len(train)} pictures, tested on {len(held)} of part {asked.test}; longer side {pictures.longest}", flush=True
    )
    if asked.speed:
        speed(pictures, asked.steps or 460, asked.test, kept)
        return
    recipe = {"steps": asked.steps} if asked.steps else {}
    for arm in asked.arms.split(","):
        found = []
        for seed in range(asked.seeds):
            name = f"{arm} {seed} {pictures.longest} {asked.steps} {asked.test}"
            found.append(kept.get(name, lambda a=arm, s=seed: outcome(pictures, a, s, asked.test, recipe)))
        print(told(pictures, arm, found), flush=True)


if __name__ == "__main__":
    main()

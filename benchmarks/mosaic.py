"""Mosaics of training pictures (--augment mosaic) for a detector of blood cells (BCCD), judged by its val part.

    python benchmarks/mosaic.py [--sizes 25,50] [--seeds 3] [--arms plain,views,mosaic] [--longest 320]
                                [--keep outcomes.json]

Training pictures are drawn from the part train; the 87 pictures of the part val are scored, and those of the part test
are not looked at. All arms are the FCOS head on frozen ImageNet features of efficientnet_lite0, from the same pictures,
with the same steps: `plain` from six views of each picture; `views` from twelve, as many rows as `mosaic` has, which
learns from six views of each picture and of a mosaic of it. AP50 and AP in percent, the difference of each arm from the
first with its 95 % interval over the val pictures, and seconds of one core. What `--keep` holds is not computed again.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import Any

import numpy as np
from _data import shared
from _dense import Kept, Pictures

from jeoni.dense.scoring import difference_of
from jeoni.dense.transfer import Transfer, build_dense_head
from jeoni.evaluation.metrics.detection.matching import Matches
from jeoni.specs import Recipe

FIELDS = ("scores", "labels", "hits", "ignored", "counts", "sizes")
RECIPES = {"plain": Recipe(), "views": Recipe(views=12), "mosaic": Recipe()}


def outcome(pictures: Pictures, arm: str, size: int, seed: int) -> dict[str, Any]:
    """What a detector of some pictures finds in those of the part val."""
    train, val = (np.flatnonzero(pictures.data.part == part) for part in ("train", "val"))
    chosen = np.sort(np.random.default_rng(seed).permutation(train)[: size or len(train)])
    start = time.process_time()
    backbone = pictures.backbone()
    head = build_dense_head(pictures.task, "fcos")
    transfer = Transfer(pictures.task, head, "fcos", recipe=RECIPES[arm], mosaic=arm == "mosaic")
    context = replace(pictures.context, seed=seed)
    model = transfer.fit(backbone, pictures.examples(backbone, transfer, chosen, context), context)
    seconds = time.process_time() - start
    found = pictures.evidence(model, val)
    return {"seconds": seconds, "evidence": [{k: getattr(one, k).tolist() for k in FIELDS} for one in found]}


def restored(found: dict[str, Any]) -> list[Matches]:
    return [
        Matches(**{k: np.array(one[k]).reshape((10, -1) if k in ("hits", "ignored") else -1) for k in FIELDS})
        for one in found["evidence"]
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="25,50")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--arms", default="plain,views,mosaic")
    parser.add_argument("--longest", type=int, default=320)
    parser.add_argument("--keep", default="")
    asked = parser.parse_args()
    kept, arms = Kept(asked.keep), asked.arms.split(",")
    pictures = Pictures.read(shared("bccd"), "detection", asked.longest)
    for size in map(int, asked.sizes.split(",")):
        gains: dict[str, list[float]] = {arm: [] for arm in arms[1:]}
        for seed in range(asked.seeds):
            first: list[Matches] = []
            for arm in arms:

                def compute(arm: str = arm, size: int = size, seed: int = seed) -> dict[str, Any]:
                    return outcome(pictures, arm, size, seed)

                found = kept.get(f"{arm} {size} {seed} {asked.longest}", compute)
                evidence = restored(found)
                scores = pictures.task.scores(evidence, np.ones((1, len(evidence))))
                ap50, ap = (100 * float(scores[name][0]) for name in ("ap50", "ap"))
                told = f"{size} pictures, seed {seed}, {arm}: AP50 {ap50:.1f}, AP {ap:.1f}, {found['seconds']:.0f} s"
                if first:
                    gain = difference_of(pictures.task, evidence, first, seed=seed)["ap50"]
                    gains[arm].append(100 * gain.value)
                    told += f"; {100 * gain.value:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
                first = first or evidence
                print(told, flush=True)
        for arm, own in gains.items():
            print(f"{size} pictures, {arm}: {np.mean(own):+.1f} points of AP50 over {len(own)} seeds", flush=True)


if __name__ == "__main__":
    main()

"""Mosaics of training pictures (--augment mosaic) for a detector of blood cells (BCCD), judged by its val part.

    python benchmarks/mosaic.py [--sizes 25,50] [--seeds 3] [--longest 320] [--keep outcomes.json]

Training pictures are drawn from the part train; the 87 pictures of the part val are scored, and those of the part test
are not looked at. Both arms are the FCOS head on frozen ImageNet features of efficientnet_lite0, from the same pictures,
with the same steps; `mosaic` also learns from a mosaic of each picture. AP50 and AP in percent, the difference of each
pair with its 95 % interval over the val pictures, and seconds of one core. What `--keep` holds is not computed again.
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
ARMS = ("plain", "mosaic")


def outcome(pictures: Pictures, mosaic: bool, size: int, seed: int) -> dict[str, Any]:
    """What a detector of some pictures finds in those of the part val."""
    train, val = (np.flatnonzero(pictures.data.part == part) for part in ("train", "val"))
    chosen = np.sort(np.random.default_rng(seed).permutation(train)[: size or len(train)])
    start = time.process_time()
    backbone = pictures.backbone()
    head = build_dense_head(pictures.task, "fcos")
    transfer = Transfer(pictures.task, head, "fcos", recipe=Recipe(), mosaic=mosaic)
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
    parser.add_argument("--longest", type=int, default=320)
    parser.add_argument("--keep", default="")
    asked = parser.parse_args()
    kept = Kept(asked.keep)
    pictures = Pictures.read(shared("bccd"), "detection", asked.longest)
    for size in map(int, asked.sizes.split(",")):
        gains = []
        for seed in range(asked.seeds):
            found = {}
            for arm in ARMS:

                def compute(arm: str = arm, size: int = size, seed: int = seed) -> dict[str, Any]:
                    return outcome(pictures, arm == "mosaic", size, seed)

                found[arm] = kept.get(f"{arm} {size} {seed} {asked.longest}", compute)
            plain, mosaic = (restored(found[arm]) for arm in ARMS)
            ones = np.ones((1, len(plain)))
            shown = []
            for arm, evidence in zip(ARMS, (plain, mosaic), strict=True):
                scores = pictures.task.scores(evidence, ones)
                ap50, ap = (100 * float(scores[name][0]) for name in ("ap50", "ap"))
                shown.append(f"{arm} {ap50:.1f} {ap:.1f} ({found[arm]['seconds']:.0f} s)")
            gain = difference_of(pictures.task, mosaic, plain, seed=seed)["ap50"]
            gains.append(100 * gain.value)
            between = f"{100 * gain.value:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
            print(f"{size} pictures, seed {seed}: AP50 and AP {', '.join(shown)}; mosaic {between}", flush=True)
        print(f"{size} pictures: mosaic {np.mean(gains):+.1f} points of AP50 over {len(gains)} seeds", flush=True)


if __name__ == "__main__":
    main()

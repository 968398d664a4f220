"""Finding blood cells (BCCD): AP50 and AP from 25, 50, 100 and all pictures, transferred and not.

    python benchmarks/detection.py [--sizes 25,50,100,0] [--seeds 3] [--arms probe,untrained] [--keep outcomes.json]

The given split: training pictures are drawn from train and val (292; 0 takes all), the 72 test pictures are scored once
per model. Arms: `probe` the FCOS head on frozen ImageNet features of efficientnet_lite0; `untrained` the same head on
the same network with random weights, frozen too; `finetune` with the upper stages trained; `scratch` everything trained
from random weights; `torchvision` its FCOS on the same pretrained network (see _torchvision_fcos.py), trained for
`--minutes` of one core. Times are those of one core, so that other work on the machine does not count; features that are
in the store already cost nothing. Intervals: 95 % percentiles over 2,000 resamples of the test pictures of one model; for
several seeds their mean, lowest and highest. What `--keep` holds is not computed again.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from _data import shared
from _dense import Kept, Pictures

from jeoni.dense.scoring import difference_of, evaluate_evidence
from jeoni.evaluation.metrics.detection.matching import Matches

SHOWN = ("ap50", "ap", "ap75", "ar100")
FIELDS = ("scores", "labels", "hits", "ignored", "counts", "sizes")


def drawn(pictures: Pictures, size: int, seed: int) -> np.ndarray:
    """Training pictures; the smaller sets of a seed are parts of the larger ones."""
    pool = np.flatnonzero(pictures.data.part != "test")
    order = np.random.default_rng(seed).permutation(pool)
    return np.sort(order[: size or len(order)])


def outcome(pictures: Pictures, arm: str, size: int, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """One model and what it found in the test pictures."""
    chosen, test = drawn(pictures, size, seed), np.flatnonzero(pictures.data.part == "test")
    if arm == "torchvision":
        from _torchvision_fcos import evidence_of

        start = time.process_time()
        found = evidence_of(pictures, chosen, test, asked.minutes * 60, seed)
        seconds = time.process_time() - start
    else:
        strategy = "probe" if arm == "untrained" else arm
        limit = {"steps": asked.scratch_steps} if arm == "scratch" and asked.scratch_steps else {}
        model, _, seconds = pictures.fit(strategy, chosen, seed, trained=arm in ("probe", "finetune"), **limit)
        found = pictures.evidence(model, test)
    return {"seconds": seconds, "evidence": [{k: getattr(one, k).tolist() for k in FIELDS} for one in found]}


def restored(found: dict[str, Any]) -> list[Matches]:
    return [Matches(**{k: np.array(one[k]).reshape(_shape(k)) for k in FIELDS}) for one in found["evidence"]]


def _shape(field: str) -> tuple[int, ...]:
    return (10, -1) if field in ("hits", "ignored") else (-1,)


def typed(matches: list[Matches]) -> list[Matches]:
    """With the types that JSON lost, where a picture has no detection."""
    return [
        Matches(
            m.scores.astype(float), m.labels.astype(int), m.hits.astype(bool), m.ignored.astype(bool), m.counts, m.sizes
        )
        for m in matches
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="25,50,100,0")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--arms", default="probe,untrained")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--scratch-steps", type=int, default=0)
    parser.add_argument("--longest", type=int, default=0)
    parser.add_argument("--keep", default="")
    asked = parser.parse_args()
    kept, pictures = Kept(asked.keep), Pictures.read(shared("bccd"), "detection", asked.longest)
    print(f"{len(pictures.data)} pictures, longer side {pictures.longest}; classes {', '.join(pictures.task.names)}")
    for size in map(int, asked.sizes.split(",")):
        by_arm: dict[str, list[list[Matches]]] = {}
        for arm in asked.arms.split(","):
            seconds = []
            for seed in range(asked.seeds):
                name = f"{arm} {size} {seed} {pictures.longest}"
                found = kept.get(name, lambda a=arm, s=size, k=seed: outcome(pictures, a, s, k, asked))
                by_arm.setdefault(arm, []).append(typed(restored(found)))
                seconds.append(found["seconds"])
            print(told(pictures, size, arm, by_arm[arm], seconds), flush=True)
        first, *others = by_arm
        for other in others:
            print(against(pictures, first, other, by_arm), flush=True)


def told(pictures: Pictures, size: int, arm: str, found: list[list[Matches]], seconds: list[float]) -> str:
    """Means over the seeds; of the first seed the interval and the classes."""
    scores = [evaluate_evidence(pictures.task, one, resamples=2000) for one in found]
    parts = []
    for name in SHOWN:
        values = [score.metrics[name].value for score in scores]
        one = scores[0].metrics[name]
        spread = f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
        parts.append(f"{name} {np.mean(values):.3f}{spread} [first: {one.low:.3f} to {one.high:.3f}]")
    classes = ", ".join(f"{row['class']} {row['ap50'].value:.3f}" for row in scores[0].breakdown)
    return f"{size or 'all':>4} {arm:>12}: {'; '.join(parts)}; {classes}; {np.mean(seconds):.0f} s of one core"


def against(pictures: Pictures, first: str, other: str, by_arm: dict[str, list[list[Matches]]]) -> str:
    """The paired difference of the first seed, over resamples of the test pictures."""
    found = difference_of(pictures.task, by_arm[first][0], by_arm[other][0])["ap50"]
    return f"     {first} minus {other}: AP50 {found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


if __name__ == "__main__":
    main()

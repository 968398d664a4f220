"""A mouse in a box (openfield, 116 frames of 640 x 480): distance of four keypoints over five splits of 80/20.

    python benchmarks/pose.py [--arms probe,untrained] [--splits 5] [--keep outcomes.json]

Each frame is in the test part of one split; its model has seen none of it. Arms: `probe` the heatmap head on frozen
ImageNet features of efficientnet_lite0; `untrained` the same head on the same network with random weights, frozen too;
`finetune` with the upper stages trained; `scratch` everything trained from random weights. Printed are the root mean
squared distance in pixels and PCK of all frames together, with 95 % percentiles over 2,000 resamples of the frames, the
lowest and highest of the splits, and each keypoint. What `--keep` holds is not computed again.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from _data import shared
from _dense import Kept, Pictures

from jeoni.dense.scoring import difference_of, evaluate_evidence
from jeoni.evaluation.metrics.pose.distances import Distances


def outcome(pictures: Pictures, arm: str, test: np.ndarray, seed: int, steps: int) -> dict[str, Any]:
    """One model, and how far off it is in the frames that it has not seen."""
    chosen = np.setdiff1d(np.arange(len(pictures.data)), test)
    strategy = "probe" if arm == "untrained" else arm
    limit = {"steps": steps} if arm == "scratch" and steps else {}
    model, _, seconds = pictures.fit(strategy, chosen, seed, trained=arm in ("probe", "finetune"), **limit)
    found = pictures.evidence(model, test)
    each = [{"errors": one.errors.tolist(), "size": one.size, "scores": one.scores.tolist()} for one in found]
    return {"seconds": seconds, "evidence": each}


def restored(found: dict[str, Any]) -> list[Distances]:
    return [Distances(np.array(d["errors"]), d["size"], np.array(d["scores"])) for d in found["evidence"]]


def told(pictures: Pictures, arm: str, splits: list[list[Distances]], seconds: list[float]) -> str:
    together = [one for split in splits for one in split]
    scores = evaluate_evidence(pictures.task, together)
    parts = []
    for name in ("rmse_px", "pck", "pck20"):
        each = [float(pictures.task.scores(split, np.ones((1, len(split))))[name][0]) for split in splits]
        one = scores.metrics[name]
        parts.append(
            f"{name} {one.value:.3f} ({one.low:.3f} to {one.high:.3f}), splits {min(each):.3f} to {max(each):.3f}"
        )
    points = ", ".join(f"{row['class']} {row['rmse_px'].value:.2f}" for row in scores.breakdown)
    median = np.nanmedian(np.stack([one.errors for one in together]))
    return f"{arm:>10}: {'; '.join(parts)}; median {median:.2f}; {points}; {np.mean(seconds):.0f} s of one core a fit"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arms", default="probe,untrained")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--scratch-steps", type=int, default=0)
    parser.add_argument("--longest", type=int, default=0)
    parser.add_argument("--keep", default="")
    asked = parser.parse_args()
    kept, pictures = Kept(asked.keep), Pictures.read(shared("openfield"), "pose", asked.longest)
    order = np.random.default_rng(0).permutation(len(pictures.data))
    parts = [np.sort(part) for part in np.array_split(order, 5)][: asked.splits]
    print(f"{len(order)} frames, longer side {pictures.longest}; {len(parts)} of 5 splits", flush=True)
    by_arm: dict[str, list[Distances]] = {}
    for arm in asked.arms.split(","):
        splits, seconds = [], []
        for k, test in enumerate(parts):
            name = f"{arm} {k} {pictures.longest}"
            found = kept.get(name, lambda a=arm, t=test, s=k: outcome(pictures, a, t, s, asked.scratch_steps))
            splits.append(restored(found))
            seconds.append(found["seconds"])
        print(told(pictures, arm, splits, seconds), flush=True)
        by_arm[arm] = [one for split in splits for one in split]
    first, *others = by_arm
    for other in others:
        off = difference_of(pictures.task, by_arm[first], by_arm[other])["rmse_px"]
        print(f"{first} minus {other}: {off.value:+.2f} pixels ({off.low:+.2f} to {off.high:+.2f})", flush=True)


if __name__ == "__main__":
    main()

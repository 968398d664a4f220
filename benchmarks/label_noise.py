"""Flipped labels: are they found, is it what cleanlab finds, and does leaving the suspects out of training pay?

    python benchmarks/label_noise.py [--data elpv,nsmc] [--seeds 5] [--noise 0,0.1,0.2] [--keep outcomes.json]

Of each data set half are training items, whose labels are flipped to another class at random, and half are a test set
whose labels stay as they are. Of ELPV only cells with sure labels are taken. The linear probe gives probabilities out of
fold; suspects are named by confident learning, and beside it by pip `cleanlab` on the same probabilities, where it is
installed. Prints precision and recall of the suspects among the flipped labels, and of the first half of the list, the
estimated share of wrong labels with how often its interval held the true one; then accuracy on the test set of the
probe on all training items, minus that without suspects, and without all flipped ones (which nobody knows), paired over
the seeds with a t-interval. At no noise all suspects are false alarms: that is what hard items give.

    python benchmarks/label_noise.py --imbalance

makes ELPV and NSMC uneven (20 and 8 items of one class), and prints what `jeoni`'s profile says.

    python benchmarks/label_noise.py --doubtful

flips nothing: of all ELPV cells, defective from a probability of one half on, it prints how many of the suspects are
cells of which the experts were unsure (one third or two thirds). Needs the data of
`_data.py` and `elpv-dataset`. What ``--keep`` holds is not computed again.
"""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from _features import Rows, cells, features_of, labelled, rows_of
from few_labels import Kept
from scipy.stats import t as student

from jeoni.assessment.label_noise import find_label_noise
from jeoni.assessment.suspects import kept_of
from jeoni.data.splits import build_folds
from jeoni.heads.fitting.named import build_head


def flipped(labels: np.ndarray, classes: int, share: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which a share is another class, and which."""
    wrong = rng.permutation(len(labels))[: round(share * len(labels))]
    given = labels.copy()
    given[wrong] = (labels[wrong] + rng.integers(1, classes, len(wrong))) % classes
    return given, np.sort(wrong)


def probe(rows: Rows, index: np.ndarray, labels: np.ndarray) -> tuple[torch.nn.Module, np.ndarray]:
    """A linear probe, and its probabilities out of fold."""
    folds = build_folds(labels, rows.groups[index], 5, 1, 0)
    fitted = build_head("linear").fit(rows.features[index], labels, rows.task, folds, "auto")
    held = fitted.held_out_predictions()
    assert held is not None
    return fitted.module, held


def right(module: torch.nn.Module, rows: Rows, index: np.ndarray) -> float:
    with torch.inference_mode():
        return float((module(torch.from_numpy(rows.features[index])).argmax(1).numpy() == rows.labels[index]).mean())


def outcome(rows: Rows, noise: float, seed: int) -> dict[str, Any]:
    """One draw of the training part and of the flips."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(rows.labels))
    train, test = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    given, wrong = flipped(rows.labels[train], rows.task.width, noise, rng)
    module, probs = probe(rows, train, given)
    found = find_label_noise(given, probs, seed=seed)
    keep = kept_of(given, probs)
    clean = np.setdiff1d(np.arange(len(train)), wrong)
    first = found.index[: max(1, len(found.index) // 2)]
    off = find_label_noise(given, probs, method="off_diagonal", seed=seed)
    return {
        "share": found.share.as_dict(),
        "suspects": len(found.index),
        "precision": float(np.isin(found.index, wrong).mean()) if len(found.index) else None,
        "recall": float(np.isin(wrong, found.index).mean()) if len(wrong) else None,
        "precision_of_first_half": float(np.isin(first, wrong).mean()) if len(found.index) else None,
        "off_diagonal": {
            "suspects": len(off.index),
            "precision": float(np.isin(off.index, wrong).mean()) if len(off.index) else None,
            "recall": float(np.isin(wrong, off.index).mean()) if len(wrong) else None,
        },
        "cleanlab": beside(given, probs[0], found.index, off.index),
        "all": right(module, rows, test),
        "kept": right(probe(rows, train[keep], given[keep])[0], rows, test),
        "clean": right(probe(rows, train[clean], given[clean])[0], rows, test) if noise else right(module, rows, test),
    }


def beside(given: np.ndarray, probs: np.ndarray, ours: np.ndarray, off: np.ndarray) -> dict[str, Any] | None:
    """Whether cleanlab finds the same items in the same order; None where it is not installed."""
    if find_spec("cleanlab") is None:
        return None
    from cleanlab.count import compute_confident_joint
    from cleanlab.filter import find_label_issues

    ranked = {"return_indices_ranked_by": "self_confidence"}
    theirs = find_label_issues(given, probs, filter_by="prune_by_noise_rate", **ranked)
    counted = find_label_issues(given, probs, filter_by="confident_learning", **ranked)
    joint = compute_confident_joint(given, probs)
    return {
        "same": set(theirs.tolist()) == set(ours.tolist()),
        "differ": len(set(theirs.tolist()) ^ set(ours.tolist())),
        "off_diagonal_differ": len(set(counted.tolist()) ^ set(off.tolist())),
        "suspects": len(theirs),
        "share": float(1 - np.trace(joint) / joint.sum()),
    }


def shown(values: list[float]) -> str:
    """Mean and 95 % t-interval, in percent."""
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return "–"
    error = student.ppf(0.975, len(known) - 1) * np.std(known, ddof=1) / len(known) ** 0.5
    return f"{100 * np.mean(known):.1f} ± {100 * error:.1f}"


def show(name: str, noise: float, some: list[dict[str, Any]]) -> None:
    held = [o["share"]["low"] <= noise <= o["share"]["high"] for o in some]
    print(f"\n{name}, {100 * noise:.0f} % flipped, {len(some)} seeds")
    print(f"  suspects {np.mean([o['suspects'] for o in some]):.0f}; estimated share {shown([o['share']['value'] for o in some])} %, interval held the true one in {sum(held)} of {len(held)}")  # fmt: skip
    for title, of in (("noise rate", lambda o: o), ("off diagonal", lambda o: o["off_diagonal"])):
        print(f"  {title:<13} precision {shown([of(o)['precision'] for o in some])}, recall {shown([of(o)['recall'] for o in some])}")  # fmt: skip
    print(f"  first half of the list: precision {shown([o['precision_of_first_half'] for o in some])}")
    theirs = [o["cleanlab"] for o in some if o["cleanlab"]]
    if theirs:
        print(f"  cleanlab: the same suspects in {sum(c['same'] for c in theirs)} of {len(theirs)}, items that differ {sum(c['differ'] for c in theirs)}, off diagonal {sum(c['off_diagonal_differ'] for c in theirs)}; its share {shown([c['share'] for c in theirs])}")  # fmt: skip
    print(f"  accuracy on clean test labels: all {shown([o['all'] for o in some])}, without suspects {shown([o['kept'] for o in some])}, without the flipped {shown([o['clean'] for o in some])}")  # fmt: skip
    print(f"  leaving suspects out: {shown([o['kept'] - o['all'] for o in some])} points; leaving all flipped out: {shown([o['clean'] - o['all'] for o in some])}", flush=True)  # fmt: skip


def imbalance() -> None:
    """Take most items of one class away, and see whether the profile says so."""
    from jeoni.backbones.cut import Tap
    from jeoni.data.checks import check_labels
    from jeoni.features.extract import Request
    from jeoni.planning.profile import profile_of
    from jeoni.specs import FitSpec
    from jeoni.tasks import load_data
    from jeoni.verbs.session.reading import choose_backbone
    from jeoni.verbs.session.session import Session

    for name, rare in (("elpv", 20), ("nsmc", 8)):
        items, labels, _ = labelled(name)
        least = sorted(set(labels))[0]
        few = [i for i, label in enumerate(labels) if label == least][:rare]
        many = [i for i, label in enumerate(labels) if label != least][:400]
        data = load_data(([items[i] for i in few + many], [labels[i] for i in few + many]))
        spec = FitSpec()
        backbone = choose_backbone(data, spec)
        session = Session("plan", spec)
        ready = session.prepare(data, [Request(backbone, (Tap(backbone.n, True),))], check_labels(data))
        print(f"\n{name}: {rare} items of {least!r}, {len(many)} of the other class")
        for sentence in profile_of(ready, backbone).said:
            print(f"  {sentence}", flush=True)


def doubtful() -> None:
    """Suspects among labels as they are, against what the experts were unsure of."""
    found = cells()
    unsure = np.array([probability not in (0.0, 1.0) for _, probability in found])
    labels = ["defect" if probability >= 0.5 else "sound" for _, probability in found]
    rows = features_of("elpv", [path for path, _ in found], labels, None)
    everything = np.arange(len(found))
    suspects = find_label_noise(rows.labels, probe(rows, everything, rows.labels)[1]).index
    print(f"{len(found)} cells, {100 * unsure.mean():.1f} % of them doubtful; {len(suspects)} suspects")
    for first in (50, 100, len(suspects)):
        print(f"  of the first {first}: {100 * unsure[suspects[:first]].mean():.0f} % doubtful")
    print(f"  doubtful ones that are suspects: {100 * np.isin(np.flatnonzero(unsure), suspects).mean():.0f} %; sure ones: {100 * np.isin(np.flatnonzero(~unsure), suspects).mean():.0f} %")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="elpv,nsmc")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--noise", default="0,0.1,0.2")
    parser.add_argument("--keep", default="")
    parser.add_argument("--imbalance", action="store_true")
    parser.add_argument("--doubtful", action="store_true")
    asked = parser.parse_args()
    if asked.imbalance:
        return imbalance()
    if asked.doubtful:
        return doubtful()
    kept = Kept(asked.keep)
    for name in asked.data.split(","):
        rows = rows_of(name)
        for noise in map(float, asked.noise.split(",")):
            some = [kept.get(f"{name} {noise} {seed}", lambda n=noise, s=seed, r=rows: outcome(r, n, s)) for seed in range(asked.seeds)]  # fmt: skip
            show(name, noise, some)


if __name__ == "__main__":
    main()

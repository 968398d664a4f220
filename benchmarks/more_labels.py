"""Would more labels help? What the curve promised, against the score that was measured at twice the labels.

    python benchmarks/more_labels.py [--data cifar10,elpv,nsmc,amazon,fsdd] [--labels 64,128,256,512] [--draws 10]
                                     [--keep outcomes.json]

Of each draw N labels are given, and N more are held back; all others are a test set. The curve is measured on the N alone
and promises a gain for twice as many; then the same head is fitted to N and to 2 N, and scored on the test set. Beside
it stands a bare power law (error = b n^-c) through the same points. ``probe`` is the linear probe in the place of the
curve's own closed form. A promise is about the mean gain of more labels, so the gain is the mean over all draws, and the
interval holds it or not, draw by draw; what a single draw gained lies further off by its own luck. Speakers of FSDD are
groups: one is the test set, labels are of the three others, and folds leave one of these out. Needs the data of `_data.py` and `elpv-dataset`. What ``--keep`` holds is not computed
again.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import torch
from _features import Rows, rows_of
from few_labels import Kept

from jeoni.data.splits import build_folds
from jeoni.heads.fitting.named import build_head
from jeoni.planning.more_labels import Components, more_labels, nested_order

LEAST_TEST = 300
GROUPED = "fsdd"  # by speaker


def outcome(rows: Rows, labels: int, seed: int) -> dict[str, Any]:
    """One draw."""
    few, twice, test = parts(rows, labels, seed)
    clusters = rows.groups[few] if rows.name == GROUPED else np.arange(labels)
    start = time.perf_counter()
    told = more_labels(rows.features[few], rows.labels[few], rows.task, clusters, seed=seed)
    seconds = time.perf_counter() - start
    small, large = closed_form(rows, few, test, seed), closed_form(rows, twice, test, seed)
    measured = [(n, score.value) for n, score in told.points]
    return {
        "promised": told.promise.gain.as_dict(),
        "outcome": told.promise.outcome,
        "power_law": power_law(measured, labels),
        "at": small,
        "gain": large - small,
        "probe": linear(rows, twice, test) - linear(rows, few, test),
        "seconds": seconds,
    }


def parts(rows: Rows, labels: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """N items, these and N more, and a test set: all others, or of groups one of them."""
    pool = np.arange(len(rows.labels))
    test = np.flatnonzero(rows.groups == seed % len(np.unique(rows.groups))) if rows.name == GROUPED else pool[:0]
    pool = np.setdiff1d(pool, test)
    order = pool[nested_order(rows.labels[pool], np.arange(len(pool)), seed)]
    few, twice = np.sort(order[:labels]), np.sort(order[: 2 * labels])
    return few, twice, test if len(test) else np.sort(order[2 * labels :])


def closed_form(rows: Rows, train: np.ndarray, test: np.ndarray, seed: int) -> float:
    """Accuracy of the head that the curve is measured with."""
    components = Components.of(rows.features[train], seed)
    nothing = np.zeros((0, len(train)), dtype=np.int64)
    some, others = (components.rows(rows.features[part]).astype(np.float32) for part in (train, test))
    head = build_head("gda:scaling=raw").fit(some, rows.labels[train], rows.task, nothing, "none")
    return right(head.module, others, rows.labels[test])


def linear(rows: Rows, train: np.ndarray, test: np.ndarray) -> float:
    labels = rows.labels[train]
    folds = build_folds(labels, np.arange(len(train)), 5, 1, 0)
    module = build_head("linear").fit(rows.features[train], labels, rows.task, folds, "none").module
    return right(module, rows.features[test], rows.labels[test])


def right(module: torch.nn.Module, features: np.ndarray, labels: np.ndarray) -> float:
    with torch.inference_mode():
        return float((module(torch.from_numpy(features)).argmax(1).numpy() == labels).mean())


def power_law(measured: list[tuple[float, float]], labels: int) -> float:
    """The gain by ``error = b n^-c``, a straight line through the logarithms."""
    numbers = np.log([n for n, _ in measured])
    errors = np.log([max(1e-3, 1 - score) for _, score in measured])
    slope, offset = np.polyfit(numbers, errors, 1)
    now, then = (np.exp(offset + slope * np.log(n)) for n in (labels, 2 * labels))
    return float(now - then)


def show(title: str, some: list[dict[str, Any]]) -> dict[str, float]:
    """Print one row; what is summed up over all of them."""
    gains = np.array([o["gain"] for o in some])
    mean, told = gains.mean(), np.array([o["promised"]["value"] for o in some])
    low, high = (np.array([o["promised"][end] for o in some]) for end in ("low", "high"))
    bare = np.array([o["power_law"] for o in some])
    probe = np.array([o["probe"] for o in some])
    held, single = ((low <= x) & (x <= high) for x in (mean, gains))
    error = gains.std(ddof=1) / len(gains) ** 0.5
    print(
        f"{title:<14}{100 * np.mean([o['at'] for o in some]):7.1f}{100 * mean:8.1f} ± {200 * error:3.1f}{100 * probe.mean():8.1f}"
        f"{100 * told.mean():10.1f} ({100 * low.mean():4.1f} to {100 * high.mean():4.1f}){100 * bare.mean():10.1f}"
        f"{100 * held.mean():9.0f} %{100 * single.mean():8.0f} %   {np.mean([o['seconds'] for o in some]):.1f} s",
        flush=True,
    )
    return {
        "held": float(held.mean()),
        "single": float(single.mean()),
        "bias": float(np.mean(told - mean)),
        "off": float(np.mean(np.abs(told - mean))),
        "bare_bias": float(np.mean(bare - mean)),
        "bare_off": float(np.mean(np.abs(bare - mean))),
        "probe_bias": float(np.mean(told - probe.mean())),
        "width": float(np.mean(high - low)),
        "told": float(np.mean([o["outcome"] != "cannot tell" for o in some])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="cifar10,elpv,nsmc,amazon,fsdd")
    parser.add_argument("--labels", default="64,128,256,512")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--keep", default="")
    asked = parser.parse_args()
    kept, summed = Kept(asked.keep), []
    print(
        "points: accuracy at N, gain at 2 N measured, of the probe, promised (interval), by a power law; intervals that hold"
    )
    print(
        f"{'':<14}{'at N':>7}{'gain':>14}{'probe':>8}{'promised':>10}{'':<15}{'power law':>10}{'mean':>11}{'single':>10}"
    )
    for name in asked.data.split(","):
        rows = rows_of(name)
        for labels in map(int, asked.labels.split(",")):
            if 2 * labels + LEAST_TEST > len(rows.labels) or labels < 4 * rows.task.width:
                continue
            some = [kept.get(f"{name} {labels} {seed}", lambda n=labels, s=seed, r=rows: outcome(r, n, s)) for seed in range(asked.draws)]  # fmt: skip
            summed.append(show(f"{name} {labels}", some))
    print(
        "\nmean over all rows: "
        + ", ".join(f"{key} {100 * np.mean([one[key] for one in summed]):.1f}" for key in summed[0])
    )


if __name__ == "__main__":
    main()

"""A few labelled target reviews beside a labelled source: EasyAdapt against what else one can do with them.

    python benchmarks/easyadapt_reviews.py [--tasks 12] [--seeds 3] [--sizes 20,50,100,200]

Amazon reviews (Blitzer 2007), 5000 counts as the authors of DANN prepared them, made binary and of length one. 2000
labelled reviews of the source's domain; of the target's training file some are labelled, evenly of both classes, drawn
by seed, and the rest are not. Settings are chosen on folds of the labelled ones only. Tested on the target domain's own
test file. Printed for each size: mean accuracy over the tasks, and the mean of what a method wins over `all`, over
`source_only` and over `weighted` with the 95 % t-interval over tasks (each the mean over its seeds; the twelve tasks
share four domains, so that the intervals are a little too narrow).

`auto` chooses by folds among all, without EasyAdapt where the source alone is no worse than the target alone there;
`auto, no gate` among all.

Expected with 20, 50, 100, 200 labelled reviews: source_only 76.7 throughout, target_only 62.1, 67.3, 71.3, 75.6, all
77.1, 77.7, 78.6, 79.8, easyadapt 77.0, 78.1, 79.0, 80.3, weighted 77.2, 78.1, 79.2, 80.5, easyadapt_unlabelled 77.4,
78.3, 79.3, 80.6. The last is surely better than `all` from 50 on, by 0.6 to 0.75 points (intervals from 0.15 to 1.20),
and not surely than `weighted`. The gate is shut in most tasks and wins nothing. About a quarter of an hour on one core.
"""

from __future__ import annotations

import argparse
import time
from itertools import permutations
from typing import Any

import numpy as np
from _data import shared
from scipy.stats import t as student
from sklearn.datasets import load_svmlight_file
from sklearn.preprocessing import normalize

from jeoni import plugins
from jeoni.adaptation.few_labels import tuned
from jeoni.adaptation.few_labels_classifier import FOLDER, FewLabels, is_open
from jeoni.adaptation.few_labels_task import Learner, Source, Task, Unlabelled
from jeoni.adaptation.stacked_rows import sum_of_squares

DOMAINS = ("books", "dvd", "electronics", "kitchen")
REFERENCES = ("all", "source_only", "weighted")


def reviews(domain: str, part: str) -> tuple[Any, np.ndarray]:
    X, y = load_svmlight_file(str(shared("amazon_svmlight") / f"{domain}_{part}.svmlight"), n_features=5000)
    X.data[:] = 1
    return normalize(X).astype(np.float32), (y > 0).astype(np.int64)


def drawn(y: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Numbers of as many examples of both classes; those of a smaller size are among those of a larger."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.permutation(np.flatnonzero(y == k))[: size // 2] for k in (0, 1)])


def outcomes(task: Task, ways: dict[str, Any], X: Any, y: np.ndarray, seconds: dict[str, float]) -> dict[str, float]:
    """Test accuracy of every method, as FewLabels has it; shared work is done once."""
    found, accuracy = {}, {}
    for name, way in ways.items():
        start = time.perf_counter()
        found[name] = tuned(way, task)
        accuracy[name] = float((way(**found[name].setting).fit(task).probs(X).argmax(1) == y).mean())
        seconds[name] += time.perf_counter() - start
    free = min(found, key=lambda name: found[name].loss)
    allowed = [name for name in ways if is_open(found) or not ways[name].gated]
    return {
        **accuracy,
        "auto": accuracy[min(allowed, key=lambda name: found[name].loss)],
        "auto, no gate": accuracy[free],
        "gate open": float(is_open(found)),
    }


def interval(values: np.ndarray) -> str:
    if len(values) < 2:
        return f"{100 * values.mean():+6.2f}" + " " * 17
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f"{100 * values.mean():+6.2f} ({100 * (values.mean() - half):+6.2f} to {100 * (values.mean() + half):+6.2f})"


def show(size: int, found: np.ndarray, names: list[str]) -> None:
    """``found (tasks, seeds, names)``."""
    by_task = found.mean(1)
    best = by_task[:, : len(names) - 3].max(1).mean()
    print(f"\n{size} labelled target reviews, {found.shape[0]} tasks, {found.shape[1]} seeds; gate open in "
          f"{by_task[:, -1].mean():.0%}; best single method of each task, known afterwards: {100 * best:.2f}")  # fmt: skip
    print(f"{'':22}accuracy" + "".join(f"  {'minus ' + reference:26}" for reference in REFERENCES))
    for k, name in enumerate(names[:-1]):
        gains = (interval(by_task[:, k] - by_task[:, names.index(reference)]) for reference in REFERENCES)
        print(f"{name:22}{100 * by_task[:, k].mean():8.2f}  " + "  ".join(gains), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--sizes", default="20,50,100,200")
    asked = parser.parse_args()
    train, test = ({name: reviews(name, part) for name in DOMAINS} for part in ("train", "test"))
    ways = {name: plugins.load(FOLDER, name) for name in plugins.names(FOLDER)}
    seconds = dict.fromkeys(ways, 0.0)
    sizes, start = [int(size) for size in asked.sizes.split(",")], time.perf_counter()
    found: dict[int, list[list[list[float]]]] = {size: [] for size in sizes}
    names: list[str] = []
    for here, there in list(permutations(DOMAINS, 2))[: asked.tasks]:
        (Xs, ys), (Xt, yt) = train[here], train[there]
        scale = (sum_of_squares(Xs) + sum_of_squares(Xt)) / (len(ys) + len(yt))
        learner = Learner(2, scale, FewLabels().strengths)
        source = Source(Xs, ys, learner)
        for size in sizes:
            found[size].append([])
            for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
                known = np.zeros(len(yt), dtype=bool)
                known[drawn(yt, size, seed)] = True
                task = Task(source, Xt[known], yt[known], Unlabelled(Xt[~known], learner.unit))
                result = outcomes(task, ways, *test[there], seconds)
                names = list(result)
                found[size][-1].append(list(result.values()))
        print(f"{here} to {there}: {time.perf_counter() - start:.0f} s", flush=True)
    for size in sizes:
        show(size, np.array(found[size]), names)
    print("\nseconds: " + ", ".join(f"{name} {spent:.0f}" for name, spent in seconds.items()), flush=True)


if __name__ == "__main__":
    main()

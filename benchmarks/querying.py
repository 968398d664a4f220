"""What to label next: accuracy over labels of every query method against labelling at random.

    python benchmarks/querying.py [--data cifar10,elpv] [--methods ...] [--draws 5] [--head gda] [--outcomes FOLDER]

cifar10: the 3,000 training images of the shared data are the pool, its 1,000 test images are scored. elpv: 2,624 solar
cells (defective or sound), two thirds the pool and the rest scored, drawn anew each time. Labels are asked for in six
rounds: 10, 20, 50, 100, 150, 200. Methods that need labels begin with the same ten random items as `random`; `auto` begins
with k-means and goes on with DropQuery. Printed are the mean accuracies, the mean difference of the areas under the
curves to random over the draws, paired, with Student's 95 % interval, and the labels saved where random ends.

Features are computed once, in the store; each curve is a file in the folder of outcomes, so that a run that was stopped
goes on, and draws can be added.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from _data import shared
from few_labels import features_of

from jeoni import plugins
from jeoni.data.items import FileItems
from jeoni.data.splits import split_test
from jeoni.querying.choosing.simulation import RANDOM, Simulation, area, mean_interval, run_curve

COUNTS = (10, 20, 50, 100, 150, 200)
SHOWN = (10, 20, 50, 100, 200)


def cifar10() -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Features, labels, and which rows are scored."""
    parts = [sorted((shared("cifar10") / part).glob("*/*")) for part in ("train", "test")]
    paths = [str(path) for part in parts for path in part]
    labels = np.unique([Path(path).parent.name for path in paths], return_inverse=True)[1]
    scored = np.arange(len(paths)) >= len(parts[0])
    return features_of(FileItems(paths, paths)), labels.astype(np.int64), scored


def elpv() -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Features, labels; None: what is scored is drawn."""
    from elpv import cells

    paths, labels = cells()
    return features_of(FileItems(paths, paths)), labels, None


def curve(rows, labels, scored, method: str, draw: int, head: str) -> np.ndarray:
    """Of one method in one draw."""
    held = split_test(labels, np.arange(len(labels)), 1 / 3, draw) if scored is None else scored
    pool = ~held
    return run_curve(rows[pool], labels[pool], rows[held], labels[held], method, COUNTS, head=head, seed=draw)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    methods = [RANDOM, "auto", *(name for name in plugins.names("jeoni.querying") if name != RANDOM)]
    parser.add_argument("--data", default="cifar10,elpv")
    parser.add_argument("--methods", default=",".join(methods))
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--head", default="gda")
    parser.add_argument("--outcomes", type=Path, default=Path(__file__).parent / "outcomes" / "querying")
    asked = parser.parse_args()
    methods = list(dict.fromkeys([RANDOM, *asked.methods.split(",")]))
    asked.outcomes.mkdir(parents=True, exist_ok=True)
    for name in asked.data.split(","):
        rows, labels, scored = {"cifar10": cifar10, "elpv": elpv}[name]()
        for draw in range(asked.draws):
            for method in methods:
                file = asked.outcomes / f"{name}-{asked.head}-{method}-{draw}.json"
                if not file.exists():
                    start = time.perf_counter()
                    found = curve(rows, labels, scored, method, draw, asked.head)
                    seconds = round(time.perf_counter() - start, 1)
                    file.write_text(json.dumps({"counts": COUNTS, "accuracy": found.tolist(), "seconds": seconds}))
        report(name, methods, asked)


def report(name: str, methods: list[str], asked: argparse.Namespace) -> None:
    """A line for each method."""
    curves, seconds = {}, {}
    for method in methods:
        files = [asked.outcomes / f"{name}-{asked.head}-{method}-{draw}.json" for draw in range(asked.draws)]
        read = [json.loads(file.read_text()) for file in files]
        curves[method] = np.array([one["accuracy"] for one in read])
        seconds[method] = np.mean([one["seconds"] for one in read])
    found = Simulation(np.array(COUNTS), curves, 0, 0)
    print(f"\n{name}, head {asked.head}, {asked.draws} draws: accuracy in % with so many labels; area against random")
    print(f"{'':>10}" + "".join(f"{n:>8}" for n in SHOWN) + f"{'area':>8}{'against random':>26}{'labels saved':>22}")
    for method in methods:
        at = "".join(f"{100 * curves[method][:, COUNTS.index(n)].mean():8.1f}" for n in SHOWN)
        mean = 100 * mean_interval(area(found.counts, curves[method])).value
        if method == RANDOM:
            print(f"{method:>10}{at}{mean:8.1f}{'':>48}{seconds[method]:6.0f} s")
            continue
        value, low, high = found.gain(method).points()
        saved = found.saved(method)
        labels = f"{saved.value:.0f} ({saved.low:.0f} to {saved.high:.0f})" if saved else "does not reach it"
        print(
            f"{method:>10}{at}{mean:8.1f}{f'{value:+.1f} ({low:+.1f} to {high:+.1f})':>26}{labels:>22}{seconds[method]:6.0f} s"
        )
    print(flush=True)


if __name__ == "__main__":
    main()

"""A head on the topmost stage against heads on several upper stages, averaged (`--set stages=2`): accuracy and time.

    python benchmarks/stages.py [--tasks elpv-40,…] [--stages 2,3] [--draws 3] [--keep outcomes.json]

Tasks, labels and test sets are those of planner.py: 40 to 1,000 labels, 500 test items that nothing is chosen by; the
head is the default one. Prints for each task the accuracy in percent of the topmost stage, and what the others gain; then
the mean gain over tasks with its 95 % t-interval over tasks, and the seconds of a fit whose features are in the store.
The numbers of stages that a plan takes (two; three of texts) were chosen on other data: halves of CIFAR-10's classes, solar
cells of one kind, other speakers, reviews of films and electronics. The last line but one is of what a plan takes.
"""

from __future__ import annotations

import argparse

import numpy as np
from _kept import Kept
from planner import TASKS, Task, fitted
from scipy.stats import t as student

from jeoni.planning.candidates import probe_stages

MOST = 4


def outcome(task: Task, draw: int, stages: int) -> dict[str, float]:
    """Of one fit, after one that put the features of more stages than are asked for into the store."""
    train, test = task.draw(draw)
    fitted(train, test, strategy="probe", set=f"stages={MOST}", seed=draw)
    found = fitted(train, test, strategy="probe", set=f"stages={stages}", seed=draw)
    return {"accuracy": found["accuracy"], "seconds": found["seconds"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", default=",".join(task.name for task in TASKS))
    parser.add_argument("--stages", default="2,3")
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--keep", default="")
    asked = parser.parse_args()
    kept, arms = Kept(asked.keep), [1, *map(int, asked.stages.split(","))]
    gains: dict[int, list[float]] = {arm: [] for arm in arms}
    seconds: dict[int, list[float]] = {arm: [] for arm in arms}
    taken: list[float] = []
    print(f"{'task':<16}{'topmost':>9}" + "".join(f"{arm:>4} stages" for arm in arms[1:]))
    for task in (task for task in TASKS if task.name in asked.tasks.split(",")):
        found = {
            arm: [
                kept.get(f"{task.name}|{draw}|{arm}", lambda t=task, d=draw, a=arm: outcome(t, d, a))
                for draw in range(asked.draws)
            ]
            for arm in arms
        }
        accuracy = {arm: np.mean([one["accuracy"] for one in ones]) for arm, ones in found.items()}
        for arm, ones in found.items():
            gains[arm].append(float(accuracy[arm] - accuracy[1]))
            seconds[arm].append(float(np.median([one["seconds"] for one in ones])))
        planned = probe_stages("text" if "contrastive" in task.candidates else "image")
        if planned in arms:
            taken.append(gains[planned][-1])
        shown = "".join(f"{accuracy[arm] - accuracy[1]:>+11.1f}" for arm in arms[1:])
        print(f"{task.name:<16}{accuracy[1]:>9.1f}{shown}", flush=True)
    named = {f"{arm} stages": gains[arm] for arm in arms[1:]} | ({"what a plan takes": taken} if taken else {})
    for name, values in ((name, np.array(found)) for name, found in named.items()):
        half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0.0
        print(
            f"{name}: {values.mean():+.2f} points ({values.mean() - half:+.2f} to {values.mean() + half:+.2f}) over "
            f"{len(values)} tasks, worst {values.min():+.1f}"
        )
    print("seconds of a fit: " + ", ".join(f"{arm} stages {np.median(seconds[arm]):.1f}" for arm in arms))


if __name__ == "__main__":
    main()

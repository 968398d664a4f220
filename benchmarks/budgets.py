"""Budgets that are kept: fine-tuning of images, texts and recordings within 30 seconds to 5 minutes.

    python benchmarks/budgets.py [--keep outcomes.json] [--tasks images,texts,audio] [--budgets 30s,1m,2m,5m] [--cpu]

Each run begins with an empty cache, so that features are computed within the budget, and tests on 500 items that it does
not see. Prints the time taken as a share of the budget, the steps made of those of a full training, and the accuracy; what
``--keep`` holds is not run again. With ``--cpu`` budgets, estimates and times are the process's own processor seconds, for a
machine that others use too. Target: no run above 1.1 of its budget. Needs CIFAR-10, Amazon's reviews and FSDD (see `_data.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

if "--cpu" in sys.argv:  # before anything takes hold of the clock
    time.perf_counter = time.process_time

from planner import TASKS

import jeoni
from jeoni.errors import ConfigError
from jeoni.runs import read_json
from jeoni.specs.amounts import parse_duration

OF_PLANNER = {"images": "cifar-300", "texts": "kitchen-300", "audio": "spoken-300"}
TARGET = 1.1


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", default="budgets-outcomes.json")
    parser.add_argument("--tasks", default="images,texts,audio")
    parser.add_argument("--budgets", default="30s,1m,2m,5m")
    parser.add_argument("--cpu", action="store_true")
    given = parser.parse_args()
    path = Path(given.keep)
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    print(f"{'data':<10}{'budget':>8}{'taken':>9}{'share':>7}{'steps':>12}{'limit':>11}{'accuracy':>10}")
    for name in given.tasks.split(","):
        for budget in given.budgets.split(","):
            key = f"{name}|{budget}"
            if key not in kept:
                kept[key] = _run(OF_PLANNER[name], budget)
                path.write_text(json.dumps(kept, indent=1))
            _show(name, budget, kept[key])
    runs = [found for found in kept.values() if "error" not in found]
    good = sum(found["share"] <= TARGET for found in runs)
    print(f"{good} of {len(runs)} runs took at most {TARGET:g} of their budget; {len(kept) - len(runs)} were refused.")


def _run(task: str, budget: str) -> dict[str, Any]:
    """One run from an empty cache."""
    train, test = next(one for one in TASKS if one.name == task).draw(0)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JEONI_CACHE"] = f"{folder}/cache"
        begun = time.perf_counter()
        out = Path(folder) / "run"
        try:
            result = jeoni.fit(train, test=test, strategy="finetune", budget=budget, out=out, quiet=True)
        except ConfigError as error:
            return {"error": str(error)}
        taken = time.perf_counter() - begun
        record = read_json(out / "run.json")
    training = record["training"]
    return {
        "seconds": round(taken, 1),
        "share": round(taken / parse_duration(budget), 3),
        "steps": training["steps"],
        "full": training["full_steps"],
        "limit": training["limit"],
        "views": training["rows"]["views"],
        "accuracy": round(100 * result.metrics.accuracy.value, 2),
        "warnings": record["warnings"],
        "expected": record["estimate"]["parts"],
        "took": record["estimate"]["took"],
        "load": round(os.getloadavg()[0], 1),
    }


def _show(name: str, budget: str, found: dict[str, Any]) -> None:
    if "error" in found:
        print(f"{name:<10}{budget:>8}  refused: {found['error']}", flush=True)
        return
    steps = f"{found['steps']} of {found['full']}"
    print(
        f"{name:<10}{budget:>8}{found['seconds']:>9.1f}{found['share']:>7.2f}{steps:>12}"
        f"{found['limit'] or 'full':>11}{found['accuracy']:>10.2f}   load {found['load']}",
        flush=True,
    )


if __name__ == "__main__":
    main()

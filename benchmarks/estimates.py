"""Estimates against what runs take: probe, finetune, compare and adapt on images, texts and audio.

    python benchmarks/estimates.py            ten runs, some of them of many minutes
    python benchmarks/estimates.py 3 7        only these
    python benchmarks/estimates.py --cpu 11 12 13    small ones, by processor seconds, on a machine that others use too

Each run begins with an empty cache. Prints for each what was expected, what it took, and the ratio, in all and by part; then
how many lie within 20 % and within 30 %. Processor seconds are printed too: on a machine that others use, the wall time is
theirs as well. Target: 8 of 10. Needs CIFAR-10, Amazon's reviews and FSDD (see `_data.py`).
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if "--cpu" in sys.argv:  # before anything takes hold of the clock: estimates and timings count processor seconds
    time.perf_counter = time.process_time

from _data import shared
from planner import TASKS

import jeoni
from jeoni.runs import read_json

WITHIN = (0.2, 0.3)


@dataclass(frozen=True)
class Run:
    name: str
    verb: Callable[..., Any]
    data: Callable[[Path], tuple[Path, ...]]
    options: dict[str, Any]


def images(each: int, first: int = 0) -> Callable[[Path], tuple[Path, ...]]:
    def make(root: Path) -> tuple[Path, ...]:
        return (_images(root / f"images-{first}", each, first),)

    return make


def _images(root: Path, each: int, first: int) -> Path:
    for label in sorted((shared("cifar10") / "train").iterdir()):
        (root / label.name).mkdir(parents=True)
        for file in sorted(label.iterdir())[first : first + each]:
            shutil.copy(file, root / label.name / file.name)
    return root


def texts(name: str, rows: int) -> Callable[[Path], tuple[Path, ...]]:
    return lambda root: (_texts(root / f"{Path(name).stem}.csv", name, rows),)


def _texts(path: Path, name: str, rows: int) -> Path:
    with (
        open(shared(name), encoding="utf-8", newline="") as given,
        open(path, "w", encoding="utf-8", newline="") as made,
    ):
        reader, writer = csv.DictReader(given), csv.writer(made)
        writer.writerow(["text", "label"])
        everything = list(reader)
        mixed = everything[:: len(everything) // rows][:rows]
        writer.writerows([row["text"], row["label"]] for row in mixed)
    return path


def audio(each: int) -> Callable[[Path], tuple[Path, ...]]:
    def make(root: Path) -> tuple[Path, ...]:
        for digit in range(10):
            (root / "audio" / str(digit)).mkdir(parents=True)
            files = sorted(shared("fsdd").glob(f"{digit}_*.wav"))
            for file in files[:: len(files) // each][:each]:
                shutil.copy(file, root / "audio" / str(digit) / file.name)
        return (root / "audio",)

    return make


def two(one: Callable[[Path], tuple[Path, ...]], other: Callable[[Path], tuple[Path, ...]]) -> Any:
    return lambda root: (*one(root), *other(root))


def drawn(name: str, labels: int, tested: int) -> Callable[[Path], tuple[Any, Any]]:
    """Training examples and a test set, thinned from a task of `planner.py`."""

    def make(root: Path) -> tuple[Any, Any]:
        train, test = next(task for task in TASKS if task.name == name).draw(0)
        every = len(train[0]) // labels
        return tuple(part[::every][:labels] for part in train), tuple(part[::8][:tested] for part in test)

    return make


def fit_and_test(train: Any, test: Any, **options: Any) -> Any:
    # a budget, however ample, is planned for: so short runs have an estimate too
    return jeoni.fit(train, test=test, budget="5h", **options)


BOOKS, KITCHEN = (f"amazon_reviews/{domain}.csv" for domain in ("books", "kitchen"))
BEFORE = ("read_s", "load_s", "calibrate_s")
SHORT = {"budgets": "5,10", "repeats": 2, "stages": False}
RUNS = (
    Run("probe, 1,500 images", jeoni.fit, images(150), {}),
    Run("probe, 1,200 texts", jeoni.fit, texts(BOOKS, 1200), {}),
    Run("probe, 400 recordings", jeoni.fit, audio(40), {}),
    Run("finetune, 400 images", jeoni.fit, images(40), {"strategy": "finetune"}),
    Run("finetune, 300 texts", jeoni.fit, texts(BOOKS, 300), {"strategy": "finetune", "steps": 60}),
    Run("finetune, 300 recordings", jeoni.fit, audio(30), {"strategy": "finetune"}),
    Run(
        "compare, 150 images", jeoni.compare, images(15), {"strategies": "probe,finetune,scratch", **SHORT, "steps": 60}
    ),
    Run("compare, 200 texts", jeoni.compare, texts(BOOKS, 200), {"strategies": "probe,finetune", **SHORT, "steps": 40}),
    Run("adapt by coral, 1,600 texts", jeoni.adapt, two(texts(BOOKS, 800), texts(KITCHEN, 800)), {"method": "coral"}),
    Run("adapt by mcc, 400 images", jeoni.adapt, two(images(20), images(20, 100)), {"method": "mcc"}),
    # small ones, for a slow or a busy machine
    Run(
        "finetune, 150 images, 60 tested",
        fit_and_test,
        drawn("cifar-300", 150, 60),
        {"strategy": "finetune", "steps": 40},
    ),
    Run(
        "finetune, 100 texts, 60 tested",
        fit_and_test,
        drawn("kitchen-300", 100, 60),
        {"strategy": "finetune", "steps": 30},
    ),
    Run("probe, 100 recordings, 60 tested", fit_and_test, drawn("spoken-300", 100, 60), {}),
)
LARGE = RUNS[:10]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", type=int, help="of the runs; left out, the ten large ones")
    parser.add_argument("--cpu", action="store_true", help="by processor seconds, on one core")
    chosen = [RUNS[number - 1] for number in parser.parse_args().numbers] or LARGE
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'run':<32}{'expected':>10}{'took':>10}{'ratio':>8}", flush=True)
    ratios = [_one(run) for run in chosen]
    for within in WITHIN:
        good = sum(abs(ratio - 1) <= within for ratio in ratios)
        print(f"{good} of {len(chosen)} within {within:.0%} (target 8 of 10)")


def _one(run: Run) -> float:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["JEONI_CACHE"] = f"{folder}/cache"
        out = Path(folder) / "run"
        busy = time.process_time()
        run.verb(*run.data(Path(folder)), out=out, quiet=True, **run.options)
        busy = time.process_time() - busy
        record = read_json(out / "run.json")
        added = sum(file.stat().st_size for file in Path(os.environ["JEONI_CACHE"]).rglob("*") if file.is_file())
    expected, took = record["estimate"], record["timings"]["total_s"]
    if expected is None:
        print(f"{run.name:<32}{'none':>10}{took:>10.1f}", flush=True)
        return 0.0
    ratio = took / expected["seconds"]
    print(
        f"{run.name:<32}{expected['seconds']:>10.1f}{took:>10.1f}{ratio:>8.2f}   load {os.getloadavg()[0]:.1f}, {busy:.0f} s of processors",
        flush=True,
    )
    took = expected["took"] | {"before": sum(v for k, v in record["timings"].items() if k in BEFORE)}
    for part, seconds in (expected["parts"] | {"before": expected["before_s"]}).items():
        print(f"    {part:<28}{seconds:>10.1f}{took.get(part, float('nan')):>10.1f}", flush=True)
    disk, memory = expected["disk_bytes"] / 1e6, expected["memory_bytes"] / 1e6
    print(f"    {'disk, MB':<28}{disk:>10.1f}{added / 1e6:>10.1f}")
    print(f"    {'memory, MB':<28}{memory:>10.0f}{record['peak_memory_mb']:>10.0f}", flush=True)
    return float(ratio)


if __name__ == "__main__":
    main()

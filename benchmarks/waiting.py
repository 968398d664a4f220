"""What a user waits for: the first line, the help, and a fit of 276 pictures that is in the cache.

    python benchmarks/waiting.py

Prints wall seconds and the processor's seconds of each, the best of three. Targets on two quiet cores: 1 s, 0.3 s, 8 s. Needs
CIFAR-10 as folders of pictures (see `_data.py`). Python keeps compiled modules here, as it does of an installed package, whatever
PYTHONDONTWRITEBYTECODE says.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _data import shared

CLASSES, EACH = 6, 46


def main() -> None:
    print(f"load of the machine when it began: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        photos = take_pictures(Path(folder) / "photos")
        os.environ["JEONI_CACHE"] = f"{folder}/cache"
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        words = ["fit", str(photos), "--out", f"{folder}/run", "--overwrite", "--json"]
        print(f"first line of a fit: {min(first_line_s(words) for _ in range(3)):.2f} s (target 1 s)", flush=True)
        told("jeoni --help", ["--help"], 0.3)
        run(words)  # fills the cache
        told(f"a fit of {CLASSES * EACH} pictures, all in the cache", words, 8)
        told("the same without pictures", [*words, "--no-pictures"], 8)


def take_pictures(root: Path) -> Path:
    source = shared("cifar10") / "train"
    for label in sorted(source.iterdir())[:CLASSES]:
        (root / label.name).mkdir(parents=True)
        for file in sorted(label.iterdir())[:EACH]:
            shutil.copy(file, root / label.name / file.name)
    return root


def command(words: list[str]) -> list[str]:
    return [sys.executable, "-m", "jeoni", *words]


def first_line_s(words: list[str]) -> float:
    start = time.perf_counter()
    with subprocess.Popen(command(words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()
        seconds = time.perf_counter() - start
        process.kill()
    return seconds


def run(words: list[str]) -> tuple[float, float]:
    """Wall seconds and those of the processor."""
    start, before = time.perf_counter(), _processor_s()
    subprocess.run(command(words), check=True, capture_output=True)
    return time.perf_counter() - start, _processor_s() - before


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def told(what: str, words: list[str], target: float) -> None:
    wall, processor = min(run(words) for _ in range(3))
    print(f"{what}: {wall:.2f} s, of the processor {processor:.2f} s (target {target} s)", flush=True)


if __name__ == "__main__":
    main()

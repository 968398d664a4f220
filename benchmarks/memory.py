"""Memory is flat: peak of `jeoni fit` on 5,000 and on 100,000 small images.

    python benchmarks/memory.py [--large 100000]

Pictures of 32 x 32 are made in a temporary folder; the backbone is a tiny untrained one, so that what is measured is
reading, checking, storing and fitting. Prints the peak resident memory of each run and the difference. Target: at most
300 MB. Takes about twenty minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image


def make_pictures(root: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    for k in range(count):
        folder = root / f"class_{k % 4}"
        folder.mkdir(parents=True, exist_ok=True)
        base = np.linspace(0, 100, 32)[None, :, None] * (k % 4) / 3
        Image.fromarray((base + rng.integers(0, 150, (32, 32, 3))).astype(np.uint8)).save(folder / f"{k}.png")


def peak(count: int, backbone: str) -> float:
    """Peak resident memory of a run in MB, as the operating system counted it."""
    with tempfile.TemporaryDirectory() as folder:
        make_pictures(Path(folder) / "photos", count)
        environment = {**os.environ, "JEONI_CACHE": f"{folder}/cache"}
        words = [f"{folder}/photos", "--backbone", backbone, "--out", f"{folder}/run", "--json"]
        start = time.perf_counter()
        run = subprocess.Popen([sys.executable, "-m", "jeoni", "fit", *words], env=environment, stdout=subprocess.PIPE)
        said = run.stdout.read()
        _, status, usage = os.wait4(run.pid, 0)
        assert status == 0 and json.loads(said.splitlines()[-1])["counts"]["items"] == count
        steps = json.loads((Path(folder) / "run" / "run.json").read_text())["timings"]
        print(
            f"{count:,} images: {usage.ru_maxrss / 1024:.0f} MB, {time.perf_counter() - start:.0f} s; {steps}",
            flush=True,
        )
        return usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--backbone", default="untrained:test_efficientnet")
    given = parser.parse_args()
    small, large = (peak(n, given.backbone) for n in (5_000, given.large))
    print(f"{large - small:.0f} MB more for {given.large:,} than for 5,000 (target: at most 300 MB)")


if __name__ == "__main__":
    main()

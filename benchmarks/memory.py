"""Memory is flat: peak of `jeoni fit` on few and on many pictures, of classes or with boxes.

    python benchmarks/memory.py [--large 100000]
    python benchmarks/memory.py --boxes [--large 2000] [--backbone efficientnet_lite0]

Pictures of 32 x 32 are made in a temporary folder; the backbone is a tiny untrained one, so that what is measured is
reading, checking, storing and fitting. With ``--boxes``: noise of 160 x 128 with a bright rectangle or two, whose boxes a
detector learns in 60 steps from the maps of a frozen network; the control is left out. Prints the peak resident memory of
each run and the difference. Target: at most 300 MB. Takes about twenty minutes on two cores, with boxes five.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

BOXES = ["--steps", "60", "--image-size", "160x128", "--no-control", "--no-pictures"]


def make_pictures(root: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    for k in range(count):
        folder = root / f"class_{k % 4}"
        folder.mkdir(parents=True, exist_ok=True)
        base = np.linspace(0, 100, 32)[None, :, None] * (k % 4) / 3
        Image.fromarray((base + rng.integers(0, 150, (32, 32, 3))).astype(np.uint8)).save(folder / f"{k}.png")


def make_boxes(root: Path, count: int) -> None:
    rng, images, annotations = np.random.default_rng(0), [], []
    root.mkdir(parents=True)
    for k in range(count):
        pixels = rng.integers(0, 150, (128, 160, 3), dtype=np.uint8)
        for kind in range(1 + k % 2):
            (x, y), side = rng.integers(0, 90, 2).tolist(), int(rng.integers(16, 38))
            pixels[y : y + side, x : x + side, kind] = 240
            box = {"bbox": [x, y, side, side], "category_id": kind + 1, "iscrowd": 0}
            annotations.append({"id": len(annotations) + 1, "image_id": k, **box})
        Image.fromarray(pixels).save(root / f"{k}.png")
        images.append({"id": k, "file_name": f"{k}.png", "width": 160, "height": 128})
    categories = [{"id": 1, "name": "red"}, {"id": 2, "name": "green"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (root / "annotations.json").write_text(json.dumps(content), encoding="utf-8")


def peak(count: int, make: Callable[[Path, int], None], words: list[str]) -> float:
    """Peak resident memory of a run in MB, as the operating system counted it."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "photos", count)
        environment = {**os.environ, "JEONI_CACHE": f"{folder}/cache"}
        words = [f"{folder}/photos", *words, "--out", f"{folder}/run", "--json"]
        start = time.perf_counter()
        run = subprocess.Popen([sys.executable, "-m", "jeoni", "fit", *words], env=environment, stdout=subprocess.PIPE)
        said = run.stdout.read()
        _, status, usage = os.wait4(run.pid, 0)
        assert status == 0 and json.loads(said.splitlines()[-1])["counts"]["items"] == count
        steps = json.loads((Path(folder) / "run" / "run.json").read_text())["timings"]
        kept = sum(file.stat().st_size for file in Path(folder, "cache").rglob("*") if file.is_file()) / 1e6
        print(
            f"{count:,} images: {usage.ru_maxrss / 1024:.0f} MB, {time.perf_counter() - start:.0f} s, "
            f"{kept:.0f} MB on the disk; {steps}",
            flush=True,
        )
        return usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--backbone", default="untrained:test_efficientnet")
    parser.add_argument("--boxes", action="store_true")
    given = parser.parse_args()
    few, many = (200, given.large or 2_000) if given.boxes else (5_000, given.large or 100_000)
    words = ["--backbone", given.backbone, *(BOXES if given.boxes else [])]
    small, large = (peak(n, make_boxes if given.boxes else make_pictures, words) for n in (few, many))
    print(f"{large - small:.0f} MB more for {many:,} than for {few:,} (target: at most 300 MB)")


if __name__ == "__main__":
    main()

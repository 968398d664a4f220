"""Extraction wastes nothing: from files, against decoding and computing measured alone.

    python benchmarks/extraction.py [--images 1000] [--side 300] [--photos 120]

Decoding alone and the engine alone each run on all cores; nothing from files can be faster than
1 / (1/decode + 1/compute). Prints images/s of all three and the share of that bound that is reached, for PNG files of
the given side and for photographs of 3,000 x 2,000 pixels (JPEG), whose reduced-size decoding is held against full size.
Target: 0.9. Medians of five rounds, the three taken in turn.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, Taps
from jeoni.backbones.entry import entry
from jeoni.data.items import FileItems
from jeoni.features import jobs
from jeoni.features.chunks import chunk_size
from jeoni.features.engine import accelerated, choose
from jeoni.features.extract import Request, extract
from jeoni.features.store import FeatureStore
from jeoni.modalities.image.images import open_image, signature
from jeoni.modalities.inputs import Input
from jeoni.types import Quiet

CORES = len(os.sched_getaffinity(0))


def make_files(folder: Path, count: int, width: int, height: int, suffix: str) -> list[str]:
    """Pictures with detail at several scales, so that they compress as photographs do."""
    rng = np.random.default_rng(0)
    paths = []
    for k in range(count):
        layers = [
            np.asarray(Image.fromarray(rng.integers(0, 256, (s, s, 3), dtype=np.uint8)).resize((width, height)))
            for s in (4, 16, 64)
        ]
        path = folder / f"{k}.{suffix}"
        Image.fromarray(np.mean(layers, axis=0).astype(np.uint8)).save(path, quality=90)
        paths.append(str(path))
    return paths


def rate(count: int, work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def at_once(spec: Input, count: int) -> int:
    return chunk_size(spec.chunk, accelerated("auto"), count, CORES)


def spread(spec: Input, items: list, work: Callable) -> None:
    """Chunks over all cores."""
    size = at_once(spec, len(items))
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(work, [items[i : i + size] for i in range(0, len(items), size)]))


def compare(name: str, paths: list[str]) -> None:
    backbone = load_backbone("efficientnet_lite0")
    tap = Tap(backbone.n, True)
    spec = backbone.input
    items = FileItems(paths, paths)

    def decode(chunk: list[int]) -> np.ndarray:
        images = [open_image(items.read(i), "x", spec.size) for i in chunk]
        for image in images:
            signature(image)
        return np.stack([spec.row(image) for image in images])

    network = entry(Taps(backbone, (tap,)), spec).eval()
    pixels = decode(list(range(min(len(paths), at_once(spec, len(paths))))))
    choice = choose(network, pixels, "auto", CORES, Quiet())
    # the same engine for both sides, chosen once: what is compared is the pipeline
    jobs.choose = lambda *a: choice
    numbers = list(range(len(paths)))

    def compute(chunk: list[int]) -> object:
        return choice.run(pixels[: len(chunk)])

    rounds: dict[str, list[float]] = {"decode": [], "compute": [], "files": []}
    for _ in range(5):
        rounds["decode"].append(rate(len(paths), lambda: spread(spec, numbers, decode)))
        rounds["compute"].append(
            rate(len(paths), lambda: spread(spec, numbers, lambda chunk: choice.run(pixels[: len(chunk)])))
        )
        with tempfile.TemporaryDirectory() as cache:
            store = FeatureStore(Path(cache))
            request = Request(backbone, (tap,))
            rounds["files"].append(rate(len(paths), lambda: extract(items, [request], store, threads=CORES)))  # noqa: B023
    middle = {k: statistics.median(v) for k, v in rounds.items()}
    shares = [f / (1 / (1 / d + 1 / c)) for d, c, f in zip(*rounds.values(), strict=True)]
    print(
        f"{name} ({choice.name} {choice.precision}): decode {middle['decode']:.0f}/s, "
        f"compute {middle['compute']:.0f}/s, from files {middle['files']:.0f}/s = {statistics.median(shares):.2f} of the bound (target 0.90)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--side", type=int, default=300)
    parser.add_argument("--photos", type=int, default=120, help="0 leaves photographs out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare("PNG", make_files(Path(folder), given.images, given.side, given.side, "png"))
    if not given.photos:
        return
    with tempfile.TemporaryDirectory() as folder:
        photos = make_files(Path(folder), given.photos, 3000, 2000, "jpg")
        raw = [Path(p).read_bytes() for p in photos]
        spec = load_backbone("efficientnet_lite0").input
        full = rate(len(raw), lambda: spread(spec, raw, lambda chunk: [open_image(r, "x") for r in chunk]))
        less = rate(len(raw), lambda: spread(spec, raw, lambda chunk: [open_image(r, "x", 224) for r in chunk]))
        print(f"JPEG 3000 x 2000: full size {full:.0f}/s, reduced {less:.0f}/s, {less / full:.1f} times", flush=True)
        compare("JPEG", photos)


if __name__ == "__main__":
    main()

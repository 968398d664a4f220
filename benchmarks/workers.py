"""Decoding by worker processes, beside threads and beside torch's DataLoader: images a second, and what a worker adds.

    python benchmarks/workers.py [--images 600] [--rounds 3] [--width 400 --height 300] [--workers 1,2,4]

JPEG files of made-up photographs, each read, hashed, decoded and squashed to 224 x 224 uint8. The DataLoader does the
same and nothing else (no hash, no signature by which near-identical pictures are found), with persistent workers that
have begun, in batches of eight. All three take turns in every round; rates are medians of the rounds. Efficiency is the
rate divided by that of one worker of the same kind times their number; the aim is 0.8. "Here" is the processor time of this
process alone for each image: for threads all that an image takes, for processes what the parent has to do, which bounds
how many workers it can feed; it means something on a busy machine, too. Without --workers, 1, 2, 4 … up to the cores of
the machine. About a minute on two quiet cores.
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

import torch
from _jpeg import write_photos

from jeoni.data.items import FileItems
from jeoni.features.decoding import Decoder, Plan, Preparation
from jeoni.modalities.image.images import open_image
from jeoni.modalities.inputs.image import ImageInput
from jeoni.types import Quiet

SPEC = ImageInput(224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CHUNK = 32


class Pictures(torch.utils.data.Dataset):
    """The rival's data."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, k: int) -> torch.Tensor:
        image = open_image(Path(self.paths[k]).read_bytes(), self.paths[k], SPEC.at_least())
        return torch.from_numpy(SPEC.row(image).copy())


def ours(paths: list[str], workers: int, processes: bool) -> Callable[[], None]:
    """One pass over all files."""
    items = FileItems(paths, paths)
    decoder = Decoder(Plan((Preparation(SPEC, "224"),)), workers, processes, Quiet())
    pool = ThreadPoolExecutor(workers)

    def chunk(first: int) -> int:
        index = range(first, min(first + CHUNK, len(paths)))
        return sum(made.rows[0, 0].shape[0] for made in decoder.prepare(items, index, lambda place, digest: [[0]]))

    def once() -> None:
        assert sum(pool.map(chunk, range(0, len(paths), CHUNK))) == 224 * len(paths)

    return once


def loader(paths: list[str], workers: int) -> Callable[[], None]:
    """One pass of the DataLoader."""
    loaded = torch.utils.data.DataLoader(Pictures(paths), 8, num_workers=workers, persistent_workers=True)

    def once() -> None:
        assert sum(len(batch) for batch in loaded) == len(paths)

    return once


def rate(count: int, once: Callable[[], None]) -> tuple[float, float]:
    """Images a second, and this process's own processor time for each."""
    begun, own = time.perf_counter(), time.process_time()
    once()
    return count / (time.perf_counter() - begun), (time.process_time() - own) / count


def counts(asked: str) -> list[int]:
    if asked:
        return [int(part) for part in asked.split(",")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return [n for n in (1, 2, 4, 8, 16, 32) if n <= cores]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--width", type=int, default=400)
    parser.add_argument("--height", type=int, default=300)
    parser.add_argument("--workers", default="")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    single: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = write_photos(Path(folder), asked.images, asked.width, asked.height)
        for workers in counts(asked.workers):
            kinds = {
                "threads": ours(paths, workers, False),
                "processes": ours(paths, workers, True),
                "DataLoader": loader(paths, workers),
            }
            for once in kinds.values():
                once()  # starts workers, and warms the system's cache of files
            rounds: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
            for _ in range(asked.rounds):
                for kind, once in kinds.items():
                    rounds[kind].append(rate(len(paths), once))
            told = []
            for kind, found in rounds.items():
                middle = statistics.median(each for each, _ in found)
                own = statistics.median(own for _, own in found)
                single.setdefault(kind, middle / workers)
                efficiency = middle / (workers * single[kind])
                told.append(f"{kind} {middle:.0f}/s (efficiency {efficiency:.2f}; here {1000 * own:.2f} ms an image)")
            pairs = zip(rounds["processes"], rounds["DataLoader"], strict=True)
            ratio = statistics.median(ours / theirs for (ours, _), (theirs, _) in pairs)
            print(f"{workers} workers: {', '.join(told)}; processes / DataLoader {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()

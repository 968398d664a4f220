"""Extraction by processes of Ray on one machine, beside the plain run on the same files.

    python benchmarks/ray_extraction.py [--items 4096] [--backbone efficientnet_lite0] [--processes 1,2]

CIFAR-10 photographs (32 x 32; each is written once, and again with another content where more are asked for).
For each number of processes: the plain run with as many threads, then Ray with as many processes, each in a process of
its own with an empty store. Prints items/s over the last three quarters of the items (all have begun by then), the ratio, the
seconds until the first features are there, and by how much the memory of the process that writes grew during the pass.
Features of both are compared bit for bit. Target: a ratio of 0.9 or more for one process; memory that does not grow with
the items (--items 2048 and 8192 tell).

    python benchmarks/ray_extraction.py --writer 20000

Prints how many items/s the process that writes takes in (chunks opened, rows checked, written and found again), by how
much its memory grows, and the bytes of an item on the way and in the store: the bound of all clusters.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from _data import shared
from PIL import Image

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.items import FileItems
from jeoni.features.extract import Request, extract
from jeoni.features.known import KnownRows
from jeoni.features.store import FeatureStore
from jeoni.features.worker import Worker
from jeoni.specs.where import parse_where
from jeoni.types import Quiet

CHUNK_APART_S = 0.02  # between the last item of one chunk and the first of the next


class Watch(Quiet):
    """Keeps the moment of every step."""

    def __init__(self) -> None:
        self.steps: list[tuple[float, int]] = []

    @contextmanager
    def track(self, title: str, total: int, expected_s: float | None = None) -> Iterator:
        yield lambda steps, seconds=0.0: self.steps.append((time.perf_counter(), steps))

    def rate(self) -> float:
        """Items/s over the last three quarters; counted from the end of a chunk, whose items are told all at once."""
        done = np.cumsum([steps for _, steps in self.steps])
        moments = np.array([moment for moment, _ in self.steps])
        ends = np.flatnonzero(np.diff(moments) > CHUNK_APART_S)
        first = next((int(end) for end in ends if done[end] >= done[-1] / 4), 0)
        return float((done[-1] - done[first]) / (moments[-1] - moments[first]))


def write_photos(folder: Path, count: int) -> None:
    """As many different photographs: further ones are mirrored, then turned by one value."""
    known = sorted((shared("cifar10") / "train").rglob("*.*"))
    for k in range(count):
        pixels = np.asarray(Image.open(known[k % len(known)]).convert("RGB"))
        turn = k // len(known)
        file = io.BytesIO()
        Image.fromarray((pixels[:, ::-1] if turn else pixels) + np.uint8(turn)).save(file, "PNG")
        (folder / f"{k:07d}.png").write_bytes(file.getvalue())


def measure(folder: Path, store: Path, backbone_name: str, processes: int, on: str) -> dict[str, float]:
    """One pass; the engine is ONNX Runtime, so that both sides run the same one."""
    backbone = load_backbone(backbone_name)
    paths = sorted(map(str, folder.glob("*.png")))
    items, watch = FileItems(paths, paths), Watch()
    executor = None
    if on != "here":
        from jeoni.scaling.ray import RayExecutor

        executor = RayExecutor(parse_where(on), "onnxruntime", processes)
        executor.check()
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    seen = extract(
        items, [Request(backbone, (Tap(backbone.n, True),))], FeatureStore(store),
        engine="onnxruntime", threads=processes if executor is None else 1, console=watch, executor=executor,
    )  # fmt: skip
    assert seen.computed == len(items)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    first = next(moment for moment, _ in watch.steps[8:]) - start  # the first 8 are worked off here
    np.save(store / "features.npy", seen.features(backbone, Tap(backbone.n, True)).numpy())
    return {"rate": watch.rate(), "first_s": first, "whole_s": seen.seconds, "grown_mb": grown / 1024}


class Endless:
    """A executor that computed one chunk, and gives it back again and again under other digests."""

    def __init__(self) -> None:
        self.sent = 0

    def least(self) -> int:
        return 1

    def accelerated(self) -> bool:
        return False

    def chunks(self, items: FileItems, index: list[int], todo: object, size: int) -> Iterator:
        (chunk,) = Worker(replace(todo, known=KnownRows({}))).chunks(items.select(index[:size]), range(size))
        for start in range(0, len(index), size):
            numbers = index[start : start + size]
            digests = [os.urandom(16) for _ in numbers]
            again = replace(
                chunk,
                index=numbers,
                digests=digests,
                signatures=dict(zip(digests, chunk.signatures.values(), strict=False)),
                rows=[[(d, *row[1:]) for d, row in zip(digests, rows, strict=False)] for rows in chunk.rows],
            )
            sent = pickle.dumps(again, protocol=5)
            self.sent += len(sent)
            yield pickle.loads(sent)


def measure_writer(backbone_name: str, count: int) -> None:
    backbone = load_backbone(backbone_name)
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, "photos")
        folder.mkdir()
        write_photos(folder, 16)
        paths = sorted(map(str, folder.glob("*.png"))) * (count // 16)
        items, watch, executor = FileItems(paths, paths), Watch(), Endless()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        store = FeatureStore(Path(root))
        extract(
            items,
            [Request(backbone, (Tap(backbone.n, True),))],
            store,
            engine="onnxruntime",
            console=watch,
            executor=executor,
        )
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        kept = sum(file.stat().st_size for file in store.root.rglob("*") if file.is_file())
        print(
            f"{len(items):,} items of {backbone_name}: taken in at {watch.rate():,.0f}/s; memory grew by {grown:.0f} MB; "
            f"an item has {executor.sent / len(items):,.0f} bytes on the way and {kept / len(items):,.0f} in the store"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=4096)
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--processes", default="1,2")
    parser.add_argument("--on", default="ray")
    parser.add_argument("--writer", type=int, default=0, help="items; only the process that writes is measured")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.writer:
        measure_writer(asked.backbone, asked.writer)
        return
    if asked.one:
        folder, store, processes, on = asked.one.split(",")
        print(json.dumps(measure(Path(folder), Path(store), asked.backbone, int(processes), on)))
        return
    with tempfile.TemporaryDirectory() as root:
        photos = Path(root, "photos")
        photos.mkdir()
        write_photos(photos, asked.items)
        for processes in map(int, asked.processes.split(",")):
            found = {}
            for on in ("here", asked.on):
                store = Path(root, f"store-{processes}-{on == 'here'}")
                store.mkdir()
                one = f"{photos},{store},{processes},{on}"
                words = [sys.executable, __file__, "--backbone", asked.backbone, "--one", one]
                done = subprocess.run(words, capture_output=True, text=True)
                if done.returncode:
                    sys.exit(done.stderr)
                found[on] = json.loads(done.stdout.splitlines()[-1]), np.load(store / "features.npy")
            (here, plain), (there, features) = found.values()
            alike = "equal bit for bit" if np.array_equal(plain, features) else "DIFFERENT"
            print(
                f"{asked.items:,} items, {processes} process(es): plain {here['rate']:.1f}/s, Ray {there['rate']:.1f}/s = "
                f"{there['rate'] / here['rate']:.2f} of it; whole pass {here['whole_s']:.0f} and {there['whole_s']:.0f} s, "
                f"Ray's first features after {there['first_s']:.0f} s; memory of the process that writes grew by "
                f"{here['grown_mb']:.0f} and {there['grown_mb']:.0f} MB; features are {alike}",
                flush=True,
            )


if __name__ == "__main__":
    main()

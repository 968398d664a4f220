"""Predicting places in pictures beside extracting their features: seconds for the same photographs (BCCD).

    python benchmarks/places_predicting.py [--pictures 364] [--rounds 3] [--tasks detection,pose,segmentation]

Photographs of 640 x 480 in frames of 480 x 352, `efficientnet_lite0`, heads with random weights: what is timed does not
depend on what they say, except that a random detector keeps more boxes than a trained one. `extraction` computes the
maps of the head and writes them into an empty store; `predicting` decodes, runs backbone and head, reads the outputs,
and keeps nothing; `torch` is the same by eager torch. All take turns in every round; seconds are medians of the rounds,
on the wall and of the processor.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _data import shared

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.maps import map_stages
from jeoni.data.annotations.read import read_annotated
from jeoni.dense.frames import with_frame
from jeoni.dense.model import DenseModel
from jeoni.dense.protocol import MapShape
from jeoni.dense.tasks.detection import Detection
from jeoni.dense.tasks.pose import Pose
from jeoni.dense.tasks.segmentation import Segmentation
from jeoni.dense.transfer import build_dense_head
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.types import Dataset

TASKS = {
    "detection": Detection(("red", "white", "platelet")),
    "pose": Pose(("snout", "left ear", "right ear", "tail")),
    "segmentation": Segmentation(tuple("abcdefghijk")),
}


def built(data: Dataset, name: str) -> DenseModel:
    """A model whose head has random weights."""
    task = TASKS[name]
    backbone = with_frame(load_backbone("efficientnet_lite0"), data, 480)
    maps = map_stages(backbone, task.strides)
    torch.manual_seed(0)
    head = build_dense_head(task, task.head).build(task, [MapShape(m.channels, m.stride) for m in maps])
    return DenseModel(backbone, head.eval(), task.head, task, maps, backbone.n, backbone.n)


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds on the wall, and of the processor."""
    begun = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun[0], time.process_time() - begun[1]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=364)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", default="detection,pose,segmentation")
    asked = parser.parse_args()
    read = read_annotated(shared("bccd"), "detection")
    assert read is not None
    data = read.select(np.arange(min(asked.pictures, len(read))))
    for name in asked.tasks.split(","):
        model = built(data, name)
        request = Request(model.backbone, tuple(m.tap for m in model.maps))

        def extraction(request: Request = request) -> None:
            with tempfile.TemporaryDirectory() as folder:
                Context(FeatureStore(Path(folder))).extract(data.items, [request])

        def predicting(engine: str, model: DenseModel = model) -> None:
            found = model.predict(data, Context(engine=engine))
            assert len(found) == len(data)

        ways = {
            "extraction": extraction,
            "predicting": lambda: predicting("auto"),
            "torch": lambda: predicting("torch"),
        }
        rounds = [{way: timed(work) for way, work in ways.items()} for _ in range(asked.rounds)]
        for way in ways:
            wall, cpu = (statistics.median(one[way][k] for one in rounds) for k in (0, 1))
            print(f"{name}: {way} of {len(data)} pictures {wall:.1f} s, {cpu:.1f} s of the processor", flush=True)


if __name__ == "__main__":
    main()

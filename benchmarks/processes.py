"""Two processes of a training (gloo) against one: how much of the second core is used.

    python benchmarks/processes.py [--backbone efficientnet_lite0] [--stages 2] [--batch-size 32] [--steps 40] [--rounds 3]

The topmost stages of a backbone are trained on cached activations of CIFAR-10 photographs. One process with one thread
takes batches of half the size; two processes with a thread each take whole batches, so each has the same work, and what
is added is the exchange of gradients. Prints the seconds of a step of both and the efficiency, seconds of one over
seconds of two, as the median of rounds taken in turn; on a machine of two cores that do nothing else it is what the
second core is worth. Target: 0.85.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from _data import shared
from torch import nn

from jeoni import distributed
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import cut
from jeoni.data.items import FileItems
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.specs import Recipe
from jeoni.strategies.finetuning.setup import Network
from jeoni.tasks import LossOptions
from jeoni.tasks.classification import Classification
from jeoni.training.defaults import resolve_defaults
from jeoni.training.groups import build_groups
from jeoni.training.job import Job
from jeoni.training.loop import train
from jeoni.training.rows import plain_rows
from jeoni.types import Dataset

EACH = 24  # photographs of a class


def seconds_of_a_step(asked: argparse.Namespace, batch_size: int, steps: int) -> float:
    """One training in this process, or its share of one."""
    torch.set_num_threads(1)
    classes = sorted(f.name for f in (shared("cifar10") / "train").iterdir())
    paths = [str(p) for name in classes for p in sorted((shared("cifar10") / "train" / name).iterdir())[:EACH]]
    labels = np.repeat(np.arange(len(classes)), EACH)
    backbone = load_backbone(asked.backbone)
    made = cut(backbone, backbone.n - asked.stages)
    context = Context(FeatureStore(), engine="onnxruntime", workers=1)
    items, alone, task = FileItems(paths, paths), np.arange(len(labels)), Classification(tuple(classes))
    seen = context.extract(items, [Request(backbone, (made.tap,))])
    examples = Examples(Dataset("cifar10", items, labels, task), alone, seen, alone, alone[None] * 0)
    recipe = resolve_defaults(Recipe(steps=steps, batch_size=batch_size, patience=0), {}, len(labels))
    network = Network(made.from_rows(backbone.input), nn.Linear(backbone.dim, len(classes)))
    groups = build_groups(backbone, made.frozen, made.prefix, network, recipe)
    rows = plain_rows(examples, backbone, made.tap, context)
    loss = task.criterion(labels, LossOptions())
    return train(Job("tail", network, groups, rows, labels, loss, recipe, 0)).seconds / steps


def started(words: list[str], launcher: list[str], cache: str) -> float:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "JEONI_CACHE": cache}
    done = subprocess.run([sys.executable, *launcher, *words], capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(done.stderr)
    (told,) = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return float(json.loads(told)["seconds"])


def two_processes() -> list[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", str(port)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--stages", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        distributed.init()
        seconds = seconds_of_a_step(asked, asked.one, asked.steps)
        if distributed.is_main_process():
            print(json.dumps({"seconds": seconds}))
        return
    script = [str(Path(__file__)), "--backbone", asked.backbone, "--stages", str(asked.stages)]
    script += ["--steps", str(asked.steps)]
    ratios = []
    with tempfile.TemporaryDirectory() as cache:
        for turn in range(asked.rounds):
            one = started([*script, "--one", str(asked.batch_size // 2)], [], cache)
            two = started([*script, "--one", str(asked.batch_size)], two_processes(), cache)
            ratios.append(one / two)
            print(
                f"round {turn + 1}: a step of {asked.batch_size // 2} in one process {1000 * one:.0f} ms, of "
                f"{asked.batch_size} in two {1000 * two:.0f} ms: efficiency {ratios[-1]:.2f}",
                flush=True,
            )
    print(f"efficiency of two processes: median {np.median(ratios):.2f} (target 0.85)")


if __name__ == "__main__":
    main()

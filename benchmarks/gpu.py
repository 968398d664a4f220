"""Is the GPU kept busy? Features from files, the training loop, and a whole fine-tuning run, each beside its bound.

    python benchmarks/gpu.py [--images 8000] [--steps 120] [--parts features,loop,run] [--tiny]

1. features: images a second from JPEG files (400 x 300, made up) through each backbone (random weights: nothing is
   loaded from a hub), beside decoding alone by all cores and the network alone in the same engine and batch size.
   Aim: 0.8 of the slower of the two. Without a GPU both share the cores: the bound is then that of one after the other.
2. loop: all stages of ResNet-50 trained, batches of 64, from files, from rows in memory, and the same network in a plain
   PyTorch loop (bfloat16, channels-last, fused AdamW) whose data lie on the device. Aim: from files 0.9 of that loop.
   With convolutions that add up in one order, and without.
3. run: `jeoni fit --strategy finetune --frozen 0 --epochs 3` as a whole, nothing cached and without the untrained
   control, beside that plain loop from files by a DataLoader with a worker for each core. Aim: no slower.

``--tiny`` takes 48 images, a small network and few steps: to see that all of it runs, which takes a minute on two cores.
On a GPU with 16 cores about six minutes. The card and the number of cores are printed first.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from _jpeg import write_photos
from torch import nn

import jeoni
from jeoni import distributed
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, Taps, cut
from jeoni.backbones.entry import entry
from jeoni.data.items import FileItems, content_digest
from jeoni.features.chunks import chunk_size
from jeoni.features.decoding import Decoder, Plan, Preparation, processes_pay
from jeoni.features.engine import accelerated, choose
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.modalities.image.augment import augment, find_policy
from jeoni.modalities.image.images import open_image
from jeoni.specs import Recipe
from jeoni.strategies.finetuning.setup import Network
from jeoni.tasks import LossOptions
from jeoni.tasks.classification import Classification
from jeoni.training.defaults import ResolvedRecipe, resolve_defaults
from jeoni.training.groups import build_groups
from jeoni.training.job import Job
from jeoni.training.loop import train
from jeoni.training.rows import ArrayRows, LiveRows, Rows
from jeoni.types import Dataset, Quiet

POLICY = "light"
TASK = Classification(("class_0", "class_1"))


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    images: int
    steps: int
    batch: int
    backbones: tuple[str, ...]
    trained: str


FULL = ("untrained:tf_efficientnet_lite0", "untrained:resnet50", "untrained:vit_small_patch16_224")
TINY = Size(48, 3, 8, ("untrained:test_resnet",), "untrained:test_resnet")


def wait() -> None:
    """Until all that the GPU was given is done."""
    if distributed.device().type == "cuda":
        torch.cuda.synchronize()


def rate(count: int, once: Callable[[], object]) -> float:
    wait()
    begun = time.perf_counter()
    once()
    wait()
    return count / (time.perf_counter() - begun)


def features(paths: list[str], name: str) -> None:
    backbone = load_backbone(name)
    spec, cores, count = backbone.input, distributed.cores(), len(paths)
    items, gpu = FileItems(paths, paths), accelerated("torch")
    size = chunk_size(spec.chunk, gpu, count, cores)
    decoder = Decoder(
        Plan((Preparation(spec, name),)), cores, processes_pay((spec,), count, cores), Quiet()
    )  # as extraction takes it
    pool = ThreadPoolExecutor(2 * cores if gpu and decoder.processes else cores)

    def decoded(first: int) -> None:
        for _ in decoder.prepare(items, range(first, min(first + size, count)), lambda place, digest: [[0]]):
            pass

    def decode() -> None:
        list(pool.map(decoded, range(0, count, size)))

    tap = Tap(backbone.n, True)
    rows = spec.example_rows(size)
    choice = choose(entry(Taps(backbone, (tap,)), spec).eval(), rows, "torch", cores, Quiet())

    def compute() -> None:
        list(pool.map(lambda _: choice.run(rows), range(0, count, size)))

    decode()  # starts the workers, and warms the system's cache of files
    decode_s, compute_s = rate(count, decode), rate(count, compute)
    with tempfile.TemporaryDirectory() as folder:
        context = Context(FeatureStore(Path(folder)), engine="torch")
        context.extract(items.select(range(size)), [Request(backbone, (tap,))])  # compiles the engine
        files_s = rate(count - size, lambda: context.extract(items, [Request(backbone, (tap,))]))
    bound = min(decode_s, compute_s) if gpu else 1 / (1 / decode_s + 1 / compute_s)
    print(
        f"features of {name} ({choice.precision}): decoding by {decoder.told} {decode_s:.0f}/s, network {compute_s:.0f}/s, "
        f"from files {files_s:.0f}/s = {files_s / bound:.2f} of the bound (aim 0.80)",
        flush=True,
    )


def network_of(backbone: Backbone) -> Network:
    head = nn.Linear(backbone.dim, TASK.width)
    return Network(cut(backbone, 0).from_rows(backbone.input), head)


def our_loop(backbone: Backbone, rows: Rows, labels: np.ndarray, recipe: ResolvedRecipe) -> float:
    """Images a second of the steps, without the first ones."""
    made = cut(backbone, 0)
    network = Network(made.from_rows(backbone.input), nn.Linear(backbone.dim, TASK.width))
    groups = build_groups(backbone, made.frozen, made.prefix, network, recipe)
    job = Job("loop", network, groups, rows, labels, TASK.criterion(labels, LossOptions()), recipe)
    warm = Job(**{**vars(job), "recipe": ResolvedRecipe(**{**vars(recipe), "steps": 3})})
    train(warm)
    return rate(recipe.steps * recipe.batch_size, lambda: train(job))


class PlainLoop:
    """What a careful person writes: bfloat16 where there is a GPU, channels last, fused AdamW, one look at the end."""

    def __init__(self, backbone: Backbone) -> None:
        self.device = distributed.device()
        self.network = network_of(backbone).to(self.device).to(memory_format=torch.channels_last)
        self.network.requires_grad_(True).train()
        for module in self.network.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()
        self.optimizer = torch.optim.AdamW(self.network.parameters(), 1e-4, fused=True)

    def step(self, pixels: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        pixels = pixels.to(self.device, non_blocking=True)
        labels = labels.to(self.device, non_blocking=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            loss = nn.functional.cross_entropy(self.network(pixels.float()), labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()


class Views(torch.utils.data.Dataset):
    """The plain loop's data: a random view of each file whenever it is asked for."""

    def __init__(self, paths: list[str], labels: np.ndarray, backbone: Backbone) -> None:
        self.paths, self.labels, self.spec = paths, labels, backbone.input

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, k: int) -> tuple[torch.Tensor, int]:
        raw, spec = Path(self.paths[k]).read_bytes(), self.spec
        image = open_image(raw, self.paths[k], spec.at_least(POLICY))
        number = 1 + int(torch.randint(1 << 20, ()))
        made = augment(image, spec.size, spec.interpolation, find_policy(POLICY), content_digest(raw), number)
        return torch.from_numpy(made[0].copy()), int(self.labels[k])


def loop(paths: list[str], labels: np.ndarray, size: Size) -> None:
    backbone = load_backbone(size.trained)
    count, steps = len(paths), size.steps
    precision = "bfloat16" if distributed.device().type == "cuda" else "float32"
    recipe = resolve_defaults(
        Recipe(steps=steps, batch_size=size.batch, precision=precision, augment=POLICY), {}, count
    )
    alone, items = np.arange(count), FileItems(paths, paths)
    context = Context(FeatureStore(Path(tempfile.mkdtemp())))
    seen = context.extract(items.select(range(1)), [Request(backbone, (Tap(0, False),))])
    examples = Examples(Dataset("photos", items, labels, TASK), alone, seen, alone, alone[None] * 0)
    live = LiveRows(examples, backbone, Tap(0, False), POLICY, context, views=4)
    some = ArrayRows(live.batch(alone[: size.batch * 4], alone[: size.batch * 4] * 0))
    kept = labels[: len(some)]

    plain = PlainLoop(backbone)
    on_device = [
        (torch.from_numpy(some.batch(index, index)).to(plain.device), torch.from_numpy(labels[index]).to(plain.device))
        for index in np.array_split(np.arange(len(some)), max(1, len(some) // size.batch))
    ]

    def plainly(steps: int) -> None:
        for k in range(steps):
            plain.step(*on_device[k % len(on_device)])

    plainly(3)
    bound = rate(steps * size.batch, lambda: plainly(steps))
    free = ResolvedRecipe(**{**vars(recipe), "deterministic": False})
    for told, one in (("in one order", recipe), ("in any order", free)):
        memory = our_loop(backbone, some, kept, one)
        files = our_loop(backbone, live, labels, one)
        print(
            f"loop of {size.trained}, sums {told}: from files (by {live.decoded_by}) {files:.0f}/s, from memory "
            f"{memory:.0f}/s, a plain loop with data on the device {bound:.0f}/s: {files / bound:.2f} and "
            f"{memory / bound:.2f} of it (aim 0.90)",
            flush=True,
        )


def run(folder: Path, paths: list[str], labels: np.ndarray, size: Size) -> None:
    begun = time.perf_counter()
    backbone = load_backbone(size.trained)
    plain, cores = PlainLoop(backbone), distributed.cores()
    data = Views(paths, labels, backbone)
    loader = torch.utils.data.DataLoader(
        data, size.batch, shuffle=True, num_workers=cores, persistent_workers=True, drop_last=True,
        pin_memory=plain.device.type == "cuda",
    )  # fmt: skip
    for _ in range(3):
        for pixels, targets in loader:
            last = plain.step(pixels, targets)
    float(last)
    theirs = time.perf_counter() - begun
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as out:
        os.environ["JEONI_CACHE"] = cache
        begun = time.perf_counter()
        jeoni.fit(
            folder, backbone=size.trained, strategy="finetune", frozen="0", epochs=3, batch_size=size.batch,
            control=False, pictures=False, test_fraction=0.1, out=Path(out) / "run", overwrite=True, quiet=True,
        )  # fmt: skip
        ours = time.perf_counter() - begun
    print(
        f"three epochs of {size.trained} on {len(paths):,} files: jeoni fit {ours:.0f} s (probe, held-out scores and report "
        f"included), a plain loop {theirs:.0f} s: {theirs / ours:.2f} times as fast (aim 1)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=8000)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--parts", default="features,loop,run")
    parser.add_argument("--tiny", action="store_true")
    asked = parser.parse_args()
    size = TINY if asked.tiny else Size(asked.images, asked.steps, 64, FULL, "untrained:resnet50")
    gpu = distributed.device().type == "cuda"
    card = torch.cuda.get_device_name() if gpu else "no GPU"
    print(f"{card}, {distributed.cores()} cores, torch {torch.__version__}, {size.images:,} images", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        paths = write_photos(Path(folder), size.images)
        labels = np.array([int(Path(path).parent.name[-1]) for path in paths])
        parts = asked.parts.split(",")
        if "features" in parts:
            for name in size.backbones:
                features(paths, name)
        if "loop" in parts:
            loop(paths, labels, size)
        if "run" in parts:
            run(Path(folder), paths, labels, size)


if __name__ == "__main__":
    main()

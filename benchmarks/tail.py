"""Training above a cut: ours from cached activations, against the common recipe with the same layers trainable.

    python benchmarks/tail.py [--frozen 6] [--epochs 3] [--seeds 3] [--channels-last]

The rival: the loop of every tutorial. Lower layers have ``requires_grad = False`` and batch normalisation in eval mode;
every epoch decodes and augments each image into a normalised float tensor and runs the whole network; a DataLoader with
a worker per core. ``--channels-last`` also gives the rival the memory format that few tutorials mention. The same
backbone, head start, rates, schedule, views and number of steps in both. ELPV, the same fifth held out. Prints seconds
per epoch (ours also with the one pass that fills the store), the ratio, and accuracies by seed. Targets: an epoch at
least 5 times faster, accuracies within a point. About 20 minutes on two cores.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from elpv import cells
from torch import nn

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, cut, merge
from jeoni.backbones.entry import entry
from jeoni.data.items import FileItems, content_digest
from jeoni.data.splits import build_folds
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.heads.linear import Linear
from jeoni.modalities.image.augment import augment, find_policy
from jeoni.modalities.image.images import open_image
from jeoni.specs import Recipe
from jeoni.strategies.finetuning.setup import Network
from jeoni.tasks import LossOptions
from jeoni.tasks.classification import Classification
from jeoni.training.defaults import resolve_defaults
from jeoni.training.forward import outputs_of
from jeoni.training.groups import build_groups
from jeoni.training.job import Job
from jeoni.training.loop import train
from jeoni.training.rows import plain_rows, training_rows
from jeoni.types import Dataset

POLICY = "light"


class Normal(nn.Module):
    """Normalised floats into the network, in the memory format that was chosen."""

    def __init__(self, module: nn.Module, channels_last: bool) -> None:
        super().__init__()
        self.module = module
        self.format = torch.channels_last if channels_last else torch.contiguous_format

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.module(images.contiguous(memory_format=self.format))


class Pictures(torch.utils.data.Dataset):
    """The rival's data: decoded and augmented whenever asked for; normalised ``(3, h, w)`` floats."""

    def __init__(self, paths: list[str], labels: np.ndarray, spec, views: int) -> None:
        self.paths, self.labels, self.spec, self.views = paths, labels, spec, views

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, k: int) -> tuple[torch.Tensor, int]:
        raw = Path(self.paths[k]).read_bytes()
        image = open_image(raw, self.paths[k], at_least=self.spec.size)
        view = 1 + int(torch.randint(self.views, ()))
        pixels = augment(
            image, self.spec.size, self.spec.interpolation, find_policy(POLICY), content_digest(raw), view
        )[0]
        tensor = torch.from_numpy(pixels.copy()).permute(2, 0, 1).float().div(255)
        mean, std = torch.tensor(self.spec.mean).view(3, 1, 1), torch.tensor(self.spec.std).view(3, 1, 1)
        return ((tensor - mean) / std).contiguous(), int(self.labels[k])


def rival(
    backbone, frozen: int, head: nn.Module, recipe: Recipe, paths, labels, seed: int, channels_last: bool
) -> tuple[nn.Module, float]:
    """The whole network and seconds per epoch."""
    torch.manual_seed(seed)
    whole = cut(backbone, 0)
    network = Network(Normal(whole.upper, channels_last), head)
    network.requires_grad_(False)
    tail = cut(backbone, frozen)
    groups = build_groups(backbone, frozen, tail.prefix, Network(tail.from_rows(backbone.input), head), recipe)
    named = dict(network.named_parameters())
    options = []
    for g in groups:
        inside = [n if n.startswith("head.") else n.replace("features.", "features.module.", 1) for n in g.parameters]
        own = [named[n].requires_grad_(True) for n in inside]
        options.append({"params": own, "lr": g.learning_rate, "weight_decay": g.weight_decay, "top": g.learning_rate})
    optimizer = torch.optim.AdamW(options)
    data = Pictures(paths, labels, backbone.input, recipe.views)
    loader = torch.utils.data.DataLoader(
        data, recipe.batch_size, shuffle=True, num_workers=2, drop_last=True, persistent_workers=True
    )
    step, times, rise = 0, [], max(1, round(recipe.warmup * recipe.steps))
    while step < recipe.steps:
        start, first = time.perf_counter(), step
        for pixels, targets in loader:
            if step >= recipe.steps:
                break
            height = (
                (step + 1) / rise
                if step < rise
                else 0.5 * (1 + math.cos(math.pi * (step - rise) / (recipe.steps - rise)))
            )
            for o in optimizer.param_groups:
                o["lr"] = o["top"] * height
            network.train()
            for m in network.modules():
                if isinstance(m, nn.modules.batchnorm._BatchNorm):
                    m.eval()
            loss = nn.functional.cross_entropy(network(pixels), targets)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([p for o in optimizer.param_groups for p in o["params"]], 1.0)
            optimizer.step()
            step += 1
        times.append((time.perf_counter() - start) * len(loader) / (step - first))
    return network.eval(), float(np.median(times))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--frozen", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--channels-last", action="store_true")
    asked = parser.parse_args()
    paths, labels = cells()
    backbone = load_backbone("efficientnet_lite0")
    alone = np.arange(len(labels))
    made = cut(backbone, asked.frozen)
    context = Context(FeatureStore(Path(tempfile.mkdtemp())))
    items = FileItems(paths, paths)
    whole = Tap(backbone.n, True)
    seen = context.extract(items, [Request(backbone, (whole, made.tap, Tap(0, False)))])
    everything = Examples(
        Dataset("elpv", items, labels, Classification(("no", "yes"))), alone, seen, alone, alone[None] * 0
    )
    ratios, ours_right, theirs_right, fill = [], [], [], None
    for seed in range(asked.seeds):
        fold = build_folds(labels, alone, 5, 1, seed)[0]
        fit, held = np.flatnonzero(fold != 0), np.flatnonzero(fold == 0)
        training = everything.select(fit, build_folds(labels[fit], alone[fit], 5, 1, seed))
        testing = everything.select(held, fold[None, held])
        recipe = resolve_defaults(Recipe(steps=asked.epochs * (len(fit) // 32), augment=POLICY), {}, len(fit))

        def head(rows=training, y=labels[fit]) -> nn.Module:
            module = (
                Linear()
                .fit(rows.features(backbone, whole), y, Classification(("no", "yes")), rows.folds, "none")
                .module
            )
            module.get_buffer("temperature").fill_(1.0)
            return module

        fresh = cut(backbone, asked.frozen)
        network = Network(fresh.from_rows(backbone.input), head())
        start = time.perf_counter()
        rows, _ = training_rows(training, backbone, fresh.tap, recipe, context)
        fill = fill or time.perf_counter() - start
        groups = build_groups(backbone, fresh.frozen, fresh.prefix, network, recipe)
        loss = Classification(("no", "yes")).criterion(labels[fit], LossOptions())
        history = train(Job("ours", network, groups, rows, labels[fit], loss, recipe, seed))
        ours_s = history.seconds / asked.epochs
        logits = outputs_of(network, plain_rows(testing, backbone, fresh.tap, context))
        ours_right.append(float((logits.argmax(1) == labels[held]).mean()))
        assert merge(backbone, fresh).fingerprint != backbone.fingerprint

        train_paths = [paths[i] for i in fit]
        other, theirs_s = rival(
            backbone, asked.frozen, head(), recipe, train_paths, labels[fit], seed, asked.channels_last
        )
        other.features = entry(other.features.module, backbone.input)
        logits = outputs_of(other, plain_rows(testing, backbone, Tap(0, False), context))
        theirs_right.append(float((logits.argmax(1) == labels[held]).mean()))
        ratios.append(theirs_s / ours_s)
        print(
            f"seed {seed}: an epoch takes {ours_s:.1f} s from the store and {theirs_s:.1f} s by the common recipe, "
            f"{ratios[-1]:.1f} times; accuracy {ours_right[-1]:.4f} and {theirs_right[-1]:.4f}",
            flush=True,
        )
    print(
        f"median {np.median(ratios):.1f} times faster (target 5); filling the store once took {fill:.0f} s; mean accuracy "
        f"{np.mean(ours_right):.4f} and {np.mean(theirs_right):.4f} (target: within 0.01)"
    )


if __name__ == "__main__":
    main()

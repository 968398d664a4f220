"""Does a control on a sample say what the full one says? The untrained control on 500 and 1,000 examples, and on all.

    python benchmarks/control.py [--data elpv,cifar10,digits] [--draws 10] [--across]

Full: both heads are fitted to all training examples and tested on the test set, as a fit of few examples does it. Samples:
as `jeoni fit` takes them of many, ten draws each. Prints the gain over untrained features in points of accuracy with its
interval, how often the verdict is the full one's, how often the interval holds the full gain, and how much larger the
sample's gain is: fewer labels make both heads weaker, and what the sample tells is the gain at its own number of labels.
The last line of a data set is what sequential looks come to: how often they stop at 500, and passes saved.
Solar cells, CIFAR-10 and spoken digits as spectrograms (see `_data.py`); most of the time is features.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from _data import shared

from jeoni.assessment.control import Control, control_on_all, control_on_sample
from jeoni.assessment.holdout import assess
from jeoni.assessment.split import Split, split_examples
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import fitted_to, load_backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.data.checks import check_content
from jeoni.data.kinds import Columns
from jeoni.data.read import load_labelled
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.strategies.probe import Probe
from jeoni.tasks import read_targets
from jeoni.types import Dataset, Interval

SIZES = (500, 1000)


@dataclass(frozen=True)
class Measured:
    """A data set with the features of both networks."""

    backbone: Backbone
    twin: Backbone
    split: Split
    context: Context


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="elpv,cifar10,digits")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--across", action="store_true", help="also cross-validate on all training examples")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.data.split(","):
            report(name, prepare(LOADERS[name](Path(folder))), asked.draws, asked.across)


def elpv(folder: Path) -> Dataset:
    from importlib.util import find_spec

    spec = find_spec("elpv_dataset")
    assert spec is not None and spec.origin is not None
    data = Path(spec.origin).parent / "data"
    lines = [line.split() for line in (data / "labels.csv").read_text(encoding="utf-8").splitlines()]
    rows = [f"{data / path},{'defective' if float(p) >= 0.5 else 'sound'}" for path, p, _ in lines]
    table = folder / "cells.csv"
    table.write_text("file,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return load_labelled(str(table), Columns(image="file", label="label"))


def cifar10(folder: Path) -> Dataset:
    return load_labelled(str(shared("cifar10") / "train"), Columns())


def digits(folder: Path) -> Dataset:
    """Spoken ones."""
    rows = [f"{path},{path.stem[0]}" for path in sorted(shared("fsdd").glob("*.wav"))]
    table = folder / "digits.csv"
    table.write_text("file,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return load_labelled(str(table), Columns(audio="file", label="label"))


LOADERS = {"elpv": elpv, "cifar10": cifar10, "digits": digits}


def prepare(raw: Dataset) -> Measured:
    data, context = read_targets(raw, "auto"), Context()
    backbone = fitted_to(load_backbone("efficientnet_lite0"), data)
    twin = untrained_twin(backbone, 0)
    taps = (Tap(backbone.n, True),)
    seen = context.extract(data.items, [Request(backbone, taps), Request(twin, taps)])
    checked = check_content(data, seen.digests, seen.signatures, seen.near, seen.readable, seen.errors)
    split = split_examples(data, seen, checked, folds=5, repeats=0, test_fraction=0.2, least=1000, seed=0)
    return Measured(backbone, twin, split, context)


def report(name: str, of: Measured, draws: int, across: bool) -> None:
    probe, split = Probe(), of.split
    ours = assess(probe, of.backbone, split, of.context).predictions
    full = control_on_all(probe, of.twin, ours, split, of.context).differences(0)["accuracy"]
    assert split.test is not None
    print(f"{name}: all {len(split.train)} training examples, {len(split.test)} test: {told(full)}", flush=True)
    if across:
        cross = one(of, len(split.train), 0, sequential=False)
        print(f"  by cross-validation on all training examples: {told(cross.differences(0)['accuracy'])}", flush=True)
    for size in SIZES:
        found = [one(of, size, seed, sequential=False) for seed in range(draws)]
        summarise(f"  {size} examples", [c.differences(0)["accuracy"] for c in found], full)
    looked = [one(of, SIZES[-1], seed, sequential=True) for seed in range(draws)]
    early = sum(len(c.looks) == 1 for c in looked)
    summarise("  sequentially", [c.differences(0)["accuracy"] for c in looked], full)
    passes = np.mean([len(c.examples) for c in looked])
    print(f"  stopped at {SIZES[0]} in {early} of {draws}: {passes:.0f} passes in place of {SIZES[-1]}", flush=True)


def one(of: Measured, size: int, seed: int, *, sequential: bool) -> Control:
    """A control on a sample of its own."""
    from jeoni.assessment import control as module

    kept = module.SIZES
    module.SIZES = SIZES if sequential else ()
    try:
        context = replace(of.context, seed=seed)
        return control_on_sample(Probe(), of.backbone, of.twin, of.split.train, context, size, 5)
    finally:
        module.SIZES = kept


def summarise(what: str, found: list[Interval], full: Interval) -> None:
    gains = np.array([100 * d.value for d in found])
    width = np.mean([100 * (d.high - d.low) / 2 for d in found])
    agree = sum(verdict(d) == verdict(full) for d in found)
    holds = sum(d.low <= full.value <= d.high for d in found)
    print(
        f"{what}: {gains.mean():.1f} points (from {gains.min():.1f} to {gains.max():.1f}), interval +- {width:.1f}; "
        f"the verdict agrees in {agree}, the interval holds the full gain in {holds} of {len(found)}; "
        f"larger by {gains.mean() - 100 * full.value:+.1f}",
        flush=True,
    )


def verdict(difference: Interval) -> str:
    return "helped" if difference.low > 0 else "hurt" if difference.high < 0 else "cannot tell"


def told(d: Interval) -> str:
    return f"{100 * d.value:.1f} points ({100 * d.low:.1f} to {100 * d.high:.1f}), {verdict(d)}"


if __name__ == "__main__":
    main()

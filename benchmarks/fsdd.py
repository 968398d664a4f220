"""Spoken digits, one speaker left out at a time: an image backbone on spectrograms against a logistic regression.

    python benchmarks/fsdd.py [--strategies probe,finetune] [--budget 0] [--backbone efficientnet_lite0] [--side 0]

Four speakers with 500 recordings each; every speaker is the test set once (the honest split), and then the same is done
with four random parts (the careless split, which knows every speaker). The rival: logistic regression, its strength
chosen by cross-validation, on means and deviations over time of the same log-mel bands. --budget takes so many training
recordings of each digit (0: all), --side the picture's side in pixels (0: what the backbone expects; training from
scratch at 224 takes an hour a speaker on two cores, at 64 eight minutes on one). Prints accuracy by split with the mean
over speakers, and the paired difference to the rival with its 95 % interval over speakers and recordings.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from _data import shared
from nsmc import interval
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jeoni.assessment.draws import pick
from jeoni.assessment.holdout import taps_of
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import fitted_to, load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.items import FileItems
from jeoni.data.splits import build_folds, repeats_for
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.heads.linear import Linear
from jeoni.modalities.audio.recordings import open_audio
from jeoni.modalities.audio.spectrograms import log_mel
from jeoni.strategies import build_strategy
from jeoni.tasks.classification import Classification
from jeoni.types import Dataset

RATE = 8000


def averages(items: FileItems) -> np.ndarray:
    found = []
    for i in range(len(items)):
        mel = log_mel(open_audio(items.read(i), items.name(i), RATE).samples, RATE)
        found.append(np.concatenate([mel.mean(0), mel.std(0)]))
    return np.stack(found)


@dataclass(frozen=True)
class StageProbe:
    """A linear probe on the features of a lower stage: a shorter network without training."""

    stage: int

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        return (Tap(self.stage, True),)

    def fit(self, backbone: Backbone, train: Examples, context: Context) -> Fitted:
        rows = train.features(backbone, Tap(self.stage, True))
        fitted = Linear().fit(rows, train.data.targets, train.data.task, train.folds, "none")
        return Fitted(fitted.module, Tap(self.stage, True))


@dataclass(frozen=True)
class Fitted:
    module: torch.nn.Module
    tap: Tap

    def predict_examples(self, examples: Examples, backbone: Backbone, context: Context) -> np.ndarray:
        with torch.inference_mode():
            found: np.ndarray = self.module(torch.from_numpy(examples.features(backbone, self.tap).numpy())).numpy()
        return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--strategies", default="probe,finetune")
    parser.add_argument("--budget", type=int, default=0)
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--side", type=int, default=0)
    parser.add_argument("--splits", default="speakers,random")
    parser.add_argument("--stages", action="store_true", help="also a linear probe on every stage's features")
    asked = parser.parse_args()
    files = sorted(shared("fsdd").glob("*.wav"))
    parts = [f.stem.split("_") for f in files]
    labels = np.array([int(p[0]) for p in parts], dtype=np.int64)
    speakers = np.unique([p[1] for p in parts], return_inverse=True)[1]
    items = FileItems([str(f) for f in files], [f.name for f in files])
    data = Dataset("fsdd", items, labels, Classification(tuple(map(str, range(10)))), modality="audio")
    backbone, context = fitted_to(load_backbone(asked.backbone), data), Context(FeatureStore())
    if asked.side:
        backbone = replace(backbone, input=replace(backbone.input, size=asked.side))
    strategies = {s: build_strategy(s) for s in asked.strategies.split(",")}
    size = 10 * asked.budget or 1500
    strategies |= {f"probe of {s.name}": StageProbe(k + 1) for k, s in enumerate(backbone.stages) if asked.stages}
    start = time.perf_counter()
    seen = context.extract(
        items,
        [Request(backbone, tuple(dict.fromkeys(t for s in strategies.values() for t in taps_of(s, backbone, size))))],
    )
    print(
        f"{seen.computed} of {len(files)} recordings computed in {time.perf_counter() - start:.0f} s; {backbone.input}",
        flush=True,
    )
    plain = averages(items)
    whole = Examples(data, np.arange(len(data)), seen, np.arange(len(data)), np.zeros((1, len(data)), dtype=np.int64))
    for split in asked.splits.split(","):
        part = speakers if split == "speakers" else np.random.default_rng(0).permutation(len(data)) % 4
        right: dict[str, list[np.ndarray]] = {}
        for fold in range(4):
            test = np.flatnonzero(part == fold)
            chosen = pick(labels, np.flatnonzero(part != fold), asked.budget or None, fold)
            # strengths and moments are chosen as the split is: on speakers that were left out, or on random parts
            groups = speakers[chosen] if split == "speakers" else np.arange(len(chosen))
            folds = build_folds(labels[chosen], groups, 5, 1 if split == "speakers" else repeats_for(len(chosen)), fold)
            rival = make_pipeline(
                StandardScaler(),
                LogisticRegressionCV(
                    Cs=np.logspace(-3, 3, 7),
                    cv=5,
                    max_iter=3000,
                    scoring="accuracy",
                    l1_ratios=(0.0,),
                    use_legacy_attributes=False,
                ),
            )
            rival.fit(plain[chosen], labels[chosen])
            right.setdefault("log-mel averages", []).append(rival.predict(plain[test]) == labels[test])
            train = whole.select(chosen, folds)
            train = Examples(train.data, groups, seen, chosen, folds)
            held = whole.select(test, whole.folds[:, test])
            for name, strategy in strategies.items():
                start = time.perf_counter()
                model = strategy.fit(backbone, train, Context(context.store, seed=fold))
                probs = model.predict_examples(held, backbone, context)
                right.setdefault(name, []).append(probs.argmax(1) == labels[test])
                print(
                    f"  {split} {fold}: {name} {right[name][-1].mean():.4f} in {time.perf_counter() - start:.0f} s",
                    flush=True,
                )
        base = np.array(right["log-mel averages"], dtype=float)
        for name, values in right.items():
            rows = np.array(values, dtype=float)
            low, high = interval(rows)
            line = f"{split}, {name}: accuracy {rows.mean():.4f} ({low:.4f} to {high:.4f}), each {', '.join(f'{v.mean():.3f}' for v in rows)}"
            if name != "log-mel averages":
                below, above = interval(rows - base)
                line += f"; minus averages {100 * (rows - base).mean():+.1f} points ({100 * below:.1f} to {100 * above:.1f})"
            print(line, flush=True)


if __name__ == "__main__":
    main()

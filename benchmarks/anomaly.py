"""Defects of solar cells (ELPV) found by heads that saw sound cells only, beside a supervised probe on the same features.

    python benchmarks/anomaly.py [--seeds 5] [--normal 600] [--heads patchcore,padim,nearest] [--backbones ...]
                                 [--keep FOLDER] [--anomalib PLACES]

Cells of whose state the experts were sure. Every draw keeps 400 sound and 400 defective cells for the test, and learns
from ``--normal`` of the other sound ones; the probe (the default head on pooled features) learns from 50 and from 200
labels of what is left, in its natural proportion of defects. Prints the ROC-AUC of pictures with its 95 % t-interval
over draws, the paired difference to the same head on untrained features, the share of defects found at the threshold
and of false alarms on the test's sound cells (5 % is promised at most), and seconds. What a draw gave is kept in a file
of its own in ``--keep`` and not computed again. With ``--anomalib 250`` (pip install anomalib) its PatchCore sees the
same maps of the first backbone, and both remember 250 places; it chooses them among all where ours looks at 25,000.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from _features import cells
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from jeoni import plugins
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, Taps
from jeoni.backbones.entry import entry, rows_like
from jeoni.data.items import FileItems
from jeoni.data.splits import build_folds
from jeoni.dense.heads.anomaly.patchcore import PatchCore
from jeoni.dense.protocol import HeadFactory, MapShape
from jeoni.features.examples import Context
from jeoni.features.extract import Extraction, Request
from jeoni.heads.fitting.named import build_head
from jeoni.libraries import import_torchvision
from jeoni.tasks.classification import Classification

TEST = 400  # cells of each state
LABELS = (50, 200)
STRIDES = (8, 16, 32)
BATCH = 32
PIXELS = Tap(0, False)


def wanted_taps(backbone: Backbone) -> tuple[list[Tap], list[MapShape]]:
    """The last stage at each stride, without one that only widens it for the pooling behind."""
    taps = [Tap(stage, False) for stage in range(1, backbone.n)]
    rows = rows_like(backbone.input, 1)
    with torch.inference_mode():
        found = entry(Taps(backbone, taps), backbone.input).eval()(rows)
    last: dict[int, tuple[Tap, MapShape]] = {}
    for tap, value in zip(taps, found, strict=True):
        stride = rows.shape[1] // value.shape[2]
        if stride in last and value.shape[1] >= 3 * last[stride][1].channels:
            continue
        last[stride] = tap, MapShape(value.shape[1], stride)
    chosen = [last[stride] for stride in STRIDES if stride in last]
    return [tap for tap, _ in chosen], [shape for _, shape in chosen]


def batches_of(seen: Extraction, backbone: Backbone, taps: Sequence[Tap], index: np.ndarray) -> Callable[[], Iterator]:
    """Maps of some pictures from the store, batch by batch."""
    tables = [seen.features(backbone, tap, index) for tap in taps]

    def batches() -> Iterator[list[torch.Tensor]]:
        for start in range(0, len(index), BATCH):
            part = slice(start, start + BATCH)
            yield [torch.from_numpy(np.asarray(table[part], dtype=np.float32)) for table in tables]

    return batches


def anomaly_draw(
    factory: HeadFactory, shapes: Sequence[MapShape], known: Callable, test: Callable, true: np.ndarray, seed: int
) -> dict:
    """Scores of a head that saw normal pictures only."""
    head = factory.build(None, shapes)
    begin = time.process_time()
    head.fit(known, seed)
    fitted = time.process_time()
    with torch.inference_mode():
        scores = np.concatenate([head(batch)[:, 0, 0].numpy() for batch in test()]) / float(head.threshold)
    return {
        "auroc": float(roc_auc_score(true, scores)),
        "recall": float((scores[true] > 1).mean()),
        "alarms": float((scores[~true] > 1).mean()),
        "fit_s": fitted - begin,
        "predict_ms": 1000 * (time.process_time() - fitted) / len(true),
    }


class OurMaps(torch.nn.Module):
    """Feature extractor for anomalib: pixels to the maps that our heads are given; in eval mode whatever is said."""

    def __init__(self, backbone: Backbone, taps: Sequence[Tap], names: Sequence[str]) -> None:
        super().__init__()
        self.maps, self.names = entry(Taps(backbone, taps), backbone.input).eval(), names

    def train(self, mode: bool = True) -> OurMaps:
        return self

    def forward(self, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
        found = self.maps(pixels.permute(0, 2, 3, 1).to(torch.uint8))
        return dict(zip(self.names, found, strict=True))


def anomalib_draw(computed: Computed, known: np.ndarray, test: np.ndarray, true: np.ndarray, memory: int) -> dict:
    """Scores of anomalib's PatchCore with so many remembered places."""
    import_torchvision()
    from anomalib.models.image.patchcore.torch_model import PatchcoreModel

    model = PatchcoreModel(["fine", "coarse"], "resnet18", pre_trained=False)
    model.feature_extractor = OurMaps(computed.backbone, computed.taps[:2], model.layers)

    def pixels(index: np.ndarray) -> Iterator[torch.Tensor]:
        rows = computed.seen.features(computed.backbone, PIXELS, index)
        for start in range(0, len(index), BATCH):
            block = torch.from_numpy(np.asarray(rows[start : start + BATCH], dtype=np.float32))
            yield block.permute(0, 3, 1, 2)

    begin = time.process_time()
    model.train()
    places = sum(len(model(batch)) for batch in pixels(known))
    model.subsample_embedding(memory / places)
    fitted = time.process_time()
    model.eval()
    with torch.inference_mode():
        scores = np.concatenate([model(batch).pred_score.numpy() for batch in pixels(test)])
    predicted = 1000 * (time.process_time() - fitted) / len(true)
    return {"auroc": float(roc_auc_score(true, scores)), "fit_s": fitted - begin, "predict_ms": predicted}


def probe_draw(rows: np.ndarray, labels: np.ndarray, test: np.ndarray, true: np.ndarray) -> dict:
    """Scores of the default head on pooled features and labels."""
    task = Classification(("sound", "defect"))
    folds = build_folds(labels, np.arange(len(labels)), 5, 2, 0)
    module = build_head("auto").fit(rows, labels, task, folds, "none").module
    with torch.inference_mode():
        outputs = module(torch.from_numpy(test)).numpy()
    return {"auroc": float(roc_auc_score(true, outputs[:, 1] - outputs[:, 0]))}


def draw(sound: np.ndarray, defect: np.ndarray, normal: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers of normal cells to learn from, of all that may be labelled, and of the test: sound ones first."""
    rng = np.random.default_rng(seed)
    sound, defect = rng.permutation(sound), rng.permutation(defect)
    pool = np.concatenate([sound[TEST:], defect[TEST:]])
    return sound[TEST:][:normal], rng.permutation(pool), np.concatenate([sound[:TEST], defect[:TEST]])


def shown(values: Sequence[float]) -> str:
    if len(values) < 2:
        return f"{100 * np.mean(values):5.1f}"
    error = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return f"{100 * np.mean(values):5.1f} ± {100 * error:3.1f}"


@dataclass(frozen=True)
class Computed:
    """Features of all cells by one backbone, from the store."""

    backbone: Backbone
    taps: list[Tap]
    shapes: list[MapShape]
    seen: Extraction
    rows: np.ndarray

    @classmethod
    def of(cls, name: str, paths: Sequence[str]) -> Computed:
        backbone = load_backbone(name)
        taps, shapes = wanted_taps(backbone)
        pooled = Tap(backbone.n, True)
        seen = Context().extract(FileItems(paths, paths), [Request(backbone, (PIXELS, *taps, pooled))])
        rows = np.asarray(seen.features(backbone, pooled).numpy(), dtype=np.float32)
        return cls(backbone, taps, shapes, seen, rows)

    def batches(self, index: np.ndarray) -> Callable[[], Iterator]:
        return batches_of(self.seen, self.backbone, self.taps, index)


def outcome(file: Path | None, compute: Callable[[], dict]) -> dict:
    """What a draw gave: kept, or computed now."""
    if file and file.exists():
        return json.loads(file.read_text())
    found = compute()
    print(f"  {file.stem if file else ''} {found}", flush=True)
    if file:
        file.write_text(json.dumps(found))
    return found


def jobs_of(
    computed: Computed, defective: np.ndarray, heads: str, normal: int, seed: int, memory: int
) -> dict[str, Callable[[], dict]]:
    """What is to be computed of one draw, by its name."""
    known, pool, test = draw(np.flatnonzero(~defective), np.flatnonzero(defective), normal, seed)
    true, rows = defective[test], computed.rows
    jobs: dict[str, Callable[[], dict]] = {}
    for head in heads.split(","):
        factory = plugins.load("jeoni.dense.heads.anomaly", head)()
        batches = computed.batches(known), computed.batches(test)
        jobs[head] = partial(anomaly_draw, factory, computed.shapes, *batches, true, seed)
    if memory:
        factory, batches = PatchCore(most=memory), (computed.batches(known), computed.batches(test))
        jobs[f"patchcore, {memory} places"] = partial(anomaly_draw, factory, computed.shapes, *batches, true, seed)
        jobs[f"anomalib, {memory} places"] = partial(anomalib_draw, computed, known, test, true, memory)
    for labels in LABELS:
        some = pool[:labels]
        jobs[f"probe, {labels} labels"] = partial(
            probe_draw, rows[some], defective[some].astype(np.int64), rows[test], true
        )
    return jobs


def line_of(job: str, found: list[dict], control: list[dict] | None) -> str:
    """One line of the table."""
    areas = np.array([one["auroc"] for one in found])
    gain = shown(list(areas - np.array([one["auroc"] for one in control]))) if control else ""
    line = f"{job:<32}{shown(list(areas)):>14}{gain:>18}"
    if "fit_s" not in found[0]:
        return line
    there = "recall" in found[0]
    shares = "".join(f"{shown([one[k] for one in found]) if there else '':>14}" for k in ("recall", "alarms"))
    seconds, each = (np.mean([one[k] for one in found]) for k in ("fit_s", "predict_ms"))
    return f"{line}{shares}{seconds:>8.0f}{each:>9.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--normal", type=int, default=600)
    parser.add_argument("--heads", default="nearest,padim,patchcore")
    parser.add_argument("--backbones", default="efficientnet_lite0,untrained:efficientnet_lite0")
    parser.add_argument("--keep", default="")
    parser.add_argument("--anomalib", type=int, default=0, metavar="PLACES")
    asked = parser.parse_args()
    keep = Path(asked.keep) if asked.keep else None
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    known = [(path, defect) for path, defect in cells() if defect in (0.0, 1.0)]
    paths, defective = [path for path, _ in known], np.array([defect == 1.0 for _, defect in known])
    names = asked.backbones.split(",")
    outcomes: dict[str, dict[str, list[dict]]] = {}
    for name in names:
        computed = Computed.of(name, paths)
        for seed in range(asked.seeds):
            for job, compute in jobs_of(
                computed, defective, asked.heads, asked.normal, seed, asked.anomalib if name == names[0] else 0
            ).items():
                file = keep / f"{name.replace(':', '-')} {job} {asked.normal} {seed}.json" if keep else None
                outcomes.setdefault(job, {}).setdefault(name, []).append(outcome(file, compute))
    print(
        f"\nELPV: {asked.normal} sound cells to learn from; test: {TEST} sound, {TEST} defective; {asked.seeds} draws"
    )
    print(f"{'':<32}{'ROC-AUC':>14}{'minus untrained':>18}{'found':>14}{'false alarms':>14}{'fit s':>8}{'ms each':>9}")
    for job, by_backbone in outcomes.items():
        for name in by_backbone:
            control = by_backbone.get(names[1]) if name == names[0] and len(names) > 1 else None
            print(line_of(job if name == names[0] else f"  {name}", by_backbone[name], control), flush=True)


if __name__ == "__main__":
    main()

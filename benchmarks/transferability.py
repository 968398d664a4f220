"""Do transferability scores foretell what is then measured? Weighted Kendall's tau over backbones, stages and tasks.

    python benchmarks/transferability.py sources [--folder FOLDER]
    python benchmarks/transferability.py measure [--folder FOLDER] [--tasks elpv-defect,…] [--draws 1]
    python benchmarks/transferability.py table   [--folder FOLDER] [--finetuned FILE]

``sources`` trains a few small networks (timm's test_efficientnet, 0.1 million parameters, from random weights) on other tasks:
CIFAR-10, digits, solar cells by their type. ``measure`` scores every candidate (each backbone at each stage) on ``LABELS``
labels of a task, then fits the linear head on the same ones and tests it on items that no score saw; a file of outcomes
per task and draw, what is there is not computed again. ``table`` prints, for each score, weighted tau with the measured
accuracy and what its first choice loses, with 95 % intervals over backbones, tasks and draws; ``--finetuned`` is a JSON
file ``{task: {backbone: accuracy}}`` of whole networks, against which the top stages' scores are held too. Another draw
has other folds; other labels, too, only where a task has more than ``LABELS`` to learn from (spoken digits; cells by kind have fewer).

Tasks: solar cells (defect, type, defects of mono- and of polycrystalline ones), digits, CIFAR-10, spoken digits with one
speaker left out, Korean film reviews, English book reviews. Needs the data of ``_data.py``, ``elpv-dataset``, and the
weights of all packaged backbones.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _data import shared

import jeoni
from jeoni.assessment.candidates import Contender, candidates_of, held_out_scores, taps_of_stages
from jeoni.assessment.split import Split
from jeoni.backbones.catalog import fitted_to, load_backbone, load_classifier
from jeoni.data.splits import build_folds
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.tasks import read_targets
from jeoni.transferability.agreement import weighted_tau
from jeoni.transferability.scoring import build_scores, score_candidate
from jeoni.types import Dataset

LABELS, POOL, TEST = 200, 200, 200
RESAMPLES = 300
TINY = "untrained:test_efficientnet"
IMAGES = (
    "efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "mobilenet_v2",
    "untrained:efficientnet_lite0", "untrained:mobilenetv2_100", TINY,
)  # fmt: skip
SOURCES = ("cifar10", "digits", "elpv-type")  # what small networks are trained on; not scored on the same
TEXTS = ("all-minilm-l6-v2", "multilingual-e5-small", "untrained:all-minilm-l6-v2", "untrained:multilingual-e5-small")
VOICES = "ge2e-voices"
Pool = tuple[list[Any], list[str], list[str]]  # items, labels, groups or nothing


def drawn(items: Sequence[Any], labels: Sequence[str], groups: Sequence[str] = ()) -> Pool:
    """As many as a task needs, in an order that is always the same."""
    order = np.random.default_rng(0).permutation(len(items))[: POOL + TEST]
    return [items[i] for i in order], [str(labels[i]) for i in order], [groups[i] for i in order] if groups else []


def cells(kind: str) -> Callable[[], Pool]:
    """Solar cells: their defects or their type; of all, or of one type."""

    def read() -> Pool:
        from elpv_dataset.utils import load_dataset

        images, probabilities, types = load_dataset()
        defects = np.where(probabilities >= 0.5, "defective", "sound")
        some = np.random.default_rng(0).permutation(len(types))[: POOL + TEST]  # the same cells for all four tasks
        keep = [i for i in some if kind in ("defect", "type") or types[i] == kind]
        pictures = [np.repeat(images[i][..., None], 3, axis=2) for i in keep]
        return pictures, [str((types if kind == "type" else defects)[i]) for i in keep], []

    return read


def digits() -> Pool:
    from sklearn.datasets import load_digits

    data = load_digits()
    big = [
        np.repeat((one * 15).astype(np.uint8)[..., None], 3, axis=2).repeat(4, 0).repeat(4, 1) for one in data.images
    ]
    return drawn(big, [f"digit {label}" for label in data.target])


def cifar() -> Pool:
    files = [f for folder in sorted((shared("cifar10") / "train").iterdir()) for f in sorted(folder.iterdir())]
    return drawn([str(f) for f in files], [f.parent.name for f in files])


def spoken() -> Pool:
    files = sorted(shared("fsdd").glob("*.wav"))
    return drawn([str(f) for f in files], [f"digit {f.stem[0]}" for f in files], [f.stem.split("_")[1] for f in files])


def reviews(name: str) -> Callable[[], Pool]:
    def read() -> Pool:
        with open(shared(name), encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["text"].strip()]
        return drawn([row["text"] for row in rows], [f"label {row['label']}" for row in rows])

    return read


@dataclass(frozen=True)
class Task:
    """A labelled task and the networks that are tried on it."""

    name: str
    pool: Callable[[], Pool]
    kind: str
    forbidden: tuple[str, ...] = ()


TASKS = (
    Task("elpv-defect", cells("defect"), "image"),
    Task("elpv-type", cells("type"), "image", ("elpv-type",)),
    Task("mono", cells("mono"), "image"),
    Task("poly", cells("poly"), "image"),
    Task("digits", digits, "image", ("digits",)),
    Task("cifar10", cifar, "image", ("cifar10",)),
    Task("spoken", spoken, "audio"),
    Task("nsmc", reviews("nsmc/train.csv"), "text"),
    Task("books", reviews("amazon_reviews/books.csv"), "text"),
)


def train_sources(folder: Path, steps: int) -> None:
    """Small networks on other tasks, from random weights."""
    readers = {"cifar10": cifar, "digits": digits, "elpv-type": cells("type")}
    for name in SOURCES:
        run = folder / "sources" / name
        if (run / "model").exists() or (run / "backbone").exists():
            continue
        items, labels, _ = readers[name]()
        start = time.perf_counter()
        result = jeoni.pretrain(
            (items, labels),
            method="supervised",
            backbone=TINY,
            steps=steps,
            out=run,
            overwrite=True,
            quiet=True,
            pictures=False,
        )
        print(f"{name}: {result.summary} ({time.perf_counter() - start:.0f} s)", flush=True)


def contenders(task: Task, folder: Path) -> dict[str, str]:
    """The networks for a task: what they are called, and where they are loaded from."""
    if task.kind == "text":
        return {name: name for name in TEXTS}
    found = {name: name for name in IMAGES} | ({VOICES: VOICES} if task.kind == "audio" else {})
    for name in SOURCES:
        place = folder / "sources" / name / "model"
        if name not in task.forbidden and place.exists():
            found[f"small network of {name}"] = str(place)
    return found


def split_of(data: Dataset, groups: list[str], draw: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training and test rows, and clusters: a speaker is left out where there are some, else the last rows are tested."""
    rng = np.random.default_rng(100 + draw)
    if groups:
        names, clusters = np.unique(groups, return_inverse=True)
        out = draw % len(names)
        train = rng.permutation(np.flatnonzero(clusters != out))[:LABELS]
        return np.sort(train), np.flatnonzero(clusters == out), clusters
    n = len(data)
    test = np.arange(n - min(TEST, n // 2), n)
    return np.sort(rng.permutation(n - len(test))[:LABELS]), test, np.arange(n)


def measure(task: Task, draw: int, folder: Path) -> None:
    """Every candidate's scores and what the linear head then got right, backbone by backbone into the task's file."""
    file = folder / f"{task.name}-{draw}.json"
    outcome = json.loads(file.read_text()) if file.exists() else {"task": task.name, "draw": draw, "candidates": []}
    done = {one["backbone"] for one in outcome["candidates"]}
    wanted = {name: place for name, place in contenders(task, folder).items() if name not in done}
    if not wanted:
        return
    items, labels, groups = task.pool()
    data = read_targets(jeoni.load_data((items, labels)), "classification")
    train, test, clusters = split_of(data, groups, draw)
    folds = build_folds(data.targets[train], clusters[train], 5, 1, draw)
    context, scores = Context(), build_scores()
    for name, place in wanted.items():
        backbone, head = fitted_to(load_backbone(place), data), load_classifier(place)
        contender = Contender(name, backbone, None if head is None else (head[0].numpy(), head[1].numpy()))
        taps = taps_of_stages(backbone, True)
        seen = context.extract(data.items, [Request(backbone, taps)])
        assert seen.readable.all()
        learned = Examples(data.select(train), clusters[train], seen, train, folds)
        tested = Examples(data.select(test), clusters[test], seen, test, np.zeros((1, len(test)), dtype=np.int64))
        for tap, candidate in candidates_of(contender, learned, taps):
            start = time.perf_counter()
            values = score_candidate(candidate, learned.data.targets, learned.groups, scores, resamples=0)
            scored_s = time.perf_counter() - start
            right = held_out_scores("linear", backbone, tap, Split(learned, tested), context)
            known = {score: one.value.value for score, one in values.items() if one.known}
            outcome["candidates"].append(
                {"backbone": name, "stage": candidate.stage, "top": candidate.facts.whole, "scores": known,
                 "accuracy": float(right.mean()), "n": len(test), "scored_s": round(scored_s, 2)}
            )  # fmt: skip
        file.write_text(json.dumps(outcome, indent=1))
        print(f"{task.name}|{draw}|{name}: {outcome['candidates'][-1]['accuracy']:.3f}", flush=True)


Outcome = dict[str, Any]


def taus(
    outcomes: Sequence[Outcome], score: str, chosen: Callable[[Outcome], list[dict[str, Any]]]
) -> tuple[float, float]:
    """Mean weighted tau over tasks, and mean points lost by the score's first choice."""
    found, lost = [], []
    for outcome in outcomes:
        candidates = chosen(outcome)
        known = [c for c in candidates if score in c["scores"]]
        if len({c["backbone"] for c in known}) < 2:
            continue
        found.append(weighted_tau([c["accuracy"] for c in known], [c["scores"][score] for c in known]))
        pick = max(known, key=lambda c: c["scores"][score])
        lost.append(100 * (max(c["accuracy"] for c in candidates) - pick["accuracy"]))
    known_taus = [tau for tau in found if not np.isnan(tau)]
    return (float(np.mean(known_taus)) if known_taus else np.nan, float(np.mean(lost)) if lost else np.nan)


def table(outcomes: Sequence[Outcome], title: str, only: Callable[[dict[str, Any]], bool]) -> None:
    """One line a score, the best first; whole backbones are resampled, the same for all tasks that have them, and tasks."""
    names = sorted({c["backbone"] for o in outcomes for c in o["candidates"]})
    scores = sorted({s for o in outcomes for c in o["candidates"] for s in c["scores"]})
    tasks = sorted({o["task"] for o in outcomes})
    rng = np.random.default_rng(0)
    by_backbone = [{n: [c for c in o["candidates"] if c["backbone"] == n and only(c)] for n in names} for o in outcomes]
    position = {id(o): k for k, o in enumerate(outcomes)}

    def plain(outcome: Outcome) -> list[dict[str, Any]]:
        return [c for c in outcome["candidates"] if only(c)]

    whole = {s: taus(outcomes, s, plain) for s in scores}
    samples: dict[str, list[tuple[float, float]]] = {s: [] for s in scores}
    for _ in range(RESAMPLES):
        picked = rng.choice(tasks, len(tasks))
        some = [o for name in picked for o in outcomes if o["task"] == name]
        drawn_by_kind = {}
        for outcome in some:
            there = tuple(n for n in names if by_backbone[position[id(outcome)]][n])
            drawn_by_kind.setdefault(there, rng.choice(there, len(there)))

        def resampled(outcome: Outcome, draws: dict[Any, Any] = drawn_by_kind) -> list[dict[str, Any]]:
            own = by_backbone[position[id(outcome)]]
            return [c for n in draws[tuple(k for k in names if own[k])] for c in own[n]]

        for s in scores:
            samples[s].append(taus(some, s, resampled))
    print(
        f"\n{title}: {len(outcomes)} outcomes of {len(tasks)} tasks, {sum(len(plain(o)) for o in outcomes)} candidates"
    )
    print(
        f"{'score':<20}{'weighted tau':>14}{'95 % interval':>20}{'lost by its choice':>20}{'95 % interval':>18}{'minus probe':>24}"
    )
    for s in sorted(scores, key=lambda s: -np.nan_to_num(whole[s][0], nan=-2)):
        values = np.array(samples[s])
        low, high = np.nanquantile(values, [0.025, 0.975], axis=0)
        gap = values[:, 0] - np.array(samples["ridge_probe"])[:, 0]
        g = np.nanquantile(gap, [0.025, 0.975])
        beside = (
            "" if s == "ridge_probe" else f"{whole[s][0] - whole['ridge_probe'][0]:+.2f} ({g[0]:+.2f} to {g[1]:+.2f})"
        )
        spans = f"{f'{low[0]:.2f} to {high[0]:.2f}':>20}{whole[s][1]:>20.1f}{f'{low[1]:.1f} to {high[1]:.1f}':>18}"
        print(f"{s:<20}{whole[s][0]:>14.2f}{spans}{beside:>24}")


def by_task(outcomes: Sequence[Outcome]) -> None:
    """Weighted tau of every score on every task, all stages, means over draws."""
    tasks = list(dict.fromkeys(o["task"] for o in outcomes))
    scores = sorted({s for o in outcomes for c in o["candidates"] for s in c["scores"]})
    print(f"\n{'score':<20}" + "".join(f"{name:>13}" for name in tasks))
    for s in scores:
        cells = [taus([o for o in outcomes if o["task"] == name], s, lambda o: o["candidates"])[0] for name in tasks]
        print(f"{s:<20}" + "".join(f"{'–' if np.isnan(v) else f'{v:.2f}':>13}" for v in cells))


def finetuned(outcomes: Sequence[Outcome], path: Path) -> list[Outcome]:
    """The same outcomes with the accuracies of networks that were trained as a whole, where there are some."""
    known = json.loads(path.read_text())
    found = []
    for outcome in outcomes:
        accuracies = known.get(outcome["task"], {})
        candidates = [
            {**c, "accuracy": accuracies[c["backbone"]]}
            for c in outcome["candidates"]
            if c["top"] and c["backbone"] in accuracies
        ]
        if len(candidates) > 1:
            found.append({**outcome, "candidates": candidates})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("sources", "measure", "table"))
    parser.add_argument("--folder", type=Path, default=Path("transferability-outcomes"))
    parser.add_argument("--tasks", default=",".join(task.name for task in TASKS))
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--steps", type=int, default=120, help="of training each small network")
    parser.add_argument("--finetuned", type=Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.what == "sources":
        train_sources(given.folder, given.steps)
        return
    wanted = [task for task in TASKS if task.name in given.tasks.split(",")]
    files = [(task, draw, given.folder / f"{task.name}-{draw}.json") for draw in range(given.draws) for task in wanted]
    if given.what == "measure":
        for task, draw, _ in files:
            measure(task, draw, given.folder)
        return
    outcomes = [json.loads(file.read_text()) for _, _, file in files if file.exists()]
    table(outcomes, "All stages", lambda c: True)
    table(outcomes, "Whole networks", lambda c: c["top"])
    by_task(outcomes)
    if given.finetuned:
        table(finetuned(outcomes, given.finetuned), "Whole networks, fine-tuned", lambda c: c["top"])


if __name__ == "__main__":
    main()

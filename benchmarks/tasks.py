"""Numbers, several labels and several tasks on real data: each case against knowing nothing and against no pretraining.

    python benchmarks/tasks.py [--only "ELPV numbers,FSDD shared"] [--keep FOLDER]

ELPV (2,624 solar cells): the experts' probability of a defect as a number; three labels of each cell, made up here from
the two columns (`defective` from one half on, `poly` by the type, `doubtful` where the experts were between the two);
and defect and cell type as two tasks. FSDD (2,000 spoken digits): digit and speaker as two tasks. A fifth of the files
is drawn at random as test set. No speaker can be left out where the speaker is asked for, so that the digits of FSDD
are easier here than in `fsdd.py`: every voice is known.

In cases named `shared`, the top of the network is trained on 600 items and tested on all others, and each task is trained
alone on the same ones: whether sharing helped is said in jeoni's own sentences. In the others only features are shared.

Prints each task's leading score with its 95 % interval over test items, beside the best constant answer and the same head
on an untrained network; then the summary. With --keep, runs are kept in a folder, and those that are finished there are
printed again and not computed. An hour on two cores that had other work as well, half of it the two cases that train.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from _data import shared

import jeoni

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Case:
    """One fit.

    Attributes:
        name: what --only takes.
        rows: where its table comes from.
        labels: the label columns.
        train: how many rows are trained on, the others being the test set; 0 leaves the split to jeoni.
        options: those of the fit.
    """

    name: str
    rows: Callable[[], Rows]
    labels: str
    train: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)


def cells() -> Rows:
    """ELPV, with the labels that are made up of its two columns."""
    spec = find_spec("elpv_dataset")
    if spec is None or spec.origin is None:
        raise SystemExit("The solar cells come with a package: pip install 'jeoni[demo]'")
    folder = Path(spec.origin).parent / "data"
    found = []
    for line in (folder / "labels.csv").read_text(encoding="utf-8").splitlines():
        path, probability, kind = line.split()
        defective, doubtful = float(probability) >= 0.5, 0 < float(probability) < 1
        marks = {"defective": defective, "poly": kind == "poly", "doubtful": doubtful}
        found.append(
            {
                "file": str(folder / path),
                "probability": probability,
                "defect": "defective" if defective else "sound",
                "type": kind,
                "marks": ";".join(name for name, there in marks.items() if there) or "-",
            }
        )
    return found


def digits() -> Rows:
    """FSDD, digit and speaker from the names of the files."""
    found = []
    for path in sorted(shared("fsdd").glob("*.wav")):
        digit, speaker, _ = path.stem.split("_")
        found.append({"file": str(path), "digit": f"digit {digit}", "speaker": speaker})
    return found


TRAINED = {"strategy": "finetune", "frozen": "block 6", "steps": 80, "views": 2}
CASES = (
    Case("ELPV numbers", cells, "probability", options={"task": "regression"}),
    Case("ELPV several labels", cells, "marks"),
    Case("ELPV two tasks", cells, "defect,type"),
    Case("FSDD two tasks", digits, "digit,speaker"),
    Case("ELPV shared", cells, "defect,type", 600, TRAINED),
    Case("FSDD shared", digits, "digit,speaker", 600, TRAINED),
)


def write(rows: Rows, path: Path) -> str:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def fitted(case: Case, run: Path) -> dict[str, Any]:
    """The content of ``metrics.json`` of one fit."""
    rows = case.rows()
    column = "image_column" if case.rows is cells else "audio_column"
    options = {column: "file", "label_column": case.labels, **case.options}
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        if case.train:
            order = np.random.default_rng(0).permutation(len(rows))
            options["test"] = write([rows[i] for i in order[case.train :]], here / "test.csv")
            rows = [rows[i] for i in order[: case.train]]
        return jeoni.fit(write(rows, here / "train.csv"), out=run, overwrite=True, **options).metrics


def leading(metrics: Mapping[str, Any]) -> list[str]:
    """The ids of the scores that lead, one of each task."""
    parts = metrics.get("parts")
    if parts:
        return [f"{name}.{part['headline']}" for name, part in parts.items()]
    return [metrics["headline"]]


def show(case: Case, metrics: Mapping[str, Any], seconds: float) -> None:
    took = f", {seconds:.0f} s" if seconds else ""
    print(f"{case.name}: {metrics['task']} of {case.labels}, {metrics['n']} test items{took}")
    own, control = metrics[metrics["estimate"]], metrics["control"]
    for name in leading(metrics):
        line = f"  {name} {_said(own[name])}; constant {_said(control['majority'][name])}"
        line += f"; untrained {_said(control['untrained'][name])}, difference {_said(control['difference'][name])}"
        if "beyond_probe" in control:
            line += f"; to the probe {_said(control['beyond_probe'][name])}"
        print(line)
    print(f"  {metrics['summary']}", flush=True)


def _said(interval: Mapping[str, float]) -> str:
    return f"{interval['value']:.4f} ({interval['low']:.4f} to {interval['high']:.4f})"


def wanted(names: str) -> Sequence[Case]:
    asked = [n.strip() for n in names.split(",") if n.strip()]
    known = {case.name: case for case in CASES}
    if unknown := [n for n in asked if n not in known]:
        raise SystemExit(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    return [known[n] for n in asked] or CASES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names of cases, separated by commas")
    parser.add_argument("--keep", type=Path, help="a folder for the runs")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for case in wanted(asked.only):
            run = (asked.keep or Path(folder)) / case.name.replace(" ", "-")
            done = run / "metrics.json"
            if done.exists():
                show(case, json.loads(done.read_text(encoding="utf-8")), 0)
                continue
            start = time.perf_counter()
            metrics = fitted(case, run)
            show(case, metrics, time.perf_counter() - start)


if __name__ == "__main__":
    main()

"""What a clustering leaves behind: a table that can be fitted to, the examples to look at, and the map."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.clustering.outcome import Clustered, label_of
from jeoni.data.encodings import decode
from jeoni.explain import pictures
from jeoni.features.examples import Examples
from jeoni.modalities.inputs import Input
from jeoni.runs import RunFolder
from jeoni.runs.issues import write_issues
from jeoni.runs.records import ClustersRecord, MapRecord
from jeoni.tasks.classification import class_names_of
from jeoni.types import Dataset, Finding, FloatArray

__all__ = ["places_of", "write_clusters", "write_shown"]

SHOWN = 24  # clusters of which examples are shown
TYPICAL, DOUBTFUL = 6, 3


def write_clusters(run: RunFolder, examples: Examples, found: Clustered, findings: Sequence[Finding]) -> None:
    """``clusters.csv``, which ``jeoni fit`` reads as labelled data, ``issues.csv``, and of vectors ``clusters.npz``.

    The column ``label`` holds the cluster's name, which may be changed for a better one; rows may be taken out.

    Args:
        run: where to.
        examples: that were clustered.
        found: their clusters.
        findings: of the checks.
    """
    data = examples.data
    text = data.modality == "text"
    named = class_names_of(data) if data.task is not None else ()
    places = [] if text else places_of(data, run.final)
    rows = (
        [
            _text(data, int(i)) if text else places[int(i)],
            label_of(int(found.clusters[i])),
            int(found.clusters[i]) + 1,
            f"{found.typicality.confidence[i]:.4f}",
            int(found.typicality.rank[i]),
            *([named[data.targets[i]] if data.targets[i] >= 0 else ""] if named else []),
        ]
        for i in np.lexsort((found.typicality.rank, found.clusters))
    )
    header = ["text" if text else "path", "label", "cluster", "confidence", "rank", *(["known"] if named else [])]
    run.write_csv("clusters.csv", header, rows)
    if data.modality == "vector":
        vectors = np.stack([np.asarray(data.items.read(i)) for i in range(len(data))])
        np.savez_compressed(
            run.path / "clusters.npz", X=vectors, y=np.array([label_of(int(c)) for c in found.clusters])
        )
    write_issues(run, list(findings))


def places_of(data: Dataset, run: Path) -> list[str]:
    """Where each example lies, as a path from the run's folder; the name of what lies in no file.

    Args:
        data: the examples.
        run: the run's folder.
    """
    origin = Path(data.origin) if data.origin else Path()
    base = origin if origin.is_dir() else origin.parent
    names = [data.items.name(i) for i in range(len(data))]
    files = [base / name for name in names]
    return [
        Path(os.path.relpath(file.absolute(), run.absolute())).as_posix() if file.is_file() else name
        for file, name in zip(files, names, strict=True)
    ]


def _text(data: Dataset, index: int) -> str:
    raw = data.items.read(index)
    return decode(raw, data.items.name(index))[0] if isinstance(raw, bytes) else ""


def write_shown(run: RunFolder, examples: Examples, found: Clustered, rows: FloatArray, spec: Input, seed: int) -> None:
    """``figures/clusters.json`` with thumbnails or texts of typical and doubtful examples, and ``figures/map.json``.

    Args:
        run: where to.
        examples: that were clustered.
        found: their clusters.
        rows: ``(n, d)``, in which they were clustered.
        spec: opens an example.
        seed: of the map.
    """
    figures = run.path / "figures"
    figures.mkdir(exist_ok=True)
    chosen: dict[str, list[dict[str, Any]]] = {}
    number = min(SHOWN, found.number)
    for c in range(number):
        members = np.flatnonzero(found.clusters == c)
        typical = members[np.argsort(found.typicality.rank[members])][:TYPICAL]
        rest = np.setdiff1d(members, typical)
        doubtful = rest[np.argsort(found.typicality.confidence[rest], kind="stable")][:DOUBTFUL]
        chosen[f"{c} typical"] = [_entry(examples.data, found, int(i)) for i in typical]
        chosen[f"{c} doubtful"] = [_entry(examples.data, found, int(i)) for i in doubtful]
    shown = pictures.show(examples.data, spec, chosen, figures)
    clusters = [
        {"name": label_of(c), "typical": shown[f"{c} typical"], "doubtful": shown[f"{c} doubtful"]}
        for c in range(number)
    ]
    run.write_record("figures/clusters.json", ClustersRecord, {"clusters": clusters})
    _write_map(run, examples.data, found, rows, spec, seed)


def _entry(data: Dataset, found: Clustered, index: int) -> dict[str, Any]:
    label = label_of(int(found.clusters[index]))
    known = class_names_of(data)[data.targets[index]] if data.task is not None and data.targets[index] >= 0 else label
    sure = float(found.typicality.confidence[index])
    return {"index": index, "path": data.items.name(index), "label": known, "predicted": label, "confidence": sure}


def _write_map(run: RunFolder, data: Dataset, found: Clustered, rows: FloatArray, spec: Input, seed: int) -> None:
    some = pictures.feature_map(found.clusters, len(data), seed)
    points, method = pictures.place(rows[some], seed)
    sprite, texts = pictures.save_sprite(data, spec, some, run.path / "figures" / "map.jpg")
    content = {
        "method": method,
        "groups": [label_of(c) for c in range(found.number)],
        **sprite,
        "points": [
            {
                "path": data.items.name(int(i)),
                "label": label_of(int(found.clusters[i])),
                "predicted": label_of(int(found.clusters[i])),
                "x": round(float(x), 4),
                "y": round(float(y), 4),
                "group": int(found.clusters[i]),
                "wrong": False,
                **({"text": text} if text else {}),
            }
            for i, (x, y), text in zip(some, points, texts, strict=True)
        ],
    }
    run.write_record("figures/map.json", MapRecord, content)

"""Write predictions, findings, and pictures of the examples into a run folder."""

from __future__ import annotations

from collections.abc import Sequence

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.item_columns import item_cells, item_header
from jeoni.explain import pictures
from jeoni.features.examples import Examples
from jeoni.runs import RunFolder
from jeoni.runs.issues import write_issues
from jeoni.runs.records import GalleryRecord, MapRecord
from jeoni.tasks import as_cell, strata_of, task_of
from jeoni.types import Array, Dataset, Finding, FloatArray

__all__ = ["write_pictures", "write_tables"]


def write_tables(
    run: RunFolder, held: Dataset, fold: Sequence[str], predictions: FloatArray, findings: list[Finding]
) -> None:
    """``predictions.csv`` and ``issues.csv``.

    Args:
        run: where to.
        held: the examples that were predicted without having been seen.
        fold: ``test``, or the number of the fold, for each.
        predictions: ``(repeats, n, p)``.
        findings: of the checks.
    """
    task, mean = task_of(held), predictions.mean(0)
    labels, said, sure = task.named_targets(held.targets), task.named(mean), task.certainty(mean)
    run.write_csv(
        "predictions.csv",
        [*item_header(held), "label", "predicted", "confidence", "fold", *task.columns],
        (
            [
                *item_cells(held, i),
                as_cell(labels[i]),
                as_cell(said[i]),
                f"{sure[i]:.6f}" if sure[i] == sure[i] else "",
                fold[i],
                *(f"{p:.6f}" for p in row),
            ]
            for i, row in enumerate(mean)
        ),
    )
    write_issues(run, findings)


def write_pictures(
    run: RunFolder, held: Examples, part: str, predictions: FloatArray, backbone: Backbone, seed: int
) -> None:
    """Write the gallery of mistakes and doubts, and the map of the features of ``held``, which are of ``part``."""
    task, figures, mean = task_of(held.data), run.path / "figures", predictions.mean(0)
    spec = backbone.input
    shown = pictures.show(held.data, spec, pictures.gallery(held.data, mean), figures)
    run.write_record("figures/gallery.json", GalleryRecord, shown)
    some = pictures.feature_map(strata_of(held.data), len(held), seed)
    features: Array = held.features(backbone, Tap(backbone.n, True))[some]
    points, method = pictures.place(features, seed)
    sprite, texts = pictures.save_sprite(held.data, spec, some, figures / "map.jpg")
    labels, predicted = task.named_targets(held.data.targets), task.named(mean)
    strata = strata_of(held.data)
    groups = [name for name, _ in task.rows(held.data.targets)]
    run.write_record(
        "figures/map.json",
        MapRecord,
        {
            "method": method,
            "groups": groups,
            **sprite,
            "points": [
                {
                    "path": held.data.items.name(int(i)),
                    "label": as_cell(labels[i]),
                    "predicted": as_cell(predicted[i]),
                    "x": round(float(x), 4),
                    "y": round(float(y), 4),
                    "group": int(strata[i]),
                    "wrong": task.link == "softmax" and labels[i] != predicted[i],
                    "part": part,
                    **({"text": text} if text else {}),
                }
                for i, (x, y), text in zip(some, points, texts, strict=True)
            ],
        },
    )

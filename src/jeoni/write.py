"""What a run folder holds besides scores: predictions, findings and pictures."""

from __future__ import annotations

from collections.abc import Sequence

from jeoni import pictures
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.features.examples import Examples
from jeoni.runs import RunFolder
from jeoni.types import Array, Dataset, Finding, FloatArray

__all__ = ["write_issues", "write_pictures", "write_tables"]


def write_tables(
    run: RunFolder, held: Dataset, fold: Sequence[str], probs: FloatArray, findings: list[Finding]
) -> None:
    """``predictions.csv`` and ``issues.csv``.

    Args:
        run: where to.
        held: the examples that were predicted without having been seen.
        fold: ``test``, or the number of the fold, for each.
        probs: ``(repeats, n, classes)``.
        findings: of the checks.
    """
    mean = probs.mean(0)
    run.write_csv(
        "predictions.csv",
        ["path", "label", "predicted", "confidence", "fold", *(f"prob:{c}" for c in held.class_names)],
        (
            [
                held.items.name(i),
                held.class_names[held.labels[i]],
                held.class_names[row.argmax()],
                f"{row.max():.6f}",
                fold[i],
                *(f"{p:.6f}" for p in row),
            ]
            for i, row in enumerate(mean)
        ),
    )
    write_issues(run, findings)


def write_issues(run: RunFolder, findings: Sequence[Finding]) -> None:
    """``issues.csv``: what the checks found."""
    rows = ([f.kind, f.path, f.detail, f.action, f.other] for f in findings)
    run.write_csv("issues.csv", ["kind", "path", "detail", "action", "other"], rows)


def write_pictures(run: RunFolder, held: Examples, part: str, probs: FloatArray, backbone: Backbone, seed: int) -> None:
    """What mistakes and doubts look or read like, and the map of the features of ``held``, which are of ``part``."""
    figures, mean = run.path / "figures", probs.mean(0)
    spec = backbone.input
    shown = pictures.show(held.data, spec, pictures.gallery(held.data, mean), figures)
    run.write_json("figures/gallery.json", shown)
    some = pictures.feature_map(held.data.labels, len(held), seed)
    features: Array = held.features(backbone, Tap(backbone.n, True))[some]
    points, method = pictures.place(features, seed)
    sprite, texts = pictures.save_sprite(held.data, spec, some, figures / "map.jpg")
    predicted = mean.argmax(1)
    names = held.data.class_names
    run.write_json(
        "figures/map.json",
        {
            "method": method,
            **sprite,
            "points": [
                {
                    "path": held.data.items.name(int(i)),
                    "label": names[held.data.labels[i]],
                    "predicted": names[predicted[i]],
                    "x": round(float(x), 4),
                    "y": round(float(y), 4),
                    "part": part,
                    **({"text": text} if text else {}),
                }
                for i, (x, y), text in zip(some, points, texts, strict=True)
            ],
        },
    )

"""What a run folder holds besides scores: predictions, findings, pictures, and where the data came from."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from PIL import Image

from jeoni import pictures
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.images import open_image, thumbnail, to_input
from jeoni.explain import first_filters, grad_cam, responses
from jeoni.features.examples import Examples
from jeoni.features.extract import Extraction
from jeoni.model import Model
from jeoni.runs import RunFolder
from jeoni.spec import FitSpec
from jeoni.types import Array, Dataset, Finding, FloatArray

__all__ = ["command_line", "data_record", "write_explanations", "write_insides", "write_pictures", "write_tables"]

LOOKED_AT = 20


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
    rows = ([f.kind, f.path, f.detail, f.action, f.other] for f in findings)
    run.write_csv("issues.csv", ["kind", "path", "detail", "action", "other"], rows)


def write_pictures(run: RunFolder, held: Examples, part: str, probs: FloatArray, backbone: Backbone, seed: int) -> None:
    """Thumbnails of mistakes and doubts, and the map of the features of ``held``, which are of ``part``."""
    figures, mean = run.path / "figures", probs.mean(0)
    shown = pictures.save_thumbnails(held.data, pictures.gallery(held.data, mean), figures)
    run.write_json("figures/gallery.json", shown)
    some = pictures.feature_map(held.data.labels, len(held), seed)
    features: Array = held.features(backbone, Tap(backbone.n, True))[some]
    points, method = pictures.place(features, seed)
    sprite = pictures.save_sprite(held.data, some, figures / "map.jpg")
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
                }
                for i, (x, y) in zip(some, points, strict=True)
            ],
        },
    )


def write_insides(run: RunFolder, held: Examples, backbone: Backbone, seed: int) -> None:
    """``figures/inside.json``: the first layer's filters, and what low, middle and high stages respond to."""
    rng, spec, folder = np.random.default_rng(seed), backbone.input, run.path / "figures" / "inside"
    folder.mkdir(exist_ok=True)
    filters = first_filters(backbone)
    if filters is not None:
        pictures.save_filters(filters, folder / "filters.png")
    some = np.sort(rng.permutation(len(held))[:LOOKED_AT])
    images = [open_image(held.data.items.read(int(i)), held.data.items.name(int(i)), at_least=spec.size) for i in some]
    pixels = np.stack([to_input(image, spec) for image in images])
    shown: dict[str, list[str]] = {}
    for number, said in enumerate(responses(backbone, pixels)):
        name = f"{number:02d}.jpg"
        pictures.save_responses([Image.fromarray(pixels[i]) for i in said.images], said.maps, folder / name)
        shown.setdefault(said.stage, []).append(f"inside/{name}")
    stages = [{"stage": stage, "files": files} for stage, files in shown.items()]
    run.write_json(
        "figures/inside.json", {"filters": "" if filters is None else "inside/filters.png", "stages": stages}
    )


def write_explanations(run: RunFolder, held: Examples, probs: FloatArray, before: Model | None, after: Model) -> None:
    """``figures/looks.json``: where the network looked before (if it was trained) and after, for hits and mistakes.

    Nothing is written where the network has no activation with rows and columns.
    """
    mean, spec = probs.mean(0), after.backbone.input
    hits, mistakes = pictures.telling(held.data.labels, mean)
    numbers = [int(i) for i in (*hits, *mistakes)]
    images = [open_image(held.data.items.read(i), held.data.items.name(i), at_least=spec.size) for i in numbers]
    pixels, classes = np.stack([to_input(image, spec) for image in images]), mean.argmax(1)[numbers]
    models = {"before": before, "after": after}
    maps = {name: grad_cam(m.backbone, m.head, pixels, classes) for name, m in models.items() if m is not None}
    if any(m is None for m in maps.values()):
        return
    folder = run.path / "figures" / "looks"
    folder.mkdir(exist_ok=True)
    shown: dict[str, list[dict[str, Any]]] = {"hits": [], "mistakes": []}
    for k, i in enumerate(numbers):
        seen = Image.fromarray(pixels[k])  # what the network saw: cut out, where a crop was asked for
        shape = seen if spec.crop == "center" else images[k]
        thumbnail(shape, pictures.THUMB).convert("RGB").save(folder / f"{i:05d}.jpg", quality=85)
        for name, heat in maps.items():
            assert heat is not None
            pictures.save_heat(shape, heat[k], folder / f"{i:05d}-{name}.jpg")
        names = held.data.class_names
        shown["hits" if k < len(hits) else "mistakes"].append(
            {
                "path": held.data.items.name(i),
                "label": names[held.data.labels[i]],
                "predicted": names[classes[k]],
                "files": [f"looks/{i:05d}{part}.jpg" for part in ("", *(f"-{name}" for name in maps))],
            }
        )
    run.write_json("figures/looks.json", shown)


def data_record(data: Dataset, counts: dict[str, int], seen: Extraction) -> dict[str, Any]:
    """What was read, with a hash over all content and labels."""
    content = hashlib.sha256()
    for digest, label in zip(seen.digests, data.labels, strict=True):
        content.update(digest + int(label).to_bytes(4, "little", signed=True))
    return {
        "name": data.name,
        "origin": data.origin,
        "classes": data.counts,
        "groups": None if data.groups is None else len(np.unique(data.groups)),
        "sha256": content.hexdigest(),
        **counts,
    }


def command_line(data: Dataset, spec: FitSpec, verb: str = "fit") -> str:
    """The command line that repeats a run."""
    words = ["jeoni", verb, data.origin or data.name]
    for f in fields(spec):
        value = getattr(spec, f.name)
        if value != f.default:
            option = f.name.replace("_", "-")
            words += (
                [f"--{option}" if value else f"--no-{option}"]
                if isinstance(value, bool)
                else [f"--{option}", str(value)]
            )
    return shlex.join(words)

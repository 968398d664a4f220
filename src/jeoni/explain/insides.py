"""Write what a network's stages respond to, and what decided an example's class, into a run folder."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from jeoni.backbones.backbone import Backbone
from jeoni.explain import pictures
from jeoni.explain.network import first_filters, grad_cam, responses
from jeoni.explain.words import around_strongest, word_weights
from jeoni.features.examples import Examples
from jeoni.modalities.image.images import thumbnail
from jeoni.modalities.inputs import Input
from jeoni.models.model import Model
from jeoni.runs import RunFolder
from jeoni.runs.records import ExplanationsRecord, InsideRecord
from jeoni.tasks.classification import Classification
from jeoni.types import Array, Dataset, FloatArray, IntArray

__all__ = ["write_explanations", "write_insides"]

LOOKED_AT = 20


def write_insides(run: RunFolder, held: Examples, backbone: Backbone, seed: int) -> None:
    """``figures/inside.json``: the first layer's filters, and what low, middle and high stages respond to.

    Nothing is written for a backbone that does not take pictures, such as one for waveforms.
    """
    rng, spec, folder = np.random.default_rng(seed), backbone.input, run.path / "figures" / "inside"
    some = np.sort(rng.permutation(len(held))[:LOOKED_AT])
    opened = _opened(held.data, spec, some)
    if not _sees(spec, opened[0]):
        return
    folder.mkdir(exist_ok=True)
    filters = first_filters(backbone)
    if filters is not None:
        pictures.save_filters(filters, folder / "filters.png")
    pixels = np.stack([spec.row(image) for image in opened])
    shown: dict[str, list[str]] = {}
    for number, said in enumerate(responses(backbone, pixels)):
        name = f"{number:02d}.jpg"
        framed = [spec.framed(opened[i]) or Image.fromarray(pixels[i]) for i in said.images]
        pictures.save_responses(framed, said.maps, folder / name)
        shown.setdefault(said.stage, []).append(f"inside/{name}")
    stages = [{"stage": stage, "files": files} for stage, files in shown.items()]
    content = {"filters": "" if filters is None else "inside/filters.png", "stages": stages}
    run.write_record("figures/inside.json", InsideRecord, content)


def write_explanations(run: RunFolder, held: Examples, probs: FloatArray, before: Model | None, after: Model) -> None:
    """``figures/explanations.json``: what decided before training (if there was any) and after, for hits and mistakes.

    Of pictures, where the network looked; of texts, which words counted. Nothing is written where it cannot be told.
    """
    if not isinstance(held.data.task, Classification):
        return
    mean, spec = probs.mean(0), after.backbone.input
    hits, mistakes = pictures.telling(held.data.targets, mean)
    index = np.array([*hits, *mistakes], dtype=np.int64)
    models = {name: m for name, m in (("before", before), ("after", after)) if m is not None}
    opened, classes = _opened(held.data, spec, index), mean.argmax(1)[index]
    if not opened:
        return
    if spec.text(opened[0]):
        explained: list[dict[str, Any]] | None = _words([o.text for o in opened], classes, models)
    else:
        explained = _heat(run, spec, opened, index, classes, models)
    if explained is None:
        return
    names = held.data.task.class_names
    shown: dict[str, list[dict[str, Any]]] = {"hits": [], "mistakes": []}
    for k, i in enumerate(index.tolist()):
        shown["hits" if k < len(hits) else "mistakes"].append(
            {
                "path": held.data.items.name(i),
                "label": names[held.data.targets[i]],
                "predicted": names[classes[k]],
                **explained[k],
            }
        )
    run.write_record("figures/explanations.json", ExplanationsRecord, shown)


def _words(texts: list[str], classes: IntArray, models: dict[str, Model]) -> list[dict[str, Any]]:
    """The weight of each piece of the whole text with each model; shown are those that count most."""
    said = {name: word_weights(m, texts, classes) for name, m in models.items()}
    shown = [around_strongest({name: of[k] for name, of in said.items()}, pictures.TEXT) for k in range(len(texts))]
    return [{"words": [{"name": name, "pieces": pieces} for name, pieces in of.items()]} for of in shown]


def _heat(
    run: RunFolder, spec: Input, opened: list[Any], index: IntArray, classes: IntArray, models: dict[str, Model]
) -> list[dict[str, Any]] | None:
    """Pictures with a map of where each model looked; None where a network has no activation with rows and columns."""
    if not _sees(spec, opened[0]):
        return None
    rows: Array = np.stack([spec.row(o) for o in opened])
    maps = {name: grad_cam(*m.top, rows, classes) for name, m in models.items()}
    if any(m is None for m in maps.values()):
        return None
    folder = run.path / "figures" / "explanations"
    folder.mkdir(exist_ok=True)
    found = []
    for k, i in enumerate(index.tolist()):
        shape = spec.framed(opened[k])
        assert shape is not None
        thumbnail(shape, pictures.THUMB).convert("RGB").save(folder / f"{i:05d}.jpg", quality=85)
        for name, heat in maps.items():
            assert heat is not None
            pictures.save_heat(shape, heat[k], folder / f"{i:05d}-{name}.jpg")
        found.append({"files": [f"explanations/{i:05d}{part}.jpg" for part in ("", *(f"-{name}" for name in maps))]})
    return found


def _sees(spec: Input, opened: Any) -> bool:
    """Whether the network itself takes a picture: audio may have one that only a reader of the report sees."""
    return spec.picture(opened) is not None and spec.row(opened).ndim == 3


def _opened(data: Dataset, spec: Input, index: IntArray) -> list[Any]:
    return [spec.open(data.items.read(i), data.items.name(i), spec.at_least()) for i in index.tolist()]

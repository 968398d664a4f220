"""Pictures of a zero-shot run: of each class the items it was said of with most confidence, mistakes, and doubts."""

from __future__ import annotations

from typing import Any

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.explain import pictures
from jeoni.features.examples import Examples
from jeoni.runs import RunFolder
from jeoni.runs.records import GalleryRecord, SurestRecord
from jeoni.tasks.classification import class_names_of
from jeoni.types import FloatArray, IntArray

__all__ = ["write_surest"]

EACH = 6
CLASSES = 24
GALLERY = 12


def write_surest(run: RunFolder, items: Examples, probs: FloatArray, backbone: Backbone) -> None:
    """Write ``figures/surest.json`` and ``figures/gallery.json``, with thumbnails.

    Args:
        run: where to.
        items: with a label where there is one.
        probs: ``(n, classes)``.
        backbone: whose input opens an item.
    """
    names, labels = class_names_of(items.data), items.data.targets
    said, sure = probs.argmax(1), probs.max(1)
    counts = np.bincount(said, minlength=len(names))
    shown = np.argsort(-counts, kind="stable")[:CLASSES]

    def first(index: IntArray, order: FloatArray, most: int) -> list[dict[str, Any]]:
        chosen = index[np.argsort(order[index], kind="stable")][:most]
        return [
            {
                "index": int(i),
                "path": items.data.items.name(int(i)),
                "label": names[labels[i]] if labels[i] >= 0 else "",
                "predicted": names[said[i]],
                "confidence": float(sure[i]),
            }
            for i in chosen
        ]

    surest = {names[k]: first(np.flatnonzero(said == k), -sure, EACH) for k in sorted(shown) if counts[k]}
    wrong = np.flatnonzero((labels >= 0) & (said != labels))
    gallery = {"mistakes": first(wrong, -sure, GALLERY), "doubtful": first(np.arange(len(said)), sure, GALLERY)}
    figures, spec = run.path / "figures", backbone.input
    run.write_record("figures/surest.json", SurestRecord, {"classes": pictures.show(items.data, spec, surest, figures)})
    run.write_record("figures/gallery.json", GalleryRecord, pictures.show(items.data, spec, gallery, figures))

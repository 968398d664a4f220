"""One's own upstream data: how far from the target, which labels they share, and whether learning from both pays.

Distances say how far apart features lie; whether the source helps is measured: a head that learned from the target's
labels alone against one that learned from both, on the same held-out items of the target. Where the second errs more,
that is negative transfer (Wang et al. CVPR 2019, arXiv:1811.09751).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from jeoni import plugins
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.errors import DataError
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.heads.ridge import Ridge
from jeoni.locale import Said
from jeoni.planning.similarity import mean_interval
from jeoni.tasks.classification import Classification, class_names_of
from jeoni.types import Array, Dataset, FloatArray, IntArray, Interval

__all__ = ["LabelSets", "SourceLook", "label_sets", "look_at_source"]

DISTANCES = "jeoni.transferability.distances"
MOST = 2000  # source items that are looked at
STRENGTH = 10.0

LabelSets = Literal["closed", "partial", "open", "open-partial", "disjoint"]


@dataclass(frozen=True)
class SourceLook:
    """A source beside the target.

    Attributes:
        name: of the source.
        items: that were looked at.
        copies: of items of the target among them, which are left out: they would be learned from and held out.
        labels: how the label sets lie: the same (closed), more in the source (partial), more in the target (open), both
            (open-partial), or none in common.
        shared: classes that both have.
        distances: by their ids, on the backbone's features; one that cannot be computed is missing.
        target_only: score of a head that learned from the target alone.
        source_only: of one that learned from the source alone; None where no class is shared.
        both: of one that learned from both.
        gain: of both over the target alone, item by item.
    """

    name: str
    items: int
    labels: LabelSets
    shared: tuple[str, ...]
    distances: Mapping[str, float]
    target_only: Interval
    source_only: Interval | None = None
    both: Interval | None = None
    gain: Interval | None = None
    copies: int = 0


def label_sets(source: tuple[str, ...], target: tuple[str, ...]) -> LabelSets:
    """How two label sets lie to each other (You et al. CVPR 2019, "Universal Domain Adaptation").

    Example:
        >>> label_sets(("a", "b", "c"), ("a", "b"))
        'partial'
    """
    shared = set(source) & set(target)
    if not shared:
        return "disjoint"
    more_there, more_here = set(source) - shared, set(target) - shared
    if more_there and more_here:
        return "open-partial"
    return "partial" if more_there else "open" if more_here else "closed"


def look_at_source(source: Dataset, target: Examples, backbone: Backbone, context: Context) -> SourceLook:
    """Distances, label sets, and what learning from both comes to.

    Args:
        source: labelled with classes, of the target's modality.
        target: a sample of the target's training examples, with folds and the backbone's features.
        backbone: whose topmost features are compared.
        context: store, engine, seed.

    Raises:
        DataError: every item of the source is one of the target too.
    """
    chosen = np.sort(np.random.default_rng(context.seed).permutation(len(source))[:MOST])
    drawn = source.select(chosen)
    top = Tap(backbone.n, True)
    seen = context.extract(drawn.items, [Request(backbone, (top,))])
    known_here = set(target.digests)
    copies = np.array([digest in known_here for digest in seen.digests], dtype=bool)
    readable = np.flatnonzero(seen.readable & ~copies)
    if not len(readable):
        raise DataError(Said("planning.source_is_target", source=source.name))
    there = seen.features(backbone, top, readable).numpy()
    here = target.features(backbone, top).numpy()
    theirs, ours = class_names_of(drawn), class_names_of(target.data)
    numbers = np.array([ours.index(name) if name in ours else -1 for name in theirs], dtype=np.int64)
    labels = numbers[drawn.targets[readable]]
    shared = tuple(name for name in ours if name in theirs)
    scores = _held_out(here, target, np.zeros((0, here.shape[1])), np.zeros(0, dtype=np.int64))
    groups, seed = target.groups, context.seed
    found = SourceLook(
        name=source.name,
        items=len(readable),
        labels=label_sets(theirs, ours),
        shared=shared,
        distances=_distances(there, here),
        target_only=mean_interval(scores, groups, seed),
        copies=int(copies.sum()),
    )
    if not shared:
        return found
    usable = labels >= 0
    both = _held_out(here, target, there[usable], labels[usable])
    alone = _held_out(here, target, there[usable], labels[usable], with_target=False)
    return replace(
        found,
        source_only=mean_interval(alone, groups, seed),
        both=mean_interval(both, groups, seed),
        gain=mean_interval(both - scores, groups, seed),
    )


def _distances(there: Array, here: Array) -> dict[str, float]:
    found = {}
    for name in plugins.names(DISTANCES):
        with suppress(ValueError, np.linalg.LinAlgError):
            found[name] = float(plugins.load(DISTANCES, name)()(there, here))
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _held_out(rows: Array, target: Examples, more: Array, labels: IntArray, with_target: bool = True) -> FloatArray:
    """``(n,)`` scores of the target's items by heads that did not see their fold; ``more`` rows are always learned."""
    task, targets, fold = target.data.task, target.data.targets, target.folds[0]
    assert isinstance(task, Classification)
    scores = np.zeros(len(targets))
    nothing = np.zeros((0, 0), dtype=np.int64)
    for number in np.unique(fold):
        seen = np.flatnonzero(fold != number) if with_target else np.zeros(0, dtype=np.int64)
        held = np.flatnonzero(fold == number)
        learned = np.concatenate([rows[seen], more]).astype(np.float64)
        known = np.concatenate([targets[seen], labels])
        head = Ridge(strengths=(STRENGTH,)).fit(learned, known, task, nothing.reshape(0, len(known)), "none")
        with torch.inference_mode():
            outputs = head.module(torch.from_numpy(rows[held].astype(np.float32))).numpy()
        scores[held] = task.scores(task.decode(outputs), targets[held])
    return scores

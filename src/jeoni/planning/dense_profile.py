"""What pictures with annotations are like: how many, how large, and what is marked in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from jeoni.dense.protocol import DenseTask
from jeoni.dense.reading import dense_task_of
from jeoni.locale import Said
from jeoni.planning.dense_rules import SMALL_PX
from jeoni.planning.measured_items import Measured, Spread, measure_items
from jeoni.planning.profile import ClassSize, Examined, Imbalance, Profile
from jeoni.types import Array

__all__ = ["Marked", "dense_profile", "marked_in", "object_px"]

FEW = 10  # objects of a class below which its score says little
NAMED = 3  # classes that are named one by one
COUNTED = ("detection", "pose")  # tasks of which what is marked can be counted one by one


@dataclass(frozen=True)
class Marked:
    """What is marked in annotated pictures.

    Attributes:
        counts: objects, visible points or pictures by class, keypoint or condition.
        sides: ``(k,)`` the side of a square as large as each object, pixels of its picture; empty where there are none.
        empty: annotated pictures in which nothing is marked.
    """

    counts: dict[str, int]
    sides: Spread | None
    empty: int


def marked_in(task: DenseTask, targets: Array) -> Marked:
    """Count what is marked.

    Args:
        task: of the annotations.
        targets: ``(n,)`` annotations, all of them known.
    """
    counts, sides = task.counted(targets), task.object_sides(targets)
    empty = sum(1 for one in targets if getattr(one, "names", None) == ())
    return Marked(dict(counts), Spread.of(sides) if len(sides) else None, empty)


def dense_profile(ready: Examined, frame: tuple[int, int], seed: int = 0) -> Profile:
    """Describe annotated pictures that were checked.

    Args:
        ready: the pictures, and what the checks found.
        frame: width and height at which they are computed, pixels.
        seed: of the sample whose sizes are looked at.
    """
    data, checked = ready.data, ready.checked
    task = dense_task_of(data)
    usable = np.flatnonzero(checked.keep)
    known = usable[task.known(data.targets[usable])]
    marked = marked_in(task, data.targets[known])
    measured = measure_items(data, usable, None, seed)
    spreads = {**measured.spreads, **({"object_side": marked.sides} if marked.sides else {})}
    classes = tuple(ClassSize(name, count) for name, count in marked.counts.items())
    profile = Profile(
        name=data.name,
        modality=data.modality,
        task=task.id,
        items=len(data),
        usable=len(usable),
        labelled=len(known),
        test=int((data.part[usable] == "test").sum()),
        classes=classes,
        imbalance=Imbalance.of(np.array([one.items for one in classes], dtype=np.int64)),
        groups=None if data.groups is None else len(np.unique(data.groups[usable])),
        independent=len(np.unique(checked.clusters[usable])),
        measured=replace(measured, spreads=spreads),
        findings=dict(Counter(finding.kind for finding in ready.findings)),
    )
    said = [*_of_marks(profile, marked, task.family), *_of_sizes(profile.measured, marked, frame)]
    return replace(profile, said=tuple(said))


def object_px(measured: Measured, frame: tuple[int, int]) -> float | None:
    """The median side of objects in frames of that size, pixels; None where there are no objects."""
    objects, width, height = (measured.spreads.get(name) for name in ("object_side", "width", "height"))
    if objects is None or width is None or height is None:
        return None
    return objects.median * min(frame[0] / max(1.0, width.median), frame[1] / max(1.0, height.median))


def _of_marks(profile: Profile, marked: Marked, family: str) -> Iterator[Said]:
    counts = {"n": f"{profile.usable:,}", "labelled": f"{profile.labelled:,}"}
    total, names = f"{sum(marked.counts.values()):,}", f"{len(marked.counts):,}"
    if not marked.counts:
        yield Said("profile.items", **counts)
    elif family in COUNTED:
        yield Said(f"dense.marked_{family}", **counts, total=total, names=names)
    else:
        yield Said("dense.marked", **counts, names=names)
    if marked.empty:
        yield Said("dense.empty", n=f"{marked.empty:,}")
    small = sorted((one for one in profile.classes if one.items < FEW), key=lambda one: one.items)
    for one in small[:NAMED]:
        yield Said("dense.small_class", name=one.name, n=f"{one.items:,}")
    if len(small) > NAMED:
        yield Said("dense.small_classes", n=f"{len(small) - NAMED:,}", few=f"{FEW}")


def _of_sizes(measured: Measured, marked: Marked, frame: tuple[int, int]) -> Iterator[Said]:
    side = object_px(measured, frame)
    if side is not None and side < SMALL_PX:
        yield Said("dense.small_objects", side=f"{side:.0f}", width=f"{frame[0]}", height=f"{frame[1]}")

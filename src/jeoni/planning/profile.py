"""The profile of the data: how many, how large, how even, in which script, what is wrong with them, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.data.checks import Checked
from jeoni.evaluation.intervals import FEW_UNITS
from jeoni.locale import Said
from jeoni.planning.measured_items import Measured, measure_items
from jeoni.tasks import Task
from jeoni.types import Dataset, Finding, IntArray

__all__ = ["ClassSize", "Examined", "Imbalance", "Profile", "profile_of"]

FEW = 10  # items of a class below which its score says little
NAMED = 3  # classes that are named one by one
UNEVEN = 3.0  # the largest class to the smallest
COARSE = 0.75  # of the side that a backbone takes: smaller images are enlarged
FINE = 4.0  # times that side: details are lost
LONG = 0.05  # the share of items that are cut off
MIXED = 0.2  # the share of a second script from which on texts are mixed
MANY_COPIES = 0.02  # of the items


class Examined(Protocol):
    """Examples that were read and checked, as :meth:`jeoni.verbs.session.session.Session.prepare` gives them."""

    @property
    def data(self) -> Dataset:
        """All of them."""

    @property
    def checked(self) -> Checked:
        """Which can be used, and which belong together."""

    @property
    def findings(self) -> list[Finding]:
        """Of all checks."""


@dataclass(frozen=True)
class ClassSize:
    """A class, or a label of several, and how many usable items have it."""

    name: str
    items: int


@dataclass(frozen=True)
class Imbalance:
    """How uneven the classes are.

    Attributes:
        ratio: the largest to the smallest.
        effective: how many classes of equal size would be as varied: the exponential of the entropy of their shares.
    """

    ratio: float
    effective: float

    @classmethod
    def of(cls, counts: IntArray) -> Imbalance | None:
        """Of ``(classes,)`` counts; None of fewer than two classes.

        Example:
            >>> Imbalance.of(np.array([30, 30, 30]))
            Imbalance(ratio=1.0, effective=3.0)
        """
        there = counts[counts > 0]
        if len(there) < 2:
            return None
        shares = there / there.sum()
        effective = float(np.exp(-(shares * np.log(shares)).sum()))
        return cls(round(float(there.max() / there.min()), 3), round(effective, 3))


@dataclass(frozen=True)
class Profile:
    """What the data are like.

    Attributes:
        name: of the data.
        modality: ``image``, ``text``, ``audio`` or ``vector``.
        task: its id; empty where nothing was read of the labels.
        items: that were read.
        usable: that the checks leave, labelled ones and, where these may be, others.
        labelled: of the usable ones.
        test: of the usable ones, those of a test part that came with the data.
        classes: with their sizes, in the order of the task.
        imbalance: of the classes.
        groups: how many there are among the usable items; None without.
        independent: usable items, of which those that are nearly identical or of one group count once.
        measured: sizes, lengths and scripts of a sample.
        findings: how many of each kind.
        said: what stands out, and what to do.
    """

    name: str
    modality: str
    task: str
    items: int
    usable: int
    labelled: int
    test: int
    classes: tuple[ClassSize, ...]
    imbalance: Imbalance | None
    groups: int | None
    independent: int
    measured: Measured
    findings: dict[str, int]
    said: tuple[Said, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON; see :class:`jeoni.runs.records.ProfileRecord`."""
        return {**asdict(self), "said": [one.as_dict() for one in self.said]}


def profile_of(ready: Examined, backbone: Backbone | None = None, seed: int = 0) -> Profile:
    """Describe examples that were checked; of what must be looked at in each item, only a sample is.

    Args:
        ready: the examples, and what the checks found.
        backbone: tells how long texts are in its tokens, and what is small or long for it.
        seed: of the sample.
    """
    data, checked = ready.data, ready.checked
    usable = np.flatnonzero(checked.keep)
    task = data.task
    known = usable[task.known(data.targets[usable])] if task is not None else usable[:0]
    classes = _classes(data, task, known)
    counts = np.array([one.items for one in classes], dtype=np.int64)
    profile = Profile(
        name=data.name,
        modality=data.modality,
        task=task.id if task is not None else "",
        items=len(data),
        usable=len(usable),
        labelled=len(known),
        test=int((data.part[usable] == "test").sum()),
        classes=classes,
        imbalance=Imbalance.of(counts),
        groups=None if data.groups is None else len(np.unique(data.groups[usable])),
        independent=len(np.unique(checked.clusters[usable])),
        measured=measure_items(data, usable, backbone, seed),
        findings=dict(Counter(finding.kind for finding in ready.findings)),
    )
    return Profile(**{**vars(profile), "said": tuple(standing_out(profile))})


def _classes(data: Dataset, task: Task | None, known: IntArray) -> tuple[ClassSize, ...]:
    """Classes or labels with the number of known items; nothing of numbers, and of several tasks."""
    if task is None or task.parts or task.link not in ("softmax", "sigmoid"):
        return ()
    return tuple(ClassSize(name, int(count)) for name, count in task.rows(data.targets[known]))


def standing_out(profile: Profile) -> Iterator[Said]:
    """What to know first, then what stands out and what to do about it."""
    counts = {"n": f"{profile.usable:,}", "labelled": f"{profile.labelled:,}"}
    if profile.classes:
        yield Said("profile.classes", **counts, classes=f"{len(profile.classes):,}")
    else:
        yield Said("profile.items", **counts)
    yield from _about_classes(profile)
    yield from _about_groups(profile)
    yield from _about_sizes(profile)
    yield from _about_findings(profile)


def _about_classes(profile: Profile) -> Iterator[Said]:
    small = sorted((one for one in profile.classes if one.items < FEW), key=lambda one: one.items)
    for one in small[:NAMED]:
        yield Said("profile.small_class", name=one.name, n=f"{one.items}")
    if len(small) > NAMED:
        yield Said("profile.small_classes", n=f"{len(small) - NAMED}", few=f"{FEW}")
    uneven = profile.imbalance
    if uneven is not None and uneven.ratio >= UNEVEN and profile.task == "classification":
        there = [one for one in profile.classes if one.items]
        most, least = max(there, key=lambda one: one.items), min(there, key=lambda one: one.items)
        yield Said(
            "profile.uneven",
            ratio=f"{uneven.ratio:.1f}",
            larger=most.name,
            smaller=least.name,
            effective=f"{uneven.effective:.1f}",
            classes=f"{len(there)}",
        )


def _about_groups(profile: Profile) -> Iterator[Said]:
    if profile.groups is not None:
        kind = "profile.few_groups" if profile.groups < FEW_UNITS else "profile.groups"
        yield Said(kind, n=f"{profile.groups:,}")
    elif profile.usable - profile.independent > MANY_COPIES * profile.usable:
        yield Said("profile.copies", n=f"{profile.usable - profile.independent:,}", left=f"{profile.independent:,}")


def _about_sizes(profile: Profile) -> Iterator[Said]:
    spreads, limit = profile.measured.spreads, profile.measured.limit
    side = spreads.get("shorter_side")
    if side is not None and limit:
        written = {"median": f"{side.median:.0f}", "side": f"{limit:.0f}"}
        if side.median < COARSE * limit:
            yield Said("profile.coarse", **written)
        elif side.median > FINE * limit:
            yield Said("profile.fine", **written)
    shortened = profile.findings.get("shortened", 0)
    if shortened > LONG * max(1, profile.usable):
        yield Said("profile.long", n=f"{shortened:,}", share=f"{100 * shortened / profile.usable:.0f}")
    scripts = list(profile.measured.scripts.items())
    if len(scripts) > 1 and scripts[1][1] >= MIXED:
        (first, share), (second, rest) = scripts[:2]
        shares = {"share": f"{100 * share:.0f}", "rest": f"{100 * rest:.0f}"}
        yield Said("profile.mixed", first=f"script {first}", second=f"script {second}", **shares)


def _about_findings(profile: Profile) -> Iterator[Said]:
    for kind in ("label_conflict", "leak", "unreadable", "unknown"):
        if number := profile.findings.get(kind, 0):
            yield Said(f"profile.{kind}", n=f"{number:,}")

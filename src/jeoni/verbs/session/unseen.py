"""From what the user hands over to one dataset whose test part are items of unseen classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jeoni.adaptation.domains import join_domains
from jeoni.data.checks import Checked, check_labels, worst_of
from jeoni.data.columns import class_numbers
from jeoni.data.kinds import plural
from jeoni.errors import ConfigError, DataError
from jeoni.features.examples import Examples
from jeoni.features.extract import Extraction
from jeoni.specs import ColumnOptions
from jeoni.tasks import read_targets
from jeoni.tasks.classification import Classification, class_names_of
from jeoni.types import Dataset, Finding, IntArray
from jeoni.verbs.session.reading import read, read_maybe_labelled

__all__ = ["Read", "parts_of", "read_unseen"]

SHOWN = 5


@dataclass(frozen=True)
class Read:
    """Items to classify, with labelled items of seen classes before them where there are such.

    Attributes:
        data: of the task of all classes, seen ones first; the items to classify are the test part.
        seen: names of the seen classes.
        unseen: names of the others.
        findings: on labels and names.
    """

    data: Dataset
    seen: tuple[str, ...]
    unseen: tuple[str, ...]
    findings: list[Finding]


def read_unseen(
    data: Any, seen: Any, unseen: Sequence[str], options: ColumnOptions, *, generalised: bool = False
) -> Read:
    """The items to classify, with their labels for scoring where they have some, and those of seen classes.

    Args:
        data: with or without labels.
        seen: labelled items of other classes; None or empty where there are none.
        unseen: names of the classes that no example is seen of.
        options: name the columns.
        generalised: whether items may be of seen classes too.

    Raises:
        DataError: data that cannot be used; seen data without labels, or of another modality; several label columns.
        ConfigError: too few classes; one that is both seen and unseen.
    """
    known: tuple[str, ...] = ()
    here, findings = None, list[Finding]()
    if not _absent(seen):
        here = read_targets(read(seen, options), "classification")
        findings += check_labels(here)
        known = class_names_of(here)
    _check_classes(known, unseen, generalised)
    there = read_maybe_labelled(data, options, *((here.modality, here.column) if here else ()))
    if here is not None and there.modality != here.modality:
        raise DataError(
            f"The seen classes are shown by {plural(here.modality)}, the items to classify are "
            f"{plural(there.modality)}; both must be alike."
        )
    names = (*known, *unseen)
    wanted = names if generalised else tuple(unseen)
    there, more = _numbered(there, names, wanted)
    if here is not None:
        here = replace(here, task=Classification(names))
        there = join_domains(here, there)
    return Read(there, known, tuple(unseen), [*findings, *more])


def _absent(given: Any) -> bool:
    return given is None or (isinstance(given, str) and not given)


def _check_classes(seen: Sequence[str], unseen: Sequence[str], generalised: bool) -> None:
    both = [name for name in unseen if name in seen]
    if both:
        raise ConfigError(
            f"Both seen and named as unseen: {', '.join(both[:SHOWN])}. Leave them out of --classes; where items may "
            "be of seen classes too, say --generalised."
        )
    if len(unseen) + (len(seen) if generalised else 0) < 2:
        mend = "" if generalised or not seen else " Where items may be of the seen classes too, say --generalised."
        raise ConfigError(
            f"classes names one class only, {unseen[0]!r}: there is nothing to tell it from. Name two at least.{mend}"
        )


def _numbered(data: Dataset, names: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[Dataset, list[Finding]]:
    """As a test part, with numbers of classes among all names; items of others are predicted, and not scored."""
    if data.task is None and data.targets.ndim > 1 and data.targets.shape[1] > 1:
        raise DataError(
            f"The items have {data.targets.shape[1]} columns of labels ({', '.join(data.label_columns)}); one says "
            "which class an item is of. Name it: --label-column."
        )
    if data.task is None:
        numbers, classes = class_numbers(data.targets.ravel().tolist())
    else:
        numbers, classes = data.targets, class_names_of(data, "jeoni zero-shot")
    place = {name: k for k, name in enumerate(names) if name in wanted}
    own = np.array([*(place.get(name, -1) for name in classes), -1], dtype=np.int64)
    strange = [name for name in classes if name not in place]
    findings = []
    if strange and len(strange) == len(classes):
        text = (
            f"no label is one of the classes: labels are {_listed(strange)}, classes {_listed(wanted)}; write the "
            f'labels, and describe them: --classes "{strange[0]}={wanted[0]},…"'
        )
        findings.append(Finding("other_labels", "", text, "nothing is scored"))
    else:
        findings += [
            Finding("other_class", "", f"{name!r} is none of the classes", "its items are predicted, but not scored")
            for name in strange
        ]
    part = np.full(len(data), "test", dtype="<U5")
    return replace(data, targets=own[numbers], task=Classification(names), part=part), findings


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:SHOWN])) + (" …" if len(names) > SHOWN else "")


def parts_of(data: Dataset, seen: Extraction, checked: Checked) -> tuple[Examples | None, Examples]:
    """Examples of seen classes, where there are such, and the items to classify.

    Args:
        data: from :func:`read_unseen`.
        seen: their extraction.
        checked: which can be used.

    Raises:
        DataError: nothing usable to classify; a seen class without a usable example.
    """
    usable = np.flatnonzero(checked.keep)
    test = data.part[usable] == "test"
    if not test.any():
        raise DataError(f"No item to classify could be read. {worst_of(checked.findings)}")

    def part(index: IntArray) -> Examples:
        folds = np.zeros((0, len(index)), dtype=np.int64)
        return Examples(data.select(index), checked.clusters[index], seen, index, folds)

    items, taught = part(usable[test]), usable[~test]
    if not (data.part != "test").any():
        return None, items
    wanted = np.unique(data.targets[(data.part != "test") & (data.targets >= 0)])
    names = class_names_of(data)
    missing = [names[k] for k in wanted if not (data.targets[taught] == k).any()]
    if missing:
        raise DataError(
            f"After the checks no usable example is left of the seen classes: {', '.join(missing[:SHOWN])}. "
            f"{worst_of(checked.findings)}"
        )
    return part(taught), items

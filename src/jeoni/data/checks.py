"""Faults of the data, found before anything is split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jeoni.data.duplicates import clusters, near_pairs
from jeoni.data.named_groups import find_named_groups
from jeoni.data.overlaps import contents, find_conflicts, find_duplicates, find_group_leaks, find_leaks
from jeoni.errors import DataError
from jeoni.locale import Said
from jeoni.types import Array, Console, Dataset, Finding, IntArray, Items

__all__ = [
    "Checked",
    "check_content",
    "check_labels",
    "known_targets",
    "remarked",
    "tell",
    "unlabelled",
    "unreadable",
    "without_lost_targets",
    "worst_of",
]

CROWD = 50
ONE_SCENE = 0.8
REMARKS = {
    "shortened": "it is longer than the backbone takes; the rest was cut off",
    "recoded": "it is in CP949 (EUC-KR) or UTF-16, not in UTF-8",
    "unknown": "the backbone knows hardly any of its words: it is made for other languages",
    "incomplete": "its end is missing",
    "silent": "it is nearly silent",
    "high": "most of its power lies above the frequencies that are used",
    "clipped": "it is distorted: too loud when it was recorded",
}


@dataclass(frozen=True)
class Checked:
    """The items that the checks leave.

    Attributes:
        findings: for the user, one per item.
        keep: ``(n,)`` bool: items that are used.
        clusters: ``(n,)``: items of one number (near-identical, or of one group) stay on one side of every split.
    """

    findings: list[Finding]
    keep: Array
    clusters: IntArray


def check_labels(data: Dataset) -> list[Finding]:
    """Findings that need no decoding.

    Raises:
        DataError: nothing can be learned from the labels.
    """
    if data.task is None:
        raise DataError(f"The labels of {data.origin or data.name} were not read yet; see jeoni.tasks.read_targets.")
    findings = data.task.check(data)
    if _are_strata(data):
        text = "every group holds one class, and every class one group: the groups are the classes themselves"
        findings.append(Finding("groups", "", text, "kept; correct --group-column or --group-pattern"))
    return [*findings, *find_named_groups(data)]


def _are_strata(data: Dataset) -> bool:
    """Whether groups do nothing but name the classes, as where a pattern matches in the names of their folders."""
    if data.groups is None or data.task is None:
        return False
    strata = data.task.strata(data.targets)
    known = strata >= 0
    groups, strata = data.groups[known], strata[known]
    pairs = len(np.unique(np.stack([groups, strata]), axis=1).T)
    return pairs == len(np.unique(groups)) == len(np.unique(strata))


def without_lost_targets(data: Dataset, checked: Checked) -> tuple[Dataset, Checked]:
    """Without the classes, or labels, of which the checks left no training example.

    Raises:
        DataError: too little is left to learn from; the message says what befell most items.
    """
    if data.task is None:
        return data, checked
    try:
        data, keep, findings = data.task.without_lost(data, checked.keep)
    except DataError as error:
        raise DataError(f"{error} {worst_of(checked.findings)}", path=data.origin) from error
    return data, replace(checked, findings=[*checked.findings, *findings], keep=keep)


def worst_of(findings: Sequence[Finding]) -> str:
    """The reason why most items are useless, in a sentence, with the first of them as an example."""
    counts = Counter(f.kind for f in findings if f.action == "skipped")
    if not counts:
        return "See the findings."
    kind, number = counts.most_common(1)[0]
    first = next(f for f in findings if f.kind == kind and f.action == "skipped")
    said = first.detail.rstrip(".") if first.path in first.detail else f"{first.path}: {first.detail.rstrip('.')}"
    return f"Not used as {kind.replace('_', ' ')}: {number}, the first because {said}."


def unreadable(items: Items, errors: Mapping[int, str]) -> list[Finding]:
    """Items that cannot be read, by their numbers, each with what is wrong with it."""
    return [Finding("unreadable", items.name(i), text, "skipped") for i, text in sorted(errors.items())]


def unlabelled(items: Items, which: Array) -> list[Finding]:
    """Items without a label where one is needed; ``(n,)`` bool."""
    return [Finding("unlabelled", items.name(int(i)), "it has no label", "skipped") for i in np.flatnonzero(which)]


def remarked(items: Items, remarks: Mapping[str, Mapping[int, str]]) -> list[Finding]:
    """Findings from decoding: kinds of remark, the numbers of the items and details, which may be empty."""
    return [
        Finding(kind, items.name(i), detail or REMARKS.get(kind, kind), "kept")
        for kind, details in remarks.items()
        for i, detail in details.items()
    ]


def check_content(
    data: Dataset,
    digests: Sequence[bytes],
    signatures: Any,
    near: float,
    readable: Array,
    errors: Mapping[int, str],
    keep_leaks: bool = False,
    may_lack: Array | None = None,
) -> Checked:
    """Findings that need every item to be read.

    Args:
        data: the items.
        digests: of their content.
        signatures: ``(m, 1024)`` uint8 of the ``m`` readable ones, in order.
        near: the correlation of two of them from which on they count as near-identical.
        readable: ``(n,)`` bool.
        errors: item number to what is wrong with it.
        keep_leaks: leave training items that are also in the test part.
        may_lack: ``(n,)`` bool: items that are used without a label; None: there are none.
    """
    n = len(data)
    unknown = ~known_targets(data)
    lacking = readable & unknown & ~(np.zeros(n, dtype=bool) if may_lack is None else may_lack)
    findings = [*unreadable(data.items, errors), *unlabelled(data.items, lacking)]
    keep = readable & ~lacking
    rows = np.flatnonzero(readable)
    content = _numbered(contents(data, digests, rows))
    firsts = np.unique(content, return_index=True)[1]
    alike = clusters(len(firsts), near_pairs(_Rows(signatures, firsts), near))
    largest = np.bincount(alike).max(initial=0)
    if len(firsts) >= CROWD and largest > ONE_SCENE * len(firsts):
        text = (
            f"{largest} of {len(firsts)} items are nearly identical: copies cannot be told from shots of one "
            "scene; where some belong together (one part, one video), name a group column"
        )
        findings.append(Finding("near_duplicate", "", text, "only identical items are kept in one fold"))
        alike = np.arange(len(firsts))
    same, cluster = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    same[rows], cluster[rows] = content, alike[content]

    own_test = data.part == "test"
    findings += find_conflicts(data, same, keep)
    findings += find_leaks(data, cluster, same, keep, own_test, keep_leaks)
    findings += find_group_leaks(data, keep, own_test, keep_leaks)
    findings += find_duplicates(data, cluster, same, keep, own_test)
    return Checked(findings, keep, _merged(cluster, data.groups))


def known_targets(data: Dataset) -> Array:
    """``(n,)`` bool: which examples have a target; none where no task has read them."""
    return np.zeros(len(data), dtype=bool) if data.task is None else data.task.known(data.targets)


class _Rows:
    """Some rows of signatures, read when they are asked for."""

    def __init__(self, signatures: Any, index: IntArray) -> None:
        self._signatures, self._index = signatures, index
        self.shape = (len(index), *signatures.shape[1:])

    def __getitem__(self, part: slice | IntArray) -> Array:
        return np.asarray(self._signatures[self._index[part]])


def _numbered(digests: Sequence[bytes]) -> IntArray:
    """Equal digests get equal numbers, counted in order of first appearance."""
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(d, len(numbers)) for d in digests], dtype=np.int64)


def _merged(cluster: IntArray, groups: IntArray | None) -> IntArray:
    """Clusters, or where there are groups, whatever hangs together by either; unreadable items stand alone."""
    n = len(cluster)
    base = cluster.copy()
    lost = base < 0
    base[lost] = base.max(initial=-1) + 1 + np.arange(int(lost.sum()))
    if groups is None:
        return base
    pairs = []
    for key in (base, groups):
        firsts: dict[int, int] = {}
        for i, value in enumerate(key.tolist()):
            first = firsts.setdefault(value, i)
            if first != i:
                pairs.append((first, i))
    return clusters(n, np.array(pairs, dtype=np.int64).reshape(-1, 2))


def tell(findings: Sequence[Finding], console: Console) -> None:
    """One line per kind and action, with one item as an example; all are in ``issues.csv``, where there is one."""
    for (kind, action), number in Counter((f.kind, f.action) for f in findings).items():
        first = next(f for f in findings if (f.kind, f.action) == (kind, action))
        example = first.detail
        if first.path not in first.detail:
            example = Said("finding.example", path=first.path, detail=first.detail)
        told = {"kind": kind.replace("_", " "), "example": example, "action": action}
        console.warn(Said("finding.many", n=f"{number:,}", **told) if number > 1 else Said("finding.one", **told))

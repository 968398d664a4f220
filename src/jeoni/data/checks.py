"""What is wrong with the data, found before anything is split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoni.data.duplicates import clusters, near_pairs
from jeoni.errors import DataError
from jeoni.types import Array, Dataset, Finding, IntArray

__all__ = ["Checked", "check_content", "check_labels"]

IMBALANCE = 3.0


@dataclass(frozen=True)
class Checked:
    """What the checks leave.

    Attributes:
        findings: for the user, one per item.
        keep: ``(n,)`` bool: items that are used.
        clusters: ``(n,)``: items of one number (near-identical, or of one group) stay on one side of every split.
    """

    findings: list[Finding]
    keep: Array
    clusters: IntArray


def check_labels(data: Dataset) -> list[Finding]:
    """What can be seen without decoding anything.

    Raises:
        DataError: no labels, one class, or one item in every class.
    """
    training = data.labels[(data.part != "test") & (data.labels >= 0)]
    counts = np.bincount(training, minlength=len(data.class_names))
    if not len(training):
        raise DataError(f"{data.origin or data.name} holds no labelled items; jeoni fit needs labels.")
    if (counts > 0).sum() < 2:
        only = data.class_names[int(counts.argmax())]
        raise DataError(f"All labelled items are of one class ({only}); a classifier needs at least two.")
    if counts.max() < 2:
        raise DataError("Every class has one item only; at least two each are needed to learn and to test.")
    findings = [
        Finding("empty_class", "", f"the class {c} has no items", "left out" if not data.part.size else "kept")
        for c, k in zip(data.class_names, counts, strict=True)
        if k == 0
    ]
    findings += [
        Finding("small_class", "", f"the class {c} has one item only; it cannot be tested", "kept")
        for c, k in zip(data.class_names, counts, strict=True)
        if k == 1
    ]
    present = counts[counts > 0]
    if present.max() >= IMBALANCE * present.min():
        most, least = (
            data.class_names[int(counts.argmax())],
            data.class_names[int(np.where(counts, counts, 1 << 60).argmin())],
        )
        text = f"{present.max()} items of {most}, {present.min()} of {least}"
        findings.append(Finding("imbalance", "", text, "class weights are decided by folds"))
    return findings


def check_content(
    data: Dataset,
    digests: Sequence[bytes],
    signatures: Any,
    readable: Array,
    errors: Mapping[int, str],
    keep_leaks: bool = False,
) -> Checked:
    """What can be seen once every item was read.

    Args:
        data: the items.
        digests: of their content.
        signatures: ``(m, 1024)`` uint8 of the ``m`` readable ones, in order.
        readable: ``(n,)`` bool.
        errors: item number to what is wrong with it.
        keep_leaks: leave training items that are also in the test part.
    """
    n = len(data)
    findings = [Finding("unreadable", data.items.name(i), text, "skipped") for i, text in sorted(errors.items())]
    unlabelled = readable & (data.labels < 0)
    findings += [
        Finding("unlabelled", data.items.name(int(i)), "it has no label", "skipped") for i in np.flatnonzero(unlabelled)
    ]
    keep = readable & ~unlabelled
    rows = np.flatnonzero(readable)
    content = _numbered([digests[int(i)] for i in rows])
    firsts = np.unique(content, return_index=True)[1]
    near = near_pairs(_Rows(signatures, firsts))
    alike = clusters(len(firsts), near)
    same, cluster = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    same[rows], cluster[rows] = content, alike[content]

    conflicting = _conflicts(data, same, keep)
    for i in conflicting:
        other = _another(i, np.flatnonzero((same == same[i]) & (data.labels != data.labels[i]) & (data.labels >= 0)))
        text = f"identical to {data.items.name(other)}, which is labelled {data.class_names[data.labels[other]]}"
        findings.append(Finding("label_conflict", data.items.name(i), text, "skipped", data.items.name(other)))
    keep[conflicting] = False

    own_test = data.part == "test"
    findings += _leaks(data, cluster, same, keep, own_test, keep_leaks)
    findings += _duplicates(data, cluster, same, keep, own_test)
    return Checked(findings, keep, _merged(cluster, data.groups))


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


def _conflicts(data: Dataset, same: IntArray, keep: Array) -> IntArray:
    """Items whose content also appears with another label."""
    index = np.flatnonzero(keep)
    if not len(index):
        return index
    size = int(same.max()) + 1
    low, high = np.full(size, 1 << 60), np.full(size, -1)
    np.minimum.at(low, same[index], data.labels[index])
    np.maximum.at(high, same[index], data.labels[index])
    return index[(low != high)[same[index]]]


def _members(cluster: IntArray, use: Array) -> Iterator[IntArray]:
    """The items of each cluster that has more than one among those in use."""
    index = np.flatnonzero(use)
    order = index[np.argsort(cluster[index], kind="stable")]
    for part in np.split(order, np.flatnonzero(np.diff(cluster[order])) + 1):
        if len(part) > 1:
            yield part


def _leaks(
    data: Dataset, cluster: IntArray, same: IntArray, keep: Array, own_test: Array, keep_leaks: bool
) -> list[Finding]:
    """Training items that are also in the user's own test part; taken out of ``keep``."""
    findings = []
    for part in list(_members(cluster, keep)):
        held = part[own_test[part]]
        if not len(held):
            continue
        for i in part[~own_test[part]]:
            twin = next((h for h in held if same[h] == same[i]), held[0])
            how = "identical" if same[twin] == same[i] else "nearly identical"
            text = f"{how} to {data.items.name(int(twin))} in the test set"
            action = "kept" if keep_leaks else "removed from training"
            findings.append(Finding("leak", data.items.name(int(i)), text, action, data.items.name(int(twin))))
            keep[i] = keep_leaks
    return findings


def _duplicates(data: Dataset, cluster: IntArray, same: IntArray, keep: Array, own_test: Array) -> list[Finding]:
    """Items that appear again on the same side; each names one other."""
    findings = []
    for side in (keep & ~own_test, keep & own_test):
        for part in _members(cluster, side):
            for i in part[1:]:
                twin = next((j for j in part if j != i and same[j] == same[i]), part[0])
                kind, how = (
                    ("duplicate", "identical") if same[twin] == same[i] else ("near_duplicate", "nearly identical")
                )
                text = f"{how} to {data.items.name(int(twin))}"
                action = "kept in one fold" if not own_test[i] else "kept"
                findings.append(Finding(kind, data.items.name(int(i)), text, action, data.items.name(int(twin))))
    return findings


def _another(i: int, among: IntArray) -> int:
    return int(next(j for j in among if j != i))


def _merged(cluster: IntArray, groups: IntArray | None) -> IntArray:
    """Clusters, or where there are groups, whatever hangs together by either; unreadable items stand alone."""
    n = len(cluster)
    base = cluster.copy()
    lost = base < 0
    base[lost] = base.max(initial=-1) + 1 + np.arange(int(lost.sum()))
    if groups is None:
        return base
    firsts = {}
    pairs = []
    for key in (base, groups):
        firsts = {}
        for i, value in enumerate(key.tolist()):
            first = firsts.setdefault(value, i)
            if first != i:
                pairs.append((first, i))
    return clusters(n, np.array(pairs, dtype=np.int64).reshape(-1, 2))

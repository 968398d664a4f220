"""Items that overlap: with another label, with the user's own test part, or with one another.

Each function names one other item per finding, never all pairs, and takes out of ``keep`` what must not be used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np

from jeoni.data.annotations import target_bytes
from jeoni.data.encodings import decode
from jeoni.data.items import content_digest
from jeoni.errors import DataError
from jeoni.locale import Said
from jeoni.types import Array, Dataset, Finding, IntArray

__all__ = ["contents", "find_conflicts", "find_duplicates", "find_group_leaks", "find_leaks"]


def contents(data: Dataset, digests: Sequence[bytes], index: IntArray) -> list[bytes]:
    """A name for the content of each item at ``index``: equal bytes have one name, and so have equal texts.

    Args:
        data: the items.
        digests: of the bytes of all items.
        index: items that can be read.
    """
    found = [digests[int(i)] for i in index]
    plain = PLAIN.get(data.modality)
    if plain is None:
        return found
    for k, i in enumerate(index.tolist()):
        with suppress(DataError):  # it was there a moment ago
            found[k] = content_digest(plain(data.items.read(i), data.items.name(i)).encode())
    return found


def _plain_text(raw: bytes | Array, name: str) -> str:
    """A text without what its encoding, its kind of line breaks and blanks around it add."""
    assert isinstance(raw, bytes)  # else it would not be one that can be read
    return "\n".join(decode(raw, name)[0].strip().splitlines())


PLAIN = {"text": _plain_text}  # of other modalities equal bytes alone are the same item


def find_conflicts(data: Dataset, same: IntArray, keep: Array) -> list[Finding]:
    """Items whose content also appears with another label, each naming one such; all are taken out of ``keep``.

    An item without a label contradicts none.

    Args:
        data: the items.
        same: ``(n,)`` number of each item's content.
        keep: ``(n,)`` bool, changed in place.
    """
    if data.task is None:
        return []
    labelled: dict[int, dict[bytes, int]] = {}
    index = np.flatnonzero(keep & data.task.known(data.targets)).tolist()
    for i in index:
        labelled.setdefault(int(same[i]), {}).setdefault(target_bytes(data.targets[i]), i)
    findings = []
    for i in index:
        own = target_bytes(data.targets[i])
        other = next((j for label, j in labelled[int(same[i])].items() if label != own), None)
        if other is not None:
            name = data.items.name(other)
            (label,) = data.task.named_targets(data.targets[other : other + 1])
            text = Said("finding.other_label", other=name, label=str(label))
            findings.append(Finding("label_conflict", data.items.name(i), text, "skipped", name))
            keep[i] = False
    return findings


def find_leaks(
    data: Dataset, cluster: IntArray, same: IntArray, keep: Array, own_test: Array, keep_leaks: bool
) -> list[Finding]:
    """Training items that are also in the user's own test part; taken out of ``keep``."""
    findings = []
    for part in list(_members(cluster, keep)):
        held = part[own_test[part]]
        if not len(held):
            continue
        twins = {int(same[h]): h for h in held[::-1]}
        for i in part[~own_test[part]]:
            twin = twins.get(int(same[i]), held[0])
            how = "identical_in_test" if same[twin] == same[i] else "nearly_identical_in_test"
            text = Said(f"finding.{how}", other=data.items.name(int(twin)))
            action = "kept" if keep_leaks else "removed from training"
            findings.append(Finding("leak", data.items.name(int(i)), text, action, data.items.name(int(twin))))
            keep[i] = keep_leaks
    return findings


def find_group_leaks(data: Dataset, keep: Array, own_test: Array, keep_leaks: bool) -> list[Finding]:
    """Training items whose group is also in the user's own test part; taken out of ``keep``."""
    if data.groups is None:
        return []
    held = {int(data.groups[i]): i for i in np.flatnonzero(keep & own_test)[::-1]}
    findings = []
    for i in np.flatnonzero(keep & ~own_test):
        if int(data.groups[i]) in held:
            twin = data.items.name(int(held[int(data.groups[i])]))
            text = Said("finding.same_group", other=twin)
            action = "kept" if keep_leaks else "removed from training"
            findings.append(Finding("leak", data.items.name(int(i)), text, action, twin))
            keep[i] = keep_leaks
    return findings


def find_duplicates(data: Dataset, cluster: IntArray, same: IntArray, keep: Array, own_test: Array) -> list[Finding]:
    """Items that appear again on the same side; each names one other."""
    findings = []
    for side in (keep & ~own_test, keep & own_test):
        for part in _members(cluster, side):
            firsts = {int(same[i]): i for i in part[::-1]}
            for i in part[1:]:
                equal = firsts[int(same[i])] != i
                twin = firsts[int(same[i])] if equal else part[0]
                kind, how = ("duplicate", "identical") if equal else ("near_duplicate", "nearly_identical")
                text = Said(f"finding.{how}", other=data.items.name(int(twin)))
                action = "kept in one fold" if not own_test[i] else "kept"
                findings.append(Finding(kind, data.items.name(int(i)), text, action, data.items.name(int(twin))))
    return findings


def _members(cluster: IntArray, use: Array) -> Iterator[IntArray]:
    """The items of each cluster that has more than one among those in use."""
    index = np.flatnonzero(use)
    order = index[np.argsort(cluster[index], kind="stable")]
    for part in np.split(order, np.flatnonzero(np.diff(cluster[order])) + 1):
        if len(part) > 1:
            yield part

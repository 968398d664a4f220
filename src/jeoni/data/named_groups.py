"""Groups that nobody named: parts of file names that look like speakers, patients or devices.

Recordings of one speaker in both the training and the test part make a score too good, and nothing in them tells
it; file names often do (``7_jackson_12.wav``, ``p031/slice-4.png``). What is found is said, and nothing is held
together by it: only who made the data knows what a part of a name means.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import numpy as np

from jeoni.data.columns import PARTS
from jeoni.types import Dataset, Finding, IntArray

__all__ = ["find_named_groups"]

FEWEST = 20  # examples, below which every name is a coincidence
EACH = 3  # examples of a group in the mean, at least
AGREE = 0.95  # of the names are made of as many parts
SEPARATORS = "_- "


def find_named_groups(data: Dataset) -> list[Finding]:
    """A finding where names hold what may be a group; none where groups were named, or names are no paths."""
    names = [data.items.name(i) for i in range(len(data))]
    if data.groups is not None or data.task is None or len(names) < FEWEST or not all(map(_suffix, names)):
        return []
    strata = data.task.strata(data.targets)
    for values, pattern in _parts_of(names):
        known = [k for k, value in enumerate(values) if value]
        if len(known) >= AGREE * len(names) and _may_be_groups([values[k] for k in known], strata[known]):
            return [_finding([values[k] for k in known], pattern)]
    return []


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix


def _parts_of(names: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    """What may name a group in each path, empty where it is not there, and the pattern that finds it.

    The folder that a file lies in, then the parts of its name between separators, from the last to the first.
    """
    paths = [PurePosixPath(name) for name in names]
    yield [path.parent.name for path in paths], "([^/]+)/[^/]+$"
    stems = [path.name.removesuffix(path.suffix) for path in paths]
    for mark in SEPARATORS:
        split = [stem.split(mark) for stem in stems]
        number = Counter(map(len, split)).most_common(1)[0][0]
        for position in range(number if number > 1 else 0):
            values = [parts[position] if len(parts) == number else "" for parts in split]
            yield values, _pattern(mark, number - 1 - position)


def _pattern(mark: str, after: int) -> str:
    """The regular expression that finds the part of a name that ``after`` others follow."""
    if not after:
        return rf"{mark}([^{mark}/.]+)\.\w+$"
    rest = f"{mark}[^{mark}/]+"
    return f"([^{mark}/]+){rest if after == 1 else f'(?:{rest}){{{after}}}'}$"


def _may_be_groups(values: Sequence[str], strata: IntArray) -> bool:
    """Several words or identifiers, each of some examples, that do not merely name classes or parts of a split.

    Plain numbers are left alone: most of them count. Words each of which stands in one class alone are left alone too:
    they are kinds of it (``tabby``, ``persian``) more often than patients. Identifiers with a digit are not.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for value, stratum in zip(values, strata.tolist(), strict=True):
        members[value].append(stratum)
    if not 2 <= len(members) <= len(values) / EACH or all(value.lower() in PARTS for value in members):
        return False
    if not all(any(letter.isalpha() for letter in value) for value in members):
        return False
    mixed = np.mean([len(set(of)) > 1 for of in members.values()])
    identifiers = all(any(letter.isdigit() for letter in value) for value in members)
    return bool(mixed > 0.5 or (identifiers and len(members) > len(set(strata.tolist()))))


def _finding(values: Sequence[str], pattern: str) -> Finding:
    counted = Counter(values).most_common()
    shown = ", ".join(repr(value) for value, _ in counted[:3])
    more = " …" if len(counted) > 3 else ""
    text = (
        f"names hold {shown}{more} ({len(counted)} in all): if examples of one belong together (a speaker, a patient, "
        "a device), scores are too good while they lie on both sides of a split"
    )
    return Finding("possible_groups", "", text, f"kept; to keep them whole: --group-pattern '{pattern}'")

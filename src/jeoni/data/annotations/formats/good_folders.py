"""Normal pictures, and perhaps some defective ones: a folder ``good`` beside a folder per defect, or normal ones only.

It is read only where ``--task anomaly`` says so: one folder per class looks the same. Parts that come with the data are
kept. Else all normal pictures of a folder without defects are for training. Where there are defects, these are the
test, and with them one in five normal pictures, drawn by their names: without those no false alarm could be counted.
Of scans, patients are drawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from jeoni.data.annotations.conditions import NORMAL
from jeoni.data.annotations.kinds import Condition
from jeoni.data.annotations.notes import Notes
from jeoni.data.annotations.pictures import (
    Picture,
    dataset_of_pictures,
    is_picture,
    part_folders,
    pictures_in,
    subfolders,
)
from jeoni.data.annotations.protocol import ReadOptions
from jeoni.data.files import list_folder
from jeoni.data.kinds import composed
from jeoni.data.scans import patients_of
from jeoni.errors import DataError
from jeoni.types import Array, Dataset, Finding

__all__ = ["GoodFolders"]

HELD_OUT = 5  # one normal picture in so many is for the test


@dataclass(frozen=True)
class GoodFolders:
    """A folder of normal pictures, or one beside folders of defects."""

    title: ClassVar[str] = "Normal and defective pictures"
    tasks: ClassVar[tuple[str, ...]] = ("anomaly",)
    needs: ClassVar[str] = (
        f"a folder of normal pictures, or one called {', '.join(sorted(NORMAL))} beside folders of defects"
    )
    by_request: ClassVar[bool] = True

    def recognises(self, root: Path) -> bool:
        """Whether pictures lie in it, or in a folder of normal ones."""
        if not root.is_dir():
            return False
        folders = [root, *part_folders(root).values()]
        return any(is_picture(path) for path in list_folder(root)) or any(
            subfolders(folder).keys() & NORMAL for folder in folders
        )

    def read(self, root: Path, options: ReadOptions) -> Dataset:
        """See :class:`jeoni.data.annotations.protocol.Format`."""
        options.refuse_classes(self.title)
        options.check_void(())
        notes = Notes()
        parts = part_folders(root)
        tops = [(folder, part) for part, folder in parts.items()] or [(root, "")]
        pictures: list[Picture] = []
        for folder, part in tops:
            pictures.extend(_pictures(folder, root, part, notes))
        data = dataset_of_pictures(root, pictures, options, notes)
        return data if parts else _parted(data)


def _pictures(folder: Path, root: Path, part: str, notes: Notes) -> list[Picture]:
    kinds = subfolders(folder)
    if not kinds.keys() & NORMAL:
        if kinds and not any(is_picture(path) for path in list_folder(folder)):
            named = ", ".join(sorted(path.name for path in kinds.values())[:5])
            raise DataError(
                f"{folder} holds the folders {named}, and none of normal pictures. Needed: one called "
                f"{', '.join(sorted(NORMAL))}.",
                path=str(folder),
            )
        return [_picture(path, root, Condition(False), part) for path in pictures_in(folder, root, notes)]
    found: list[Picture] = []
    for name, own in kinds.items():
        condition = Condition(False) if name in NORMAL else Condition(True, kind=composed(own.name))
        found.extend(_picture(path, root, condition, part) for path in pictures_in(own, root, notes))
    return found


def _picture(path: Path, root: Path, condition: Condition, part: str) -> Picture:
    return Picture(path, composed(path.relative_to(root).as_posix()), condition, part)


def _parted(data: Dataset) -> Dataset:
    """With parts, and what was drawn told."""
    defective = np.array([isinstance(one, Condition) and one.defective for one in data.targets], dtype=bool)
    part = np.full(len(data), "train", dtype="<U5")
    if not defective.any():
        return replace(data, part=part)
    keys = [data.items.name(i) for i in range(len(data))] if data.groups is None else [str(g) for g in data.groups]
    patients = patients_of(data) if data.groups is None else {}
    keys = [f"patient {patients[i]}" if i in patients else key for i, key in enumerate(keys)]
    held = np.zeros(len(data), dtype=bool)
    held[~defective] = _drawn([key for key, bad in zip(keys, defective, strict=True) if not bad])
    part[defective | held] = "test"
    normal = f"{int(held.sum())} of {int((~defective).sum())} normal pictures"
    by = "patient by patient" if patients else "by their names"
    told = f"{normal}, drawn {by}, are for the test, and with them {int(defective.sum())} with a defect"
    return replace(data, part=part, findings=(*data.findings, Finding("split", "", told, "kept")))


def _drawn(keys: Sequence[str]) -> Array:
    """``(n,)`` bool: one in five, drawn by a digest of their keys; those of one key together."""
    digests = {key: hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest() for key in keys}
    ordered = sorted(digests, key=lambda key: digests[key])
    held = set(ordered[: -(-len(ordered) // HELD_OUT)])
    return np.array([key in held for key in keys], dtype=bool)

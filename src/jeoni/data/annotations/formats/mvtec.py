"""MVTec AD (Bergmann et al. 2019): normal pictures to learn from, defective ones to test, and their masks.

``train/good``, ``test/good``, ``test/DEFECT`` and ``ground_truth/DEFECT/NAME_mask.png``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from jeoni.data.annotations.conditions import DEFECT_MASK, NORMAL, condition_mask
from jeoni.data.annotations.kinds import Condition
from jeoni.data.annotations.notes import Fault, Notes
from jeoni.data.annotations.pictures import (
    Picture,
    by_stem,
    dataset_of_pictures,
    part_folders,
    pictures_in,
    subfolders,
    tell_layout,
    without_ending,
)
from jeoni.data.annotations.protocol import ReadOptions
from jeoni.data.kinds import composed
from jeoni.types import Dataset

__all__ = ["MVTec"]

TRUTH = "ground_truth"
NO_MASK = Fault("no_mask", "no mask of its defect is there", "no mask of its defect is there", "kept, without a place")


@dataclass(frozen=True)
class MVTec:
    """The folders of one category of MVTec AD."""

    title: ClassVar[str] = "MVTec AD"
    tasks: ClassVar[tuple[str, ...]] = ("anomaly",)
    needs: ClassVar[str] = "train/good/, test/good/, test/DEFECT/ and ground_truth/DEFECT/"
    by_request: ClassVar[bool] = False

    def recognises(self, root: Path) -> bool:
        """Whether the training part holds normal pictures only, and there are masks of the test part."""
        if not root.is_dir() or TRUTH not in subfolders(root):
            return False
        parts = part_folders(root)
        if not {"train", "test"} <= parts.keys():
            return False
        return bool(subfolders(parts["train"])) and subfolders(parts["train"]).keys() <= NORMAL

    def read(self, root: Path, options: ReadOptions) -> Dataset:
        """See :class:`jeoni.data.annotations.protocol.Format`."""
        options.refuse_classes(self.title)
        options.check_void(())
        notes = Notes()
        tell_layout(self.title, self.tasks[0], options, notes)
        truth = subfolders(subfolders(root)[TRUTH])
        pictures = []
        for part, folder in part_folders(root).items():
            for kind, own in subfolders(folder).items():
                of_kind = truth.get(kind)
                masks = {} if of_kind is None else by_stem(pictures_in(of_kind, root, notes), of_kind)
                for path in pictures_in(own, root, notes):
                    name = composed(path.relative_to(root).as_posix())
                    condition = _condition(path, name, own, kind, masks, notes)
                    pictures.append(Picture(path, name, condition, part))
        return dataset_of_pictures(root, pictures, options, notes)

    def masks_in(self, root: Path) -> list[Path]:
        """The masks of a folder that was recognised, by names only."""
        return pictures_in(subfolders(root)[TRUTH], root, Notes())


def _condition(path: Path, name: str, folder: Path, kind: str, masks: dict[str, Path], notes: Notes) -> Condition:
    if kind in NORMAL:
        return Condition(False)
    stem = without_ending(path).relative_to(folder).as_posix()
    file = masks.get(f"{stem}{DEFECT_MASK}", masks.get(stem))
    if file is None:
        notes.add(NO_MASK, name)
        return Condition(True, kind=composed(folder.name))
    return Condition(True, condition_mask(file, path, name, notes), composed(folder.name))

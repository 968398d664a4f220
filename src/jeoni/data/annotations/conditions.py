"""Normal and defective pictures: the folders that hold them, and the masks of defects."""

from __future__ import annotations

from pathlib import Path

from jeoni.data.annotations.masks import Legend, MaskFile
from jeoni.data.annotations.notes import Fault, Notes
from jeoni.data.annotations.pictures import picture_size

__all__ = ["DEFECT_MASK", "NORMAL", "condition_mask"]

NORMAL = {"good", "normal", "ok", "정상", "양품"}
DEFECT_MASK = "_mask"  # at the end of a mask's name
VALUES = 256
LEGEND = Legend(("normal", "defect"), {value: int(value > 0) for value in range(VALUES)}, {})
BAD_SIZE = Fault("size_mismatch", "the mask of its defect is of another size", "", "kept, without a place")


def condition_mask(file: Path, picture: Path, name: str, notes: Notes) -> MaskFile | None:
    """The mask of a defect: what is not black; None where it is of another size than the picture."""
    mask = MaskFile(str(file), LEGEND)
    size = picture_size(picture)
    if size is not None and mask.size() != size:
        width, height = mask.size()
        notes.add(BAD_SIZE, name, f"{width} x {height} for {size[0]} x {size[1]}")
        return None
    return mask

"""Lists of pictures by part, as Pascal VOC has them in ``ImageSets``."""

from __future__ import annotations

from pathlib import Path

from jeoni.data.annotations.notes import Fault, Notes
from jeoni.data.annotations.pictures import without_ending
from jeoni.data.annotations.sources import read_text_lines
from jeoni.data.columns import PARTS
from jeoni.data.files import list_folder
from jeoni.data.kinds import composed

__all__ = ["listed_parts", "part_of"]

NO_SPLIT = Fault("in_no_split", "no file of ImageSets names it", "no file of ImageSets names it", "left out")
TWO_SPLITS = Fault(
    "leak", "two files of ImageSets name it", "three files of ImageSets name it", "removed from training"
)


def listed_parts(root: Path, purpose: str) -> dict[str, set[str]]:
    """The names of pictures, without ending, by part; ``trainval`` counts only where nothing tells the two apart.

    Args:
        root: the folder that holds ``ImageSets``.
        purpose: ``Main`` for boxes, ``Segmentation`` for masks.

    Returns:
        Nothing where there are no lists.
    """
    folder = root / "ImageSets" / purpose
    if not folder.is_dir():
        return {}
    listed: dict[str, set[str]] = {}
    for path in list_folder(folder):
        if path.suffix == ".txt" and path.stem in (*PARTS, "trainval"):
            listed[path.stem] = {composed(line.split()[0]) for line in read_text_lines(path) if line}
    both = listed.pop("trainval", set())
    parts: dict[str, set[str]] = {}
    for name, stems in listed.items():
        parts.setdefault(PARTS[name], set()).update(stems)
    if both and "train" not in parts:
        parts["train"] = both - parts.get("val", set())
    return {part: stems for part, stems in parts.items() if stems}


def part_of(path: Path, name: str, parts: dict[str, set[str]], notes: Notes) -> str:
    """The part of a picture, which is told if several lists name it, or none; empty where none does."""
    own = [part for part in ("test", "val", "train") if composed(without_ending(path).name) in parts.get(part, ())]
    if not own:
        notes.add(NO_SPLIT, name)
        return ""
    for _ in own[1:]:
        notes.add(TWO_SPLITS, name)
    return own[0]

"""Pictures that annotations belong to: found in folders, measured by their headers, put together as a dataset."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from PIL import Image, UnidentifiedImageError

from jeoni.data.annotations.kinds import Annotation, Boxes, annotation_cells
from jeoni.data.annotations.notes import Fault, Notes
from jeoni.data.annotations.protocol import ReadOptions
from jeoni.data.columns import PARTS, pattern_groups
from jeoni.data.dicom import DICOM_SUFFIXES, known_name, read_size
from jeoni.data.files import list_folder, open_file, walk
from jeoni.data.items import FileItems
from jeoni.data.kinds import SUFFIXES, composed
from jeoni.errors import DataError
from jeoni.types import Dataset

__all__ = [
    "NONE_OF_ITS_NAME",
    "NO_ANNOTATION",
    "NO_PICTURE",
    "SIZE_NOT_KNOWN",
    "Picture",
    "by_stem",
    "dataset_of_pictures",
    "folder_of",
    "is_picture",
    "only_file",
    "part_folders",
    "picture_size",
    "pictures_in",
    "subfolders",
    "tell_layout",
    "with_ending",
    "without_ending",
]

ORIENTATION = 0x0112  # the EXIF tag
SIDEWAYS = (5, 6, 7, 8)  # its values that turn a picture by a quarter
NO_ANNOTATION = Fault("unlabelled", "it has no annotation", "it has no annotation", "skipped")
NO_PICTURE = Fault("no_picture", "the picture is not there", "the picture is not there", "left out")
NONE_OF_ITS_NAME = Fault("no_picture", "no picture of its name is there", "no picture of its name is there", "left out")
SIZE_NOT_KNOWN = Fault(
    "size_not_known", "its size cannot be read from its header", "its size cannot be read from its header", "left out"
)
SAME_STEM = Fault(
    "duplicate",
    "another picture has its name, with another ending",
    "other pictures have its name",
    "the other is used",
)
TWICE = Fault(
    "duplicate", "it is named once more, with annotations of its own", "it is named {n} times more", "the first is kept"
)


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture and what is annotated in it.

    Attributes:
        path: where it lies.
        name: what to call it: its path below the folder that is read.
        annotation: None where there is none.
        part: train, val or test; empty where nothing says so.
    """

    path: Path
    name: str
    annotation: Annotation | None
    part: str = ""


def is_picture(path: Path) -> bool:
    """Whether a file's ending is one of pictures; a DICOM file needs none."""
    return _ending(path) in SUFFIXES["image"]


def without_ending(path: Path) -> Path:
    """A path without the ending of its file.

    Example:
        >>> without_ending(Path("a.jpg")).name, without_ending(Path("1.2.840")).name  # numbers name DICOM files
        ('a', '1.2.840')
    """
    return path if path.suffix[1:].isdigit() else path.with_suffix("")


def with_ending(path: Path, ending: str) -> Path:
    """A path with another ending, such as ``.txt``."""
    return path.with_name(f"{without_ending(path).name}{ending}")


def _ending(path: Path) -> str:
    return PurePath(known_name(path)).suffix.lower()


def subfolders(root: Path) -> dict[str, Path]:
    """The folders within one, by their names in lower case."""
    return {path.name.lower(): path for path in list_folder(root) if path.is_dir()}


def folder_of(root: Path) -> Path:
    """The folder that was named, or that of the file that was."""
    return root if root.is_dir() else root.parent


def only_file(root: Path, ending: str, is_meant: Callable[[Path], bool]) -> Path | None:
    """The one file of a folder, or the one that was named, that is meant; None where there is none, or several.

    Args:
        root: a folder or a file.
        ending: of its name, in lower case.
        is_meant: whether a file of that ending is it.
    """
    files = [root] if root.is_file() else list_folder(root) if root.is_dir() else []
    found = [path for path in files if path.suffix.lower() == ending and is_meant(path)]
    return found[0] if len(found) == 1 else None


def part_folders(root: Path) -> dict[str, Path]:
    """The folders within one that are named for parts of a split: ``train``, ``val`` and ``test``."""
    return {PARTS[name]: path for name, path in subfolders(root).items() if name in PARTS}


def pictures_in(folder: Path, root: Path, notes: Notes) -> list[Path]:
    """All pictures below a folder, sorted; links that lead out of the root are told."""
    walked = walk(folder, root)
    for finding in walked.findings(root):
        notes.tell(finding.kind, finding.path, finding.detail, finding.action)
    return [path for path in walked.files if is_picture(path)]


def by_stem(
    files: Iterable[Path], folder: Path, root: Path | None = None, notes: Notes | None = None
) -> dict[str, Path]:
    """Files by their path below a folder, without the ending; of two that differ only in it, the first.

    Args:
        files: in order.
        folder: that they lie below.
        root: the folder that is read, for the names of those left out.
        notes: is told of these, if given.
    """
    stems: dict[str, Path] = {}
    for path in files:
        stem = composed(without_ending(path).relative_to(folder).as_posix())
        if stems.setdefault(stem, path) != path and notes is not None:
            notes.add(SAME_STEM, composed(path.relative_to(root or folder).as_posix()), stems[stem].name)
    return stems


def picture_size(path: Path) -> tuple[int, int] | None:
    """Width and height of the upright picture, pixels, by its header; None where that cannot be read.

    Raises:
        MissingExtra: it is a DICOM file, and pydicom is not installed.
    """
    if _ending(path) in DICOM_SUFFIXES:
        return read_size(path)
    try:
        with open_file(path) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # nothing is decoded
            image = Image.open(file)
            width, height = image.size
            turned = image.getexif().get(ORIENTATION) in SIDEWAYS
    except (DataError, UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError):
        return None
    return (height, width) if turned else (width, height)


def tell_layout(title: str, task: str, options: ReadOptions, notes: Notes) -> None:
    """Say how folders of pictures were understood that could be taken for one folder per class."""
    if not options.wanted:
        told = f"it is laid out as {title}, so it is read for {task}"
        notes.tell("format", "", told, "if it is one folder per class, say --task classification")


def dataset_of_pictures(root: Path, pictures: Sequence[Picture], options: ReadOptions, notes: Notes) -> Dataset:
    """Put pictures together as a dataset whose targets no task has read yet.

    Args:
        root: the folder or the file that they were read from.
        pictures: in any order.
        options: for their groups.
        notes: what there is to tell; pictures without an annotation are added.

    Raises:
        DataError: there is no picture, or none with an annotation.
    """
    kept: dict[str, Picture] = {}
    for picture in sorted(pictures, key=lambda one: one.name):
        if picture.name in kept:
            notes.add(TWICE, picture.name)
        else:
            kept[picture.name] = picture
    chosen = list(kept.values())
    if not any(picture.annotation is not None for picture in chosen):
        raise _nothing_annotated(root, len(chosen), notes)
    for picture in chosen:
        if picture.annotation is None:
            notes.add(NO_ANNOTATION, picture.name)
    empty = [picture.name for picture in chosen if _holds_nothing(picture.annotation)]
    if empty:
        notes.tell("no_objects", "", f"{len(empty)} of {len(chosen)} pictures hold no object, as {empty[0]}", "kept")
    names = [picture.name for picture in chosen]
    groups, ungrouped = pattern_groups(names, options.pattern, str(root)) if options.pattern else (None, ())
    return Dataset(
        name=root.resolve().stem if root.is_file() else root.resolve().name,
        items=FileItems([str(picture.path) for picture in chosen], names),
        targets=annotation_cells([picture.annotation for picture in chosen]),
        groups=groups,
        part=np.array([picture.part for picture in chosen], dtype="<U5"),
        origin=str(root),
        modality="image",
        findings=(*notes.findings(), *ungrouped),
    )


def _holds_nothing(annotation: Annotation | None) -> bool:
    """Whether somebody looked at a picture and found nothing."""
    return isinstance(annotation, Boxes) and not len(annotation.boxes)


def _nothing_annotated(root: Path, number: int, notes: Notes) -> DataError:
    came = f"{root} holds {number} pictures" if number else f"{root} holds no pictures"
    told = [finding for finding in notes.findings() if finding.path]
    first = f" {told[0].path}: {told[0].detail.rstrip('.')}." if told else ""
    return DataError(f"{came}, and annotations of none of them that can be used.{first}", path=str(root))

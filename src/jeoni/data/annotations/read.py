"""From a path to pictures with annotations: which format it is, and what its reader makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from jeoni import plugins
from jeoni.data.annotations.class_tables import written_classes
from jeoni.data.annotations.protocol import TASKS, Format, ReadOptions
from jeoni.errors import DataError
from jeoni.locale import Said
from jeoni.types import Dataset

__all__ = ["ANNOTATED", "FORMATS", "annotated_file", "format_of", "load_format", "read_annotated", "without_masks"]

FORMATS = "jeoni.data.annotations.formats"
ANNOTATED = (".csv", ".json", ".xml", ".yaml", ".yml")  # files that may hold the annotations of many pictures
AUTO = ("", "auto")


def read_annotated(
    root: Path,
    wanted: str = "",
    class_names: str | Sequence[str] = (),
    void: str | Sequence[str] = (),
    group_pattern: str = "",
) -> Dataset | None:
    """Read pictures with annotations.

    Args:
        root: a folder, or a file such as ``annotations.json``.
        wanted: the task they are for; empty or ``auto``: what they look like.
        class_names: a file with a table of classes, names with commas between, or a list; empty: what the data say.
        void: names or numbers of classes of which nothing is to be learned; with commas between, or a list.
        group_pattern: a regular expression whose first group, in a picture's path, names its group.

    Returns:
        None: no format recognises it, or another task than those on places in pictures is wanted.

    Raises:
        DataError: several formats do; none does, where such a task is wanted; or what the reader does not understand.
        ConfigError: an option that does not fit.
    """
    if wanted not in (*AUTO, *TASKS):
        return None
    asked = "" if wanted in AUTO else wanted
    name = format_of(root, asked)
    if not name:
        if asked:
            raise _nothing_for(root, asked)
        return None
    void = tuple(part.strip() for part in void.split(",") if part.strip()) if isinstance(void, str) else tuple(void)
    options = ReadOptions(asked, written_classes(class_names), void, group_pattern)
    return replace(load_format(name).read(root, options), format=name)


def format_of(root: Path, wanted: str = "") -> str:
    """The id of the format that a path is of; empty where none recognises it.

    Args:
        root: a folder or a file.
        wanted: a task; formats that are not for it are passed over. Empty: only formats that cannot be mistaken.

    Raises:
        DataError: several recognise it.
    """
    found = []
    for name in plugins.names(FORMATS):
        one = load_format(name)
        asked = wanted in one.tasks if wanted else not one.by_request
        if asked and one.recognises(root):
            found.append(name)
    certain = [name for name in found if not load_format(name).by_request] or found
    if len(certain) > 1:
        raise _several(root, certain, wanted)
    return certain[0] if certain else ""


def annotated_file(path: Path) -> Dataset | None:
    """The pictures that a file of annotations names, whatever is annotated in them; None of any other file or folder.

    Raises:
        DataError: what its reader does not understand.
    """
    if path.suffix.lower() not in ANNOTATED or not path.is_file():
        return None
    name = format_of(path)
    return load_format(name).read(path, ReadOptions()) if name else None


def without_masks(data: Dataset, root: Path) -> tuple[Dataset, int]:
    """The pictures of a folder that are no annotations of others, and how many masks are left out.

    Args:
        data: all pictures below the folder, called by their paths in it.
        root: the folder.
    """
    masks: set[str] = set()
    for name in plugins.names(FORMATS):
        one = load_format(name)
        masks_in = getattr(one, "masks_in", None)
        if masks_in is not None and one.recognises(root):
            masks.update(path.relative_to(root).as_posix() for path in masks_in(root))
    kept = [i for i in range(len(data)) if data.items.name(i) not in masks]
    left_out = len(data) - len(kept)
    return (data.select(kept), left_out) if left_out and kept else (data, 0)


def load_format(name: str) -> Format:
    """A format by its id.

    Raises:
        ConfigError: there is none of that name.
    """
    kind: Any = plugins.load(FORMATS, name)
    return cast(Format, kind())


def _nothing_for(root: Path, wanted: str) -> DataError:
    ways = [one for one in map(load_format, plugins.names(FORMATS)) if wanted in one.tasks]
    needed = "; ".join(f"{one.title}: {one.needs}" for one in ways)
    id = "dense.no_annotations" if root.exists() else "dense.no_such_data"
    return DataError(Said(id, path=str(root), wanted=wanted, needed=needed), path=str(root))


def _several(root: Path, names: Sequence[str], wanted: str) -> DataError:
    formats = [load_format(name) for name in names]
    titles = " and as ".join(one.title for one in formats)
    tasks = [one.tasks[0] for one in formats]
    apart = not wanted and len(set(tasks)) == len(tasks)
    mend = " or ".join(f"--task {task}" for task in tasks)
    if not apart:
        mend = "the path of the file itself, such as annotations.json or data.yaml, or move the others away"
    return DataError(Said("dense.several_formats", path=str(root), titles=titles, mend=mend), path=str(root))

"""Where predictions of pictures are written: files inside of a folder, made of the pictures' names and over nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path, PurePath

from jeoni.data.annotations.notes import Notes
from jeoni.data.kinds import SUFFIXES, composed
from jeoni.errors import ConfigError

__all__ = ["new_file", "output_files"]

UPWARDS = (os.curdir, os.pardir)
NAMELESS = "picture"


def output_files(
    folder: Path, names: Sequence[str], ending: str, notes: Notes, without: Sequence[str] = ()
) -> list[Path]:
    """``(n,)`` files for the predictions of pictures: at the place in a folder that each has among the pictures.

    Names that are absolute are taken from the folder on that all of them lie in, and steps upwards are left out, so
    that nothing lies outside. Two pictures that differ in their endings only would share a file: both keep their
    endings, so that no prediction is lost and none is taken for the other's.

    Args:
        folder: that of the output.
        names: of pictures; a name that is there twice is one picture.
        ending: of the files, with its dot.
        notes: is told of pictures that would share a file.
        without: names of folders, in lower case, that are left out of the paths, such as ``images``.

    Raises:
        ConfigError: a file is there already.

    Example:
        >>> [path.as_posix() for path in output_files(Path("new"), ["/data/a.png", "/data/b/c.jpg"], ".txt", Notes())]
        ['new/a.txt', 'new/b/c.txt']
    """
    inner = _inner_paths(dict.fromkeys(names))
    usual = {name: _shortened(path, without).with_name(_stem(path.name) + ending) for name, path in inner.items()}
    chosen = _told_apart(usual, inner, ending, without, notes)
    files = {name: folder / path for name, path in chosen.items()}
    for path in files.values():
        new_file(path)
    return [files[name] for name in names]


def new_file(path: Path) -> Path:
    """The same path, where nothing lies yet: what is written over nothing harms no picture and no annotation.

    Raises:
        ConfigError: something is there.
    """
    if os.path.lexists(path):
        raise ConfigError(f"{path} is there already, and predictions are written over nothing. Name a new folder.")
    return path


def _inner_paths(names: Iterable[str]) -> dict[str, PurePath]:
    """Paths that stay in the folder they are joined to, by name."""
    paths = {name: PurePath(os.path.normpath(name)) for name in names}
    above = [path.parent.parts for path in paths.values() if path.is_absolute()]
    alike = [len(set(parts)) == 1 for parts in zip(*above, strict=False)]
    common = [*alike, False].index(False)
    return {name: _inside(path, common) for name, path in paths.items()}


def _inside(path: PurePath, common: int) -> PurePath:
    parts = path.parts[max(common, 1) :] if path.is_absolute() else path.parts
    kept = [part for part in parts if part not in UPWARDS and part != path.anchor]
    return PurePath(*(kept or [NAMELESS]))


def _shortened(path: PurePath, without: Sequence[str]) -> PurePath:
    folders = [part for part in path.parent.parts if part.lower() not in without]
    return PurePath(*folders, path.name)


def _stem(name: str) -> str:
    """Without the ending of a picture; whatever else follows a dot, as in ``scan.dcm#frame 2``, tells names apart."""
    path = PurePath(name)
    return path.stem if path.suffix.lower() in SUFFIXES["image"] else name


def _told_apart(
    usual: Mapping[str, PurePath],
    inner: Mapping[str, PurePath],
    ending: str,
    without: Sequence[str],
    notes: Notes,
) -> dict[str, PurePath]:
    """A path for each name that no other has, not even where the case of letters does not count."""
    sharing: dict[str, list[str]] = {}
    for name, path in usual.items():
        sharing.setdefault(_key(path), []).append(name)
    taken = {key for key, names in sharing.items() if len(names) == 1}
    chosen = dict(usual)
    for name in (name for names in sharing.values() if len(names) > 1 for name in names):
        chosen[name] = next(path for path in _full(inner[name], ending, without) if _key(path) not in taken)
        taken.add(_key(chosen[name]))
    for names in sharing.values():
        for other in names[1:]:
            _tell(names[0], other, usual[other], chosen[other], notes)
    return chosen


def _full(path: PurePath, ending: str, without: Sequence[str]) -> Iterable[PurePath]:
    """Names for what cannot have the usual one: with the picture's ending, with all folders, then with numbers."""
    yield _shortened(path, without).with_name(path.name + ending)
    for number in count(1):
        yield path.with_name(f"{path.name}{f'.{number}' if number > 1 else ''}{ending}")


def _key(path: PurePath) -> str:
    return composed(path.as_posix()).casefold()


def _tell(first: str, other: str, shared: PurePath, written: PurePath, notes: Notes) -> None:
    file, own = shared.as_posix(), written.as_posix()
    told = f"{first} and {other} would both be written as {file}"
    mend = f"written under their full names, as {own}; tools that pair files by name need one renamed"
    notes.tell("same_output", other, told, mend)

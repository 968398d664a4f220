"""Extension by one file: the file's name is the public id, its ``__all__`` holds the thing it offers.

A verb may offer its result's class beside: of several names the file's own counts.

Nothing is imported to list what there is; a file is imported when its id is asked for. A folder within an extension
folder is no extension: it holds what its files share, such as ``jeoni.heads.fitting``. Packages of others join through
an entry point whose group is the folder's dotted name, for example ``jeoni.heads``.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import sys
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jeoni.errors import ConfigError, did_you_mean
from jeoni.locale import Said

__all__ = ["describe", "holding", "load", "names"]


def entry_points(group: str) -> Iterable[Any]:
    """The entry points of a group; nothing is imported where no installed package names one of jeoni's groups."""
    if not _others_join():
        return ()
    from importlib import metadata

    return metadata.entry_points(group=group)


@cache
def _others_join() -> bool:
    """Whether any installed package has an entry point for an extension folder, or that cannot be told by a look.

    Importing ``importlib.metadata`` takes as long as half of ``jeoni --help``; reading the files does not.
    """
    for folder in map(Path, sys.path):
        if folder.is_file():  # an archive
            return True
        files = [*folder.glob("*.dist-info/entry_points.txt"), *folder.glob("*.egg-info/entry_points.txt")]
        if any(b"[jeoni." in file.read_bytes() for file in files):
            return True
    return False


@cache
def _folder(package: str) -> tuple[str, ...]:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(f"{package} is not a package with extension files.")
    found = pkgutil.iter_modules(list(spec.submodule_search_locations))
    return tuple(sorted(m.name for m in found if not m.name.startswith("_") and not m.ispkg))


def names(package: str) -> tuple[str, ...]:
    """The public ids in an extension folder, without importing any of them.

    >>> "linear" in names("jeoni.heads")
    True
    """
    return tuple(sorted({*_folder(package), *(e.name for e in entry_points(group=package))}))


def load(package: str, name: str) -> Any:
    """Import one extension file and return the one public thing in it.

    Args:
        package: the folder's dotted name, such as ``"jeoni.heads"``.
        name: the file's name without ``.py``.

    Raises:
        ConfigError: no such file; the message lists the near and the known ones.
    """
    if name in _folder(package):
        module = importlib.import_module(f"{package}.{name}")
        return getattr(module, name if name in module.__all__ else module.__all__[0])
    for entry in entry_points(group=package):
        if entry.name == name:
            return entry.load()
    kind = package.rsplit(".", 1)[-1]
    known = names(package)
    raise ConfigError(
        Said("error.not_among", name=repr(name), kind=kind, near=did_you_mean(name, known), known=", ".join(known))
    )


def describe(package: str, name: str) -> str:
    """The first line of an extension file's docstring, read without importing it."""
    return _read(_place(package, name))[0]


def holding(package: str, public: str) -> str:
    """The id of the extension file that offers ``public``, read without importing any; empty where none does.

    >>> holding("jeoni.heads", "Linear")
    'linear'
    """
    return next((name for name in _folder(package) if _read(_place(package, name))[1] == public), "")


def _place(package: str, name: str) -> str:
    """Where an extension file lies; empty where there is none."""
    spec = find_spec(f"{package}.{name}") if name in _folder(package) else None
    return spec.origin or "" if spec else ""


@cache
def _read(place: str) -> tuple[str, str]:
    """The first line of a file's docstring, and the first name in its ``__all__``."""
    if not place:
        return "", ""
    parsed = ast.parse(Path(place).read_text(encoding="utf-8"))
    doc = ast.get_docstring(parsed) or ""
    return doc.partition("\n")[0], _offered(parsed)


def _offered(parsed: ast.Module) -> str:
    for node in parsed.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return str(ast.literal_eval(node.value)[0])
    return ""

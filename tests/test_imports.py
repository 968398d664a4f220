"""Private modules stay in their package, and an extension file needs none."""

from __future__ import annotations

import ast
from pathlib import Path

import jeoni
from jeoni.extensions import POINTS

PACKAGE = Path(jeoni.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
FOLDERS = {folder for point in POINTS for folder in point.folders}
PRIVATE_HELPERS = {"jeoni.cli"}  # its verbs share the options and the terminal


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).parts).removesuffix(".py")


def imported(tree: ast.Module) -> set[str]:
    """All modules of jeoni that a file imports, anywhere in it, and what it takes from them."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("jeoni.")}


def private_package(name: str) -> str | None:
    """The package that a private module in a dotted name belongs to."""
    parts = name.split(".")
    for k, part in enumerate(parts):
        if part.startswith("_") and not part.startswith("__"):
            return ".".join(parts[:k])
    return None


def test_a_private_module_is_imported_in_its_own_package_only():
    """And not at all by an extension file: what its author needs is public."""
    wrong = []
    for file in FILES:
        folder = dotted(file.parent)
        for name in imported(ast.parse(file.read_text(encoding="utf-8"))):
            owner = private_package(name)
            foreign = owner is not None and not f"{folder}.".startswith(f"{owner}.")
            if foreign or (owner is not None and folder in FOLDERS - PRIVATE_HELPERS):
                wrong.append(f"{dotted(file)} imports {name}")
    assert wrong == []


def test_extension_folders_hold_no_private_modules():
    shared = [dotted(f) for f in FILES if dotted(f.parent) in FOLDERS - PRIVATE_HELPERS and f.name.startswith("_")]
    assert all(name.endswith(".__init__") for name in shared), shared

"""No module imports itself by way of others, not even inside a function."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import jeoni

ROOT = Path(jeoni.__file__).parent


def name_of(path: Path) -> str:
    return ".".join(("jeoni", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


def imported(path: Path, known: set[str]) -> set[str]:
    """Modules that are imported anywhere in a file, but for those that only type checkers see."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unseen = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module and id(n) not in unseen]
    names = {(n.module, f"{n.module}.{a.name}") for n in nodes for a in n.names}
    return {whole if whole in known else module for module, whole in names} & known - {name_of(path)}


def test_imports_have_no_circles():
    paths = {name_of(path): path for path in ROOT.rglob("*.py")}
    graph = {name: imported(path, set(paths)) for name, path in paths.items()}
    assert graph["jeoni.modalities.inputs.image"]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(f"a circle of imports: {' -> '.join(error.args[1])}") from None

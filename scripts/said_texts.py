"""Every text that jeoni can tell a user in plain English: of its errors, its findings and its remarks while it runs.

    python scripts/said_texts.py          those that Korean lacks, as lines for src/jeoni/locale/ko/phrases/

A text is found where it is written: in what is raised, in a finding, or in what the console is told. Its values become
names in braces, a choice between two texts gives both, and a constant that it names is a text itself.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "jeoni"
ERRORS = {"JeoniError", "DataError", "WeightsError", "ConfigError", "StorageError", "IsolatedError"}
NOT_SAID = {"AttributeError", "TypeError", "KeyError", "NotImplementedError", "AssertionError", "ImportError"}
TELLS = {"warn", "say", "remark"}  # of a console, a session or notes
FINDINGS = {"Finding": (2, 3), "tell": (2, 3)}  # where the text and what was done stand
MOST = 12  # ways that one expression can come out


@dataclass
class Module:
    """A source file, with the texts that its names stand for."""

    path: Path
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)


def modules() -> list[Module]:
    """All source files but those of the locale."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if "locale" in path.parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found.append(Module(path, tree, _constants(tree)))
    return found


def texts() -> dict[str, str]:
    """Every text with its values as names in braces, and where it stands."""
    found: dict[str, str] = {}
    every = modules()
    functions = _functions(every)
    constants = {name: value for module in every for name, value in module.constants.items()}
    for module in every:
        for scope, expression in _messages(module.tree):
            at = f"{module.path.relative_to(PACKAGE)}:{expression.lineno}"
            locals_ = _assigned(scope) if scope is not None else {}
            for text in _Reader(locals_, {**constants, **module.constants}, functions).texts(expression):
                found.setdefault(text, at)
    return {text: at for text, at in found.items() if _is_prose(text)}


def unnamed(text: str) -> str:
    """A text with empty braces: names of values do not count in a comparison."""
    import re

    return re.sub(r"\{[^{}]*\}", "{}", text)


def _is_prose(text: str) -> bool:
    import re

    return re.search(r"[A-Za-z]{2}", re.sub(r"\{[^{}]*\}", "", text)) is not None


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    return {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, (ast.Constant, ast.JoinedStr, ast.BinOp, ast.Dict, ast.Tuple, ast.Call))
    }


def _functions(every: list[Module]) -> dict[str, list[ast.expr]]:
    """What functions of the package return as texts, by their names."""
    found: dict[str, list[ast.expr]] = {}
    for module in every:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef):
                returned = [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value is not None]
                found.setdefault(node.name, []).extend(value for value in returned if _is_text(value))
    return found


def _messages(tree: ast.Module) -> Iterator[tuple[ast.AST | None, ast.expr]]:
    """The expressions that are texts for a user, each with the function that it stands in."""

    def walk(node: ast.AST, scope: ast.AST | None) -> Iterator[tuple[ast.AST | None, ast.expr]]:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            scope = node
        if isinstance(node, ast.Call):
            yield from ((scope, expression) for expression in _of_call(node))
        for child in ast.iter_child_nodes(node):
            yield from walk(child, scope)

    yield from walk(tree, None)


def _of_call(call: ast.Call) -> list[ast.expr]:
    function = call.func
    name = function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    if name in FINDINGS:
        return [call.args[k] for k in FINDINGS[name] if k < len(call.args)]
    if name in NOT_SAID:
        return []
    if name in ERRORS or name.endswith("Error") or name in TELLS:
        return call.args[:1] if name != "FieldError" else call.args[2:3]
    if name == "MissingExtra":
        return call.args[2:3]
    return []


def _assigned(scope: ast.AST) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append(value)
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                for one, of_it in zip(target.elts, value.elts, strict=False):
                    if isinstance(one, ast.Name):
                        found.setdefault(one.id, []).append(of_it)
    return found


class _Reader:
    def __init__(self, locals_: dict[str, list[ast.expr]], constants: dict[str, ast.expr], functions: dict[str, list[ast.expr]]) -> None:
        self._locals, self._constants, self._functions = locals_, constants, functions
        self.beside: list[str] = []
        self._inside: set[str] = set()

    def texts(self, expression: ast.expr) -> list[str]:
        whole = self._ways(expression, top=True)
        return [*(_numbered(text) for text in whole), *self.beside]

    def _ways(self, node: ast.expr, top: bool = False) -> list[str]:
        if isinstance(node, ast.Constant):
            return [str(node.value).replace("{", "{{").replace("}", "}}")] if isinstance(node.value, str) else ["{x}"]
        if isinstance(node, ast.IfExp):
            return [*self._ways(node.body), *self._ways(node.orelse)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._joined([self._ways(node.left), self._ways(node.right)])
        if isinstance(node, ast.JoinedStr):
            return self._joined([self._ways(part) for part in node.values])
        if isinstance(node, ast.FormattedValue):
            return self._value(node.value)
        return self._value(node, top)

    def _value(self, node: ast.expr, top: bool = False) -> list[str]:
        if isinstance(node, ast.IfExp) and _is_text(node.body) and _is_text(node.orelse):
            return self._ways(node)
        if isinstance(node, ast.IfExp) :
            for one in (node.body, node.orelse):
                if _is_text(one) and not (isinstance(one, ast.Constant) and one.value in("", " ")):
                    self.beside.extend(_numbered(way) for way in self._ways(one))
        if isinstance(node, ast.Name):
            given = self._locals.get(node.id, [])
            if given and all(_is_text(one) for one in given) and len(given) <= 3:
                ways = [way for one in given for way in self._ways(one)]
                if top or len(ways) <= 4:
                    return ways
            for one in given:
                if not (isinstance(one, ast.Name) and one.id == node.id): self._value(one) if not _is_text(one) else self.beside.extend(_numbered(way) for way in self._ways(one))
        root = node
        while isinstance(root, (ast.Subscript, ast.Attribute)):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self._constants:
            self._constant(self._constants[root.id])
        if isinstance(node, ast.Call):
            name = _called(node)
            if name not in self._inside:
                self._inside.add(name)
                for returned in self._functions.get(name, []):
                    self.beside.extend(_numbered(way) for way in self._ways(returned))
        return ["{" + _named(node) + "}"]

    def _constant(self, constant: ast.expr) -> None:
        for node in ast.walk(constant):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value and not isinstance(constant, (ast.JoinedStr, ast.BinOp)):
                self.beside.append(str(node.value))
        if isinstance(constant, (ast.JoinedStr, ast.BinOp)):
            self.beside.extend(_numbered(way) for way in self._ways(constant))

    def _joined(self, parts: list[list[str]]) -> list[str]:
        return ["".join(way) for way in itertools.islice(itertools.product(*parts), MOST)]


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.IfExp):
        return _is_text(node.body) and _is_text(node.orelse)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and (_is_text(node.left) or _is_text(node.right))
    return isinstance(node, ast.JoinedStr)


def _named(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id.strip("_").lower() or "x"
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_").lower()
    if isinstance(node, ast.Subscript):
        return _named(node.value)
    if isinstance(node, ast.Call):
        first = _named(node.args[0]) if node.args else "x"
        return first if first != "x" else _named(node.func)
    for child in ast.iter_child_nodes(node):
        if (name := _named(child)) != "x":
            return name
    return "x"


def _numbered(text: str) -> str:
    """Values of the same name are told apart by numbers."""
    import re

    seen: dict[str, int] = {}

    def name(found: re.Match[str]) -> str:
        count = seen[found[1]] = seen.get(found[1], 0) + 1
        return "{" + found[1] + (str(count) if count > 1 else "") + "}"

    return re.sub(r"(?<!\{)\{(\w+)\}(?!\})", name, text)


def main() -> None:
    last = ""
    for text, at in texts().items():
        file = at.partition(":")[0]
        if file != last:
            print(f"# {file}")
            last = file
        print(f"{text}")


if __name__ == "__main__":
    main()

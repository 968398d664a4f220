"""Every text that jeoni can tell a user in plain English: of its errors, its findings and its remarks while it runs.

    python scripts/said_texts.py          those that Korean lacks, for the tables in src/jeoni/locale/ko/phrases/

A text is found where it is written: in what is raised, in a finding, in what a console is told, or in a function that
returns a sentence. Its values become names in braces, a choice between two texts gives both, and what a constant, a
local name or a called function stands for is a text itself. Sentences with an id (``Said``) are not among them.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "jeoni"
LANGUAGE = "ko"
NOT_FOR_USERS = {"AttributeError", "TypeError", "KeyError", "NotImplementedError", "AssertionError", "ImportError"}
# by the name that is called, which arguments are texts
TEXTS = {
    "Finding": (2, 3),
    "Fault": (1, 2, 3),
    "MissingExtra": (2,),
    "FieldError": (2,),
    "tell": (2, 3),
    "warn": (0,),
    "say": (0,),
    "in_words": (0,),
    "optional": (0,),
    "track": (0,),
    "status": (0,),
}
TITLES = "title"  # the keyword of what is shown while it works
MOST_WAYS = 12  # that one expression can come out
MOST_CHOICES = 4  # texts of a name that are put into another one
VALUE = re.compile(r"(?<!\{)\{(\w*)(?::[^{}]*)?\}(?!\})")
SENTENCE = re.compile(r"^[A-Z{].*[a-z}]{2,} .* .*\.$", re.DOTALL)
Assigned = dict[str, list[ast.expr]]


@dataclass
class Names:
    """What names and functions stand for.

    Attributes:
        constants: of modules.
        returned: texts that functions return.
        local: texts by the names of one function.
    """

    constants: dict[str, ast.expr]
    returned: Assigned
    local: Assigned = field(default_factory=dict)


@dataclass
class Module:
    """What one pass over a source file finds.

    Attributes:
        constants: what its names stand for.
        returned: texts that functions return, by the function's name.
        said: texts for a user, each with the local names of the function that it stands in.
    """

    constants: dict[str, ast.expr]
    returned: Assigned = field(default_factory=dict)
    said: list[tuple[Assigned, ast.expr]] = field(default_factory=list)


def texts() -> dict[str, str]:
    """Every text, with where it stands."""
    modules = {path: _scan(tree) for path, tree in _trees()}
    constants = {name: value for module in modules.values() for name, value in module.constants.items()}
    returned: Assigned = {}
    for module in modules.values():
        for name, values in module.returned.items():
            returned.setdefault(name, []).extend(values)
    found: dict[str, str] = {}
    for path, module in modules.items():
        own = {**constants, **module.constants}
        for local, expression in module.said:
            for text in _Reader(Names(own, returned, local)).texts(expression):
                found.setdefault(text, f"{path}:{expression.lineno}")
    return {text: at for text, at in found.items() if _is_prose(text)}


def sample(text: str) -> str:
    """A text as it comes out with a number for each value."""
    return VALUE.sub("17", text).replace("{{", "{").replace("}}", "}")


def untranslated() -> dict[str, str]:
    """Those that come out without a letter of the other language."""
    from jeoni.locale import measure_name

    return {text: at for text, at in texts().items() if not re.search("[가-힣]", measure_name(sample(text), LANGUAGE))}


def _is_prose(text: str) -> bool:
    """Whether it holds two words at least; names, options and commands are the same in every language."""
    bare = VALUE.sub("", text)
    return " " in bare.strip() and re.search(r"[A-Za-z]{3}", bare) is not None and not bare.startswith("pip install")


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = str(path.relative_to(PACKAGE))
        if not name.startswith("locale"):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    return {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _scan(tree: ast.Module) -> Module:
    module = Module(_constants(tree))
    waiting: list[tuple[ast.AST, str, Assigned]] = [(tree, "", {})]
    while waiting:
        node, function, local = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            function, local = node.name, {}
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            for name, value in _pairs(node.targets[0], node.value):
                local.setdefault(name, []).append(value)
        elif isinstance(node, ast.Call):
            module.said += [(local, expression) for expression in _of_call(node)]
        elif isinstance(node, ast.Return) and node.value is not None and _is_text(node.value):
            module.returned.setdefault(function, []).append(node.value)
            if _is_sentence(node.value):
                module.said.append((local, node.value))
        waiting.extend((child, function, local) for child in ast.iter_child_nodes(node))
    return module


def _of_call(call: ast.Call) -> list[ast.expr]:
    name = _called(call)
    if name.endswith("Job") or name == "Plan":
        return [one.value for one in call.keywords if one.arg == TITLES]
    if name in TEXTS:
        return [call.args[k] for k in TEXTS[name] if k < len(call.args)]
    return call.args[:1] if name.endswith("Error") and name not in NOT_FOR_USERS else []


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, of_it in zip(target.elts, value.elts, strict=False):
            yield from _pairs(one, of_it)


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


def _is_sentence(node: ast.expr) -> bool:
    return _is_text(node) and any(SENTENCE.match(text) for text in _Reader(Names({}, {})).texts(node))


class _Reader:
    """Reads an expression: the ways in which it comes out, and the texts that it names beside."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._beside: list[str] = []
        self._followed: set[str] = set()

    def texts(self, expression: ast.expr) -> list[str]:
        """Templates, with different names for their values."""
        whole = self._ways(expression, whole=True)
        return [_numbered(text) for text in (*whole, *self._beside)]

    def _ways(self, node: ast.expr, whole: bool = False) -> list[str]:
        if isinstance(node, ast.Constant):
            return [node.value if isinstance(node.value, str) else "{x}"]  # its braces are for str.format
        if isinstance(node, ast.IfExp) and _is_text(node.body) and _is_text(node.orelse):
            return [*self._ways(node.body), *self._ways(node.orelse)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._joined([self._ways(node.left), self._ways(node.right)])
        if isinstance(node, ast.JoinedStr):
            return self._joined([self._of_part(part) for part in node.values])
        if isinstance(node, ast.FormattedValue):
            return self._ways(node.value)
        if isinstance(node, ast.Name) and node.id in self._names.local:
            return self._of_local(node, whole)
        self._look_beside(node)
        return ["{" + _name_of(node) + "}"]

    def _of_part(self, part: ast.expr) -> list[str]:
        """A part of an f-string: its braces are braces."""
        ways = self._ways(part)
        return [way.replace("{", "{{").replace("}", "}}") for way in ways] if isinstance(part, ast.Constant) else ways

    def _joined(self, parts: list[list[str]]) -> list[str]:
        return ["".join(way) for way in itertools.islice(itertools.product(*parts), MOST_WAYS)]

    def _of_local(self, node: ast.Name, whole: bool) -> list[str]:
        given = self._names.local[node.id]
        if node.id in self._followed:
            return ["{" + _name_of(node) + "}"]
        self._followed.add(node.id)
        ways = [way for one in given if _is_text(one) for way in self._ways(one)]
        for one in given:
            if not _is_text(one):
                self._look_beside(one)
        self._followed.discard(node.id)
        if ways and all(map(_is_text, given)) and (whole or len(ways) <= MOST_CHOICES):
            return ways
        self._beside.extend(ways)
        return ["{" + _name_of(node) + "}"]

    def _look_beside(self, node: ast.expr) -> None:
        """Texts that a value may be: one of a choice, a constant, what a function returns."""
        if isinstance(node, ast.IfExp):
            for one in (node.body, node.orelse):
                self._beside.extend(self._ways(one) if _is_text(one) else [])
        if isinstance(node, ast.Call) and _called(node) not in self._followed:
            self._followed.add(_called(node))
            for one in self._names.returned.get(_called(node), []):
                self._beside.extend(self._ways(one))
        root = node
        while isinstance(root, (ast.Subscript, ast.Attribute)):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self._names.constants:
            self._of_constant(self._names.constants[root.id])

    def _of_constant(self, constant: ast.expr) -> None:
        if _is_text(constant):
            self._beside.extend(self._ways(constant))
            return
        parts = (node.value for node in ast.walk(constant) if isinstance(node, ast.Constant))
        self._beside.extend(part for part in parts if isinstance(part, str) and " " in part)


def _name_of(node: ast.AST) -> str:
    """A name for a value: the last one of its expression that says something."""
    if isinstance(node, ast.Name):
        return node.id.strip("_").lower() or "x"
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_").lower()
    if isinstance(node, ast.Call):
        of_argument = _name_of(node.args[0]) if node.args else "x"
        return of_argument if of_argument != "x" else _name_of(node.func)
    return next((name for child in ast.iter_child_nodes(node) if (name := _name_of(child)) != "x"), "x")


def _numbered(text: str) -> str:
    """Values of the same name are told apart by numbers."""
    seen: dict[str, int] = {}

    def named(found: re.Match[str]) -> str:
        name = found[1] or "value"
        count = seen[name] = seen.get(name, 0) + 1
        return "{" + name + (str(count) if count > 1 else "") + "}"

    return VALUE.sub(named, text)


def main() -> None:
    """Print what is lacking, with where it stands."""
    for text, at in untranslated().items():
        print(f'# {at}\n    {text!r}: "",')


if __name__ == "__main__":
    main()

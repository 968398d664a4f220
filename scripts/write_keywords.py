"""Write ``src/jeoni/specs/keywords.py``: the options of the specs as keyword arguments, for editors and type checkers.

    python scripts/write_keywords.py [--check]

The specs are the source; with ``--check`` the file is only compared, and the exit code says whether it is current.
"""

from __future__ import annotations

import sys
import textwrap
from dataclasses import Field
from pathlib import Path

from jeoni.specs import CommonSpec, Options, verbs
from jeoni.specs.options import ordered_fields, type_name

TARGET = Path(__file__).parents[1] / "src" / "jeoni" / "specs" / "keywords.py"
SPECS = tuple(spec for name in verbs.__all__ if (spec := getattr(verbs, name)) is not CommonSpec)
DATA = ("probe", "test")  # takes what a verb's data may be
FILES = ("weights",)
WIDTH = 116

HEAD = '''"""The options of each verb as keyword arguments. Written by ``scripts/write_keywords.py``: do not edit.

Every option may be None, which is its default. A verb takes them as ``**options: Unpack[FitKeywords]``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

__all__ = [
{names}
]
'''


def written() -> str:
    """The content of the file."""
    groups: dict[str, type[Options]] = {}
    for spec in SPECS:
        for base in reversed(spec.__mro__):
            if base in SPECS or (issubclass(base, Options) and own_fields(base)):
                groups.setdefault(keywords_name(base), base)
    names = "\n".join(f'    "{name}",' for name in sorted(groups))
    return HEAD.format(names=names) + "".join(class_of(name, kind, groups) for name, kind in groups.items())


def keywords_name(kind: type[Options]) -> str:
    """``FitKeywords`` for ``FitSpec``."""
    return kind.__name__.removesuffix("Spec").removesuffix("Options") + "Keywords"


def own_fields(kind: type[Options]) -> list[Field[object]]:
    """The options that a class declares itself."""
    own = vars(kind).get("__annotations__", {})
    return [f for f in ordered_fields(kind) if f.name in own]


def bases_of(kind: type[Options], groups: dict[str, type[Options]]) -> list[type[Options]]:
    """The nearest classes above it that declare options."""
    found: list[type[Options]] = []
    for base in kind.__bases__:
        if keywords_name(base) in groups and groups[keywords_name(base)] is base:
            found.append(base)
        elif issubclass(base, Options):
            found += bases_of(base, groups)
    return list(dict.fromkeys(found))


def class_of(name: str, kind: type[Options], groups: dict[str, type[Options]]) -> str:
    """One TypedDict."""
    bases = [*([keywords_name(base) for base in bases_of(kind, groups)] or ["TypedDict"]), "total=False"]
    about = (kind.__doc__ or "").partition("\n")[0]
    head = f"class {name}({', '.join(bases)}):"
    if len(head) > WIDTH:
        head = "\n".join([f"class {name}(", *(f"    {base}," for base in bases), "):"])
    lines = ["", "", head, f'    """{about}"""']
    for f in own_fields(kind):
        lines += ["", f"    {f.name}: {annotation(f)}"]
        lines += docstring(f.metadata["help"])
    return "\n".join(lines) + "\n"


def docstring(text: str) -> list[str]:
    """An option's help below it, as editors show it."""
    text = text.replace("\\", "\\\\")
    if len(text) + 10 <= WIDTH:
        return [f'    """{text}"""']
    return ['    """', *textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="    "), '    """']


def annotation(f: Field[object]) -> str:
    """The type of a keyword argument."""
    if f.name in DATA:
        return "Any"
    if f.name in FILES:
        return "str | Path | None"
    if f.metadata["choices"]:
        return f"Literal[{', '.join(repr(choice) for choice in f.metadata['choices'])}] | None".replace("'", '"')
    if f.metadata["several"]:
        return "str | Sequence[Any] | None"
    if f.name == "set":
        return "str | Mapping[str, Any] | None"
    return f"{type_name(f)} | None"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.read_text(encoding="utf-8") == written() else f"{TARGET} is not current; run this script.")
    TARGET.write_text(written(), encoding="utf-8")

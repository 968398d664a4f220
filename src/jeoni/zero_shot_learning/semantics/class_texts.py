"""Classes as a user names them: words with commas between, a file of descriptions, or what Python holds."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeoni.data.encodings import decode
from jeoni.data.kinds import composed, found_at
from jeoni.errors import ConfigError, DataError

__all__ = ["ClassText", "read_classes"]

ENDINGS = (".csv", ".tsv", ".json", ".txt")
NAMES = ("name", "class", "label", "이름", "클래스", "분류", "라벨")
DESCRIPTIONS = ("description", "descriptions", "text", "설명", "묘사")
NEEDED = (
    'Needed: names with commas between, such as "praise,complaint", each with a description if you like '
    '("0=a bad review,1=a good review"), or a CSV or JSON file of names and descriptions.'
)


@dataclass(frozen=True)
class ClassText:
    """A class that is known by words alone.

    Attributes:
        name: as predictions and labels have it.
        descriptions: texts that say what it is; empty where the name alone must do.
    """

    name: str
    descriptions: tuple[str, ...] = ()


def read_classes(given: Any) -> tuple[ClassText, ...]:
    """The classes that were named.

    Args:
        given: names with commas between, each perhaps with ``=`` and a description; the path of a CSV (``name`` and
            ``description``, several rows for several descriptions), a JSON (an object of names and descriptions, or a
            list) or a text file (a name per line); a mapping of names to one or several descriptions; or a list of
            names.

    Raises:
        ConfigError: no names, or a name twice.
        DataError: a file that is missing or cannot be understood.

    Example:
        >>> read_classes("cat, dog=a dog that barks")
        (ClassText(name='cat', descriptions=()), ClassText(name='dog', descriptions=('a dog that barks',)))
    """
    if isinstance(given, (str, Path)):
        pairs = _from_file(Path(given)) if _is_file(str(given)) else _from_words(str(given))
    elif isinstance(given, Mapping):
        pairs = _from_mapping(given)
    elif isinstance(given, Sequence):
        pairs = [(_text(name), ()) for name in given]
    else:
        raise ConfigError(f"classes is {type(given).__name__}. {NEEDED}")
    found = [ClassText(composed(name.strip()), texts) for name, texts in pairs if name.strip()]
    if not found:
        raise ConfigError(f"classes names no class. {NEEDED}")
    twice = [name for name, number in Counter(one.name for one in found).items() if number > 1]
    if twice:
        raise ConfigError(f"classes names {', '.join(map(repr, twice[:5]))} twice; each class is named once.")
    return tuple(found)


def _text(name: Any) -> str:
    if isinstance(name, (Mapping, list, tuple)) or name is None:
        raise ConfigError(f"classes holds {name!r} where a name is needed. {NEEDED}")
    return str(name)


def _is_file(given: str) -> bool:
    """Whether it is a path: it is there, or ends as such files do."""
    return found_at(given) == "file" or ("," not in given and given.lower().endswith(ENDINGS))


def _from_words(given: str) -> list[tuple[str, tuple[str, ...]]]:
    pairs = []
    for word in given.split(","):
        name, _, description = word.partition("=")
        pairs.append((name, _filled([description])))
    return pairs


def _from_mapping(given: Mapping[Any, Any]) -> list[tuple[str, tuple[str, ...]]]:
    return [(_text(name), _described(texts)) for name, texts in given.items()]


def _described(texts: Any) -> tuple[str, ...]:
    """One description or several."""
    if texts is None:
        return ()
    several = [texts] if isinstance(texts, str) else texts
    if not isinstance(several, Sequence) or not all(isinstance(one, str) for one in several):
        raise ConfigError(f"classes describes a class by {several!r}; a text is needed, or a list of texts.")
    return _filled(several)


def _filled(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(one.strip() for one in texts if one.strip())


def _from_file(path: Path) -> list[tuple[str, tuple[str, ...]]]:
    if found_at(path) != "file":
        raise DataError(f"The file of classes {path} does not exist. {NEEDED}", path=str(path))
    text = decode(path.read_bytes(), str(path))[0]
    ending = path.suffix.lower()
    if ending == ".json":
        return _from_json(text, path)
    if ending in (".csv", ".tsv"):
        return _from_table(text, "\t" if ending == ".tsv" else ",", path)
    return [(line, ()) for line in text.splitlines()]


def _from_json(text: str, path: Path) -> list[tuple[str, tuple[str, ...]]]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise DataError(f"{path} is no JSON ({error}). {NEEDED}", path=str(path)) from error
    if isinstance(found, dict):
        return _from_mapping(found)
    if not isinstance(found, list):
        raise DataError(f"{path} holds {type(found).__name__}; an object or a list is needed. {NEEDED}", path=str(path))
    if all(isinstance(entry, dict) and "name" in entry for entry in found):
        return _gathered((_text(e["name"]), _described(e.get("description", e.get("descriptions")))) for e in found)
    return [(_text(name), ()) for name in found]


def _from_table(text: str, separator: str, path: Path) -> list[tuple[str, tuple[str, ...]]]:
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(cell.strip() for cell in row)]
    if not rows:
        raise DataError(f"{path} is empty. {NEEDED}", path=str(path))
    head = [cell.strip().lower() for cell in rows[0]]
    name_at = next((k for k, cell in enumerate(head) if cell in NAMES), None)
    if name_at is None:  # without a head: the name first, then its descriptions
        return _gathered((row[0], _filled(row[1:])) for row in rows)
    described = [k for k, cell in enumerate(head) if cell in DESCRIPTIONS]
    return _gathered((row[name_at], _filled(row[k] for k in described if k < len(row))) for row in rows[1:])


def _gathered(pairs: Iterable[tuple[str, tuple[str, ...]]]) -> list[tuple[str, tuple[str, ...]]]:
    """Rows of one name put together: each is one more description; a bare name twice stays twice."""
    found: dict[str, tuple[str, ...]] = {}
    bare = []
    for name, texts in pairs:
        key = name.strip()
        if key in found and not texts:
            bare.append((key, ()))
        found[key] = (*found.get(key, ()), *texts)
    return [*found.items(), *bare]

"""From JSON to frozen dataclasses: every value is checked on reading, and an error names the file and the field.

What a field may hold is said by its type. ``Annotated`` adds bounds::

    @dataclass(frozen=True)
    class Point:
        name: str
        share: Annotated[float, Between(0, 1)]
        notes: Annotated[tuple[str, ...], AtMost(10)] = ()

Fields that a file has beyond these are left alone when it is read, so that a newer version may add some; what is
written has none. A field whose name is a Python word ends in an underscore. A field of type ``Any`` is kept as it is
and shown to nobody.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Collection
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from jeoni.errors import DataError
from jeoni.files.regular import read_regular

__all__ = [
    "AtMost",
    "Between",
    "EmptyIsNone",
    "FieldError",
    "Formerly",
    "Which",
    "as_record",
    "finite",
    "read_content",
    "read_if_there",
    "read_record",
]

T = TypeVar("T")

MOST_BYTES = 48 << 20
MOST_VALUES = 4_000_000
MOST_ENTRIES = 20_000
LONGEST = 100_000
LARGEST = 1e15


@dataclass(frozen=True)
class Between:
    """The least and the largest number, both allowed."""

    least: float = -LARGEST
    most: float = LARGEST


@dataclass(frozen=True)
class AtMost:
    """How many entries a list or an object, or letters a text, can have."""

    count: int


@dataclass(frozen=True)
class Which:
    """A condition on a value, and what is needed in words."""

    holds: Callable[[Any], bool]
    needed: str


@dataclass(frozen=True)
class EmptyIsNone:
    """An empty object stands for None."""


class FieldError(ValueError):
    """A value that a field cannot have; ``where`` is its path in the file."""

    def __init__(self, where: str, value: Any, needed: str) -> None:
        super().__init__(f"{where or 'the content'} is {_shown(value)}; {needed} is needed")


def read_record(kind: type[T], path: Path) -> T:
    """The record that a JSON file holds.

    Args:
        kind: a frozen dataclass.
        path: of the file.

    Raises:
        DataError: the file is missing, is no regular file, is too large, is not JSON, or a value is not what is needed.
    """
    content = read_content(path)
    try:
        return _Reader().read(kind, content, "", ())  # type: ignore[no-any-return]
    except (FieldError, ValueError) as error:
        raise DataError(
            f"{path} cannot be used: {error}. It was damaged, or changed by another program; repeat the run.",
            path=str(path),
        ) from error


def as_record(kind: type[T], content: dict[str, Any], exact: bool = True) -> T:
    """The record of what is about to be written, held to the same types as when it is read.

    Args:
        kind: a frozen dataclass.
        content: its fields by name, as JSON has them.
        exact: refuse a field that the record does not have.

    Raises:
        ValueError: a value that the record cannot hold, or an unknown field.
    """
    return _Reader(exact).read(kind, finite(content), "", ())  # type: ignore[no-any-return]


def finite(value: Any) -> Any:
    """The same content with null in the place of numbers that are not finite, as JSON wants."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(v) for v in value]
    return value


def read_content(path: Path) -> Any:
    """The content of a JSON file of a run.

    Raises:
        DataError: the file is missing, is no regular file, is too large or is not JSON.
    """
    try:
        return json.loads(read_regular(path, MOST_BYTES))
    except FileNotFoundError:
        raise DataError(f"{path} is missing; it is part of every run folder of its kind.", path=str(path)) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.", path=str(path)) from error
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DataError(f"{path} is not valid JSON: {why}.", path=str(path)) from error


def read_if_there(kind: type[T], path: Path) -> T | None:
    """A record, or None where a run has no such file; errors as :func:`read_record`."""
    return read_record(kind, path) if os.path.lexists(path) else None


@dataclass(frozen=True)
class Formerly:
    """The name of a field in files of earlier versions."""

    name: str


class _Reader:
    """Checks values against types; counts them, so that no file takes for ever.

    Args:
        exact: refuse fields that a record does not have.
    """

    def __init__(self, exact: bool = False) -> None:
        self._count = 0
        self._exact = exact

    def read(self, kind: Any, value: Any, where: str, limits: tuple[Any, ...]) -> Any:
        """``value`` as ``kind``.

        Raises:
            FieldError: it is something else.
        """
        self._count += 1
        if self._count > MOST_VALUES:
            raise ValueError(f"it holds more than the {MOST_VALUES:,} values that a report can show")
        if kind is Any:
            return value
        origin = get_origin(kind)
        if origin is Annotated:
            inner, *added = get_args(kind)
            if value == {} and EmptyIsNone() in added:
                return None
            found = self.read(inner, value, where, (*limits, *added))
            return _checked(found, where, [a for a in added if isinstance(a, Which)])
        if origin in (Union, UnionType):
            return self._optional(get_args(kind), value, where, limits)
        if origin is Literal:
            if not isinstance(value, str) or value not in get_args(kind):
                raise FieldError(where, value, f"one of {', '.join(map(repr, get_args(kind)))}")
            return value
        if origin is tuple:
            return self._entries(get_args(kind), value, where, limits)
        if origin is dict:
            return self._object(get_args(kind)[1], value, where, limits)
        if is_dataclass(kind):
            return self._record(kind, value, where)
        return _plain(kind, value, where, limits)

    def _optional(self, kinds: tuple[Any, ...], value: Any, where: str, limits: tuple[Any, ...]) -> Any:
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return None
        (kind,) = (k for k in kinds if k is not NoneType)
        return self.read(kind, value, where, limits)

    def _entries(self, kinds: tuple[Any, ...], value: Any, where: str, limits: tuple[Any, ...]) -> tuple[Any, ...]:
        if not isinstance(value, (list, tuple)):
            raise FieldError(where, value, "a list")
        if kinds[-1] is Ellipsis:
            _check_count(value, where, limits)
            return tuple(self.read(kinds[0], v, f"{where}[{k}]", ()) for k, v in enumerate(value))
        if len(value) != len(kinds):
            raise FieldError(where, value, f"a list of {len(kinds)}")
        return tuple(self.read(kinds[k], v, f"{where}[{k}]", ()) for k, v in enumerate(value))

    def _object(self, kind: Any, value: Any, where: str, limits: tuple[Any, ...]) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise FieldError(where, value, "an object")
        _check_count(value, where, limits)
        found = {}
        for name, one in value.items():
            place = f"{where}.{name if name.isprintable() else ascii(name)}"[:200].lstrip(".")
            found[_text(name, f"the name of {place}", ())] = self.read(kind, one, place, ())
        return found

    def _record(self, kind: Any, value: Any, where: str) -> Any:
        if not isinstance(value, dict):
            raise FieldError(where, value, "an object")
        given = {}
        unknown = set(value) - {name.rstrip("_") for name, _, _ in _fields(kind)} if self._exact else ()
        if unknown:
            raise ValueError(f"{where or kind.__name__} has no field {', '.join(sorted(unknown))}")
        for name, hint, required in _fields(kind):
            key = name.rstrip("_")
            former = _former_name(hint)
            if former in value and key not in value:
                key = former
            place = f"{where}.{key}".lstrip(".")
            if key in value:
                given[name] = self.read(hint, value[key], place, ())
            elif required:
                raise ValueError(f"{place} is missing")
        try:
            return kind(**given)
        except FieldError:
            raise
        except ValueError as error:
            raise ValueError(f"{where}: {error}" if where else str(error)) from error


@cache
def _former_name(hint: Any) -> str:
    marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((mark.name for mark in marks if isinstance(mark, Formerly)), "")


@cache
def _fields(kind: Any) -> tuple[tuple[str, Any, bool], ...]:
    """Name and type of each field, and whether a file must have it."""
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        (f.name, hints[f.name], f.default is MISSING and f.default_factory is MISSING) for f in fields(kind) if f.init
    )


def _plain(kind: Any, value: Any, where: str, limits: tuple[Any, ...]) -> Any:
    if kind is str:
        return _text(value, where, limits)
    if kind is bool:
        if not isinstance(value, bool):
            raise FieldError(where, value, "true or false")
        return value
    if kind in (int, float):
        return _number(kind, value, where, limits)
    if kind is object:  # shown as it is, whatever it is
        return _text(value if isinstance(value, str) else json.dumps(value)[:200], where, ())
    raise TypeError(f"{where} has a type that cannot be read: {kind}")


def _text(value: Any, where: str, limits: tuple[Any, ...]) -> str:
    if not isinstance(value, str):
        raise FieldError(where, value, "a text")
    longest = min([LONGEST, *(limit.count for limit in limits if isinstance(limit, AtMost))])
    if len(value) > longest:
        raise FieldError(where, value, f"a text of at most {longest:,} letters")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise FieldError(where, value, "valid Unicode")
    return value


def _number(kind: Any, value: Any, where: str, limits: tuple[Any, ...]) -> Any:
    whole = kind is int
    needed = "a whole number" if whole else "a number"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise FieldError(where, value, needed)
    if isinstance(value, float) and (not math.isfinite(value) or (whole and not value.is_integer())):
        raise FieldError(where, value, needed)
    for limit in (Between(), *limits):
        if isinstance(limit, Between) and not limit.least <= value <= limit.most:
            raise FieldError(where, value, f"{needed} from {limit.least:g} to {limit.most:g}")
    return kind(value)


def _check_count(value: Collection[Any], where: str, limits: tuple[Any, ...]) -> None:
    most = min([MOST_ENTRIES, *(limit.count for limit in limits if isinstance(limit, AtMost))])
    if len(value) > most:
        raise ValueError(f"{where or 'the content'} has {len(value):,} entries; {most:,} is the most that can be shown")


def _checked(value: Any, where: str, conditions: list[Which]) -> Any:
    for condition in conditions:
        if not condition.holds(value):
            raise FieldError(where, value, condition.needed)
    return value


def _shown(value: Any) -> str:
    """A value in an error: short, whatever it is."""
    if isinstance(value, (dict, list)):
        return f"{'an object' if isinstance(value, dict) else 'a list'} with {len(value):,} entries"
    if isinstance(value, int) and abs(value) > LARGEST:
        return "a number of many digits"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return ascii(value)[:60]

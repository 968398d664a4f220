"""Hyper-parameters of extension files, written as ``temperature=2,weight=0.5``. Names and types are the file's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from inspect import signature
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

from jeoni.errors import ConfigError, did_you_mean

__all__ = ["configured", "parse_settings", "settings_of", "write_settings"]

NUMBERS = tuple[float, ...]
WHOLE_NUMBERS = tuple[int, ...]
WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a word",
    NoneType: "none",
    NUMBERS: "numbers with semicolons between, such as 0.5;1;2",
    WHOLE_NUMBERS: "whole numbers with semicolons between, such as 256;64",
}
WRITTEN = set(WORDS)


def parse_settings(text: str, option: str = "set") -> dict[str, Any]:
    """Settings by name from words.

    Raises:
        ConfigError: not ``name=value`` pairs.

    Example:
        >>> parse_settings("reg=0.1,center=true,kernel=rbf")
        {'reg': 0.1, 'center': True, 'kernel': 'rbf'}
    """
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    wrong = next((name for name, sign, _ in pairs if not sign or not name.strip()), None)
    if wrong is not None:
        raise ConfigError(f"{option} is {text!r}; pairs such as reg=0.1,center=true are needed.")
    return {name.strip(): _value(value.strip()) for name, _, value in pairs}


def write_settings(settings: Mapping[str, Any]) -> str:
    """The words that :func:`parse_settings` makes these settings of.

    Example:
        >>> write_settings({"hidden": (256, 64), "dropout": 0.1})
        'hidden=256;64,dropout=0.1'
    """
    written = {name: ";".join(map(str, v)) if isinstance(v, (list, tuple)) else v for name, v in settings.items()}
    return ",".join(f"{name}={value}" for name, value in written.items())


def settings_of(part: str, settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings apart: those of a part, which are written with its name in front, and the others.

    Example:
        >>> settings_of("head", {"temperature": 2, "head.hidden": 128})
        ({'hidden': 128}, {'temperature': 2})
    """
    prefix = f"{part}."
    own = {name.removeprefix(prefix): value for name, value in settings.items() if name.startswith(prefix)}
    return own, {name: value for name, value in settings.items() if not name.startswith(prefix)}


def configured(name: str, kind: Any, settings: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> Any:
    """An instance of what an extension file offers; where it has a method ``check``, that has passed.

    So a library that is not installed, or a setting that cannot be, is told before anything is read or computed.

    Args:
        name: its id, for messages.
        kind: the class.
        settings: as :func:`parse_settings` gives them.
        own: arguments that are no settings.

    Raises:
        ConfigError: a setting that it does not have, with the nearest ones, or a value of another type.
        MissingExtra: from its ``check``.
    """
    given = own or {}
    takes = {setting: types for setting, types in _takes(kind).items() if setting not in given}
    for setting in settings:
        if setting not in takes:
            raise ConfigError(
                f"{name} has no setting {setting!r}.{did_you_mean(setting, takes)} "
                f"It has: {', '.join(takes) or 'none'}."
            )
    made = kind(**given, **{k: _typed(name, k, v, takes[k]) for k, v in settings.items()})
    if hasattr(made, "check"):
        made.check()
    return made


def _value(word: str) -> Any:
    """The value that a word stands for: a number, true, false, or itself."""
    if word.lower() in ("true", "false"):
        return word.lower() == "true"
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _takes(kind: Any) -> dict[str, tuple[Any, ...]]:
    """The settings that can be written in words, and the types each may have."""
    hints = get_type_hints(kind if is_dataclass(kind) else kind.__init__)
    names = [f.name for f in fields(kind)] if is_dataclass(kind) else list(signature(kind).parameters)
    found = {n: tuple(get_args(hints[n])) if isinstance(hints[n], UnionType) else (hints[n],) for n in names}
    return {n: types for n, types in found.items() if set(types) <= WRITTEN}


def _typed(name: str, setting: str, value: Any, types: tuple[Any, ...]) -> Any:
    """The value as one of the types.

    Raises:
        ConfigError: it is none of them, or no finite number.
    """
    if type(value) is str and value.lower() == "none" and NoneType in types:
        return None
    several = next((kind for kind in (WHOLE_NUMBERS, NUMBERS) if kind in types), None)
    if several is not None and type(value) in (int, float, str):
        number = int if several == WHOLE_NUMBERS else float
        try:
            value = tuple(number(part) for part in str(value).split(";"))
        except ValueError:
            types = (several,)
    elif float in types and type(value) is int:
        value = float(value)
    fits = several is not None if type(value) is tuple else type(value) in types
    if not fits or (type(value) is float and not math.isfinite(value)):
        raise ConfigError(f"{name}: {setting} is {value!r}; it can be {' or '.join(WORDS[t] for t in types)}.")
    return value

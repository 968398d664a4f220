"""An option: its default, help, choices and bounds; and the dataclass that holds some, checked when it is made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar, Self

from jeoni.errors import ConfigError, did_you_mean
from jeoni.locale import Said
from jeoni.specs.settings import write_settings

__all__ = [
    "Bounds",
    "Options",
    "Spec",
    "may_be_left_out",
    "option",
    "ordered_fields",
    "section_of",
    "type_name",
]

NONE = " | None"
TYPES: dict[str, Any] = {"str": str, "bool": bool, "int": Integral, "float": Real}


@dataclass(frozen=True)
class Bounds:
    """The least and the largest value of a number; ends that are ``open`` are not allowed themselves."""

    low: float
    high: float
    open_low: bool = False
    open_high: bool = False

    def hold(self, value: float) -> bool:
        """Whether the value lies between them; NaN never does."""
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return above and below

    @property
    def said(self) -> Said:
        """What a value must be: ``it must …``."""
        if self.high == 1:
            return Said("bounds.share")
        least = Said("bounds.above" if self.open_low else "bounds.least", low=f"{self.low:,}")
        return Said("bounds.most", least=least, high=f"{self.high:,}") if self.high < math.inf else least


def option(
    default: Any,
    help_text: str,
    choices: Sequence[str] = (),
    bounds: Bounds | None = None,
    *,
    several: bool = False,
    section: str = "",
    names: Sequence[str] = (),
    aliases: Sequence[str] = (),
) -> Any:
    """A dataclass field that is an option.

    Args:
        default: its value where it is left out; None stands for what the data or the strategy decide.
        help_text: what it does, in a sentence.
        choices: all values it can have, if they are few.
        bounds: of a number.
        several: of a text: names or numbers with commas between, in Python a list of them as well.
        section: the heading of ``--help``, where it is not that of its class.
        names: extension points, as in ``jeoni list NAME``, whose ids it takes: the shell completes them.
        aliases: further names on the command line: those of other verbs for the same.
    """
    shown = {"section": section, "names": tuple(names), "aliases": tuple(aliases)}
    about = {"help": help_text, "choices": tuple(choices), "bounds": bounds, "several": several, **shown}
    return field(default=default, metadata=about)


@dataclass(frozen=True, kw_only=True)
class Options:
    """The base of every group of options.

    Attributes:
        absent: options of other verbs that one might look for here, and what to do instead.
        section: the heading of ``--help`` that the options are listed under: Data, Transfer, Training, Evaluation,
            Machine or Output.
    """

    absent: ClassVar[Mapping[str, str]] = {}
    section: ClassVar[str] = "Transfer"

    def __post_init__(self) -> None:
        """Check what options of one group say together; the next class's, in a spec of several groups."""

    @property
    def given(self) -> dict[str, Any]:
        """The options that are not left at their defaults, by name.

        Example:
            >>> from jeoni.specs import Recipe
            >>> Recipe(steps=100).given
            {'steps': 100}
        """
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}

    def changed(self, **changes: Any) -> Self:
        """A copy with some options changed; None gives one its default, and a list or a dictionary is written out.

        Example:
            >>> from jeoni.specs import CompareSpec
            >>> CompareSpec().changed(budgets=[5, "all"]).budgets
            '5,all'

        Raises:
            ConfigError: an option that does not exist, with the nearest names.
        """
        known = [f.name for f in fields(self)]
        for name in changes:
            if name not in known:
                instead = f" {self.absent[name]}" if name in self.absent else did_you_mean(name, known)
                raise ConfigError(Said("error.no_option", name=repr(name), near=instead))
        defaults = {f.name: f.default for f in fields(self)}
        given: dict[str, Any] = {}
        for name, value in changes.items():
            given[name] = defaults[name] if value is None else _as_written(value)
        return replace(self, **given)


def _as_written(value: Any) -> Any:
    """A value as it would be written on the command line, where it is a path, a list or a dictionary."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    if isinstance(value, Mapping):
        return write_settings(value)
    return value


@dataclass(frozen=True, kw_only=True)
class Spec(Options):
    """The base of every verb's spec: what a user said is checked when the spec is made.

    Raises:
        ConfigError: a value of another type, none of the choices, or out of bounds.
    """

    def __post_init__(self) -> None:
        for f in fields(self):
            if getattr(self, f.name) is not None or not may_be_left_out(f):
                self._check(f, f.metadata["choices"], f.metadata["bounds"])
        super().__post_init__()

    def _check(self, declared: Field[Any], choices: Sequence[str], bounds: Bounds | None) -> None:
        name, kind = declared.name, type_name(declared)
        value = getattr(self, name)
        if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "bool"):
            raise ConfigError(Said("error.wrong_type", name=name, value=repr(value), type=kind))
        if choices and value not in choices:
            raise ConfigError(Said("error.wrong_choice", name=name, value=repr(value), choices=", ".join(choices)))
        if bounds is not None and not bounds.hold(value):
            mend = Said("bounds.or_left_out") if may_be_left_out(declared) else ""
            raise ConfigError(Said("error.out_of_bounds", name=name, value=str(value), bounds=bounds.said, mend=mend))


def type_name(declared: Field[Any]) -> str:
    """``str``, ``bool``, ``int`` or ``float``; None, where it may be left out, is not said."""
    return _annotation(declared).removesuffix(NONE)


def may_be_left_out(declared: Field[Any]) -> bool:
    """Whether it may be None, so that the data or the strategy decide."""
    return _annotation(declared).endswith(NONE)


def _annotation(declared: Field[Any]) -> str:
    """Annotations are strings, or types where they are not put off."""
    kind = declared.type
    return kind if isinstance(kind, str) else kind.__name__ if isinstance(kind, type) else str(kind)


def ordered_fields(kind: type[Options]) -> list[Field[Any]]:
    """The options of a spec: its own first, then those of each group."""
    groups = [vars(base).get("__annotations__", {}) for base in kind.__mro__]
    declared = {f.name: f for f in fields(kind)}
    names = dict.fromkeys(name for group in groups for name in group)
    return [declared[name] for name in names if name in declared]


def section_of(kind: type[Options], name: str) -> str:
    """The heading of ``--help`` that an option is listed under: its own, else that of the class that declares it."""
    own = next((f.metadata.get("section") for f in fields(kind) if f.name == name), "")
    declares = next((base for base in kind.__mro__ if name in vars(base).get("__annotations__", {})), kind)
    return str(own or getattr(declares, "section", Options.section))

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

__all__ = ["AUTO", "Bounds", "Options", "Spec", "option", "ordered_fields", "out_of_bounds", "type_name"]

AUTO = -1
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

    def __str__(self) -> str:
        if self.high == 1:
            return "lie between 0 and 1"
        least = f"be {'above' if self.open_low else 'at least'} {self.low:,}"
        return f"{least} and at most {self.high:,}" if self.high < math.inf else least


def option(default: Any, help_text: str, choices: Sequence[str] = (), bounds: Bounds | None = None) -> Any:
    """A dataclass field that is an option; a default of -1 (:data:`AUTO`) stands for one that is left out."""
    return field(default=default, metadata={"help": help_text, "choices": tuple(choices), "bounds": bounds})


@dataclass(frozen=True, kw_only=True)
class Options:
    """The base of every group of options.

    Attributes:
        absent: options of other verbs that one might look for here, and what to do instead.
    """

    absent: ClassVar[Mapping[str, str]] = {}

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
        """A copy with some options changed.

        Raises:
            ConfigError: an option that does not exist, with the nearest names.
        """
        known = [f.name for f in fields(self)]
        for name in changes:
            if name not in known:
                instead = f" {self.absent[name]}" if name in self.absent else did_you_mean(name, known)
                raise ConfigError(Said("error.no_option", name=repr(name), near=instead))
        given: dict[str, Any] = {k: str(v) if isinstance(v, Path) else v for k, v in changes.items()}
        return replace(self, **given)


@dataclass(frozen=True, kw_only=True)
class Spec(Options):
    """The base of every verb's spec: what a user said is checked when the spec is made.

    Raises:
        ConfigError: a value of another type, none of the choices, or out of bounds.
    """

    def __post_init__(self) -> None:
        for f in fields(self):
            self._check(f.name, f.default, type_name(f), f.metadata["choices"], f.metadata["bounds"])

    def _check(self, name: str, default: Any, kind: str, choices: Sequence[str], bounds: Bounds | None) -> None:
        value = getattr(self, name)
        if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "bool"):
            raise ConfigError(Said("error.wrong_type", name=name, value=repr(value), type=kind))
        if choices and value not in choices:
            raise ConfigError(Said("error.wrong_choice", name=name, value=repr(value), choices=", ".join(choices)))
        left_out = value == default == AUTO
        if bounds is not None and not left_out and not bounds.hold(value):
            raise out_of_bounds(name, value, default, bounds)


def type_name(declared: Field[Any]) -> str:
    """``str``, ``bool``, ``int`` or ``float``: annotations are strings, or types where they are not put off."""
    return declared.type if isinstance(declared.type, str) else declared.type.__name__


def ordered_fields(kind: type[Options]) -> list[Field[Any]]:
    """The options of a spec: its own first, then those of each group."""
    groups = [vars(base).get("__annotations__", {}) for base in kind.__mro__]
    declared = {f.name: f for f in fields(kind)}
    names = dict.fromkeys(name for group in groups for name in group)
    return [declared[name] for name in names if name in declared]


def out_of_bounds(name: str, value: float, default: Any, bounds: Bounds) -> ConfigError:
    """The error for a number that an option cannot be."""
    mend = ", or be left out" if default == AUTO else ""
    return ConfigError(f"{name} is {value}; it must {bounds}{mend}.")

"""What the numbers or colours of a data set's masks stand for, from a table of classes or from the masks themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from jeoni.data.annotations.class_tables import VOID_NAMES, ClassTable, Colour
from jeoni.data.annotations.kinds import VOID
from jeoni.data.annotations.masks import Legend, MaskError, is_lossy, mask_colours, mask_values, opened_mask
from jeoni.data.annotations.notes import Notes
from jeoni.errors import ConfigError, DataError, did_you_mean

__all__ = ["legend_of"]

ALWAYS_VOID = 255
BINARY = ("background", "foreground")
T = TypeVar("T")


def legend_of(
    masks: Mapping[str, Path], table: ClassTable | None, void: Iterable[str], notes: Notes
) -> tuple[Legend, set[str]]:
    """Make out what masks hold; each of them is read once, so that a number without a class is found before training.

    Args:
        masks: files by the name that messages call them.
        table: the classes; None where there is no table, and they are called by their numbers.
        void: names or numbers of classes of which nothing is to be learned.
        notes: is told what was assumed.

    Returns:
        The legend, and the names of masks that cannot be read, which are told.

    Raises:
        DataError: a mask of colours without a table, or with a number or colour that it lacks.
        ConfigError: a class to be void that does not exist.
    """
    lossy = [name for name, path in masks.items() if is_lossy(path)]
    if table is not None and table.coloured:
        shown = _looked_at({name: path for name, path in masks.items() if name not in lossy}, mask_colours, notes)
        decoded = _looked_at({name: masks[name] for name in lossy}, _decode, notes)
        unreadable = masks.keys() - shown.keys() - decoded.keys()
        strange = _strange_colours(shown, table)
        if not strange:
            _tell_lossy(lossy, notes)
            return _of_colours(table, tuple(void)), unreadable
        found = {name: mask_values(masks[name]) for name in shown}
        if lossy or _is_coloured(found) or not _within(found, table):
            name, colour = next(iter(strange.items()))
            raise DataError(
                f"{name} holds the colour {colour}, which {table.origin} does not name. Add its class there.", path=name
            )
        return _of_numbers(_numbers(found), table, tuple(void), notes), unreadable
    if lossy:
        raise DataError(
            f"{lossy[0]} is a mask in JPEG, which changes numbers and colours as it likes. Needed: PNG; or a table of "
            "classes with their colours, name,r,g,b in each line of classes.csv, to take the nearest.",
            path=lossy[0],
        )
    found = _looked_at(masks, mask_values, notes)
    unreadable = masks.keys() - found.keys()
    if not found:
        return Legend((), {}, {}), unreadable
    if _is_coloured(found):
        first = next(name for name, values in found.items() if _are_colours(values))
        raise DataError(
            f"{first} is a mask in colours, and no table says which class each stands for. Needed: name,r,g,b in each "
            "line of classes.csv beside the folders, or --class-names with such a file.",
            path=first,
        )
    return _of_numbers(_numbers(found), table, tuple(void), notes), unreadable


def _looked_at(masks: Mapping[str, Path], look: Callable[[Path], T], notes: Notes) -> dict[str, T]:
    """What is seen in each mask; those that cannot be read are told, and not among them."""
    found: dict[str, T] = {}
    for name, path in masks.items():
        try:
            found[name] = look(path)
        except MaskError as error:
            notes.tell("unreadable_annotation", name, str(error), "skipped")
    return found


def _decode(path: Path) -> None:
    with opened_mask(path):
        pass


Values = frozenset[int] | frozenset[Colour]


def _strange_colours(found: Mapping[str, frozenset[Colour]], table: ClassTable) -> dict[str, Colour]:
    """By mask, the first of its colours that a table does not name."""
    known = {row.colour for row in table.rows}
    strange = {name: sorted(colours - known) for name, colours in found.items()}
    return {name: colours[0] for name, colours in strange.items() if colours}


def _are_colours(values: Values) -> bool:
    return any(isinstance(value, tuple) for value in values)


def _is_coloured(found: Mapping[str, Values]) -> bool:
    return any(_are_colours(values) for values in found.values())


def _numbers(found: Mapping[str, Values]) -> dict[str, set[int]]:
    return {name: {value for value in values if isinstance(value, int)} for name, values in found.items()}


def _within(found: Mapping[str, Values], table: ClassTable) -> bool:
    """Whether all values are numbers of a table's rows, so that its colours are only those of a palette."""
    known = {*range(len(table.rows)), ALWAYS_VOID}
    return all(values <= known for values in found.values())


def _tell_lossy(lossy: list[str], notes: Notes) -> None:
    if lossy:
        told = f"{len(lossy)} masks are in JPEG, which changes colours, for example {lossy[0]}"
        notes.tell("lossy_masks", "", told, "each pixel is taken for the nearest colour of the table")


def _of_colours(table: ClassTable, void: tuple[str, ...]) -> Legend:
    names, number = _numbered(table.names, void)
    colours = {row.colour: number[row.name] for row in table.rows if row.colour is not None}
    return Legend(names, {}, colours)


def _of_numbers(found: Mapping[str, set[int]], table: ClassTable | None, void: tuple[str, ...], notes: Notes) -> Legend:
    if table is None:
        values = sorted(set().union(*found.values()))
        by_value = _by_themselves(values, notes)
    else:
        by_value = {k if row.value is None else row.value: row.name for k, row in enumerate(table.rows)}
        by_value.setdefault(ALWAYS_VOID, VOID_NAMES[0])
        void = tuple(by_value.setdefault(int(one), one) if one.isdigit() else one for one in void)
        for name, own in found.items():
            _check_known(name, own, by_value, table)
    names, number = _numbered(tuple(by_value.values()), void)
    return Legend(names, {value: number[name] for value, name in by_value.items()}, {})


def _by_themselves(values: list[int], notes: Notes) -> dict[int, str]:
    """Classes that are called by their numbers; a mask of nothing but 0 and 255 is of an object and the rest."""
    if values == [0, ALWAYS_VOID]:
        told = "the masks hold 0 and 255 only"
        notes.tell("binary_masks", "", told, "taken as background and foreground; name them with --class-names")
        return dict(zip(values, BINARY, strict=True))
    return {value: VOID_NAMES[0] if value == ALWAYS_VOID else str(value) for value in values}


def _check_known(name: str, own: set[int], by_value: Mapping[int, str], table: ClassTable) -> None:
    strange = sorted(own - by_value.keys())
    if strange:
        known = ", ".join(str(value) for value in sorted(by_value))
        raise DataError(
            f"{name} holds the number {strange[0]}, which {table.origin} does not name; it names {known}. Add its "
            f"class there, or say --void {strange[0]}.",
            path=name,
        )


def _numbered(names: tuple[str, ...], void: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, int]]:
    """Names of the classes that count, and the number of every name; -1 of those that are void."""
    for one in void:
        if one not in names:
            there = ", ".join(names)
            raise ConfigError(f"--void names {one!r}, which is no class.{did_you_mean(one, names)} There are: {there}.")
    counting = tuple(name for name in names if name not in void and name.lower() not in VOID_NAMES)
    number = dict.fromkeys(names, VOID) | {name: k for k, name in enumerate(counting)}
    return counting, number

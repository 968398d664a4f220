"""Files that annotations stand in, read as JSON, XML, YAML or lines; what is wrong with one is told with its name."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from jeoni.data.encodings import decode
from jeoni.data.files import MOST_TABLE, open_file, read_file
from jeoni.errors import DataError

__all__ = [
    "begins_with",
    "ends_with",
    "number_at",
    "read_json",
    "read_text_lines",
    "read_xml",
    "read_yaml",
    "stated_side",
]

START = 4096  # bytes by which a format is recognised


def begins_with(path: Path) -> str:
    """The first letters of a file; empty where it cannot be read or is none of text."""
    try:
        with open_file(path, most=MOST_TABLE) as file:
            return file.read(START).decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    except (DataError, OSError):
        return ""


def ends_with(path: Path) -> str:
    """The last letters of a file; empty where it cannot be read."""
    try:
        with open_file(path, most=MOST_TABLE) as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - START))
            return file.read(START).decode("utf-8", "replace")
    except (DataError, OSError):
        return ""


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        DataError: it cannot be read, or is no JSON; the message says the line.
    """
    text, _ = decode(read_file(path, most=MOST_TABLE), str(path))
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path} is no JSON: {error.msg} in line {error.lineno}. Export it again.", path=str(path)
        ) from error
    except RecursionError as error:
        raise DataError(f"{path} is nested too deeply to be annotations.", path=str(path)) from error


def read_xml(path: Path) -> ElementTree.Element:
    """The root of an XML file.

    Raises:
        DataError: it cannot be read, is no XML, or declares entities, which annotations have none of.
    """
    raw = read_file(path)
    if b"<!ENTITY" in raw or b"<!DOCTYPE" in raw:
        raise DataError(f"{path} declares a document type or entities. Needed: plain XML without them.", path=str(path))
    try:
        return ElementTree.fromstring(raw)
    except ElementTree.ParseError as error:
        raise DataError(f"{path} is no XML: {error}. Export it again.", path=str(path)) from error


def read_yaml(path: Path) -> dict[str, Any]:
    """The content of a YAML file that is a dictionary; nothing in it is run.

    Raises:
        DataError: it cannot be read, or is no such YAML.
    """
    import yaml

    text, _ = decode(read_file(path), str(path))
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise DataError(f"{path} is no YAML: {said}.", path=str(path)) from error
    if not isinstance(content, dict):
        raise DataError(
            f"{path} holds no keys. Needed: train, val and names, as YOLO's data.yaml has them.", path=str(path)
        )
    return content


def read_text_lines(path: Path) -> list[str]:
    """The lines of a text file, without blanks around them; an empty file has none.

    Raises:
        DataError: it cannot be read, or its encoding is not understood.
    """
    if path.is_file() and not path.stat().st_size:
        return []
    text, _ = decode(read_file(path), str(path))
    return [line.strip() for line in text.splitlines()]


def number_at(text: str | None, what: str, path: Path) -> float:
    """A number in a file.

    Raises:
        DataError: missing, or no finite number; the message says which.
    """
    try:
        value = float(text or "")
    except ValueError:
        value = float("nan")
    if value != value or value in (float("inf"), float("-inf")):
        came = "is missing" if text is None else f"is {text.strip()!r}"
        raise DataError(f"{path}: {what} {came}. Needed: a number.", path=str(path))
    return value


def stated_side(value: Any) -> float:
    """A width or a height as a file states it, perhaps as text; 0 where that is no number, and so says nothing.

    Example:
        >>> stated_side("64"), stated_side(None), stated_side(float("nan"))
        (64.0, 0.0, 0.0)
    """
    try:
        side = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return side if math.isfinite(side) else 0.0

"""The errors that a user meets.

    JeoniError
    ├── DataError        the examples: a path, a column, a label, an image
    ├── WeightsError     a backbone or a saved model: unknown, damaged, of another kind
    ├── ConfigError      an argument that cannot be used
    ├── StorageError     a disk that is full or may not be written
    └── MissingExtra     an optional package that is not installed

Every message says what came, what is needed and how to mend it.
"""

from __future__ import annotations

from collections.abc import Iterable

from jeoni.locale import Said

__all__ = [
    "ConfigError",
    "DataError",
    "JeoniError",
    "MissingExtra",
    "StorageError",
    "WeightsError",
    "did_you_mean",
]


class JeoniError(Exception):
    """The root of all errors that jeoni raises on purpose."""


class DataError(JeoniError):
    """Something about the examples; carries the file and the row where they are known."""

    def __init__(self, message: str, *, path: str | None = None, row: int | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.row = row


class WeightsError(JeoniError):
    """A backbone or a saved model that is unknown, damaged or does not fit."""


class ConfigError(JeoniError):
    """An argument or option that cannot be used."""


class StorageError(JeoniError):
    """A folder that cannot be written, or a disk that is full."""


class MissingExtra(JeoniError):  # noqa: N818 - named for what the user lacks
    """An optional package is needed; the message gives the pip line."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            Said("error.missing_extra", purpose=purpose, package=repr(package), command=f"pip install 'jeoni[{extra}]'")
        )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known names, or nothing.

    >>> did_you_mean("reznet50", ["resnet50", "vgg16"])
    ' Did you mean resnet50?'
    """
    import difflib  # takes a tenth of `jeoni --help`

    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return Said("error.did_you_mean", names=", ".join(close)) if close else ""

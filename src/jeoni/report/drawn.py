"""Charts that are drawn once: one of the same numbers in the same words is taken from where the run keeps such things.

Drawing is most of what a report takes. The report itself knows no cache, so that a run folder can be told anywhere: who
writes a run hands one in by :func:`keeping`.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, wraps
from pathlib import Path
from typing import Any, Protocol

from jeoni.files.outputs import write_bytes

__all__ = ["Keeper", "drawn_once", "keeping"]


class Keeper(Protocol):
    """Keeps bytes under 16 bytes that stand for what they were made of."""

    def find(self, identity: bytes) -> bytes | None:
        """What was kept, or None."""

    def keep(self, identity: bytes, content: bytes) -> None:
        """Keep it."""


_keeper: ContextVar[Keeper | None] = ContextVar("keeper", default=None)


@contextmanager
def keeping(keeper: Keeper) -> Iterator[None]:
    """Let charts that are drawn inside be kept, and taken from there."""
    token = _keeper.set(keeper)
    try:
        yield
    finally:
        _keeper.reset(token)


def drawn_once(draw: Callable[..., str]) -> Callable[..., str]:
    """A chart that is not drawn again from the same arguments.

    Args:
        draw: writes files into its argument ``folder`` and returns the SVG for the page.
    """
    signature = inspect.signature(draw)

    @wraps(draw)
    def drawn(*given: Any, **named: Any) -> str:
        keeper = _keeper.get()
        if keeper is None:
            return draw(*given, **named)
        arguments = signature.bind(*given, **named).arguments
        folder = Path(arguments.pop("folder"))
        identity = _identity(draw, arguments)
        found = keeper.find(identity)
        if found is None:
            found = _packed(draw, arguments)
            keeper.keep(identity, found)
        return _unpacked(found, folder)

    return drawn


def _identity(draw: Callable[..., str], arguments: dict[str, Any]) -> bytes:
    """Of what a chart shows, and the code that draws it."""
    what = f"{draw.__name__}{sorted(arguments.items())!r}{_code(inspect.getfile(inspect.unwrap(draw)))}"
    return hashlib.sha256(what.encode("utf-8", "surrogatepass")).digest()[:16]


@cache
def _code(file: str) -> str:
    from importlib.metadata import version

    return f"{version('matplotlib')} {hashlib.sha256(Path(file).read_bytes()).hexdigest()}"


def _packed(draw: Callable[..., str], arguments: dict[str, Any]) -> bytes:
    """The SVG for the page and the files, as text."""
    with tempfile.TemporaryDirectory() as place:
        body = draw(**arguments, folder=Path(place))
        files = {file.name: file.read_bytes().decode("latin-1") for file in sorted(Path(place).iterdir())}
    return json.dumps({"body": body, "files": files}).encode()


def _unpacked(content: bytes, folder: Path) -> str:
    """Write the files; returns the SVG for the page."""
    found = json.loads(content)
    for name, text in found["files"].items():
        write_bytes(folder / name, text.encode("latin-1"))
    return str(found["body"])

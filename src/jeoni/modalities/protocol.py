"""How an example becomes what a backbone takes: the one seam between a modality and all that computes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import numpy as np
from PIL.Image import Image

from jeoni.modalities.geometry import Geometry
from jeoni.types import Array, Dataset

if TYPE_CHECKING:  # data are read and decoded without torch
    from pydantic import BaseModel
    from torch import nn

__all__ = ["Input"]

BINS = 1024


class Input(Protocol):
    """The rows that a backbone expects, and how they are made.

    A frozen dataclass, whose fields are part of cache keys and of saved models.

    A new one subclasses this protocol: it must state ``kind``, ``modality`` and ``bounds``, and define :meth:`open`,
    :meth:`row` and :meth:`example_rows`. All else has a default: examples of one shape, without views, without a
    picture, of which only equal ones are found.

    Attributes:
        kind: names the class in a saved model: its file's name.
        modality: ``image``, ``text``, ``audio`` or ``vector``: what data it is for.
        bounds: a pydantic model of :meth:`describe`: which values a saved model may state.
        ragged: rows differ in their first dimension; a batch is padded, see :func:`jeoni.modalities.inputs.padding`.
        varied: whether random views of an example can be made.
        decodes: whether opening an example is so much work that it is worth sending to another process.
        near: the correlation of signatures from which on two examples count as near-identical.
        remarkable: what :meth:`remarks` may find.
    """

    kind: ClassVar[str]
    modality: ClassVar[str]
    bounds: ClassVar[type[BaseModel]]
    ragged: ClassVar[bool] = False
    varied: ClassVar[bool] = False
    decodes: ClassVar[bool] = False
    near: ClassVar[float] = 1.0
    remarkable: ClassVar[tuple[str, ...]] = ()

    @property
    def chunk(self) -> int:
        """Examples that go through the frozen stages together."""
        return 8

    @property
    def longest(self) -> int:
        """The most places that a row can have; 1 where rows are not ragged."""
        return 1

    @property
    def rows(self) -> str:
        """Names rows at the input in their cache key; inputs whose rows are made alike share it."""
        return f"rows of {self.kind}"

    @property
    def alike(self) -> str:
        """Names how :meth:`signature` is made, and of what; part of its cache key."""
        return "equal ones only"

    @property
    def opening(self) -> Hashable:
        """Inputs that agree in it share what :meth:`open` gives."""
        return self.kind, repr(self)

    def fitted(self, data: Dataset, seconds: float | None = None) -> Self:
        """The input for such data, of which the training part may decide fields.

        Args:
            data: what it shall be used on.
            seconds: of each example of audio; None lets the data decide.

        Raises:
            ConfigError: it cannot take so many seconds.
            DataError: the data do not fit it.
        """
        return self

    def at_least(self, policy: str = "") -> int:
        """How much of an example must survive its opening, for random views under ``policy`` or for none."""
        return 0

    def open(self, raw: bytes | Array, name: str, at_least: int = 0) -> Any:
        """Decode.

        Raises:
            DataError: it cannot be decoded; the message names it.
        """

    def row(self, opened: Any) -> Array:
        """The backbone's row, ``(…)``."""

    def example_rows(self, n: int, seed: int = 0) -> Array:
        """``n`` made-up rows, on which networks are tried; where rows are ragged, the last one is shorter."""

    def entry(self, module: nn.Module) -> nn.Module:
        """The module that takes batches of rows, around one that takes what the network takes.

        It is part of the graph, so that every engine runs it. See :mod:`jeoni.modalities.entries`.
        """
        from jeoni.modalities.entries import Unchanged  # torch: only where something is computed

        return Unchanged(module)

    def view(self, opened: Any, policy: str, digest: bytes, number: int) -> tuple[Array, Geometry | None]:
        """A random view, which follows from the content's digest and the number; shaped as a row, with its geometry.

        The geometry is the one that :meth:`geometry` gives for the opened example's extent.
        """
        return self.row(opened), None

    def extent(self, raw: bytes | Array, name: str) -> tuple[float, float] | None:
        """Width and height of an example as a person sees it, without decoding it; None where it has none.

        Raises:
            DataError: as :meth:`open`.
        """
        return None

    def geometry(
        self, extent: tuple[float, float], policy: str = "", digest: bytes = b"", number: int = 0
    ) -> Geometry | None:
        """How places in an example go to places in its row, or in its view of that number; nothing is decoded.

        Args:
            extent: of the coordinates: the example's own, or those of a copy of another size.
            policy: of random views.
            digest: of the example's content.
            number: of the view; 0 is the plain row.
        """
        return None

    def policy(self, name: str) -> dict[str, Any]:
        """The settings of random views under that name; part of their cache key."""
        return {}

    def remarks(self, opened: Any) -> tuple[str, ...]:
        """Remarks on this example for the user: kinds of findings, such as ``shortened``, or ``kind: detail``."""
        return ()

    def picture(self, opened: Any) -> Image | None:
        """The image of an example in a report; None where it cannot be shown."""
        return None

    def framed(self, opened: Any) -> Image | None:
        """The part of :meth:`picture` that a row shows: the image that a map of a row is laid over."""
        return None

    def text(self, opened: Any) -> str:
        """The text of an example in a report; empty where it is no text."""
        return ""

    def audio(self, opened: Any) -> bytes:
        """The recording of an example in a report, as MP3 or FLAC; empty where it is no audio."""
        return b""

    def signature(self, opened: Any) -> Array:
        """``(1024,)`` uint8 by which near-identical examples are found; a flat one is like no other."""
        return np.zeros(BINS, dtype=np.uint8)

    def describe(self) -> dict[str, Any]:
        """All that decides a row, for JSON."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]  # every input is a dataclass

    def files(self) -> dict[str, bytes]:
        """Files that a saved model must hold besides, by name."""
        return {}

    @classmethod
    def restore(cls, described: dict[str, Any], folder: Path) -> Self:
        """The input that :meth:`describe` described, its :meth:`files` being in ``folder``.

        Raises:
            WeightsError: the files are not those that were saved.
        """
        return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in described.items()})

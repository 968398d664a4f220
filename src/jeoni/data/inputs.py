"""How an example becomes what a backbone takes: the one seam between a modality and all that computes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from PIL.Image import Image

from jeoni.types import Array

__all__ = ["Input", "collate", "load_input", "padding"]

KINDS = {
    "image": ("jeoni.data.images", "ImageInput"),
    "text": ("jeoni.data.texts", "TextInput"),
    "spectrogram": ("jeoni.data.sound_inputs", "SpectrogramInput"),
    "spectrum": ("jeoni.backbones.spectra", "SpectrumInput"),
    "vector": ("jeoni.data.vectors", "VectorInput"),
    "voice": ("jeoni.backbones.voices", "VoiceInput"),
    "wave": ("jeoni.data.sound_inputs", "WaveInput"),
}


class Input(Protocol):
    """What a backbone expects: a frozen dataclass, whose fields are part of cache keys and of saved models.

    Attributes:
        kind: names the class in a saved model.
        modality: ``image``, ``text``, ``sound`` or ``vector``: what data it is for.
        ragged: rows differ in their first dimension; a batch is padded, see :func:`padding`.
        varied: whether random views of an example can be made.
        near: the correlation of signatures from which on two examples count as near-identical.
        remarkable: what :meth:`remarks` may find.
    """

    kind: ClassVar[str]
    modality: ClassVar[str]
    ragged: ClassVar[bool]
    varied: ClassVar[bool]
    near: ClassVar[float]
    remarkable: ClassVar[tuple[str, ...]]

    @property
    def chunk(self) -> int:
        """Examples that go through the frozen stages together."""

    @property
    def longest(self) -> int:
        """The most places that a row can have; 1 where rows are not ragged."""

    @property
    def alike(self) -> str:
        """Names how :meth:`signature` is made, and of what; part of its cache key."""

    @property
    def opening(self) -> Hashable:
        """Inputs that agree in it share what :meth:`open` gives."""

    def at_least(self, policy: str = "") -> int:
        """How much of an example must survive its opening, for random views under ``policy`` or for none."""

    def open(self, raw: bytes | Array, name: str, at_least: int = 0) -> Any:
        """Decode.

        Raises:
            DataError: it cannot be decoded; the message names it.
        """

    def row(self, opened: Any) -> Array:
        """The backbone's row, ``(…)``."""

    def view(self, opened: Any, policy: str, digest: bytes, number: int) -> Array:
        """A random view, which follows from the content's digest and the number; shaped as a row."""

    def policy(self, name: str) -> dict[str, Any]:
        """What decides random views under that name; part of their cache key."""

    def remarks(self, opened: Any) -> tuple[str, ...]:
        """What a user should know of this example: kinds of findings, such as ``shortened``, or ``kind: detail``."""

    def picture(self, opened: Any) -> Image | None:
        """What an example looks like in a report; None where it is not seen."""

    def framed(self, opened: Any) -> Image | None:
        """What a row shows of :meth:`picture`, no more and no less: what a map of a row can be laid over."""

    def text(self, opened: Any) -> str:
        """What an example reads like in a report; empty where it is not read."""

    def sound(self, opened: Any) -> bytes:
        """What an example sounds like in a report, as MP3 or FLAC; empty where it is not heard."""

    def signature(self, opened: Any) -> Array:
        """``(1024,)`` uint8 by which near-identical examples are found."""

    def describe(self) -> dict[str, Any]:
        """All that decides a row, for JSON."""

    def files(self) -> dict[str, bytes]:
        """What a saved model must hold besides, by file name."""


def load_input(kind: str, described: dict[str, Any], folder: Path) -> Input:
    """What :meth:`Input.describe` described, its files being in ``folder``."""
    module, name = KINDS[kind]
    made: Input = getattr(import_module(module), name).restore(described, folder)
    return made


def padding(dtype: np.dtype[Any]) -> int:
    """What fills up short rows: of integers the lowest, else nought."""
    return int(np.iinfo(dtype).min) if dtype.kind == "i" else 0


def collate(rows: Sequence[Array]) -> Array:
    """One batch; rows that differ in their first dimension are filled up at the end.

    Example:
        >>> collate([np.ones(1), np.ones(2)]).tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    if all(r.shape == rows[0].shape for r in rows):
        return np.stack(rows)
    out = np.full((len(rows), max(map(len, rows)), *rows[0].shape[1:]), padding(rows[0].dtype), rows[0].dtype)
    for k, row in enumerate(rows):
        out[k, : len(row)] = row
    return out

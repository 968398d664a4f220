"""Sizes of images, lengths of texts and recordings, and scripts: of a sample, from headers where these tell it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.data.encodings import decode
from jeoni.errors import DataError, MissingExtra
from jeoni.types import Array, Dataset, IntArray

__all__ = ["Measured", "Spread", "measure_items", "script_shares"]

MOST_ITEMS = 300
MOST_BYTES = 128 << 20  # that are read, whatever the number of items
LETTERS = 2000  # of each text
SCRIPTS = (
    ("hangul", ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF))),
    ("latin", ((0x41, 0x5A), (0x61, 0x7A), (0xAA, 0x24F), (0x1E00, 0x1EFF), (0xFF21, 0xFF5A))),
    ("han", ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))),
    ("kana", ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F))),
    ("cyrillic", ((0x400, 0x52F),)),
    ("greek", ((0x370, 0x3FF), (0x1F00, 0x1FFF))),
    ("arabic", ((0x600, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF))),
    ("hebrew", ((0x590, 0x5FF),)),
    ("devanagari", ((0x900, 0x97F),)),
    ("thai", ((0xE00, 0xE7F),)),
)  # fmt: skip


@dataclass(frozen=True)
class Spread:
    """A quantity over the items of a sample: its smallest and largest value, and the 5th, 50th and 95th percentile."""

    least: float
    low: float
    median: float
    high: float
    most: float

    @classmethod
    def of(cls, values: Array) -> Spread:
        """Of ``(m,)`` values.

        Example:
            >>> Spread.of(np.arange(101)).median
            50.0
        """
        found = np.quantile(np.asarray(values, dtype=np.float64), (0, 0.05, 0.5, 0.95, 1))
        return cls(*(round(float(v), 3) for v in found))


@dataclass(frozen=True)
class Measured:
    """What was measured of a sample.

    Attributes:
        items: how many were looked at.
        spreads: ``width``, ``height`` and ``shorter_side`` in pixels; ``words``, ``letters`` and ``tokens``;
            ``seconds`` and ``sampling_rate`` in Hz; or ``numbers`` of a vector.
        scripts: shares of the letters of texts, the largest first.
        limit: what the backbone takes of an item: pixels of a side, tokens or seconds; None where that is not known.
    """

    items: int = 0
    spreads: dict[str, Spread] = field(default_factory=dict)
    scripts: dict[str, float] = field(default_factory=dict)
    limit: float | None = None


def measure_items(data: Dataset, usable: IntArray, backbone: Backbone | None = None, seed: int = 0) -> Measured:
    """Look at a sample of the usable items; what cannot be read is passed over.

    Args:
        data: the examples.
        usable: ``(m,)`` numbers of those that can be used.
        backbone: gives tokens of texts, and what it takes of an item.
        seed: of the sample.
    """
    measure = KINDS.get(data.modality)
    if measure is None:
        return Measured()
    drawn = np.random.default_rng(seed).permutation(usable)[:MOST_ITEMS]
    rows, letters = [], Counter[str]()
    tokenize = getattr(getattr(backbone, "input", None), "tokenize", None)
    left = MOST_BYTES
    for i in drawn.tolist():
        if left <= 0:
            break
        with suppress(DataError, MissingExtra):
            raw = data.items.read(i)
            left -= len(raw) if isinstance(raw, bytes) else raw.nbytes
            rows.append(measure(raw, data.items.name(i), tokenize, letters))
    told = [name for name in (rows[0] if rows else ()) if all(name in row for row in rows)]
    spreads = {name: Spread.of(np.array([row[name] for row in rows])) for name in told}
    return Measured(len(rows), spreads, _shares(letters), _limit(backbone))


def _image(raw: bytes | Array, name: str, tokenize: Any, letters: Counter[str]) -> Mapping[str, float]:
    from jeoni.modalities.image.images import image_size

    width, height = image_size(raw, name)
    return {"width": width, "height": height, "shorter_side": min(width, height)}


def _text(raw: bytes | Array, name: str, tokenize: Any, letters: Counter[str]) -> Mapping[str, float]:
    assert isinstance(raw, bytes)
    text, _ = decode(raw, name)
    letters.update(_scripts_of(text[:LETTERS]))
    found = {"words": float(len(text.split())), "letters": float(len(text.strip()))}
    return found if tokenize is None else {**found, "tokens": float(len(tokenize(text).tokens))}


def _audio(raw: bytes | Array, name: str, tokenize: Any, letters: Counter[str]) -> Mapping[str, float]:
    from jeoni.modalities.audio.recordings import facts

    if not isinstance(raw, bytes):
        return {"samples": float(len(raw))}
    rate, seconds = facts(raw, name)
    return {"seconds": seconds, "sampling_rate": float(rate)}


def _vector(raw: bytes | Array, name: str, tokenize: Any, letters: Counter[str]) -> Mapping[str, float]:
    return {"numbers": float(len(raw))}


Measure = Callable[[Any, str, Any, Counter[str]], Mapping[str, float]]
LIMITS = {"image": "size", "text": "most", "audio": "seconds"}
KINDS: Mapping[str, Measure] = {"image": _image, "text": _text, "audio": _audio, "vector": _vector}


def script_shares(texts: list[str]) -> dict[str, float]:
    """The share of each script among the letters of texts, the largest first; marks and digits do not count.

    Example:
        >>> script_shares(["좋은 movie"])
        {'latin': 0.714, 'hangul': 0.286}
    """
    letters = Counter[str]()
    for text in texts:
        letters.update(_scripts_of(text))
    return _shares(letters)


def _scripts_of(text: str) -> Counter[str]:
    return Counter(_script(letter) for letter in text if letter.isalpha())


def _script(letter: str) -> str:
    code = ord(letter)
    for name, ranges in SCRIPTS:
        if any(low <= code <= high for low, high in ranges):
            return name
    return "other"


def _shares(letters: Counter[str]) -> dict[str, float]:
    total = sum(letters.values())
    return {name: round(count / total, 3) for name, count in letters.most_common() if round(count / total, 3) > 0}


def _limit(backbone: Backbone | None) -> float | None:
    """What the backbone takes of an item, by a field of its input."""
    if backbone is None:
        return None
    value = getattr(backbone.input, LIMITS.get(backbone.input.modality, ""), None)
    return float(value) if isinstance(value, (int, float)) else None

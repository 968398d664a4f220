"""Tokenizers, signatures, and the script of texts."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jeoni.errors import MissingExtra, WeightsError
from jeoni.types import Array

__all__ = ["is_english", "text_signature", "tokens_of"]

BINS = 1024


def tokens_of(path: Path) -> Any:
    """The ``tokenizers.Tokenizer`` of a ``tokenizer.json``.

    Raises:
        MissingExtra: the package ``tokenizers`` is not there.
        WeightsError: the file describes no tokenizer.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise MissingExtra("tokenizers", "text", "A backbone for texts") from None
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing more special
        raise WeightsError(
            f"{path} describes no tokenizer that can be read ({error}). Copy the folder anew."
        ) from error


def text_signature(text: str) -> Array:
    """``(1024,)`` uint8: roots of the counts of letter trigrams; blanks, marks and case do not count.

    So short texts are nearly identical when their letters are the same, and long ones when
    one word in a thousand differs.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
    codes = np.frombuffer(f"\2\2{plain}\3".encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    mixed = (codes[:-2] * 0x9E3779B1 + codes[1:-1] * 0x85EBCA6B + codes[2:] * 0xC2B2AE35) % 0xFFFFFFFB
    counts = np.bincount((mixed % BINS).astype(np.int64), minlength=BINS)
    found: Array = np.minimum(40 * np.sqrt(counts), 255).astype(np.uint8)
    return found


def is_english(texts: Sequence[str]) -> bool:
    """Whether letters outside ASCII are so rare that texts are most likely English.

    Example:
        >>> is_english(["A good film."]), is_english(["좋은 영화"])
        (True, False)
    """
    letters = [c for text in texts for c in text[:1000] if c.isalpha()]
    return sum(not c.isascii() for c in letters) <= 0.01 * len(letters)

"""Whether a class's name says anything to an encoder: numbers, marks and letters without a meaning do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from jeoni.locale import Said
from jeoni.modalities.inputs.text import UNKNOWN
from jeoni.types import Finding, FloatArray, IntArray
from jeoni.zero_shot_learning.semantics.class_texts import ClassText
from jeoni.zero_shot_learning.semantics.templates import words_of

__all__ = ["alike_names", "hardly_said", "meaningless", "nameless_findings"]

PLACEHOLDER = re.compile(r"(class|label|category|cluster|type|group|id|클래스|라벨|분류|그룹|유형)?[\s_.#-]*\d+", re.I)
WORD = re.compile(r"[A-Za-z]{3,}")
LEAST_LETTERS = 1.5  # in a piece of a word: what an encoder knows comes in larger ones
PIECE_MARKS = "#\u2581\u0120"
ALIKE = 0.99
HARDLY = 0.1  # of the items that a class would have if all were equally frequent
LEAST_ITEMS = 20


def meaningless(name: str, tokenizer: Any) -> Said | None:
    """Why an encoder can hardly know what a name means; None where nothing speaks against it.

    Args:
        name: of the class.
        tokenizer: a ``tokenizers.Tokenizer``.
    """
    words = words_of(name)
    letters = [c for c in words if c.isalpha()]
    if PLACEHOLDER.fullmatch(words):
        return Said("zero_shot.why_number")
    if not letters:
        return Said("zero_shot.why_no_letters")
    if len(letters) == 1 and letters[0].isascii():
        return Said("zero_shot.why_letter")
    pieces = tokenizer.encode(words, add_special_tokens=False).tokens
    known = [piece for piece in pieces if piece not in UNKNOWN]
    if 2 * len(known) < len(pieces) or not pieces:
        return Said("zero_shot.why_unknown")
    foreign = not words.isascii() and len([p for p in known if _bare(p)]) >= 2 * len(letters)
    if foreign or any(_spelled_out(word, tokenizer) for word in WORD.findall(words)):
        return Said("zero_shot.why_pieces", pieces=" ".join(_bare(p) for p in known))
    return None


def _spelled_out(word: str, tokenizer: Any) -> bool:
    """Whether a word falls into pieces of about a letter each."""
    pieces = [_bare(p) for p in tokenizer.encode(word.lower(), add_special_tokens=False).tokens]
    pieces = [p for p in pieces if p]
    return len(word) < LEAST_LETTERS * len(pieces)


def _bare(piece: str) -> str:
    return piece.strip(PIECE_MARKS)


def nameless_findings(classes: Sequence[ClassText], tokenizer: Any) -> list[Finding]:
    """A finding for each class whose name says nothing, and that is not described."""
    found = []
    for one in classes:
        why = None if one.descriptions else meaningless(one.name, tokenizer)
        if why:
            text = Said("zero_shot.meaningless", name=repr(one.name), why=why)
            found.append(Finding("meaningless_name", "", text, Said("zero_shot.describe", name=one.name)))
    return found


def alike_names(classes: Sequence[ClassText], vectors: FloatArray) -> list[Finding]:
    """Pairs of classes whose vectors ``(k, a)``, of length 1, are nearly the same."""
    cosines = np.triu(vectors @ vectors.T, 1)
    return [
        Finding(
            "alike_classes",
            "",
            f"{classes[i].name!r} and {classes[j].name!r} are nearly the same to the encoder (cosine "
            f"{cosines[i, j]:.3f})",
            "kept; describe what tells them apart",
        )
        for i, j in np.argwhere(cosines > ALIKE)
    ]


def hardly_said(names: Sequence[str], predicted: IntArray) -> list[Finding]:
    """Classes that hardly any item was taken for: they are rare, or their names lie far from everything.

    Example:
        >>> hardly_said(["cat", "dog"], np.zeros(30, dtype=np.int64))[0].detail
        "'dog' was predicted for 0 of 30 items"
    """
    n = len(predicted)
    if n < LEAST_ITEMS:
        return []
    counts = np.bincount(predicted, minlength=len(names))
    return [
        Finding(
            "hardly_predicted",
            "",
            Said("zero_shot.hardly", name=repr(name), count=f"{count}", n=f"{n:,}"),
            Said("zero_shot.if_not_rare"),
        )
        for name, count in zip(names, counts, strict=True)
        if count * len(names) < HARDLY * n
    ]

"""Token numbers of a text: in whatever encoding it came, and no text lost silently."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from jeoni.data.encodings import decode
from jeoni.errors import DataError
from jeoni.files.beside import read_saved
from jeoni.modalities.bounds import Digest, Fields, Width
from jeoni.modalities.bounds import Text as ShortText
from jeoni.modalities.inputs import Input, padding
from jeoni.modalities.text.texts import text_signature, tokens_of
from jeoni.types import Array

__all__ = ["TextInput"]

LETTERS_PER_TOKEN = 40  # more than most texts have: what lies beyond is looked at only if there is room for it
WORD = 100  # letters: a longer one is one unknown token to WordPiece, and what is cut from it many
UNKNOWN = ("[UNK]", "<unk>")  # as tokenizers call what they do not know; those of bytes know all
TOKENIZER = "tokenizer.json"


class _Bounds(Fields):
    tokenizer: Digest
    vocabulary: Width
    most: int = Field(ge=4, le=4096)
    prefix: ShortText


@dataclass(frozen=True)
class Text:
    """A text with its tokens.

    Attributes:
        text: as it was read.
        tokens: ``(t,)`` int32.
        shortened: whether some of it was cut off.
        recoded: whether it was not in UTF-8.
        unknown: whether most of its tokens stand for what the tokenizer does not know.
    """

    text: str
    tokens: Array
    shortened: bool
    recoded: bool = False
    unknown: bool = False


@dataclass(frozen=True)
class TextInput(Input):
    """Token numbers that a backbone expects.

    Attributes:
        tokenizer: a ``tokenizers.Tokenizer``; see :meth:`make`.
        digest: SHA-256 of its description.
        vocabulary: how many tokens there are.
        most: tokens of a text, special ones included; what is beyond is cut off.
        prefix: what the backbone wants before each text.
    """

    kind: ClassVar[str] = "text"
    modality: ClassVar[str] = "text"
    bounds: ClassVar[type[Fields]] = _Bounds
    ragged: ClassVar[bool] = True
    chunk: ClassVar[int] = 32
    alike: ClassVar[str] = "hashed trigrams of letters"
    near: ClassVar[float] = 0.999
    remarkable: ClassVar[tuple[str, ...]] = ("shortened", "recoded", "unknown")

    tokenizer: Any = field(repr=False, compare=False)
    digest: str
    vocabulary: int
    most: int = 256
    prefix: str = ""

    @classmethod
    def make(cls, tokenizer: Any, most: int = 256, prefix: str = "") -> TextInput:
        """Around a ``tokenizers.Tokenizer``, of which padding is taken out.

        Scores of a unigram model lose their last digit when they are read from its description; a second time they
        stay. What a model is trained with and what is read from its file are to be the same: so it is read once.
        """
        tokenizer.no_padding()
        tokenizer.no_truncation()
        read = type(tokenizer).from_str(tokenizer.to_str())
        return cls._around(read, read.to_str(), most, prefix)

    @classmethod
    def _around(cls, tokenizer: Any, described: str, most: int, prefix: str) -> TextInput:
        tokenizer.enable_truncation(most)
        digest = hashlib.sha256(described.encode()).hexdigest()
        return cls(tokenizer, digest, tokenizer.get_vocab_size(), most, prefix)

    @property
    def longest(self) -> int:
        """See ``most``."""
        return self.most

    @property
    def opening(self) -> Hashable:
        """Texts are opened with their tokens."""
        return ("text", self.digest, self.most, self.prefix)

    def open(self, raw: bytes | Array, name: str, at_least: int = 0) -> Text:
        """Decode and tokenize.

        Raises:
            DataError: binary content, an unknown encoding, or nothing but blanks.
        """
        if not isinstance(raw, bytes):
            raise DataError(f"{name} is an array; a text is needed.", path=name)
        text, encoding = decode(raw, name)
        if not text.strip():
            raise DataError(f"{name} holds nothing but blanks.", path=name)
        return replace(self.tokenize(text), recoded=encoding != "utf-8")

    def tokenize(self, text: str) -> Text:
        """A text with its tokens."""
        found = self.encoded(text)
        tokens = np.asarray(found.ids, dtype=np.int32)
        own = tokens[np.asarray(found.special_tokens_mask) == 0]
        strange = [number for name in UNKNOWN if (number := self.tokenizer.token_to_id(name)) is not None]
        unknown = bool(2 * np.isin(own, strange).sum() > len(own))
        return Text(text, tokens, bool(found.overflowing), unknown=unknown)

    def encoded(self, text: str) -> Any:
        """A ``tokenizers.Encoding`` of the prefix and of as much of a text as fits; of a long one the rest is not read.

        Blanks, and words too long to be known, may make few tokens of many letters: then more of it is read.
        """
        reach = self.most * LETTERS_PER_TOKEN
        while True:
            found = self.tokenizer.encode(self.prefix + text[:reach])
            full = found.overflowing and max(end for _, end in found.offsets) + WORD <= reach
            if full or reach >= len(text):
                return found
            reach *= 4

    def row(self, opened: Text) -> Array:
        """``(t,)`` int32."""
        return opened.tokens

    def example_rows(self, n: int, seed: int = 0) -> Array:
        """Random tokens; the last row is padded."""
        rows = np.random.default_rng(seed).integers(0, self.vocabulary, (n, 12), dtype=np.int32)
        if n > 1:
            rows[-1, 7:] = padding(rows.dtype)
        return rows

    def remarks(self, opened: Text) -> tuple[str, ...]:
        """``shortened``, if some of it was cut off; ``recoded``, if it was not in UTF-8; ``unknown``, if it cannot be
        read in this tokenizer's language."""
        return tuple(kind for kind in self.remarkable if getattr(opened, kind))

    def text(self, opened: Text) -> str:
        """The text in one line."""
        return " ".join(opened.text.split())

    def signature(self, opened: Text) -> Array:
        """See :func:`text_signature`."""
        return text_signature(opened.text)

    def describe(self) -> dict[str, Any]:
        """All fields but the tokenizer itself."""
        return {"tokenizer": self.digest, "vocabulary": self.vocabulary, "most": self.most, "prefix": self.prefix}

    def files(self) -> dict[str, bytes]:
        """The tokenizer's description."""
        self.tokenizer.no_truncation()
        described = self.tokenizer.to_str().encode()
        self.tokenizer.enable_truncation(self.most)
        return {TOKENIZER: described}

    @classmethod
    def restore(cls, described: dict[str, Any], folder: Path) -> TextInput:
        """From what :meth:`describe` gave, and the tokenizer in a folder.

        Raises:
            WeightsError: the tokenizer is not the one that was saved, or none.
        """
        path = folder / TOKENIZER
        read_saved(path, described["tokenizer"])
        tokenizer = tokens_of(path)
        return cls._around(tokenizer, tokenizer.to_str(), described["most"], described["prefix"])

"""From bytes to the token numbers a backbone expects: in whatever encoding they came, and no text lost silently."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL.Image import Image

from jeoni.data.encodings import common_encoding, decode
from jeoni.data.items import FileItems
from jeoni.errors import DataError, MissingExtra, WeightsError
from jeoni.files.beside import read_saved
from jeoni.types import Array, Finding, IntArray

__all__ = ["TextFiles", "TextInput", "TextItems", "is_english", "named_files", "text_signature", "tokens_of"]

BINS = 1024
LETTERS_PER_TOKEN = 40  # more than most texts have: what lies beyond is looked at only if there is room for it
SAMPLE = 1000  # files that tell the encoding of all
WORD = 100  # letters: a longer one is one unknown token to WordPiece, and what is cut from it many
UNKNOWN = ("[UNK]", "<unk>")  # as tokenizers call what they do not know; those of bytes know all
TOKENIZER = "tokenizer.json"


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
class TextInput:
    """What a backbone expects.

    Attributes:
        tokenizer: a ``tokenizers.Tokenizer``; see :meth:`make`.
        digest: SHA-256 of its description.
        vocabulary: how many tokens there are.
        most: tokens of a text, special ones included; what is beyond is cut off.
        prefix: what the backbone wants before each text.
    """

    kind: ClassVar[str] = "text"
    modality: ClassVar[str] = "text"
    ragged: ClassVar[bool] = True
    chunk: ClassVar[int] = 32
    varied: ClassVar[bool] = False
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

    def at_least(self, policy: str = "") -> int:
        """Texts are opened whole."""
        return 0

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

    def view(self, opened: Text, policy: str, digest: bytes, number: int) -> Array:
        """The text as it is: none is varied."""
        return opened.tokens

    def policy(self, name: str) -> dict[str, Any]:
        """Nothing."""
        return {}

    def remarks(self, opened: Text) -> tuple[str, ...]:
        """``shortened``, if some of it was cut off; ``recoded``, if it was not in UTF-8; ``unknown``, if it cannot be
        read in this tokenizer's language."""
        return tuple(kind for kind in self.remarkable if getattr(opened, kind))

    def picture(self, opened: Text) -> Image | None:
        """None: a text is read."""
        return None

    def framed(self, opened: Text) -> Image | None:
        """None."""
        return None

    def text(self, opened: Text) -> str:
        """The text in one line."""
        return " ".join(opened.text.split())

    def sound(self, opened: Text) -> bytes:
        """Nothing is heard."""
        return b""

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


class TextItems:
    """Texts in memory, such as the cells of a table.

    Args:
        texts: one each; None and blanks are read as an error.
        names: what to call them; ``row 12`` if left out.
        rows: those that are meant, in order; all if left out.
    """

    def __init__(self, texts: Any, names: Sequence[str] | None = None, rows: IntArray | None = None) -> None:
        self._texts, self._names = texts, names
        self._rows = np.arange(len(texts)) if rows is None else rows

    def __len__(self) -> int:
        return len(self._rows)

    def name(self, index: int) -> str:
        """``row 12``, or the name given."""
        row = int(self._rows[index])
        return f"row {row}" if self._names is None else self._names[row]

    def read(self, index: int) -> bytes:
        """The text as UTF-8, without noughts: no tokenizer reads them, and binary files are known by them.

        Raises:
            DataError: an empty cell.
        """
        text = self.text(index)
        if not text.strip():
            raise DataError(f"{self.name(index)} is empty.", path=self.name(index), row=int(self._rows[index]))
        return text.replace("\0", "").encode("utf-8", "replace")

    def size(self, index: int) -> int:
        """Letters."""
        return len(self.text(index))

    def select(self, indices: Sequence[int] | IntArray) -> TextItems:
        """The same texts, fewer or in another order; none is copied."""
        return TextItems(self._texts, self._names, self._rows[np.asarray(indices, dtype=np.int64)])

    def text(self, index: int) -> str:
        """The text; empty where there is none."""
        cell = self._texts[int(self._rows[index])]
        value = cell.as_py() if hasattr(cell, "as_py") else cell  # a column of Arrow, or a list
        return "" if value is None else str(value)


def named_files(paths: Sequence[str], names: Sequence[str], modality: str) -> tuple[FileItems, list[Finding]]:
    """Files, and what there is to tell of them: texts, that some of tell the encoding of all.

    Args:
        paths: where they are.
        names: what to call them, as the user wrote them.
        modality: of what they hold.
    """
    files = FileItems(paths, names)
    encoding = common_encoding(_some(files)) if modality == "text" else ""
    if not encoding:
        return files, []
    told = f"the files are in {encoding.upper()}, not in UTF-8"
    return TextFiles(paths, names, encoding), [Finding("encoding", "", told, "converted")]


def _some(files: FileItems) -> Iterator[bytes]:
    for i in range(0, len(files), -(-len(files) // SAMPLE) or 1):
        with suppress(DataError):
            yield files.read(i)


class TextFiles(FileItems):
    """Files of texts in one encoding, in which short ones are read that tell little of it by themselves.

    Args:
        paths: where they are.
        names: what to call them, as the user wrote them.
        encoding: of all of them.
    """

    def __init__(self, paths: Sequence[str], names: Sequence[str], encoding: str) -> None:
        super().__init__(paths, names)
        self._encoding = encoding

    def read(self, index: int) -> bytes:
        """The text as UTF-8.

        Raises:
            DataError: missing, unreadable or empty, or plainly in another encoding; the message names the file.
        """
        return decode(super().read(index), self.name(index), self._encoding)[0].encode()

    def select(self, indices: Sequence[int] | IntArray) -> TextFiles:
        """The same files, fewer or in another order."""
        index = np.asarray(indices, dtype=np.int64)
        return TextFiles(self._paths[index].tolist(), self._names[index].tolist(), self._encoding)

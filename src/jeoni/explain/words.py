"""Which words moved a decision: each is left out in turn (occlusion; Zeiler & Fergus ECCV 2014, Li et al. 2016).

Li, Monroe & Jurafsky, arXiv:1612.08220: what a word counts for is what the class loses without it. Ours takes several
words at once where a text is long, and parts of words where a script writes no blanks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch

from jeoni.modalities.inputs import collate
from jeoni.modalities.inputs.text import TextInput
from jeoni.models.model import Model
from jeoni.types import FloatArray, IntArray

__all__ = ["around_strongest", "word_weights"]

MOST, FEWEST = 48, 24
TOKENS = 6000  # that all versions of one text have together: of a longer text fewer, larger pieces are left out
LONG = 12  # letters: a longer word is cut where its tokens are
BATCH = 32
GAP = "… "


def word_weights(model: Model, texts: Sequence[str], classes: IntArray) -> list[list[tuple[str, float]]]:
    """For each text its pieces in order, blanks included, and what the class loses without each, in probability.

    A piece is a word; of a long text, some neighbouring words; of a long word, some neighbouring tokens. What the model
    does not read, since a text is longer than it takes, is the last piece, and weighs nothing.

    Args:
        model: that classifies texts.
        texts: whole, as they were classified.
        classes: ``(n,)`` the class of each whose probability is meant.
    """
    spec, found = model.backbone.input, []
    assert isinstance(spec, TextInput)
    for text, k in zip(texts, classes.tolist(), strict=True):
        pieces, unread = _pieces(spec, text)
        without = ["".join(p for j, p in enumerate(pieces) if j != i).strip() or " " for i in range(len(pieces))]
        probs = _probs(model, [text, *without])[:, k]
        weights = [(p, float(probs[0] - q)) for p, q in zip(pieces, probs[1:], strict=True)]
        found.append([*weights, (unread, 0.0)] if unread else weights)
    return found


def around_strongest(said: dict[str, list[tuple[str, float]]], most: int) -> dict[str, list[tuple[str, float]]]:
    """The same pieces of every list, in order and in one line, at most ``most`` letters of them.

    The strongest ones are kept, whichever list they are strong in, and their neighbours; a gap becomes an ellipsis.

    Example:
        >>> around_strongest({"a": [("one ", 0.0), ("two ", 0.0), ("three ", 0.0), ("four", 0.5)]}, 10)
        {'a': [('… ', 0.0), ('three ', 0.0), ('four', 0.5)]}
    """
    texts = [re.sub(r"\s+", " ", piece) for piece, _ in next(iter(said.values()))]
    strength = np.abs([[weight for _, weight in pieces] for pieces in said.values()]).max(0)
    away = np.abs(np.subtract.outer(np.arange(len(texts)), np.arange(len(texts))))
    near = (strength * 0.5**away).max(1)
    kept: list[int] = []
    for i in np.argsort(-near, kind="stable").tolist():
        if sum(len(texts[k]) for k in (*kept, i)) <= most:
            kept.append(i)
    if not kept:
        kept = [int(strength.argmax())]
        texts[kept[0]] = texts[kept[0]][: most - 1] + "…"
    return {name: _in_order(texts, pieces, sorted(kept)) for name, pieces in said.items()}


def _in_order(texts: list[str], pieces: list[tuple[str, float]], kept: list[int]) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for before, i in zip([-1, *kept], [*kept, len(texts)], strict=True):
        if i - before > 1:
            found.append((GAP, 0.0))
        if i < len(texts):
            found.append((texts[i], pieces[i][1]))
    return found


def _pieces(spec: TextInput, text: str) -> tuple[list[str], str]:
    """The part of a text that is read, in not too many pieces, and the rest."""
    spans = _spans(spec, text)
    whole = not spec.tokenize(text).shortened
    end = len(text) if whole or not spans else max(last for _, last in spans)
    atoms = [part for word in re.finditer(r"\s*\S+\s*", text[:end]) for part in _cut(word, spans)] or [text[:end]]
    most = int(np.clip(TOKENS // max(1, len(spans)), FEWEST, MOST))
    each = -(-len(atoms) // most)
    return ["".join(atoms[i : i + each]) for i in range(0, len(atoms), each)], text[end:]


def _spans(spec: TextInput, text: str) -> list[tuple[int, int]]:
    """Where in the text each token lies that the model reads."""
    before = len(spec.prefix)
    placed = [(a - before, b - before) for a, b in spec.encoded(text).offsets]
    return [(max(a, 0), b) for a, b in placed if b > max(a, 0)]  # special tokens and the prefix lie nowhere in it


def _cut(word: re.Match[str], spans: list[tuple[int, int]]) -> list[str]:
    """A word; a long one at its tokens, or every few letters where it is one token."""
    letters = word.group().strip()
    if len(letters) <= LONG:
        return [word.group()]
    start = word.start() + word.group().index(letters)
    end = start + len(letters)
    cuts = sorted({first for first, _ in spans if start < first < end})
    if not cuts and len(letters) > 2 * LONG:
        cuts = list(range(start + LONG, end, LONG))
    edges = [word.start(), *cuts, word.end()]
    return [word.string[a:b] for a, b in pairwise(edges)]


def _probs(model: Model, texts: Sequence[str]) -> FloatArray:
    spec, network, found = model.backbone.input, model.network, []
    assert isinstance(spec, TextInput)
    rows = [spec.row(spec.tokenize(text)) for text in texts]
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH):
            found.append(network(torch.from_numpy(collate(rows[start : start + BATCH]))).softmax(1).double().numpy())
    probs: FloatArray = np.concatenate(found)
    return probs

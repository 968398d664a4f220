"""Which words moved a decision: each is left out in turn (occlusion; Zeiler & Fergus ECCV 2014, Li et al. 2016).

Li, Monroe & Jurafsky, arXiv:1612.08220: what a word counts for is what the class loses without it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import torch

from jeoni.data.inputs import collate
from jeoni.data.texts import TextInput
from jeoni.model import Model
from jeoni.types import FloatArray, IntArray

__all__ = ["word_weights"]

MOST = 48
BATCH = 32


def word_weights(model: Model, texts: Sequence[str], classes: IntArray) -> list[list[tuple[str, float]]]:
    """For each text its pieces in order, blanks included, and what the class loses without each, in probability.

    A piece is a word; of a long text, some neighbouring words.

    Args:
        model: that classifies texts.
        texts: as they read.
        classes: ``(n,)`` the class of each whose probability is meant.
    """
    found = []
    for text, k in zip(texts, classes.tolist(), strict=True):
        pieces = _pieces(text)
        without = ["".join(p for j, p in enumerate(pieces) if j != i).strip() or " " for i in range(len(pieces))]
        probs = _probs(model, [text, *without])[:, k]
        found.append([(p, float(probs[0] - q)) for p, q in zip(pieces, probs[1:], strict=True)])
    return found


def _pieces(text: str) -> list[str]:
    words = re.findall(r"\S+\s*", text) or [text]
    each = -(-len(words) // MOST)
    return ["".join(words[i : i + each]) for i in range(0, len(words), each)]


def _probs(model: Model, texts: Sequence[str]) -> FloatArray:
    spec, network, found = model.backbone.input, model.network, []
    assert isinstance(spec, TextInput)
    rows = [spec.row(spec.tokenize(text)) for text in texts]
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH):
            found.append(network(torch.from_numpy(collate(rows[start : start + BATCH]))).softmax(1).double().numpy())
    probs: FloatArray = np.concatenate(found)
    return probs

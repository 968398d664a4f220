"""What an example is before any network saw it: pixels, TF-IDF of a text, averages of a spectrogram.

Clusters of these are the control that says whether a pretrained network was worth its while.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from jeoni.data.encodings import decode
from jeoni.modalities.audio.spectrograms import log_mel
from jeoni.modalities.image.images import resized
from jeoni.modalities.inputs import Input
from jeoni.types import Array, Items

__all__ = ["PLAIN", "plain_features"]

SIDE = 32  # pixels
TOPICS = 100  # dimensions that are kept of TF-IDF: latent semantic analysis
GRAMS = 50_000
PLAIN = {"image": "raw pixels", "text": "TF-IDF", "audio": "log-mel averages", "vector": ""}


def plain_features(items: Items, spec: Input, threads: int = 1, seed: int = 0) -> Array | None:
    """Features ``(n, d)`` that nothing was trained for; None of vectors, which are features already.

    Images: 32 x 32 pixels in colour. Texts: TF-IDF of letter groups, its first 100 singular vectors (Deerwester et al.
    1990). Audio: mean and deviation over time of 64 log-mel bands.

    Args:
        items: the examples, all of them readable.
        spec: opens one.
        threads: examples in work at the same time.
        seed: of the singular vectors.
    """
    if spec.modality == "vector":
        return None
    if spec.modality == "text":
        return _tfidf([decode(items.read(i), items.name(i))[0] for i in range(len(items))], seed)  # type: ignore[arg-type]
    of_one = _pixels if spec.modality == "image" else _bands

    def one(index: int) -> Array:
        return of_one(spec.open(items.read(index), items.name(index), SIDE))

    with ThreadPoolExecutor(threads) as pool:
        return np.stack(list(pool.map(one, range(len(items)))))


def _pixels(opened: Any) -> Array:
    """Of an image."""
    pixels: Array = resized(opened, SIDE, "bilinear").ravel() / np.float32(255)
    return pixels


def _bands(clip: Any) -> Array:
    """Of a recording."""
    bands = log_mel(clip.samples, clip.rate)
    return np.concatenate([bands.mean(0), bands.std(0)])


def _tfidf(texts: list[str], seed: int) -> Array:
    """Letter groups of two to four within words: they need no tokenizer, and suit Korean as well as English."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    counted = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=GRAMS)
    weights = counted.fit_transform(texts)
    most = min(TOPICS, weights.shape[0] - 1, weights.shape[1] - 1)
    if most < 1:
        return np.asarray(weights.toarray(), dtype=np.float32)
    return np.asarray(TruncatedSVD(most, random_state=seed).fit_transform(weights), dtype=np.float32)

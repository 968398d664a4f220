"""What a zero-shot method offers, and what it makes of seen classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import numpy as np

from jeoni.types import Array, FloatArray, IntArray
from jeoni.zero_shot_learning.semantics.linear import LinearScores

__all__ = ["Calibration", "Compatibility", "NamesMethod", "SeenMethod", "Setting"]

Setting = dict[str, float]


@dataclass(frozen=True)
class Compatibility:
    """How well features go with a class vector: ``s @ (matrix @ x + offset)``, whatever class ``s`` is of.

    Attributes:
        matrix: ``(a, d)``.
        offset: ``(a,)``.
    """

    matrix: FloatArray
    offset: FloatArray

    def scores_of(self, vectors: Array) -> LinearScores:
        """The scores of classes with vectors ``(k, a)``.

        Example:
            >>> Compatibility(np.eye(2), np.zeros(2)).scores_of(np.array([[1.0, 0.0]]))(np.array([[3.0, 4.0]]))
            array([[3.]])
        """
        rows = np.asarray(vectors, dtype=np.float64)
        return LinearScores(rows @ self.matrix, rows @ self.offset)


class NamesMethod(Protocol):
    """A method for items and names in one space: nothing is learned."""

    space: ClassVar[Literal["names"]]

    def scores(self, vectors: FloatArray) -> LinearScores:
        """The scores of classes with unit vectors ``(k, d)``, for features ``(n, d)`` of the same space."""


class SeenMethod(Protocol):
    """A method that learns on seen classes how features go with class vectors.

    Attributes:
        attributes: whether class vectors must be attributes, each 0 or 1.
    """

    space: ClassVar[Literal["seen"]]
    attributes: ClassVar[bool]

    def settings(self) -> list[Setting]:
        """Hyper-parameters to choose from; the first is taken where nothing can be chosen."""

    def candidates(
        self, features: FloatArray, labels: IntArray, vectors: FloatArray, settings: list[Setting], seed: int
    ) -> Iterator[Compatibility]:
        """What is learned with each of the settings, in order.

        Args:
            features: ``(n, d)``, standardised.
            labels: ``(n,)`` numbers of seen classes.
            vectors: ``(seen, a)`` of the seen classes.
            settings: hyper-parameters.
            seed: of random choices.
        """


class Calibration(Protocol):
    """A calibration file offers one such class: what each class's scores have in common, to be taken from them."""

    def __call__(self, scores: FloatArray, neutral: FloatArray | None) -> FloatArray:
        """``(classes,)`` to take from the scores.

        Args:
            scores: ``(n, classes)`` of the unlabelled items.
            neutral: ``(m, classes)`` of texts without content; None where items are no texts.
        """

"""ESZSL, "an embarrassingly simple approach to zero-shot learning" (Romera-Paredes & Torr ICML 2015): a closed form.

With features ``X (n, d)``, ``Y (n, z)`` of 1 for an example's class and -1 elsewhere, class vectors ``S (z, a)``: ``V
= (X'X + gamma I)^-1 X' Y S (S'S + lambda I)^-1``, and the score of a class with vector ``s`` is ``x' V s``. As theirs,
with their grids of powers of ten. Ours differs in that features are standardised before, and in that both strengths
are chosen by folds over seen classes, where theirs took a validation set of classes. It is solved where it is
smallest: on the side of the rows or of the columns, ``(X'X + gamma I)^-1 X' = X' (XX' + gamma I)^-1``, and with ``z``
classes as ``S (S'S + lambda I)^-1 = (SS' + lambda I)^-1 S``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from jeoni.types import FloatArray, IntArray
from jeoni.zero_shot_learning.semantics.protocol import Compatibility, Setting

__all__ = ["ESZSL"]

POWERS = (0, -1, 1, -2, 2, -3, 3)  # the middle first: taken where nothing can be chosen, or all are alike


@dataclass(frozen=True)
class ESZSL:
    """The closed form.

    Attributes:
        gamma: strength on the features' side; None lets folds over classes choose.
        lambda_: the same on the class vectors' side.
    """

    space: ClassVar[Literal["seen"]] = "seen"
    attributes: ClassVar[bool] = False

    gamma: float | None = None
    lambda_: float | None = None

    def settings(self) -> list[Setting]:
        """All pairs of both strengths."""
        gammas = [10.0**p for p in POWERS] if self.gamma is None else [self.gamma]
        lambdas = [10.0**p for p in POWERS] if self.lambda_ is None else [self.lambda_]
        return [{"gamma": g, "lambda": s} for g in gammas for s in lambdas]

    def candidates(
        self, features: FloatArray, labels: IntArray, vectors: FloatArray, settings: list[Setting], seed: int
    ) -> Iterator[Compatibility]:
        """See :class:`jeoni.zero_shot_learning.semantics.protocol.SeenMethod`; one decomposition serves all."""
        signs = np.where(labels[:, None] == np.arange(len(vectors)), 1.0, -1.0)
        few = len(features) < features.shape[1]
        values, basis = np.linalg.eigh(features @ features.T if few else features.T @ features)
        turned = basis.T @ (signs if few else features.T @ signs)
        lift = features.T @ basis if few else basis
        gram = vectors @ vectors.T
        nothing = np.zeros(vectors.shape[1])
        left = dict[float, FloatArray]()
        for setting in settings:
            gamma = setting["gamma"]
            if gamma not in left:
                left[gamma] = lift @ (turned / (np.maximum(values, 0.0) + gamma)[:, None])
            right = np.linalg.solve(gram + setting["lambda"] * np.eye(len(gram)), vectors)
            yield Compatibility((left[gamma] @ right).T, nothing)

"""Maps of features, step by step: as adapters declare them and saved models hold them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.types import Array, FloatArray

__all__ = ["Affine", "Denoise", "Move", "RBFFeatures", "Unit", "joined"]


@dataclass(frozen=True)
class Affine:
    """``x`` becomes ``x @ matrix + shift``.

    Attributes:
        matrix: ``(d, k)``.
        shift: ``(k,)``.
    """

    matrix: Array
    shift: Array


@dataclass(frozen=True)
class Denoise:
    """Layers of ``tanh(x @ W.T + b)``, each on what the one before gave.

    Attributes:
        matrices: ``(layers, d, d + 1)``, ``b`` last.
        keep: the input and every layer side by side, ``(layers + 1) d`` columns; else the last layer only.
    """

    matrices: Array
    keep: bool


@dataclass(frozen=True)
class RBFFeatures:
    """Gaussian kernels with landmarks, ``exp(-|x - landmark|² / (2 width²))``.

    Attributes:
        landmarks: ``(m, d)``.
        width: of the kernel.
    """

    landmarks: Array
    width: float


@dataclass(frozen=True)
class Unit:
    """``x`` becomes ``(x - center) / |x - center|``: what is linear behind it is a cosine.

    Attributes:
        center: ``(d,)``.
    """

    center: Array


Move = Affine | Denoise | RBFFeatures | Unit


def joined(moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """The same, with neighbouring affine moves as one.

    Example:
        >>> double = Affine(2 * np.eye(2), np.ones(2))
        >>> joined((double, double))[0].shift
        array([3., 3.])
    """
    found: list[Move] = []
    for move in moves:
        last = found[-1] if found else None
        if isinstance(move, Affine) and isinstance(last, Affine):
            matrix: FloatArray = np.asarray(move.matrix, dtype=np.float64)
            found[-1] = Affine(last.matrix @ matrix, last.shift @ matrix + move.shift)
        else:
            found.append(move)
    return tuple(found)

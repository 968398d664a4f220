"""A linear head behind a map of its features: what an adaptation leaves that no matrix alone can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.heads.fitting.affine import AffineModule
from jeoni.heads.fitting.maps import Affine, Denoise, Move, RBFFeatures

__all__ = ["Mapped", "mapped"]


class _Affine(nn.Module):
    matrix: Tensor
    shift: Tensor

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.register_buffer("matrix", torch.zeros(inside, outside))
        self.register_buffer("shift", torch.zeros(outside))

    def forward(self, features: Tensor) -> Tensor:
        return features @ self.matrix + self.shift


class _Denoise(nn.Module):
    matrices: Tensor

    def __init__(self, layers: int, dim: int, keep: bool) -> None:
        super().__init__()
        self.register_buffer("matrices", torch.zeros(layers, dim, dim + 1))
        self._keep = keep

    def forward(self, features: Tensor) -> Tensor:
        found = [features]
        for matrix in self.matrices:
            found.append(torch.tanh(found[-1] @ matrix[:, :-1].T + matrix[:, -1]))
        return torch.cat(found, 1) if self._keep else found[-1]


class _RBFFeatures(nn.Module):
    landmarks: Tensor

    def __init__(self, number: int, dim: int, width: float) -> None:
        super().__init__()
        self.register_buffer("landmarks", torch.zeros(number, dim))
        self._power = -0.5 / width**2

    def forward(self, features: Tensor) -> Tensor:
        squares = (self.landmarks**2).sum(1) - 2 * features @ self.landmarks.T + (features**2).sum(1, keepdim=True)
        return torch.exp(self._power * squares.clamp_min(0))


class _Unit(nn.Module):
    center: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("center", torch.zeros(dim))

    def forward(self, features: Tensor) -> Tensor:
        return nn.functional.normalize(features - self.center, dim=1)


KINDS: dict[str, type[nn.Module]] = {"affine": _Affine, "denoise": _Denoise, "near": _RBFFeatures, "unit": _Unit}


class Mapped(AffineModule):
    """``(n, d)`` features, moved, to ``(n, classes)`` calibrated logits.

    Args:
        described: of each move its kind and what it is made with; from :meth:`describe`.
        dim: columns behind the last move.
        classes: how many.
    """

    def __init__(self, described: list[dict[str, Any]], dim: int, classes: int) -> None:
        super().__init__(dim, classes)
        self._described = described
        self.moves = nn.Sequential(*(KINDS[d["kind"]](*d["arguments"]) for d in described))

    def forward(self, features: Tensor) -> Tensor:
        """Move, then as any linear head."""
        return super().forward(self.moves(features))

    def describe(self) -> dict[str, Any]:
        """The arguments of :class:`Mapped` but for the classes, for JSON."""
        return {"described": self._described, "dim": self.weight.shape[1]}


def mapped(moves: tuple[Move, ...], dim: int, classes: int) -> Mapped:
    """A head whose linear part is still zero, behind these moves, ``dim`` columns wide at their end.

    Example:
        >>> mapped((RBFFeatures(np.zeros((3, 2)), 1.0),), 3, 2)(torch.ones(1, 2)).shape
        torch.Size([1, 2])
    """
    described, values = zip(*map(_described, moves), strict=True)
    made = Mapped(list(described), dim, classes)
    for module, tensors in zip(made.moves, values, strict=True):
        module.load_state_dict({k: torch.from_numpy(np.asarray(v, dtype=np.float32)) for k, v in tensors.items()})
    return made


def _described(move: Move) -> tuple[dict[str, Any], dict[str, Any]]:
    if isinstance(move, Affine):
        return {"kind": "affine", "arguments": list(move.matrix.shape)}, {"matrix": move.matrix, "shift": move.shift}
    if isinstance(move, Denoise):
        layers, dim = move.matrices.shape[:2]
        return {"kind": "denoise", "arguments": [layers, dim, move.keep]}, {"matrices": move.matrices}
    if isinstance(move, RBFFeatures):
        return _described_kernels(move)
    return {"kind": "unit", "arguments": list(move.center.shape)}, {"center": move.center}


def _described_kernels(move: RBFFeatures) -> tuple[dict[str, Any], dict[str, Any]]:
    number, dim = move.landmarks.shape
    return {"kind": "near", "arguments": [number, dim, float(move.width)]}, {"landmarks": move.landmarks}

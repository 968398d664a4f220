"""Sparse codes as the last stage of a network: the solution of a lasso for every example, by FISTA.

Beck & Teboulle 2009 (FISTA): a fixed number of rounds, each two products of matrices, so that any engine runs it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from jeoni.backbones.packed import Packed
from jeoni.backbones.stages import Stage, find_stages

__all__ = ["CodedNetwork", "CodedSequence", "SparseCodes", "code_network"]

CODES = "codes"


class SparseCodes(nn.Module):
    """Features ``(n, d)`` to codes ``(n, k)``: the minimum of ``½‖x - aD‖² + penalty ‖a‖₁``, x scaled before.

    Args:
        dim: of the features.
        atoms: rows of the dictionary.
        penalty: the larger, the fewer atoms a code uses.
        rounds: of FISTA.
    """

    centre: Tensor
    scale: Tensor

    def __init__(self, dim: int, atoms: int, penalty: float, rounds: int) -> None:
        super().__init__()
        self.penalty, self.rounds = penalty, rounds
        drawn = torch.randn(atoms, dim)
        self.dictionary = nn.Parameter(drawn / drawn.norm(dim=1, keepdim=True))
        self.register_buffer("centre", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(()))

    def forward(self, features: Tensor) -> Tensor:
        """The codes."""
        target = (features - self.centre) / self.scale
        gram = self.dictionary @ self.dictionary.T
        # the largest eigenvalue is at most the largest sum of a row: a step that is never too long
        step = 1 / gram.abs().sum(1).max().clamp_min(1e-6)
        along = target @ self.dictionary.T
        codes = moved = torch.zeros_like(along)
        momentum = 1.0
        for _ in range(self.rounds):
            before = codes
            reached = moved - step * (moved @ gram - along)
            codes = reached.sign() * torch.relu(reached.abs() - step * self.penalty)
            following = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
            moved = codes + (momentum - 1) / following * (codes - before)
            momentum = following
        return codes


class CodedNetwork(nn.Module):
    """A network whose features are coded; its own stages, and the codes as one more.

    Args:
        inner: the network below, to features.
        codes: what comes behind it.
    """

    def __init__(self, inner: nn.Module, codes: SparseCodes) -> None:
        super().__init__()
        self.inner, self.codes = inner, codes
        self.output_fmt = getattr(inner, "output_fmt", "NCHW")

    def forward(self, inputs: Tensor) -> Any:
        """Features, then codes."""
        return self.codes(self.inner(inputs))

    def found_stages(self, example: Tensor) -> tuple[Stage, ...]:
        """The stages of the network below, their names as they are here, and the codes."""
        return (*map(_inside, find_stages(self.inner, example)), _last(self.codes))


class CodedSequence(Packed):
    """The same around a network of sequences.

    Args:
        inner: the network below, to features.
        codes: what comes behind it.
    """

    def __init__(self, inner: Packed, codes: SparseCodes | nn.Identity) -> None:
        super().__init__()
        self.inner, self.codes = inner, codes

    def forward(self, rows: Tensor) -> Any:
        """Features, then codes."""
        return self.codes(self.inner(rows))

    def stages(self) -> tuple[Stage, ...]:
        """See :class:`CodedNetwork`."""
        inner = tuple(map(_inside, self.inner.stages()))
        return (*inner, _last(self.codes)) if isinstance(self.codes, SparseCodes) else inner

    def packed(self, value: Any, rows: Tensor) -> Tensor:
        """See :class:`Packed`."""
        return self.inner.packed(value, rows)

    def above(self, frozen: int) -> CodedSequence:
        """See :class:`Packed`; behind the pooling nothing is kept, so the pooling is done again."""
        below = self.inner.above(min(frozen, len(self.inner.stages()) - 1))
        return CodedSequence(below, copy.deepcopy(self.codes))

    def shortened(self, reuse: int) -> CodedSequence:
        """See :class:`Packed`."""
        whole = len(self.inner.stages())
        inner = self.inner.shortened(reuse) if reuse < whole else copy.deepcopy(self.inner)
        return CodedSequence(inner, nn.Identity())


def _inside(stage: Stage) -> Stage:
    named: Callable[[str], str] = "inner.{}".format
    return Stage(stage.name, tuple(map(named, stage.parameters)), tuple(map(named, stage.modules)))


def _last(codes: nn.Module) -> Stage:
    return Stage(CODES, tuple(f"codes.{name}" for name in codes.state_dict()), ("codes",))


def code_network(inner: nn.Module, dim: int, atoms: int, penalty: float, rounds: int) -> nn.Module:
    """A network with fresh codes on top of its ``dim`` features; arguments are those of :class:`SparseCodes`."""
    codes = SparseCodes(dim, atoms, penalty, rounds)
    return CodedSequence(inner, codes) if isinstance(inner, Packed) else CodedNetwork(inner, codes)

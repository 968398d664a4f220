"""Many regularised multinomial logistic regressions at once: all folds and strengths share each matrix product.

Problem ``p`` minimises ``sum_i w_ip CE(x_i, y_i) / sum_i w_ip + penalty_p / 2 |W_p|^2`` (intercept unpenalised), with
its own example weights (a fold is a column of zeros and ones) and its own penalty. L-BFGS (Nocedal 1980) runs on all
problems side by side, in the eigenbasis of the features' covariance and scaled by a bound on the Hessian there
(Boehning & Lindsay 1988), so that it needs tens of steps, not hundreds, whatever the features' correlation.

Rows can be streamed: memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from jeoni.types import Array, IntArray, RowsLike

__all__ = ["Rows", "Solution", "rows_from", "solve"]

IN_MEMORY_BYTES = 128 << 20
HISTORY = 8
MAX_NUMBERS = 1 << 21
SMALL_STEP = 20_000_000


@dataclass(frozen=True)
class Rows:
    """Standardised features in the basis where the problem is well conditioned.

    Attributes:
        blocks: yields raw or already rotated rows, in order.
        mean: ``(d,)`` of the raw features.
        basis: ``(d, r)``: a raw, centred row times this is a rotated row.
        rotated: whether ``blocks`` gives rotated rows.
        spread: ``(r,)`` mean square of each rotated feature.
        n: number of rows.
    """

    blocks: Callable[[], Iterator[Tensor]]
    mean: Tensor
    basis: Tensor
    rotated: bool
    spread: Tensor
    n: int

    def logits(self, weights: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """``(rows, columns)`` products of all rows with ``weights (r + 1, columns)``; the last row is the intercept."""
        matrix, offset = weights[:-1], weights[-1]
        if not self.rotated:
            matrix = self.basis @ matrix
            offset = offset - self.mean @ matrix
        start = 0
        for block in self.blocks():
            yield slice(start, start + len(block)), torch.addmm(offset, block, matrix)
            start += len(block)


def rows_from(features: RowsLike, block_rows: int = 4096) -> Rows:
    """Standardise and rotate features ``(n, d)``: an array, or anything with ``shape`` and row slices.

    Features are divided by their standard deviation and by the square root of ``d``, so that one grid of strengths
    serves all widths. Columns that never change carry nothing and are left out.
    """
    n, d = features.shape
    raw = [slice(s, min(s + block_rows, n)) for s in range(0, n, block_rows)]

    def read() -> Iterator[Tensor]:
        for part in raw:
            yield torch.as_tensor(np.asarray(features[part], dtype=np.float32))

    total = sum(block.sum(0, dtype=torch.float64) for block in read())
    mean = (torch.as_tensor(total) / n).float()
    square = sum((block - mean).square().sum(0, dtype=torch.float64) for block in read())
    deviation = (torch.as_tensor(square) / n).sqrt().float()
    alive = deviation > 1e-6 * deviation.max().clamp_min(1e-12)
    scale = torch.where(alive, 1.0 / (deviation.clamp_min(1e-20) * alive.sum().clamp_min(1).sqrt()), 0.0)
    small = n * d * 4 <= IN_MEMORY_BYTES
    if small and n < d:
        centred = (torch.cat(list(read())) - mean) * scale
        _, values, right = torch.linalg.svd(centred, full_matrices=False)
        spread, vectors = values.square() / n, right.T
    else:
        gram = torch.zeros(d, d)
        for block in read():
            centred = (block - mean) * scale
            gram += centred.T @ centred
        spread, vectors = torch.linalg.eigh(gram / n)
    keep = spread > 1e-9 * spread.max().clamp_min(1e-12)
    if not keep.any():
        keep[-1] = True
    basis, spread = scale[:, None] * vectors[:, keep], spread[keep].clamp_min(0)
    if small:
        rotated = torch.empty(n, len(spread))
        for part, block in zip(raw, read(), strict=True):
            torch.matmul(block - mean, basis, out=rotated[part])
        cuts = [rotated[part] for part in raw]
        return Rows(lambda: iter(cuts), mean, basis, True, spread, n)
    return Rows(read, mean, basis, False, spread, n)


@dataclass(frozen=True)
class Solution:
    """``weights (r + 1, k, P)`` in the rotated basis; ``k`` is 1 for two classes, else the number of classes."""

    weights: Tensor
    rows: Rows
    classes: int

    def logits(self, columns: Tensor | None = None) -> Iterator[tuple[slice, Tensor]]:
        """Blocks of ``(rows, classes, P)`` logits on the rows it was fitted on."""
        weights = self.weights if columns is None else self.weights[..., columns]
        k, problems = weights.shape[1:]
        for part, product in self.rows.logits(weights.reshape(len(weights), -1)):
            yield part, _as_classes(product.reshape(-1, k, problems))

    def raw(self, problem: int) -> tuple[Tensor, Tensor]:
        """``(classes, d)`` weights and ``(classes,)`` intercepts for raw features."""
        weights = self.weights[..., problem]
        matrix = self.rows.basis @ weights[:-1]
        offset = weights[-1] - self.rows.mean @ matrix
        return _as_classes(matrix[:, :, None])[..., 0].T.contiguous(), _as_classes(offset[None, :, None])[0, :, 0]


def _as_classes(one_or_all: Tensor) -> Tensor:
    """For two classes, half of the one column goes to each side."""
    return torch.cat([-one_or_all / 2, one_or_all / 2], dim=1) if one_or_all.shape[1] == 1 else one_or_all


def solve(
    rows: Rows,
    labels: IntArray,
    weights: Array,
    penalties: Array,
    classes: int,
    *,
    tolerance: float = 2e-4,
    steps: int = 150,
) -> Solution:
    """Fit ``P`` problems.

    Args:
        rows: the features.
        labels: ``(n,)`` in ``0 … classes - 1``.
        weights: ``(n, P)``: what each example counts in each problem, zero where it is held out.
        penalties: ``(P,)``, positive.
        classes: how many there are, at least 2.
        tolerance: norm of the scaled gradient at which a problem is done.
        steps: at most so many.
    """
    k = 1 if classes == 2 else classes
    target = torch.as_tensor(labels)
    share = torch.as_tensor(np.asarray(weights / weights.sum(0, keepdims=True), dtype=np.float32))
    penalty = torch.as_tensor(np.asarray(penalties, dtype=np.float32))
    at_once = max(1, MAX_NUMBERS // (k * (len(rows.spread) + 1)))
    with _threads_for(rows.n * len(rows.spread) * k * min(at_once, len(penalty))):
        parts = [
            _lbfgs(_Objective(rows, target, share[:, p : p + at_once], penalty[p : p + at_once], k), tolerance, steps)
            for p in range(0, len(penalty), at_once)
        ]
    return Solution(torch.cat(parts, dim=2), rows, classes)


@contextmanager
def _threads_for(products: int) -> Iterator[None]:
    """One thread where a step is so small that waiting for another core takes longer than the step."""
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1 if products < SMALL_STEP else before)
        yield
    finally:
        torch.set_num_threads(before)


class _Objective:
    """Value and gradient of ``P`` problems at once, in scaled coordinates."""

    def __init__(self, rows: Rows, target: Tensor, share: Tensor, penalty: Tensor, k: int) -> None:
        self.rows, self.target, self.share, self.penalty, self.k = rows, target, share, penalty, k
        bound = 0.25 * rows.spread[:, None] + penalty
        self.scale = torch.cat([bound.rsqrt(), torch.full((1, len(penalty)), 2.0)])[:, None, :]

    def only(self, problems: Tensor) -> _Objective:
        return _Objective(self.rows, self.target, self.share[:, problems], self.penalty[problems], self.k)

    @property
    def shape(self) -> tuple[int, int, int]:
        return (len(self.rows.spread) + 1, self.k, len(self.penalty))

    def __call__(self, scaled: Tensor) -> tuple[Tensor, Tensor]:
        """``(P,)`` values and ``(r + 1, k, P)`` gradients at ``scaled``."""
        weights = scaled * self.scale
        value = 0.5 * self.penalty * weights[:-1].square().sum((0, 1))
        gradient = torch.zeros(
            self.rows.mean.shape[0] if not self.rows.rotated else len(self.rows.spread), self._columns
        )
        residual_sum = torch.zeros(self._columns)
        blocks = self.rows.blocks()
        for part, product in self.rows.logits(weights.reshape(len(weights), -1)):
            loss, residual = self._loss(product.reshape(-1, self.k, len(self.penalty)), part)
            value = value + loss
            flat = residual.reshape(len(residual), -1)
            gradient.addmm_(next(blocks).T, flat)
            residual_sum += flat.sum(0)
        if not self.rows.rotated:
            gradient = self.rows.basis.T @ (gradient - self.rows.mean[:, None] * residual_sum)
        whole = torch.cat([gradient, residual_sum[None]]).reshape(self.shape)
        whole[:-1] += self.penalty * weights[:-1]
        return value, whole * self.scale

    @property
    def _columns(self) -> int:
        return self.k * len(self.penalty)

    def _loss(self, logits: Tensor, part: slice) -> tuple[Tensor, Tensor]:
        """Weighted loss ``(P,)`` and its derivative by the logits, ``(rows, k, P)``."""
        share, target = self.share[part], self.target[part]
        if self.k == 1:
            sign = (2 * target - 1).float()[:, None, None]
            loss = torch.nn.functional.softplus(-sign * logits)[:, 0]
            return (share * loss).sum(0), -sign * torch.sigmoid(-sign * logits) * share[:, None]
        log_probs = logits.log_softmax(1)
        index = target[:, None, None].expand(-1, 1, logits.shape[2])
        residual = log_probs.exp()
        residual.scatter_add_(1, index, torch.full(index.shape, -1.0))
        return -(share * log_probs.gather(1, index)[:, 0]).sum(0), residual * share[:, None]


def _lbfgs(objective: _Objective, tolerance: float, steps: int) -> Tensor:
    """Minimise every problem; those that are done leave the batch. Returns unscaled weights ``(r + 1, k, P)``."""
    result = torch.zeros(objective.shape)
    members = torch.arange(objective.shape[2])
    x = torch.zeros(objective.shape)
    value, gradient = objective(x)
    pairs: list[_Pair] = []
    done = torch.zeros(len(members), dtype=torch.bool)
    for _ in range(steps):
        done |= gradient.square().sum((0, 1)).sqrt() <= tolerance
        if done.float().mean() > 0.3 or done.all():
            result[..., members] = x * objective.scale
            if done.all():
                return result
            stay = torch.nonzero(~done)[:, 0]
            members, objective = members[stay], objective.only(stay)
            x, gradient, value = x[..., stay], gradient[..., stay], value[stay]
            pairs = [(s[..., stay], y[..., stay], curvature[stay]) for s, y, curvature in pairs]
            done = done[stay]
        direction = -_inverse_hessian_times(gradient, pairs)
        new_x, new_value, new_gradient, moved = _line_search(objective, x, value, gradient, direction)
        move, change = new_x - x, new_gradient - gradient
        pairs = [*pairs, (move, change, _dot(move, change))][-HISTORY:]
        done |= ~moved
        x, value, gradient = new_x, new_value, new_gradient
    result[..., members] = x * objective.scale
    return result


_Pair = tuple[Tensor, Tensor, Tensor]  # how the weights moved, how the gradient changed, and the curvature along it


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum((0, 1))


def _inverse_hessian_times(gradient: Tensor, pairs: list[_Pair]) -> Tensor:
    """The two-loop recursion, problem by problem; a pair without positive curvature counts for nothing."""
    q, kept = gradient.clone(), []
    for s, y, curvature in reversed(pairs):
        rho = torch.where(curvature > 1e-12, 1.0 / curvature.clamp_min(1e-12), 0.0)
        alpha = rho * _dot(s, q)
        q -= alpha * y
        kept.append((s, y, rho, alpha))
    if pairs:
        _, change, curvature = pairs[-1]
        size = change.square().sum((0, 1))
        q *= torch.where(curvature > 1e-12, curvature / size.clamp_min(1e-12), 1.0).clamp(1e-2, 1e4)
    for s, y, rho, alpha in reversed(kept):
        q += s * (alpha - rho * _dot(y, q))
    return q


def _line_search(
    objective: _Objective, x: Tensor, value: Tensor, gradient: Tensor, direction: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Halve the step until it pays (Armijo); also says which problems moved at all."""
    slope = (gradient * direction).sum((0, 1))
    uphill = slope >= 0
    direction = torch.where(uphill, -gradient, direction)
    slope = torch.where(uphill, -gradient.square().sum((0, 1)), slope)
    step = torch.ones_like(value)
    for _ in range(12):
        new_x = x + step * direction
        new_value, new_gradient = objective(new_x)
        short = new_value > value + 1e-4 * step * slope + 1e-7 * value.abs()
        if not short.any():
            return new_x, new_value, new_gradient, torch.ones_like(uphill)
        step = torch.where(short, step * 0.4, step)
    return (
        torch.where(short, x, new_x),
        torch.where(short, value, new_value),
        torch.where(short, gradient, new_gradient),
        ~short,
    )

"""Class vectors that are moved until the queries are told apart: what TIM and its relative alpha-TIM share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from jeoni.few_shot.vectors import centred_unit_rows
from jeoni.heads.fitting.closed_form import class_means
from jeoni.types import FloatArray, IntArray

__all__ = ["maximise"]

Objective = Callable[[Tensor, Tensor], Tensor]
"""From the probabilities of the support's own classes ``(n,)`` and those of the queries ``(m, classes)`` to a loss."""


def maximise(
    objective: Objective,
    support: FloatArray,
    labels: IntArray,
    queries: FloatArray,
    classes: int,
    *,
    sharpness: float,
    steps: float,
    rate: float,
) -> FloatArray:
    """Probabilities ``(m, classes)`` of the queries, ``softmax(-sharpness/2 |f - w|^2)`` with trained ``w``.

    Args:
        objective: is minimised by Adam.
        support: ``(n, d)``.
        labels: ``(n,)``.
        queries: ``(m, d)``.
        classes: how many.
        sharpness: the paper's temperature.
        steps: of the optimiser.
        rate: of its steps.
    """
    rows, others = (torch.from_numpy(r).float() for r in centred_unit_rows(support, queries))
    own, means = torch.from_numpy(labels), class_means(rows.numpy().astype(float), labels, classes)
    with torch.inference_mode(False), torch.enable_grad():
        vectors = torch.from_numpy(means).float().requires_grad_()
        optimizer = torch.optim.Adam([vectors], lr=rate)
        for _ in range(int(steps)):
            known = _probabilities(rows, vectors, sharpness)[torch.arange(len(own)), own]
            loss = objective(known, _probabilities(others, vectors, sharpness))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        found: FloatArray = _probabilities(others, vectors, sharpness).detach().double().numpy()
    return found


def _probabilities(rows: Tensor, vectors: Tensor, sharpness: float) -> Tensor:
    squares = rows.square().sum(1, keepdim=True) + vectors.square().sum(1) - 2 * rows @ vectors.T
    return nn.functional.softmax(-sharpness / 2 * squares, dim=1)

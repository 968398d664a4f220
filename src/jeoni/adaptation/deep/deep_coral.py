"""Deep CORAL (Sun & Saenko ECCV workshops 2016, arXiv:1607.01719): equal covariances of both domains' features.

The loss is the paper's, ``‖Cs - Ct‖² / 4d²``. Ours takes the features in the place of the last layer, each divided by
its standard deviation in the batch, so that one weight serves all; the paper tunes it for every task.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from jeoni.adaptation.alignment import Alignment, Batch, Step

__all__ = ["DeepCORAL"]


@dataclass(frozen=True)
class DeepCORAL(Alignment):
    """Aligns second moments."""

    least: ClassVar[int] = 2

    def alignment(self, batch: Batch, step: Step) -> Tensor:
        """See the file."""
        both = torch.cat([batch.source_features, batch.target_features])
        scale = both.std(0).detach().clamp(min=1e-6)
        return coral_loss(batch.source_features / scale, batch.target_features / scale)


def coral_loss(source: Tensor, target: Tensor) -> Tensor:
    """``‖Cs - Ct‖² / 4d²`` of ``(n, d)`` and ``(m, d)``."""
    return (torch.cov(source.T) - torch.cov(target.T)).square().sum() / (4 * source.shape[1] ** 2)

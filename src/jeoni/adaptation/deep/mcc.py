"""Minimum class confusion (Jin et al. ECCV 2020, arXiv:1912.03699): target predictions that mix no two classes.

The confusion between classes is read off the target's predictions at a temperature, sure examples counting more; no
features are aligned.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from jeoni.adaptation.alignment import Alignment, Batch, Step

__all__ = ["MCC"]


@dataclass(frozen=True)
class MCC(Alignment):
    """Lowers the confusion.

    Attributes:
        temperature: of the target's predictions.
    """

    temperature: float = 2.5

    def alignment(self, batch: Batch, step: Step) -> Tensor:
        """See the file."""
        return confusion(batch.target_logits / self.temperature)


def confusion(logits: Tensor) -> Tensor:
    """Share of the class correlation that lies off the diagonal, of ``(n, K)``."""
    probs = logits.softmax(1)
    entropy = -(probs * logits.log_softmax(1)).sum(1)
    sure = 1 + torch.exp(-entropy)
    weights = (sure * len(sure) / sure.sum()).detach()
    mixed = (probs * weights[:, None]).T @ probs
    shares = mixed / mixed.sum(1, keepdim=True)
    return (shares.sum() - shares.trace()) / len(shares)

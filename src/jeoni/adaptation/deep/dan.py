"""Deep adaptation network (Long et al. ICML 2015, arXiv:1502.02791): a small discrepancy (MMD) under many kernels.

Gaussian kernels with ``σ² = α ·`` mean squared distance, α of ½, 1 and 2, on the pooled features; the discrepancy is
the unbiased one, which may be a little below zero. Ours aligns one layer where the paper aligns three.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from jeoni.adaptation.alignment import Alignment, Batch, Step

__all__ = ["DAN"]


@dataclass(frozen=True)
class DAN(Alignment):
    """Lowers the discrepancy.

    Attributes:
        widths: of the kernels, in mean squared distances.
    """

    widths: tuple[float, ...] = (0.5, 1.0, 2.0)

    least: ClassVar[int] = 2

    def alignment(self, batch: Batch, step: Step) -> Tensor:
        """See the file."""
        return discrepancy(batch.source_features, batch.target_features, self.widths)


def discrepancy(source: Tensor, target: Tensor, widths: tuple[float, ...]) -> Tensor:
    """Unbiased squared MMD of ``(n, d)`` and ``(m, d)``, the mean over the kernels."""
    n, m = len(source), len(target)
    both = torch.cat([source, target])
    squares = torch.cdist(both, both, compute_mode="donot_use_mm_for_euclid_dist").square()
    mean = squares.detach().sum() / ((n + m) * (n + m - 1))
    kernel = torch.stack([torch.exp(-squares / (2 * w * mean.clamp(min=1e-12))) for w in widths]).mean(0)
    ss, tt, st = kernel[:n, :n], kernel[n:, n:], kernel[:n, n:]
    # a kernel's diagonal is 1: an example with itself says nothing
    return (ss.sum() - n) / (n * (n - 1)) + (tt.sum() - m) / (m * (m - 1)) - 2 * st.mean()

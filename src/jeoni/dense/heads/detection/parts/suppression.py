"""Non-maximum suppression in plain torch: what overlaps a surer box of its own class is left out.

``torchvision.ops.nms`` is a compiled operator that is missing where torchvision does not fit torch. Here the overlaps
of some hundreds of candidates are one matrix, and one pass over it in order of score.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from jeoni.dense.heads.detection.parts.overlaps import pairwise

__all__ = ["suppressed"]


def suppressed(boxes: Tensor, scores: Tensor, labels: Tensor, overlap: float, most: int) -> Tensor:
    """The numbers of the boxes that are kept, the surest first.

    Args:
        boxes: ``(n, 4)`` left, top, right, bottom.
        scores: ``(n,)``.
        labels: ``(n,)`` classes; only boxes of one class suppress each other.
        overlap: intersection over union from which on the less sure one is left out.
        most: how many are kept at most.

    Example:
        >>> two = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9]])
        >>> suppressed(two, torch.tensor([0.5, 0.9]), torch.tensor([0, 0]), 0.5, 100).tolist()
        [1]
    """
    order = scores.argsort(descending=True, stable=True)
    same = labels[order][:, None] == labels[order][None]
    rivals = (pairwise(boxes[order], boxes[order]) > overlap) & same
    later = rivals.triu(diagonal=1).cpu().numpy()  # one row after the other is quicker outside torch
    kept: list[int] = []
    out = np.zeros(len(order), dtype=bool)
    for k in range(len(order)):
        if out[k]:
            continue
        kept.append(k)
        if len(kept) == most:
            break
        out |= later[k]
    return order[torch.tensor(kept, dtype=torch.int64, device=order.device)]

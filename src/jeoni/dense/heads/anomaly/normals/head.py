"""What heads share that remember normal pictures: a threshold from held-out ones, and buffers to save."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from jeoni.dense.heads.anomaly.normals.heat import picture_scores
from jeoni.dense.heads.anomaly.normals.held_out import Pictures, learn_and_hold_out, upper_quantile
from jeoni.dense.protocol import DenseHead
from jeoni.types import IntArray

__all__ = ["NormalsHead"]


class NormalsHead(DenseHead):
    """A head that is fitted by :meth:`learn`; its outputs are those of :func:`.packed_outputs`.

    Args:
        quantile: of the held-out normal scores that is the threshold.
        folds: in which normal examples are held out.

    Attributes:
        threshold: the score from which on a picture is unusual; infinity where none was held out.
        held_out: ``(n,)`` scores of normal pictures by what was learned from others.
    """

    trains: ClassVar[bool] = False
    threshold: Tensor
    held_out: Tensor

    def __init__(self, quantile: float, folds: int) -> None:
        super().__init__()
        self.quantile, self.folds = quantile, folds
        self.register_buffer("threshold", torch.tensor(math.inf))
        self.register_buffer("held_out", torch.zeros(0))

    def learn(self, pictures: Pictures, seed: int) -> None:
        """Remember these, and forget what was learned before."""
        raise NotImplementedError

    def fit(self, maps: Any, seed: int, clusters: IntArray | None = None) -> None:
        """See :class:`jeoni.dense.protocol.DenseHead`."""
        held = learn_and_hold_out(
            lambda pictures: self.learn(pictures, seed), self._scores, maps, self.folds, seed, clusters
        )
        self.threshold = torch.tensor(upper_quantile(held, self.quantile))
        self.held_out = torch.from_numpy(held).float()

    def threshold_by(self, pictures: IntArray) -> None:
        """A picture's score is the largest of its parts'."""
        each = self.held_out.double().numpy()
        found = np.full(int(pictures.max()) + 1, -np.inf)
        np.maximum.at(found, pictures, np.nan_to_num(each, nan=-np.inf))
        found[~np.isfinite(found)] = np.nan
        self.threshold = torch.tensor(upper_quantile(found, self.quantile))
        self.held_out = torch.from_numpy(found).float()

    def _scores(self, maps: Sequence[Tensor]) -> Tensor:
        return picture_scores(self(maps))

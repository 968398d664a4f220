"""PatchCore (Roth, Pemula, Zepeda, Schölkopf, Brox and Gehler 2022, "Towards Total Recall in Industrial Anomaly ...").

Places of the maps at strides 8 and 16 (stages 2 and 3 of a ResNet), averaged over 3 x 3 neighbours, are laid on the
grid of the finer one and remembered of normal pictures. The memory is thinned by a greedy coreset (k-centre, Sener and
Savarese 2018) in a random projection to 128 dimensions. A place's score is its distance to the nearest remembered one,
a picture's the largest of them, re-weighted by how crowded the memory is there (equation 7).

Ours differs: channels are not pooled to a fixed number; the memory has 10 % of the places as in the paper, but at most
``most``, chosen among ``candidates`` at random, so that two cores need seconds; the threshold comes from normal
examples that were held out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from jeoni.data.annotations import Prediction
from jeoni.dense.heads.anomaly.normals.head import NormalsHead
from jeoni.dense.heads.anomaly.normals.heat import heat_predictions, packed_outputs
from jeoni.dense.heads.anomaly.normals.held_out import Pictures
from jeoni.dense.heads.anomaly.normals.places import chosen_maps, place_descriptors, sampled_descriptors
from jeoni.dense.heads.anomaly.normals.shapes import take_shapes
from jeoni.dense.protocol import DenseHead, MapShape

__all__ = ["PatchCore"]

NEIGHBOURHOOD = 3
BLOCK = 4096  # places whose distances are computed at once


@dataclass(frozen=True)
class PatchCore:
    """A memory of places of normal pictures.

    Attributes:
        coreset: the share of the places that is remembered.
        most: places that are remembered at most.
        candidates: places among which they are chosen at most, at random, as many of each picture.
        projection: dimensions in which they are chosen.
        neighbours: remembered places around the nearest one that tell how crowded the memory is; 1: no re-weighting.
        sigma: of the Gaussian over the heat map, pixels of the row.
        quantile: of the held-out normal scores that is the threshold.
        folds: in which normal examples are held out.
    """

    coreset: float = 0.1
    most: int = 2500
    candidates: int = 25_000
    projection: int = 128
    neighbours: int = 9
    sigma: float = 4.0
    quantile: float = 0.95
    folds: int = 5

    def build(self, task: Any, maps: Sequence[MapShape]) -> DenseHead:
        """See :class:`jeoni.dense.protocol.HeadFactory`."""
        return _Memory(self, maps)

    def build_like(self, shapes: Mapping[str, tuple[int, ...]], task: Any, maps: Sequence[MapShape]) -> DenseHead:
        """The empty head for saved buffers of these shapes."""
        made = _Memory(self, maps)
        take_shapes(made, shapes, ("memory", "held_out"))
        return made


class _Memory(NormalsHead):
    def __init__(self, options: PatchCore, maps: Sequence[MapShape]) -> None:
        super().__init__(options.quantile, options.folds)
        self.options, self.chosen = options, chosen_maps(maps)
        self.width = sum(maps[k].channels for k in self.chosen)
        self.each = 0.0  # places of a picture, once some were seen
        self.register_buffer("memory", torch.zeros(0, self.width))
        self.memory: Tensor

    def learn(self, pictures: Pictures, seed: int) -> None:
        options = self.options
        rows, places = sampled_descriptors(pictures, self.chosen, NEIGHBOURHOOD, options.candidates, seed)
        self.each = places / max(1, len(pictures))
        wanted = min(max(1, round(options.coreset * places)), options.most, len(rows))
        draw = torch.Generator().manual_seed(seed)
        narrow = rows
        if rows.shape[1] > options.projection:
            mix = torch.randn(rows.shape[1], options.projection, generator=draw) / options.projection**0.5
            narrow = rows @ mix
        first = int(torch.randint(len(rows), (1,), generator=draw))
        self.memory = rows[greedy_coreset(narrow, wanted, first)].contiguous()

    def work(self, pictures: int) -> float:
        """Multiplications: of the coresets, one for each fold and the last, and of scoring what was held out."""
        own, places = self.options, self.each * pictures
        rows = min(places, own.candidates)
        kept = min(own.coreset * places, own.most, rows)
        return (own.folds + 1) * rows * kept * min(self.width, own.projection) + places * kept * self.width

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        found = place_descriptors([maps[k] for k in self.chosen], NEIGHBOURHOOD)
        b, width, h, w = found.shape
        rows = found.permute(0, 2, 3, 1).reshape(b * h * w, width)
        nearest, which = nearest_remembered(rows, self.memory)
        far, at = nearest.view(b, h * w).max(1)
        worst = rows.view(b, h * w, width)[torch.arange(b), at]
        beside = which.view(b, h * w)[torch.arange(b), at]
        scores = far * crowding_weights(worst, beside, self.memory, self.options.neighbours)
        return packed_outputs(scores, nearest.view(b, h, w))

    def decode(self, outputs: Tensor, size: tuple[int, int]) -> list[Prediction]:
        return [*heat_predictions(outputs, size, float(self.threshold), self.options.sigma)]


def greedy_coreset(rows: Tensor, number: int, first: int) -> Tensor:
    """``(number,)``: rows of which each next one is the farthest from all that are chosen before (k-centre).

    Args:
        rows: ``(n, d)``.
        number: at most ``n``.
        first: the one to begin with.
    """
    squares = (rows * rows).sum(1)
    distance = torch.full((len(rows),), math.inf)
    chosen = [first]
    for _ in range(number - 1):
        last = chosen[-1]
        to_last = squares - 2 * (rows @ rows[last]) + squares[last]
        torch.minimum(distance, to_last, out=distance)
        distance[last] = -1.0
        chosen.append(int(distance.argmax()))
    return torch.tensor(chosen)


def nearest_remembered(rows: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
    """Distance ``(n,)`` of each row to the nearest of the memory, and which that is, ``(n,)``."""
    distances, which = [], []
    for start in range(0, len(rows), BLOCK):
        near, at = torch.cdist(rows[start : start + BLOCK], memory).min(1)
        distances.append(near)
        which.append(at)
    return torch.cat(distances), torch.cat(which)


def crowding_weights(worst: Tensor, nearest: Tensor, memory: Tensor, neighbours: int) -> Tensor:
    """``(b,)`` equation 7: near 1 where the nearest remembered place lies apart from others, small in a crowd.

    Args:
        worst: ``(b, d)`` the least usual place of each picture.
        nearest: ``(b,)`` the remembered place next to it.
        memory: ``(m, d)``.
        neighbours: remembered places around that one, itself among them.
    """
    number = min(neighbours, len(memory))
    if number < 2:
        return torch.ones(len(worst), device=worst.device)
    around = torch.cdist(memory[nearest], memory).topk(number, largest=False).indices
    apart = (worst[:, None] - memory[around]).norm(dim=2)
    own = (worst - memory[nearest]).norm(dim=1)
    share = torch.exp(own - torch.logsumexp(apart, 1))
    return 1 - share

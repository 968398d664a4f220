"""PaDiM (Defard, Setkov, Loesch and Audigier 2021, "PaDiM: a Patch Distribution Modeling Framework").

Every place of the grid has a Gaussian of its own, of the descriptors that normal pictures have there. A place's score
is its Mahalanobis distance, a picture's the largest of the smoothed ones. It suits pictures in which things lie in the
same place. As in the paper 100 of the channels are drawn at random.

Ours differs: maps at strides 8 and 16 (the paper's first stage, at stride 4, costs four times as much); in place of a
constant on the diagonal the covariance is shrunk by Ledoit and Wolf (2004), so that fewer pictures than channels do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from jeoni.data.annotations import Prediction
from jeoni.dense.heads.anomaly.normals.head import NormalsHead
from jeoni.dense.heads.anomaly.normals.heat import gaussian_smoothed, heat_predictions, packed_outputs
from jeoni.dense.heads.anomaly.normals.held_out import Pictures
from jeoni.dense.heads.anomaly.normals.places import chosen_maps, place_descriptors
from jeoni.dense.heads.anomaly.normals.shapes import take_shapes
from jeoni.dense.protocol import DenseHead, MapShape

__all__ = ["PaDiM"]

LEAST_SHARE = 1e-3  # of the shrinkage: of places that never change the covariance is singular all the same
TINY = 1e-6


@dataclass(frozen=True)
class PaDiM:
    """A Gaussian for each place.

    Attributes:
        dims: channels that are drawn.
        sigma: of the Gaussian over the heat map, pixels of the row.
        quantile: of the held-out normal scores that is the threshold.
        folds: in which normal examples are held out.
    """

    dims: int = 100
    sigma: float = 4.0
    quantile: float = 0.95
    folds: int = 5

    def build(self, task: Any, maps: Sequence[MapShape]) -> DenseHead:
        """See :class:`jeoni.dense.protocol.HeadFactory`."""
        return _Gaussians(self, maps)

    def build_like(self, shapes: Mapping[str, tuple[int, ...]], task: Any, maps: Sequence[MapShape]) -> DenseHead:
        """The empty head for saved buffers of these shapes."""
        made = _Gaussians(self, maps)
        take_shapes(made, shapes, ("means", "whitening", "held_out"))
        return made


class _Gaussians(NormalsHead):
    def __init__(self, options: PaDiM, maps: Sequence[MapShape]) -> None:
        super().__init__(options.quantile, options.folds)
        self.options, self.chosen = options, chosen_maps(maps)
        self.stride = maps[self.chosen[0]].stride
        self.width = sum(maps[k].channels for k in self.chosen)
        dims = min(options.dims, self.width)
        self.register_buffer("channels", torch.arange(dims))
        self.register_buffer("means", torch.zeros(0, dims))
        self.register_buffer("whitening", torch.zeros(0, dims, dims))
        self.channels: Tensor
        self.means: Tensor
        self.whitening: Tensor

    def learn(self, pictures: Pictures, seed: int) -> None:
        """Two passes: means, then what lies around them."""
        draw = torch.Generator().manual_seed(seed)
        self.channels = torch.randperm(self.width, generator=draw)[: len(self.channels)].sort().values
        n, total = 0, torch.zeros(())
        for batch in pictures:
            rows = self._rows(batch)
            n, total = n + len(rows), total + rows.double().sum(0)
        self.means = (total / n).float()
        places, dims = self.means.shape
        products, fourth = torch.zeros(places, dims, dims), torch.zeros(places)
        for batch in pictures:
            rows = self._rows(batch) - self.means
            products += torch.einsum("bpi,bpj->pij", rows, rows)
            fourth += (rows * rows).sum(2).square().sum(0)
        covariance = shrunk_covariances(products, fourth, n)
        # whitened by the inverse of the lower triangle: distances are then plain lengths
        lower = torch.linalg.cholesky(covariance)
        eye = torch.eye(dims).expand(places, dims, dims)
        self.whitening = torch.linalg.solve_triangular(lower, eye, upper=False).contiguous()

    def work(self, pictures: int) -> float:
        """Multiplications for each place: of products of descriptors, and of one inversion, in every fold."""
        dims = len(self.channels)
        return float((self.options.folds + 1) * (2 * pictures * dims**2 + 2 * dims**3))

    def _rows(self, maps: Sequence[Tensor]) -> Tensor:
        """``(b, places, dims)``."""
        found = place_descriptors([maps[k] for k in self.chosen])[:, self.channels]
        return found.flatten(2).transpose(1, 2)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        rows = self._rows(maps) - self.means
        white = torch.einsum("pij,bpj->bpi", self.whitening, rows)
        places = white.norm(dim=2).unflatten(1, maps[self.chosen[0]].shape[-2:])
        scores = gaussian_smoothed(places, self.options.sigma / self.stride).flatten(1).amax(1)
        return packed_outputs(scores, places)

    def decode(self, outputs: Tensor, size: tuple[int, int]) -> list[Prediction]:
        return [*heat_predictions(outputs, size, float(self.threshold), self.options.sigma)]


def shrunk_covariances(products: Tensor, fourth: Tensor, n: int) -> Tensor:
    """``(p, d, d)`` covariances, shrunk towards a multiple of the identity (Ledoit and Wolf 2004, lemma 3.3).

    Args:
        products: ``(p, d, d)`` sums of outer products of centred rows.
        fourth: ``(p,)`` sums of the fourth powers of their lengths.
        n: how many rows each place has.
    """
    dims = products.shape[1]
    sample = products / n
    scale = sample.diagonal(dim1=1, dim2=2).mean(1)
    square = sample.square().sum((1, 2))
    apart = square / dims - scale**2
    spread = (fourth / n - square) / (n * dims)
    share = (spread / apart.clamp(min=TINY * TINY)).clamp(LEAST_SHARE, 1.0)
    target = (scale.clamp(min=TINY) * share)[:, None, None] * torch.eye(dims)
    return (1 - share)[:, None, None] * sample + target

"""A head on feature maps: from rows to outputs, and from outputs to predictions of pictures."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from jeoni import distributed
from jeoni.backbones.maps import MapNetwork
from jeoni.data.annotations import Prediction
from jeoni.dense.protocol import DenseHead, DenseTask
from jeoni.dense.rows import batches_of
from jeoni.errors import DataError
from jeoni.locale import Said
from jeoni.modalities.inputs import Input
from jeoni.training.forward import as_input
from jeoni.training.rows import Rows
from jeoni.types import Items

__all__ = ["DenseNetwork", "extent_of", "predictions_of"]

TOGETHER = 8  # pictures that go through the network at a time


class DenseNetwork(nn.Module):
    """Rows to the outputs of a head.

    Args:
        features: rows to maps.
        head: maps to outputs.
    """

    features: MapNetwork
    head: DenseHead

    def __init__(self, features: MapNetwork, head: DenseHead) -> None:
        super().__init__()
        self.features, self.head = features, head

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the rows, pixels."""
        height, width = self.features.size
        return width, height

    def forward(self, rows: Tensor) -> Tensor:
        """Outputs ``(b, …)``."""
        outputs: Tensor = self.head(self.features(rows))
        return outputs


def predictions_of(
    network: DenseNetwork, task: DenseTask, rows: Rows, extents: Sequence[tuple[int, int]]
) -> Iterator[Prediction]:
    """Predictions one by one, each in the coordinates of its own picture, computed on the device that was selected.

    Args:
        network: trained; it stays where it is.
        task: what is predicted.
        rows: the examples as they are.
        extents: width and height of the same pictures.
    """
    device = distributed.device()
    network = (network if device.type == "cpu" else copy.deepcopy(network).to(device)).eval()
    for index, block in batches_of(rows, TOGETHER):
        with torch.inference_mode():
            outputs = network(as_input(block, device)).float().cpu()
            found = network.head.decode(outputs, network.size)
        geometries = rows.geometries(index, np.zeros_like(index))
        for i, one, geometry in zip(index, found, geometries, strict=True):
            assert geometry is not None
            yield task.returned(one, geometry, extents[int(i)])


def extent_of(items: Items, index: int, spec: Input) -> tuple[int, int]:
    """Width and height of a picture, pixels; its header is read.

    Raises:
        DataError: it cannot be read.
    """
    found = spec.extent(items.read(index), items.name(index))
    if found is None:
        raise DataError(Said("dense.no_extent", name=items.name(index)))
    return round(found[0]), round(found[1])

"""Modules between rows and networks: part of the graph, so that every engine runs them too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["NormalizedPixels", "ScaledSamples", "Unchanged"]

PADDED = torch.iinfo(torch.int16).min  # no sample has this value


class NormalizedPixels(nn.Module):
    """Pixels ``(n, h, w, 3)`` uint8 into a module that takes normalised float images: one multiply-add in the graph.

    Args:
        module: takes them.
        mean: of each channel, on a scale of 0 … 1.
        std: of each channel.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, module: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.module = module
        centre, spread = torch.tensor(mean), torch.tensor(std)
        self.register_buffer("scale", (1 / (255 * spread)).view(1, 3, 1, 1))
        self.register_buffer("shift", (-centre / spread).view(1, 3, 1, 1))

    def forward(self, pixels: Tensor) -> Any:
        """Normalise, then run the module."""
        return self.module(pixels.permute(0, 3, 1, 2).float() * self.scale + self.shift)


class Unchanged(nn.Module):
    """Rows as they are: token numbers ``(n, t)``, negative where padded, spectra ``(n, frames, bands)``, vectors."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, rows: Tensor) -> Any:
        """Run the module."""
        return self.module(rows)


class ScaledSamples(nn.Module):
    """Samples ``(n, t)`` int16 into a module that takes floats in -1 … 1; NaN where a row is padded.

    Args:
        module: takes them.
        alone: rows must not be padded: audio of different lengths goes through the module one length after the other.
    """

    def __init__(self, module: nn.Module, alone: bool) -> None:
        super().__init__()
        self.module, self.alone = module, alone

    def forward(self, samples: Tensor) -> Any:
        """Scale, then run the module."""
        if self.alone and len(samples) > 1 and not torch._C._get_tracing_state():
            lengths = (samples != PADDED).sum(1)
            several = sorted(set(lengths.tolist()))
            index = [(lengths == length).nonzero()[:, 0] for length in several]
            parts = [self._run(samples[i, :length]) for i, length in zip(index, several, strict=True)]
            return _together(parts, torch.cat(index).argsort())
        return self._run(samples)

    def _run(self, samples: Tensor) -> Any:
        values = samples.float() / 32_767
        return self.module(values.masked_fill(samples == PADDED, float("nan")))


def _together(parts: list[Any], order: Tensor) -> Any:
    """Outputs of parts of a batch, in the batch's order; packed sequences are padded with zeros."""
    if not isinstance(parts[0], Tensor):
        return tuple(_together(list(each), order) for each in zip(*parts, strict=True))
    rows = [row for part in parts for row in part]
    return nn.utils.rnn.pad_sequence([rows[k] for k in order.tolist()], batch_first=True)

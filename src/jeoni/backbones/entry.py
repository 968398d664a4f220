"""From the rows that inputs make to what a network takes: part of the graph, so that every engine runs it too."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from jeoni.data.images import ImageInput
from jeoni.data.inputs import Input
from jeoni.data.sound_inputs import SILENCE

__all__ = ["ByteInput", "entry", "example", "rows_like"]


class ByteInput(nn.Module):
    """Pixels ``(n, h, w, 3)`` uint8 into a module that takes normalised float images: one multiply-add in the graph."""

    scale: Tensor
    shift: Tensor

    def __init__(self, module: nn.Module, spec: ImageInput) -> None:
        super().__init__()
        self.module = module
        mean, std = torch.tensor(spec.mean), torch.tensor(spec.std)
        self.register_buffer("scale", (1 / (255 * std)).view(1, 3, 1, 1))
        self.register_buffer("shift", (-mean / std).view(1, 3, 1, 1))

    def forward(self, pixels: Tensor) -> Any:
        """Normalise, then run the module."""
        return self.module(pixels.permute(0, 3, 1, 2).float() * self.scale + self.shift)


class PlainInput(nn.Module):
    """As they are: token numbers ``(n, t)``, negative where filled up, spectra ``(n, frames, bands)``, vectors."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, rows: Tensor) -> Any:
        """Run the module."""
        return self.module(rows)


class WaveInput(nn.Module):
    """Samples ``(n, t)`` int16 into a module that takes floats in -1 … 1; NaN where a row is filled up.

    Args:
        module: takes them.
        alone: rows must not be filled up: sounds of different lengths go through the module one length after the other.
    """

    def __init__(self, module: nn.Module, alone: bool) -> None:
        super().__init__()
        self.module, self.alone = module, alone

    def forward(self, samples: Tensor) -> Any:
        """Scale, then run the module."""
        if self.alone and len(samples) > 1 and not torch._C._get_tracing_state():
            lengths = (samples != SILENCE).sum(1)
            several = sorted(set(lengths.tolist()))
            index = [(lengths == length).nonzero()[:, 0] for length in several]
            parts = [self._run(samples[i, :length]) for i, length in zip(index, several, strict=True)]
            return _together(parts, torch.cat(index).argsort())
        return self._run(samples)

    def _run(self, samples: Tensor) -> Any:
        values = samples.float() / 32_767
        return self.module(values.masked_fill(samples == SILENCE, float("nan")))


def _together(parts: list[Any], order: Tensor) -> Any:
    """What a module gave for parts of a batch, in the batch's order; packed sequences are filled up with noughts."""
    if not isinstance(parts[0], Tensor):
        return tuple(_together(list(each), order) for each in zip(*parts, strict=True))
    rows = [row for part in parts for row in part]
    return nn.utils.rnn.pad_sequence([rows[k] for k in order.tolist()], batch_first=True)


def entry(module: nn.Module, spec: Input) -> nn.Module:
    """What takes rows as ``spec`` makes them, around a module that takes what the network takes."""
    if spec.kind in ("text", "spectrum", "vector", "voice"):
        return PlainInput(module)
    if spec.kind == "wave":
        return WaveInput(module, alone=spec.chunk == 1)
    return ByteInput(module, spec)  # type: ignore[arg-type]  # images, and sounds as pictures


def rows_like(spec: Any, n: int, seed: int = 0) -> Tensor:
    """``n`` made-up rows as ``spec`` makes them; where rows are ragged, the last one is shorter."""
    rng = torch.Generator().manual_seed(seed)
    if spec.kind == "text":
        rows = torch.randint(0, spec.vocabulary, (n, 12), generator=rng, dtype=torch.int32)
        if n > 1:
            rows[-1, 7:] = torch.iinfo(torch.int32).min
        return rows
    if spec.kind == "vector":
        return torch.randn(n, spec.dim, generator=rng)
    if spec.kind == "spectrum":
        return torch.randn(n, spec.frames, spec.bands, generator=rng)
    if spec.kind == "voice":
        frames = torch.rand(n, 320, 41, generator=rng)
        frames[..., -1] = 1
        if n > 1:
            frames[-1, 160:] = 0
        return frames
    if spec.kind == "wave":
        samples = torch.randint(-9000, 9000, (n, spec.rate), generator=rng, dtype=torch.int16)
        if n > 1:
            samples[-1, spec.rate * 2 // 3 :] = SILENCE
        return samples
    return torch.randint(0, 256, (n, spec.size, spec.size, 3), generator=rng, dtype=torch.uint8)


def example(spec: Input, n: int, seed: int = 0) -> Tensor:
    """``n`` made-up inputs of the network itself."""
    taken: Tensor = entry(nn.Identity(), spec)(rows_like(spec, n, seed))
    return taken

"""The GE2E speaker encoder (Wan et al. ICASSP 2018, arXiv:1710.10467), with weights from the PyPI package resemblyzer.

A recording is cut into windows of 1.6 s that overlap by half, and three LSTM layers read each. The last state of the
last layer becomes one unit vector per window, and their mean the recording's. Ours differs from the package: silences
are not taken out beforehand.
"""

from __future__ import annotations

import copy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from jeoni.backbones.packed import Packed, average, pack, unpack
from jeoni.backbones.stages import Stage
from jeoni.errors import WeightsError
from jeoni.modalities.inputs.voice import BANDS, FRAMES

__all__ = ["VoiceEncoder", "find_voices", "voice_state"]

WIDE, LAYERS = 256, 3


def find_voices() -> Path | None:
    """The weights in the installed package, which is not imported; None where it is not installed."""
    spec = find_spec("resemblyzer")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return next((f for folder in folders if (f := Path(folder) / "pretrained.pt").is_file()), None)


def voice_state(path: Path) -> dict[str, Tensor]:
    """The package's weights by :class:`VoiceEncoder`'s names.

    Raises:
        WeightsError: not the package's file.
    """
    try:
        given = torch.load(path, map_location="cpu", weights_only=True)["model_state"]
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        state = {f"layers.{k}.lstm.{kind}_l0": given[f"lstm.{kind}_l{k}"] for k in range(LAYERS) for kind in kinds}
        return state | {f"pool.linear.{kind}": given[f"linear.{kind}"] for kind in ("weight", "bias")}
    except Exception as error:  # unpickling foreign bytes can fail in any way
        raise WeightsError(f"{path} does not hold the voice encoder of resemblyzer: {error}.") from error


class _Layer(nn.Module):
    """One LSTM over each window; packed in, packed out."""

    def __init__(self, given: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(given, WIDE, batch_first=True)

    def forward(self, packed: Tensor) -> Tensor:
        hidden, mask = unpack(packed)
        windows = hidden.reshape(-1, FRAMES, hidden.shape[-1])
        out, _ = self.lstm(windows)
        return pack(out.reshape(hidden.shape[0], -1, WIDE), mask)


class _Pool(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(WIDE, WIDE)

    def forward(self, packed: Tensor) -> Tensor:
        ends = packed[:, FRAMES - 1 :: FRAMES]
        hidden, real = ends[..., :-1], ends[..., -1:]
        each = nn.functional.normalize(self.linear(hidden).relu(), dim=-1) * real
        return nn.functional.normalize(each.sum(1), dim=-1)


class VoiceEncoder(Packed):
    """Packed mel frames ``(n, windows * 160, 41)`` to unit vectors ``(n, 256)``."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([_Layer(BANDS if k == 0 else WIDE) for k in range(LAYERS)])
        self.pool: nn.Module = _Pool()

    def forward(self, packed: Tensor) -> Tensor:
        """Through all layers, or above a cut through those that are left."""
        for layer in self.layers:
            packed = layer(packed)
        out: Tensor = self.pool(packed)
        return out

    def stages(self) -> tuple[Stage, ...]:
        """``layer 1`` … ``layer 3``, ``pool``."""
        names = [n for n, _ in self.named_parameters()]
        tops = [*(f"layers.{k}" for k in range(len(self.layers))), "pool"]
        titles = [*(f"layer {k + 1}" for k in range(len(self.layers))), "pool"]
        return tuple(
            Stage(title, tuple(n for n in names if n.startswith(f"{top}.")), (top,))
            for title, top in zip(titles, tops, strict=True)
        )

    def packed(self, value: Any, rows: Tensor) -> Tensor:
        """See :class:`Packed`: layers give it packed."""
        found: Tensor = value
        return found

    def above(self, frozen: int) -> VoiceEncoder:
        """See :class:`Packed`."""
        made: VoiceEncoder = copy.deepcopy(self, {id(layer): nn.Identity() for layer in self.layers[:frozen]})
        return made

    def shortened(self, reuse: int) -> VoiceEncoder:
        """See :class:`Packed`."""
        made: VoiceEncoder = copy.deepcopy(self)
        del made.layers[reuse:]
        made.pool = _Average()
        return made


class _Average(nn.Module):
    def forward(self, packed: Tensor) -> Tensor:
        return average(packed)

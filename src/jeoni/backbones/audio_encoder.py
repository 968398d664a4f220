"""Audio encoders of Hugging Face's transformers as stages: those that take waveforms, and those that take spectrograms.

wav2vec 2.0 (Baevski et al. 2020, arXiv:2006.11477), HuBERT (Hsu et al. 2021, arXiv:2106.07447), WavLM (Chen et al.
2022, arXiv:2110.13900); Whisper's encoder (Radford et al. 2022, arXiv:2212.04356), AST (Gong et al. 2021,
arXiv:2104.01778). Cut as :class:`jeoni.backbones.encoder.Encoder` is. WavLM's layers hand their positions on from the
first to the others, so it is recomputed above a cut.

What these models do at random of their own accord while they are trained is off: a layer left out (LayerDrop) would
leave out what is fed in above a cut, and their masks in time are drawn from numpy's global generator, so that no run
could be repeated, and need more frames than a short recording has. Random views are the augmentation's part.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from jeoni.backbones.encoder import Encoder

__all__ = ["SPECTROGRAM_FAMILIES", "WAVEFORM_FAMILIES", "SpectrogramEncoder", "WaveformEncoder"]

WAVEFORM_FAMILIES = (
    "wav2vec2",
    "hubert",
    "wavlm",
    "unispeech",
    "unispeech-sat",
    "data2vec-audio",
    "wav2vec2-conformer",
)
SPECTROGRAM_FAMILIES = ("whisper", "audio-spectrogram-transformer")


def _steady(model: Any) -> None:
    """Neither layers nor stretches of time are left out at random."""
    for holder in (model.config, *model.modules()):  # Whisper's encoder has its share by itself
        for name in {"layerdrop", "encoder_layerdrop"} & vars(holder).keys():
            setattr(holder, name, 0.0)
    if hasattr(model.config, "mask_time_prob"):
        model.config.apply_spec_augment = False


class WaveformEncoder(Encoder):
    """Samples ``(n, t)`` in -1 … 1, NaN where a row is padded, to features ``(n, d)``.

    Args:
        model: of transformers, without a head.
        pooling: ``mean``, ``cls`` or ``last``.
        normalised: whether each recording is brought to mean 0 and variance 1, as the model was trained.
    """

    def __init__(self, model: Any, pooling: str, normalised: bool) -> None:
        super().__init__(model, pooling)
        _steady(model)
        self.normalised = normalised

    def mask(self, rows: Tensor, hidden: Tensor) -> Tensor:
        """``(n, t)`` bool of the model's frames: which of them cover real samples only."""
        frames = self.model._get_feat_extract_output_lengths((~rows.isnan()).sum(1))
        places = torch.ones_like(hidden[:1, :, 0], dtype=torch.long).cumsum(1) - 1
        real: Tensor = places < frames.clamp_min(1).unsqueeze(1)
        return real

    def started(self, rows: Tensor) -> Tensor:
        """See :class:`Encoder`."""
        real = ~rows.isnan()
        values = rows.nan_to_num()
        if self.normalised:
            count = real.sum(1, keepdim=True).clamp_min(1)
            mean = values.sum(1, keepdim=True) / count
            spread = (((values - mean) * real) ** 2).sum(1, keepdim=True) / count
            values = (values - mean) / (spread + 1e-7).sqrt() * real
        out: Tensor = self.model(values, attention_mask=real.long()).last_hidden_state
        return out

    def resumed(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """See :class:`Encoder`: the layers below, which take waveforms, are left out."""
        out: Tensor = self.model.encoder(torch.zeros_like(hidden), attention_mask=mask).last_hidden_state
        return out

    def tried(self) -> Tensor:
        """See :class:`Encoder`."""
        return torch.zeros(1, 4000)

    def table(self) -> nn.Module | None:
        """None: the layers that take waveforms are kept, since its parameters are few."""
        return None


class SpectrogramEncoder(Encoder):
    """Spectra ``(n, frames, bands)``, as the model's own extractor makes them, to features ``(n, d)``."""

    def __init__(self, model: Any, pooling: str) -> None:
        super().__init__(model, pooling)
        _steady(model)

    def mask(self, rows: Tensor, hidden: Tensor) -> Tensor:
        """``(n, t)`` bool: all of the model's places are real."""
        return torch.ones_like(hidden[..., 0], dtype=torch.bool)

    def started(self, rows: Tensor) -> Tensor:
        """See :class:`Encoder`."""
        given = rows.transpose(1, 2) if self.model.config.model_type == "whisper" else rows
        out: Tensor = self.model(given).last_hidden_state
        return out

    def resumed(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """See :class:`Encoder`."""
        return self.started(hidden.new_zeros(len(hidden), *self.tried().shape[1:]))

    def tried(self) -> Tensor:
        """See :class:`Encoder`."""
        config = self.model.config
        if config.model_type == "whisper":
            return torch.zeros(1, 2 * config.max_source_positions, config.num_mel_bins)
        return torch.zeros(1, config.max_length, config.num_mel_bins)

    def table(self) -> nn.Module | None:
        """None: there are no tokens."""
        return None

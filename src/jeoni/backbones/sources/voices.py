"""GE2E speaker encoder (Wan et al. ICASSP 2018), https://github.com/resemble-ai/Resemblyzer: voices, from PyPI."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.packaged_names import VOICES as NAME
from jeoni.backbones.voices import VoiceEncoder, find_voices, voice_state
from jeoni.backbones.weights import file_sha256
from jeoni.errors import WeightsError
from jeoni.modalities.inputs.voice import RATE, VoiceInput

__all__ = ["Voices"]

MOST_SECONDS = 10.0
# its own pins are old and heavy, and nothing of it is run
HOW = "pip install --no-deps resemblyzer"


@dataclass(frozen=True)
class Packaged:
    """Weights inside an installed package."""

    name: str
    package: str
    licence: str
    file: Callable[[], Path | None]
    extra: str = ""
    modality: str = "audio"
    how: str = HOW


PACKAGED = (Packaged(NAME, "resemblyzer", "Apache-2.0", find_voices),)


class Voices:
    """An encoder of voices; for words, take an encoder of speech."""

    def names(self) -> list[str]:
        """``ge2e-voices``."""
        return [NAME]

    def build(self, architecture: str, arguments: dict[str, Any]) -> nn.Module:
        """The network with fresh weights."""
        return VoiceEncoder().eval()

    def check(self, name: str, weights: str) -> None:
        """Raise what :meth:`load` would raise of a name and of a package that is not installed; load nothing."""
        self._found(name, weights)

    def _found(self, name: str, weights: str) -> Path:
        if name != NAME:
            raise WeightsError(f"No voice encoder is called {name!r}; there is {NAME}.")
        path = Path(weights) if weights else find_voices()
        if path is None:
            raise WeightsError(
                f"The backbone {NAME} needs the weights in the package resemblyzer. Install it with: {HOW}"
            )
        return path

    def load(self, name: str, weights: str) -> Backbone:
        """Load from the installed package, or from its weights file.

        Raises:
            WeightsError: another name, a file that does not fit, or the package is not installed.
        """
        path = self._found(name, weights)
        network = VoiceEncoder()
        network.load_state_dict(voice_state(path))
        url = "https://pypi.org/project/Resemblyzer/"
        return build_backbone(
            network,
            name=NAME,
            architecture="ge2e",
            input=VoiceInput(RATE, MOST_SECONDS),
            provenance=Provenance("bundled", path.name, "Apache-2.0", file_sha256(path), url),
            library="voices",
        )

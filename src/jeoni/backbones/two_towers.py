"""Models of two towers that put texts and something else into one space: CLIP and SigLIP (images), CLAP (audio).

Radford et al. ICML 2021, arXiv:2103.00020; Zhai et al. ICCV 2023, arXiv:2303.15343; Wu et al. ICASSP 2023,
arXiv:2211.06687. Each tower is a network of its own: pixels, spectra or tokens to the vectors that its pretraining
held against each other. None of the models' code is repeated.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone, Provenance
from jeoni.backbones.stages import Stage
from jeoni.backbones.weights import fingerprint, first_line
from jeoni.errors import WeightsError
from jeoni.imports import require
from jeoni.libraries import import_transformers
from jeoni.modalities.inputs.text import TextInput

__all__ = ["AudioTower", "ImageTower", "TextTower", "load_towers", "text_backbone"]

JOINS_PREVIOUS = 99999  # timm's word for: of the last block


class ImageTower(nn.Module):
    """Normalised images ``(n, 3, size, size)`` to vectors ``(n, d)``.

    Args:
        vision: of transformers, with a pooled output.
        projection: into the common space; None where the pooled output lies there already.
    """

    def __init__(self, vision: Any, projection: nn.Module | None) -> None:
        super().__init__()
        self.vision = vision
        self.projection = projection or nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        """The vectors, not brought to length 1."""
        pooled: Tensor = self.projection(self.vision(pixel_values=images).pooler_output)
        return pooled

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Which parameters belong to which stage, as timm says it."""
        blocks: list[Any] = [(r"^vision\.encoder\.layers\.(\d+)", None)]
        if hasattr(self.vision, "head"):  # SigLIP's attention pooling uses weights of a module that never runs itself
            blocks.append((r"^vision\.(?:post_layernorm|head)", (JOINS_PREVIOUS,)))
        return {"stem": r"^vision\.(?:embeddings|pre_layrnorm)", "blocks": blocks}


class AudioTower(nn.Module):
    """Spectra ``(n, frames, bands)`` to vectors ``(n, d)``.

    A model of fused views, which takes four of each recording, is given one four times: no recording is longer than it
    takes, so that nothing is fused.

    Args:
        audio: of transformers, with a pooled output.
        projection: into the common space.
        fused: whether the model takes four views.
    """

    def __init__(self, audio: Any, projection: nn.Module, fused: bool) -> None:
        super().__init__()
        self.audio, self.projection, self.fused = audio, projection, fused

    def forward(self, spectra: Tensor) -> Tensor:
        """The vectors, not brought to length 1."""
        views = spectra.unsqueeze(1)
        longer = torch.zeros(len(spectra), 1, dtype=torch.bool, device=spectra.device)
        given = views.expand(-1, 4, -1, -1) if self.fused else views
        found: Tensor = self.projection(self.audio(input_features=given, is_longer=longer).pooler_output)
        return found

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Which parameters belong to which stage, as timm says it."""
        encoder = r"^audio\.audio_encoder\."
        return {"stem": encoder + r"(?:patch_embed|batch_norm)", "blocks": [(encoder + r"layers\.(\d+)", None)]}


class TextTower(nn.Module):
    """Token numbers ``(n, t)``, negative where a row is padded, to vectors ``(n, d)``.

    Args:
        text: of transformers, with a pooled output.
        projection: into the common space; None where the pooled output lies there already.
        length: what rows are padded to, and no place masked, as SigLIP was trained; 0 masks padding.
    """

    def __init__(self, text: Any, projection: nn.Module | None, length: int = 0) -> None:
        super().__init__()
        self.text, self.length = text, length
        self.projection = projection or nn.Identity()

    def forward(self, rows: Tensor) -> Tensor:
        """The vectors, not brought to length 1."""
        padding = self.text.config.pad_token_id or 0
        tokens = rows.masked_fill(rows < 0, padding).long()
        if self.length:
            tokens = nn.functional.pad(tokens, (0, self.length - tokens.shape[1]), value=padding)
            pooled = self.text(input_ids=tokens).pooler_output
        else:
            pooled = self.text(input_ids=tokens, attention_mask=(rows >= 0).long()).pooler_output
        found: Tensor = self.projection(pooled)
        return found


def load_towers(name: str, families: dict[str, str], source: str) -> Any:
    """A model of transformers with both towers; safetensors only, and code of the hub is never run.

    Args:
        name: a folder that ``save_pretrained`` wrote, or an id on the hub.
        families: ``model_type`` to the name of its class in transformers.
        source: for messages.

    Raises:
        WeightsError: it cannot be loaded, or is of another family.
        MissingExtra: transformers is not installed.
    """
    require("transformers", "transformers", "text", f"A backbone of {source}")
    library = import_transformers()
    needed = (
        f"Needed: a folder that save_pretrained wrote, or the id of a model on the hub, of the family "
        f"{' or '.join(families)}, with safetensors."
    )
    try:
        config = library.AutoConfig.from_pretrained(name, trust_remote_code=False)
    except Exception as error:  # the hub's client raises what it likes
        raise WeightsError(f"{source}:{name} could not be loaded ({first_line(error)}). {needed}") from error
    if config.model_type not in families:
        raise WeightsError(f"{source}:{name} is of the family {config.model_type}. {needed}")
    try:
        kind = getattr(library, families[config.model_type])
        return kind.from_pretrained(name, use_safetensors=True).float().eval()
    except Exception as error:
        raise WeightsError(f"{source}:{name} could not be loaded ({first_line(error)}). {needed}") from error


def text_backbone(tower: TextTower, name: str, source: str, most: int, provenance: Provenance) -> Backbone:
    """The text tower as a backbone of one stage.

    Args:
        tower: in eval mode.
        name: where the model was loaded from: its tokenizer is beside it.
        source: for messages.
        most: tokens of a text.
        provenance: of the weights.

    Raises:
        WeightsError: no fast tokenizer.
    """
    library = import_transformers()
    try:
        tokenizer = library.AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        fast = tokenizer.backend_tokenizer
    except Exception as error:
        raise WeightsError(
            f"{source}:{name} has no fast tokenizer that can be read ({first_line(error)}); tokenizer.json is needed."
        ) from error
    network = tower.eval().requires_grad_(False)
    names = tuple(n for n, _ in network.named_parameters()) + tuple(n for n, _ in network.named_buffers())
    with torch.inference_mode():
        dim = network(torch.zeros(1, 3, dtype=torch.int32)).shape[1]
    return Backbone(
        name=f"{source}:{name} (text)",
        network=network,
        stages=(Stage("text tower", names, ("projection",)),),
        input=TextInput.make(fast, most),
        provenance=provenance,
        architecture=f"{source} text tower",
        dim=int(dim),
        fingerprint=fingerprint(network.state_dict()),
        library=source,
    )

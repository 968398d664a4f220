"""A pretrained backbone in a folder of its own, without a head: what ``--backbone RUN/model`` transfers from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jeoni._version import __version__
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.saved import (
    CONFIG,
    WEIGHTS,
    backbone_config,
    library_versions,
    replaced_whole,
    write_weights,
)
from jeoni.backbones.schema import HEADLESS
from jeoni.backbones.weights import file_sha256
from jeoni.locale import table
from jeoni.runs import seal

__all__ = ["save_upstream"]


def save_upstream(backbone: Backbone, folder: Path, *, frozen: int, reuse: int, facts: dict[str, Any]) -> Path:
    """Write ``model.safetensors``, ``config.json`` and ``README.md``; what is there is replaced when all is written.

    Args:
        backbone: pretrained.
        folder: where to.
        frozen: stages that were left as they were.
        reuse: stages that started from weights that were there.
        facts: ``data``, ``summary`` and ``language``, for the card.

    Raises:
        ConfigError: something else than a model folder is there; it is left alone.
        StorageError: the folder cannot be written; what was there is there still.
    """
    with replaced_whole(folder) as part:
        state = backbone.network.state_dict()
        write_weights(
            {f"backbone.{k}": v.detach().cpu().contiguous().clone() for k, v in state.items()}, part / WEIGHTS
        )
        for name, content in backbone.input.files().items():
            (part / name).write_bytes(content)
        config = _config(backbone, part / WEIGHTS, frozen, reuse, facts)
        (part / CONFIG).write_text(json.dumps(config, indent=2, ensure_ascii=False), encoding="utf-8")
        (part / "README.md").write_text(_card(config), encoding="utf-8")
    return folder


def _config(backbone: Backbone, weights: Path, frozen: int, reuse: int, facts: dict[str, Any]) -> dict[str, Any]:
    return seal({
        "format": HEADLESS,
        "jeoni": __version__,
        "modality": backbone.input.modality,
        "backbone": backbone_config(backbone),
        "cut": {
            "frozen": min(frozen, backbone.n),
            "reuse": min(reuse, backbone.n),
            "dropped": backbone.dropped,
            "statistics": "",
            "stages": [stage.name for stage in backbone.stages],
        },
        "weights": {"file": weights.name, "sha256": file_sha256(weights)},
        "versions": library_versions(),
        "facts": facts,
    })  # fmt: skip


def _card(config: dict[str, Any]) -> str:
    """Markdown: where it comes from, whether the pretraining paid, and how to use it."""
    facts, source = config["facts"], config["backbone"]["provenance"]
    words = table("pretraining", facts["language"])
    return f"""# {config["backbone"]["name"]}

{facts["summary"]}

{words["card_about"].format(data=facts["data"], version=config["jeoni"])}

```
jeoni fit DATA --backbone path/to/this/folder
```

{words["card_weights"].format(**{k: source[k] for k in ("name", "source", "licence", "sha256")})}
"""

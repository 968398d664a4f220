"""Tiny detection checkpoints of transformers with random weights, as ``save_pretrained`` writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from jeoni.libraries import import_transformers

RESNET = {"embedding_size": 8, "hidden_sizes": [8, 12, 16, 20], "depths": [1, 1, 1, 1], "layer_type": "basic"}
DETR = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 2, "num_queries": 10, "auxiliary_loss": True}
DETR |= {f"{part}_attention_heads": 2 for part in ("encoder", "decoder")}
DETR |= {f"{part}_ffn_dim": 16 for part in ("encoder", "decoder")}
RT_DETR = {"encoder_hidden_dim": 16, "encoder_in_channels": [12, 16, 20], "decoder_in_channels": [16, 16, 16]}
RT_DETR |= {"d_model": 16, "num_queries": 12, "decoder_layers": 2, "decoder_n_points": 2, "num_denoising": 10}
RT_DETR |= {f"{part}_attention_heads": 2 for part in ("encoder", "decoder")}
RT_DETR |= {f"{part}_ffn_dim": 16 for part in ("encoder", "decoder")}


def save_detector(folder: Path, family: str, labels: tuple[str, ...] = ("cat", "dog"), seed: int = 0) -> Any:
    """Write one, and give it back."""
    library = import_transformers()
    names = dict(enumerate(labels))
    if family == "detr":
        inner = library.ResNetConfig(**RESNET, out_features=["stage4"])
        config = library.DetrConfig(backbone_config=inner, use_timm_backbone=False, **DETR, id2label=names)
    else:
        inner = library.RTDetrResNetConfig(**RESNET, out_features=["stage2", "stage3", "stage4"])
        kind = library.RTDetrConfig if family == "rt_detr" else library.RTDetrV2Config
        config = kind(backbone_config=inner, **RT_DETR, id2label=names)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = library.AutoModelForObjectDetection.from_config(config).eval()
    model.save_pretrained(folder)
    said = {"do_normalize": family == "detr", "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4]}
    (folder / "preprocessor_config.json").write_text(json.dumps(said), encoding="utf-8")
    return model

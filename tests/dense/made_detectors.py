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
IN_TWO = {"d_model": 16, "decoder_layers": 2, "decoder_n_points": 2, "num_queries": 12}
IN_TWO |= {f"{part}_attention_heads": 2 for part in ("encoder", "decoder")}
IN_TWO |= {f"{part}_ffn_dim": 16 for part in ("encoder", "decoder")}
RT_DETR = {**IN_TWO, "encoder_hidden_dim": 16, "num_denoising": 10, "decoder_in_channels": [16, 16, 16]}
HGNET = {"stem_channels": [3, 8, 8], "stage_in_channels": [8, 8, 12, 16], "stage_mid_channels": [8, 8, 8, 8]}
HGNET |= {"stage_out_channels": [8, 12, 16, 20], "stage_num_blocks": [1, 1, 1, 1], "stage_numb_of_layers": [2, 2, 2, 2]}
HGNET |= {"embedding_size": 8, "hidden_sizes": [8, 12, 16, 20], "depths": [1, 1, 1, 1]}
VIT = {"hidden_size": 16, "num_hidden_layers": 4, "num_attention_heads": 2, "image_size": 64, "patch_size": 8}
ONE_SCALE = {name: value for name, value in IN_TWO.items() if "encoder" not in name} | {"group_detr": 3}
ONE_SCALE |= {f"decoder_{part}_attention_heads": 2 for part in ("self", "cross")}
UPPER = ["stage2", "stage3", "stage4"]


def config_of(family: str, names: dict[int, str]) -> Any:
    """A configuration of a network of a few thousand parameters."""
    library = import_transformers()
    if family == "detr":
        inner = library.ResNetConfig(**RESNET, out_features=["stage4"])
        return library.DetrConfig(backbone_config=inner, use_timm_backbone=False, **DETR, id2label=names)
    if family == "conditional_detr":
        inner = library.ResNetConfig(**RESNET, out_features=["stage4"])
        return library.ConditionalDetrConfig(backbone_config=inner, **DETR, id2label=names)
    if family == "deformable_detr":
        inner = library.ResNetConfig(**RESNET, out_features=UPPER)
        own = {**DETR, "d_model": 32, "two_stage": True, "with_box_refine": True, "two_stage_num_proposals": 10}
        return library.DeformableDetrConfig(backbone_config=inner, **own, id2label=names)
    if family == "rf_detr":
        inner = library.RfDetrDinov2Config(**VIT, num_windows=2, out_features=["stage2", "stage4"])
        return library.RfDetrConfig(backbone_config=inner, **ONE_SCALE, id2label=names)
    if family == "lw_detr":
        windows = {"num_windows": 4, "window_block_indices": [0, 2], "pretrain_image_size": 32}
        inner = library.LwDetrViTConfig(**VIT, **windows, out_features=["stage2", "stage4"])
        return library.LwDetrConfig(backbone_config=inner, **ONE_SCALE, projector_scale_factors=[1.0], id2label=names)
    if family == "d_fine":
        inner, kind = library.HGNetV2Config(**HGNET, out_features=UPPER), library.DFineConfig
    else:
        inner = library.RTDetrResNetConfig(**RESNET, out_features=UPPER)
        kind = library.RTDetrConfig if family == "rt_detr" else library.RTDetrV2Config
    return kind(backbone_config=inner, encoder_in_channels=[12, 16, 20], **RT_DETR, id2label=names)


def save_detector(folder: Path, family: str, labels: tuple[str, ...] = ("cat", "dog"), seed: int = 0) -> Any:
    """Write one, and give it back."""
    library = import_transformers()
    config = config_of(family, dict(enumerate(labels)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = library.AutoModelForObjectDetection.from_config(config).eval()
        for one in model.model.backbone.modules() if family == "d_fine" else ():
            if isinstance(one, torch.nn.Conv2d):  # as it begins nothing is left of a picture behind four stages
                torch.nn.init.kaiming_normal_(one.weight)
    if family in ("lw_detr", "rf_detr"):
        model.class_embed.bias.data.zero_()  # they begin with scores of 0.01, lower than what is kept
    model.save_pretrained(folder)
    said = {"do_normalize": family == "detr", "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4]}
    (folder / "preprocessor_config.json").write_text(json.dumps(said), encoding="utf-8")
    return model

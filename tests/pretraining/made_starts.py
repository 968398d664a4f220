"""What a method starts from, on tiny pictures, texts and vectors."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch

from jeoni.backbones.backbone import Backbone, Provenance
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.sources.transformers import encoder_backbone
from jeoni.data.text_items import TextItems
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.libraries import import_transformers
from jeoni.pretraining.learning.method import Method, OwnNetwork, Start
from jeoni.specs import Recipe
from jeoni.tasks import load_data
from jeoni.types import Dataset
from tests.conftest import FILLER, TINY, WORDS, make_texts

SHORT = Recipe(steps=6, batch_size=8, views=2)


def small_backbone() -> Backbone:
    backbone = load_backbone(TINY)
    return dataclasses.replace(backbone, input=dataclasses.replace(backbone.input, size=48))


def text_backbone(masked: bool = True) -> Backbone:
    """A BERT of two layers whose tokenizer has a mask, or none."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        *(["[MASK]"] if masked else []),
        *FILLER,
        *WORDS["good"],
        *WORDS["bad"],
    ]
    plain = Tokenizer(models.WordLevel({w: i for i, w in enumerate(dict.fromkeys(words))}, unk_token="[UNK]"))
    plain.add_special_tokens(words[: 5 if masked else 4])
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    plain.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    library = import_transformers()
    config = library.BertConfig(
        vocab_size=plain.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=64, pad_token_id=0,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = library.BertModel(config, add_pooling_layer=False)
    origin = Provenance("file", "tiny", "none needed", "0" * 64)
    return encoder_backbone(model, plain, name="tiny", pooling="mean", most=32, provenance=origin)


def texts(each: int = 16) -> Dataset:
    return unlabelled(TextItems(make_texts(each)[0]), "text")


def unlabelled(items, modality: str) -> Dataset:
    return Dataset("made", items, np.full((len(items), 1), None, dtype=object), modality=modality)


def start_from(
    backbone: Backbone, data: Dataset, method: Method, recipe: Recipe = SHORT, context: Context | None = None
) -> Start:
    context = context or Context(engine="torch")
    seen = context.extract(data.items, [Request(backbone, method.taps(backbone, len(data), recipe))])
    index = np.arange(len(data))
    return Start(
        backbone, Examples(data, index, seen, index, np.zeros((1, len(data)), dtype=np.int64)), context, recipe
    )


def start_on_photos(method: Method, root: Path, recipe: Recipe = SHORT, context: Context | None = None) -> Start:
    backbone = method.network(0) if isinstance(method, OwnNetwork) else small_backbone()
    return start_from(backbone, load_data(root), method, recipe, context)

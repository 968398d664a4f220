"""Hugging Face transformers (Wolf et al. EMNLP 2020), https://github.com/huggingface/transformers: hub id or folder."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn

from jeoni.backbones.audio_encoder import SPECTROGRAM_FAMILIES, WAVEFORM_FAMILIES, SpectrogramEncoder, WaveformEncoder
from jeoni.backbones.backbone import Backbone, Provenance, build_backbone
from jeoni.backbones.encoder import POOLINGS, Encoder
from jeoni.backbones.entry import entry, rows_like
from jeoni.backbones.weights import fingerprint, first_line
from jeoni.errors import JeoniError, WeightsError
from jeoni.imports import require
from jeoni.libraries import import_transformers
from jeoni.modalities.audio.audio_input import SILENCE
from jeoni.modalities.inputs import Input
from jeoni.modalities.inputs.spectrum import SpectrumInput
from jeoni.modalities.inputs.text import TextInput
from jeoni.modalities.inputs.wave import WaveInput

__all__ = ["Transformers"]

# among transformers' causal language models, but reading both ways unless told otherwise
BOTH_WAYS = ("bert-generation", "reformer", "xlnet")
LEFT_OUT = (
    "architectures",
    "transformers_version",
    "model_type",
    "dtype",
    "torch_dtype",
    # of the task that it was trained on
    "id2label",
    "label2id",
    "num_labels",
    "problem_type",
    "task_specific_params",
    "finetuning_task",
)
# names of settings that choose code, files or what a hub has
FOREIGN = re.compile(
    r"implementation|auto_map|pretrained|quantization|kernels|backbone|name_or_path|_(file|dir|repo|url)$"
)
MEND = "Take another one, such as a BERT, RoBERTa, GPT or Llama for texts, a HuBERT or Whisper for audio."
MOST_TOKENS = 256
MOST_SECONDS = 10.0
# small steps all the way down: what a language model knows is spread over its layers (Howard & Ruder 2018; BERT's own)
PREFERRED = {"learning_rate": 5e-5, "depth_decay": 0.9, "batch_size": 16, "augment": "none", "label_smoothing": 0.0}


class Transformers:
    """``transformers:klue/roberta-base``, or a folder that ``save_pretrained`` wrote; code of the hub is never run."""

    def names(self) -> list[str]:
        """None in advance: any id of the hub will do."""
        return []

    def build(self, architecture: str, arguments: dict[str, Any]) -> nn.Module:
        """An encoder with fresh weights, from what :meth:`load` kept of it.

        Raises:
            WeightsError: what was kept is not what :meth:`load` keeps.
        """
        config, pooling = arguments.get("config"), arguments.get("pooling")
        normalised = arguments.get("normalised", False)
        if not isinstance(config, dict) or pooling not in POOLINGS or not isinstance(normalised, bool):
            raise WeightsError(
                f"The arguments of the {architecture} encoder are damaged. Needed: config, a pooling "
                f"({', '.join(POOLINGS)}) and normalised, which is true or false."
            )
        library = import_transformers()
        # what was saved can have been changed by anybody: it is filtered here too
        made = library.AutoConfig.for_model(architecture, **plain_settings(config))
        model = _headless(_encoder_of(library.AutoModel.from_config(made, trust_remote_code=False)))
        return encoder(model, pooling, normalised).eval()

    def check(self, name: str, weights: str) -> None:
        """Raise MissingExtra if transformers is not installed; which ids the hub has is not asked."""
        require("transformers", "transformers", "text", "A backbone of transformers")

    def load(self, name: str, weights: str) -> Backbone:
        """Load from a folder or the hub.

        Raises:
            WeightsError: the hub is out of reach, a family without stages, or no fast tokenizer.
            MissingExtra: transformers is not installed.
        """
        if weights:
            raise WeightsError(f"{name} is loaded with its own weights; it takes no weights file ({weights}).")
        library = import_transformers()
        try:
            config = _without_kernels(library.AutoConfig.from_pretrained(name, trust_remote_code=False))
            model = library.AutoModel.from_pretrained(name, config=config, trust_remote_code=False)
            takes_audio = model.config.model_type in (*WAVEFORM_FAMILIES, *SPECTROGRAM_FAMILIES)
            reader = library.AutoFeatureExtractor if takes_audio else library.AutoTokenizer
            prepared = reader.from_pretrained(name, trust_remote_code=False)
        except Exception as error:  # the hub's client, and a family's own code, raise what they like
            raise WeightsError(
                f"{name!r} could not be loaded by transformers ({first_line(error)}). "
                "Needed: a folder that save_pretrained wrote, with its tokenizer or feature extractor, or the id of a "
                "model on the hub."
            ) from error
        if not takes_audio and getattr(model.config, "is_encoder_decoder", False):
            raise WeightsError(
                f"{name!r} is of the family {model.config.model_type}, which reads with one part and writes with "
                f"another. Needed: an encoder or a decoder. {MEND}"
            )
        if not takes_audio and not getattr(prepared, "is_fast", False):
            raise WeightsError(f"{name!r} has no fast tokenizer (tokenizer.json); one is needed.")
        try:
            return audio_backbone(model, prepared, name) if takes_audio else _text_backbone(model, prepared, name)
        except WeightsError as error:
            raise WeightsError(f"{error} {MEND}") from error
        except JeoniError:
            raise
        except Exception as error:  # what a family's code does with an input of zeros is its own affair
            raise WeightsError(
                f"{name!r} is of the family {model.config.model_type}, which cannot be run as stages "
                f"({first_line(error)}). {MEND}"
            ) from error


def encoder_backbone(
    model: Any, tokenizer: Any, *, name: str, pooling: str, most: int, provenance: Provenance, prefix: str = ""
) -> Backbone:
    """A backbone around a model of transformers.

    Args:
        model: without a head.
        tokenizer: a ``tokenizers.Tokenizer``.
        name: what to call it.
        pooling: ``mean``, ``cls`` or ``last``.
        most: tokens of a text; what is beyond is cut off.
        provenance: of the weights.
        prefix: what the model wants before each text.
    """
    return build_backbone(
        encoder(_headless(model.float()), pooling),
        name=name,
        architecture=model.config.model_type,
        arguments={"config": _kept(model.config), "pooling": pooling},
        input=TextInput.make(tokenizer, most, prefix),
        provenance=provenance,
        library="transformers",
        preferred=PREFERRED,
    )


def _text_backbone(model: Any, prepared: Any, name: str) -> Backbone:
    return encoder_backbone(
        model,
        prepared.backend_tokenizer,
        name=name,
        pooling=pooling_of(model.config, name),
        most=min(MOST_TOKENS, longest(model.config, prepared)),
        provenance=_provenance(name, model),
    )


def audio_backbone(model: Any, extractor: Any, name: str) -> Backbone:
    """A backbone around an audio encoder of transformers; of one that also writes text, the encoder."""
    model = _headless(_encoder_of(model)).float()
    normalised = bool(getattr(extractor, "do_normalize", False))
    family = model.config.model_type
    network = encoder(model, "mean", normalised)
    if family in WAVEFORM_FAMILIES:
        waves = WaveInput(int(extractor.sampling_rate), MOST_SECONDS, least=_least(model.config))
        spec: Input = replace(waves, chunk=1) if _changes_with_padding(network, waves) else waves
    else:
        spec = SpectrumInput.make(extractor, _span(extractor))
    return build_backbone(
        network,
        name=name,
        architecture=family,
        arguments={"config": _kept(model.config), "pooling": "mean", "normalised": normalised},
        input=spec,
        provenance=_provenance(name, model),
        library="transformers",
        preferred=PREFERRED,
    )


def encoder(model: Any, pooling: str, normalised: bool = False) -> Encoder:
    """The network of stages for a model's family."""
    family = model.config.model_type
    if family in WAVEFORM_FAMILIES:
        return WaveformEncoder(model, pooling, normalised)
    return (SpectrogramEncoder if family in SPECTROGRAM_FAMILIES else Encoder)(model, pooling)


def _changes_with_padding(network: Encoder, spec: WaveInput) -> bool:
    """Whether features change with padding: where something is normalised over time, or positions
    come from a convolution, they do. It is tried, since configurations do not say it of every family."""
    rows = rows_like(spec, 2)
    whole = entry(network, spec).eval()
    with torch.inference_mode():
        together, alone = whole(rows)[1], whole(rows[1:, : int((rows[1] != SILENCE).sum())])[0]
    return not torch.allclose(together, alone, rtol=1e-3, atol=1e-3 * float(alone.abs().max()))


def _least(config: Any) -> int:
    """Samples that a frame behind the convolutions is made of."""
    least = 1
    for kernel, stride in zip(reversed(config.conv_kernel), reversed(config.conv_stride), strict=True):
        least = (least - 1) * stride + kernel
    return int(least)


def _span(extractor: Any) -> float:
    """Seconds that an extractor of spectra takes: Whisper's says them, AST's counts frames of 10 ms."""
    return float(getattr(extractor, "chunk_length", 0) or extractor.max_length / 100)


def _encoder_of(model: Any) -> Any:
    """The encoder of a model that also writes text."""
    return model.get_encoder() if model.config.model_type == "whisper" else model


def _without_kernels(config: Any) -> Any:
    """The same, but for kernels that it names on the hub: they would be fetched, and are code."""
    for name in ("_attn_implementation", "_experts_implementation"):
        if "/" in str(getattr(config, name, "")):
            setattr(config, name, None)
    return config


def _kept(config: Any) -> dict[str, Any]:
    """The settings that make the configuration anew."""
    return plain_settings(json.loads(json.dumps(config.to_diff_dict(), default=str)))


def plain_settings(config: dict[str, Any]) -> dict[str, Any]:
    """The sizes, switches and plain words of a configuration, without all that could name code, a file or a hub.

    Example:
        >>> plain_settings({"hidden_size": 32, "hidden_act": "gelu", "_attn_implementation": "me/my-kernel"})
        {'hidden_size': 32, 'hidden_act': 'gelu'}
    """
    kept = {}
    for name, value in config.items():
        if isinstance(value, dict):
            value = plain_settings(value)
        if name not in LEFT_OUT and not FOREIGN.search(name) and _is_plain(value):
            kept[name] = value
    return kept


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_plain(v) and not isinstance(v, dict) for v in value)
    # activations, norms and kinds of layers are single words; files, repositories and dotted code are not
    return not isinstance(value, str) or re.fullmatch(r"\w{0,64}", value) is not None


def pooling_of(config: Any, name: str) -> str:
    """The pooling kept beside a model by sentence-transformers; else the last token of decoders, the mean of others.

    Args:
        config: of the model.
        name: the folder, or the id on the hub.
    """
    try:
        said = import_transformers().utils.cached_file(name, "config.json", subfolder="1_Pooling")
    except (OSError, ValueError):  # there is none, as beside most models, or the hub is out of reach
        said = None
    if not said:
        return "last" if reads_forward(config) else "mean"
    kept = json.loads(Path(said).read_text(encoding="utf-8"))
    named = {"pooling_mode_cls_token": "cls", "pooling_mode_lasttoken": "last"}
    older = next((pooling for flag, pooling in named.items() if kept.get(flag)), "mean")
    return {"cls": "cls", "lasttoken": "last"}.get(kept.get("pooling_mode", ""), older)


def reads_forward(config: Any) -> bool:
    """Whether each token sees only those before it, so that the last one alone has seen all: a decoder.

    Encoders, too, are among transformers' causal language models; but they are among the masked ones as well.
    """
    if getattr(config, "use_bidirectional_attention", False) or getattr(config, "is_causal", None) is False:
        return False
    if getattr(config, "is_decoder", False):
        return True
    known = import_module("transformers.models.auto.modeling_auto")
    family, masked = config.model_type, known.MODEL_FOR_MASKED_LM_MAPPING_NAMES
    return family in known.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and family not in (*masked, *BOTH_WAYS)


def longest(config: Any, tokenizer: Any) -> int:
    """Tokens the model has places for; RoBERTa's count begins behind its padding."""
    places = int(getattr(config, "max_position_embeddings", MOST_TOKENS) or MOST_TOKENS)
    places = places if places > 0 else MOST_TOKENS  # XLNet has no limit, and says -1
    behind = (config.pad_token_id or 0) + 1 if "roberta" in config.model_type else 0
    return int(min(places - behind, getattr(tokenizer, "model_max_length", places)))


def _headless(model: Any) -> Any:
    """Without what was only there for its pretraining task, or for a decoder."""
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    if getattr(model.config, "add_adapter", False):
        model.adapter, model.config.add_adapter = None, False
    return model


def _provenance(name: str, model: nn.Module) -> Provenance:
    here = Path(name).is_dir()
    url = "" if here else f"https://huggingface.co/{name}"
    return Provenance("file" if here else "transformers", name, "not stated", fingerprint(model.state_dict()), url)

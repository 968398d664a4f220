"""Small pictures, a small backbone and a cache of its own for every test."""

from __future__ import annotations

import gc
import io
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

TINY = "untrained:test_resnet"
NUMBERS = itertools.count()

for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):  # what is read below is English, whoever runs the tests
    if os.environ.get(variable, "").startswith("ko"):
        os.environ[variable] = "C.UTF-8"


gc.disable()  # while tests are collected: a million objects that all stay


def pytest_collection_finish() -> None:
    """From here on the collector looks only at what tests make."""
    gc.enable()
    gc.freeze()


@pytest.fixture(scope="session")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("caches")


@pytest.fixture(autouse=True)
def own_cache(caches: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = caches / str(next(NUMBERS))  # mktemp would look through the folders of all tests before
    cache.mkdir()
    monkeypatch.setenv("JEONI_CACHE", str(cache))
    return cache


@pytest.fixture(autouse=True)
def auto_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """``--engine auto`` takes torch in a test, at once: trying the others takes longer than a tiny network's work.

    Fixtures of wider scope, and modules that put a fixture of this name in its place, have the choice as it is.
    """
    from jeoni.features import engine

    candidates = engine._candidates
    monkeypatch.setattr(engine, "_candidates", lambda wanted: [] if wanted == "auto" else candidates(wanted))


@pytest.fixture(scope="module")
def small_pictures() -> Iterator[None]:
    """The tiny network takes pictures of 64 pixels, not 160: a sixth of the work, in this process."""
    from tests.made_small import smaller_inputs

    with smaller_inputs("test_resnet", 64):
        yield


@pytest.fixture(autouse=True)
def charts_drawn_once() -> Iterator[None]:
    """A chart of the same numbers in the same words is drawn by the first test that needs it, as within a run.

    Drawing takes longer than most of what a tiny network does; modules that test it put a fixture of this name in its place.
    """
    from tests.made_small import charts_kept

    with charts_kept():
        yield


def make_picture(kind: int, number: int, side: int = 48) -> Image.Image:
    """Stripes whose direction is the class; noise and phase differ from picture to picture."""
    rng = np.random.default_rng(1000 * kind + number)
    y, x = np.mgrid[:side, :side]
    angle = kind * np.pi / 3
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) / 2.5 + rng.uniform(0, 6))
    pixels = 127 + 60 * wave[..., None] + rng.normal(0, 25, (side, side, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


@pytest.fixture
def one_thread() -> Iterator[None]:
    """On networks this small, more threads wait for each other."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def make_photos(tmp_path: Path) -> Callable[..., Path]:
    """``make_photos("photos", classes=2, each=12)``: a folder per class."""

    def make(name: str = "photos", classes: int = 2, each: int = 12, first: int = 0, suffix: str = "png") -> Path:
        return save_photos(tmp_path / name, classes, each, first, suffix)

    return make


def save_photos(root: Path, classes: int = 2, each: int = 12, first: int = 0, suffix: str = "png") -> Path:
    for kind in range(classes):
        folder = root / f"class_{kind}"
        folder.mkdir(parents=True, exist_ok=True)
        for k in range(first, first + each):
            make_picture(kind, k).save(folder / f"{k:03d}.{suffix}")
    return root


@pytest.fixture(scope="session")
def plain_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on 24 small pictures, which lie beside it in `photos`; a test that changes it takes a copy."""
    import jeoni

    root = tmp_path_factory.mktemp("plain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEONI_CACHE", str(root / "cache"))
        photos = save_photos(root / "photos")
        jeoni.fit(photos, backbone=TINY, out=root / "run", control=False, folds=2, repeats=1)
    return root / "run"


WORDS = {
    "good": ["fine", "great", "lovely", "splendid", "superb"],
    "bad": ["awful", "dull", "dreadful", "poor", "weak"],
}
FILLER = [
    "the",
    "film",
    "was",
    "a",
    "story",
    "of",
    "many",
    "days",
    "and",
    "one",
    "night",
    "in",
    "this",
    "town",
    "with",
    "some",
    "people",
    "who",
    "went",
    "there",
    "again",
]


def make_texts(each: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Texts of very different length, one telling word in each, and their labels."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for k in range(2 * each):
        label = ("bad", "good")[k % 2]
        words = list(rng.choice(FILLER, rng.integers(2, 20)))
        words.insert(int(rng.integers(len(words))), str(rng.choice(WORDS[label])))
        texts.append(" ".join(words))
        labels.append(label)
    return texts, labels


@pytest.fixture
def make_reviews(tmp_path: Path) -> Callable[..., Path]:
    """``make_reviews("reviews.csv", each=40)``: a table of texts and labels."""

    def make(name: str = "reviews.csv", each: int = 40, seed: int = 0) -> Path:
        texts, labels = make_texts(each, seed)
        rows = "".join(f'"{text}",{label}\n' for text, label in zip(texts, labels, strict=True))
        (tmp_path / name).write_text(f"review,label\n{rows}", encoding="utf-8")
        return tmp_path / name

    return make


SMALL = {"num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 64}
FAMILIES = {
    "bert": SMALL,
    "roberta": SMALL | {"pad_token_id": 1},
    "xlm-roberta": SMALL | {"pad_token_id": 1},
    "distilbert": {"dim": 32, "n_layers": 3, "n_heads": 2, "hidden_dim": 64, "max_position_embeddings": 64},
    "electra": SMALL | {"embedding_size": 16},
    "deberta": SMALL | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    "deberta-v2": SMALL
    | {
        "relative_attention": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_buckets": 8,
        "norm_rel_ebd": "layer_norm",
    },
    "mpnet": SMALL,
    "modernbert": SMALL | {"pad_token_id": 0},
    "gpt2": {"n_embd": 32, "n_layer": 3, "n_head": 2, "n_positions": 64},
    "llama": SMALL | {"num_key_value_heads": 2},
    "falcon": SMALL,
    "gemma3_text": SMALL | {"num_key_value_heads": 2, "head_dim": 16},
}
MORE_FAMILIES = {
    "bloom": {"hidden_size": 32, "n_layer": 3, "n_head": 2},
    "camembert": SMALL | {"pad_token_id": 1},
    "exaone4": SMALL | {"num_key_value_heads": 2, "pad_token_id": 0},
    "gpt_neox": SMALL,
    "gptj": {"n_embd": 32, "n_layer": 3, "n_head": 2, "n_positions": 64, "rotary_dim": 8},
    "mistral": SMALL | {"num_key_value_heads": 2},
    "olmo2": SMALL | {"num_key_value_heads": 2},
    "opt": SMALL | {"word_embed_proj_dim": 32, "ffn_dim": 64},
    "qwen3": SMALL | {"num_key_value_heads": 2, "head_dim": 16},
    "roformer": SMALL | {"embedding_size": 32},
    "xlnet": {"d_model": 32, "n_layer": 3, "n_head": 2, "d_inner": 64},
}
REFUSED_FAMILIES = {
    "albert": SMALL | {"embedding_size": 16},
    "t5": {"d_model": 32, "num_layers": 3, "num_heads": 2, "d_ff": 64, "d_kv": 16},
}


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """``encoder_folder("bert")``: a tiny model of that family with random weights, as ``save_pretrained`` writes it."""
    made: dict[str, Path] = {}

    def make(family: str = "bert") -> Path:
        if family not in made:
            made[family] = _save_encoder(tmp_path_factory.mktemp("encoders") / family, family)
        return made[family]

    return make


def _save_encoder(folder: Path, family: str) -> Path:
    import torch

    from jeoni.libraries import import_transformers

    transformers = import_transformers()
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *FILLER, *WORDS["good"], *WORDS["bad"]]
    plain = Tokenizer(models.WordLevel({w: i for i, w in enumerate(dict.fromkeys(words))}, unk_token="[UNK]"))
    plain.pre_tokenizer = pre_tokenizers.Whitespace()
    plain.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=plain, model_max_length=48, **special)
    ends = dict.fromkeys(("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id"), 3)
    sizes = (FAMILIES | MORE_FAMILIES | REFUSED_FAMILIES)[family]
    given = {"hidden_size": 32, **sizes, "vocab_size": plain.get_vocab_size(), **ends}
    if any(other in given for other in ("dim", "n_embd", "d_model")):
        given.pop("hidden_size")
    config = transformers.AutoConfig.for_model(family, **given)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = transformers.AutoModel.from_config(config)
        for parameter in model.parameters():  # at their usual size, random weights hardly change what goes through
            if parameter.ndim > 1:
                parameter.data.mul_(5)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


RATE = 8000


def make_tone(kind: int, number: int) -> np.ndarray:
    """Low or high tones one after the other in noise, of a length of its own."""
    rng = np.random.default_rng(100 * kind + number)
    t = np.arange(int(RATE * rng.uniform(0.4, 0.7))) / RATE
    heights = np.repeat(rng.uniform(0.5, 2.0, 6), -(-len(t) // 6))[: len(t)] * (300, 1500)[kind]
    loud = np.repeat(rng.uniform(0.05, 0.4, 9), -(-len(t) // 9))[: len(t)]
    return loud * np.sin(2 * np.pi * np.cumsum(heights) / RATE) + 0.01 * rng.normal(size=len(t))


@pytest.fixture
def make_sounds(tmp_path: Path) -> Callable[..., Path]:
    """``make_sounds("sounds", each=12)``: a folder per class, the speaker in every name."""
    import soundfile

    def make(name: str = "sounds", each: int = 12, suffix: str = "wav", rate: int = RATE) -> Path:
        for kind in (0, 1):
            folder = tmp_path / name / f"tone_{kind}"
            folder.mkdir(parents=True)
            for k in range(each):
                soundfile.write(folder / f"{k}_{'abcd'[k % 4]}_.{suffix}", make_tone(kind, k), rate)
        return tmp_path / name

    return make


WAVES = {
    "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 64,
    "conv_dim": (16, 16, 16), "conv_stride": (5, 4, 4), "conv_kernel": (10, 8, 4), "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2, "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
}  # fmt: skip
LISTENERS = {
    "wav2vec2": WAVES,
    "hubert": WAVES,
    "wav2vec2 group": {**WAVES, "feat_extract_norm": "group", "do_stable_layer_norm": False},
    "wav2vec2-conformer": WAVES,
    "wav2vec2 adapter": {**WAVES, "add_adapter": True, "num_adapter_layers": 2},
    "wavlm": WAVES,
    "data2vec-audio": WAVES,
    "whisper": {
        "d_model": 32, "encoder_layers": 3, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
        "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_source_positions": 1500, "num_mel_bins": 80, "vocab_size": 99,
        "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1,
    },
    "audio-spectrogram-transformer": {
        "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 64, "max_length": 128,
        "num_mel_bins": 64, "patch_size": 16, "time_stride": 10, "frequency_stride": 10,
    },
}  # fmt: skip


@pytest.fixture(scope="session")
def listener_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """``listener_folder("hubert")``: a tiny audio encoder with random weights, as ``save_pretrained`` writes it."""
    made: dict[str, Path] = {}

    def make(family: str) -> Path:
        if family not in made:
            made[family] = _save_listener(tmp_path_factory.mktemp("listeners") / family, family)
        return made[family]

    return make


def _save_listener(folder: Path, family: str) -> Path:
    import torch

    from jeoni.libraries import import_transformers

    transformers = import_transformers()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = transformers.AutoModel.from_config(
            transformers.AutoConfig.for_model(family.split()[0], **LISTENERS[family])
        )
    extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=True)
    if family == "whisper":
        extractor = transformers.WhisperFeatureExtractor(feature_size=80)
    if family.startswith("audio"):
        extractor = transformers.ASTFeatureExtractor(num_mel_bins=64, max_length=128)
    model.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def encode():
    """An image as the bytes of a file."""

    def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    return encoded


@pytest.fixture(scope="session")
def make_image():
    """A smooth random picture: the same for the same seed."""

    def made(seed: int = 0, size: tuple[int, int] = (48, 40)) -> Image.Image:
        grid = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        return Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)

    return made


@pytest.fixture
def put(tmp_path, make_image, encode):
    """Write distinct images below the test's folder; gives that folder."""

    def written(*names: str) -> Path:
        for seed, name in enumerate(names):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode(make_image(seed, (12, 10))))
        return tmp_path

    return written

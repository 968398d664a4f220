from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from jeoni import distributed, plugins
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, Taps
from jeoni.backbones.entry import entry
from jeoni.errors import ConfigError
from jeoni.features import engine as engine_module
from jeoni.features.engine import agreement, choose
from jeoni.features.engines.torch import TorchEngine
from jeoni.features.halving import InWhatFits
from jeoni.modalities.inputs import collate
from jeoni.types import Quiet

ENGINES = plugins.names("jeoni.features.engines")


@pytest.fixture(autouse=True)
def auto_engine():
    """Every engine is asked here."""


@pytest.fixture(scope="module")
def network() -> nn.Module:
    backbone = load_backbone("untrained:test_efficientnet")
    taps = (Tap(2, True), Tap(3, False), Tap(backbone.n, True))
    return entry(Taps(backbone, taps), backbone.input).eval()


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 160, 160, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_gives_what_torch_gives_at_any_batch_size(name, network, pixels):
    engine = plugins.load("jeoni.features.engines", name)()
    if engine.missing():
        pytest.skip(engine.missing())
    run = engine.compile(network, pixels, 2, "float32")
    for n in (5, 1):
        with torch.inference_mode():
            wanted = [t.numpy() for t in network(torch.from_numpy(pixels[:n]))]
        got = run(pixels[:n])
        assert [g.shape for g in got] == [w.shape for w in wanted]
        for g, w in zip(got, wanted, strict=True):
            scale = np.abs(w).max() if engine.accelerated() else 0.1  # convolutions of GPUs round to TF32
            np.testing.assert_allclose(g, w, rtol=1e-3, atol=1e-3 * scale)


def test_the_choice_was_held_against_torch(network, pixels):
    choice = choose(network, pixels, "auto", 2, Quiet())
    assert choice.name in ENGINES
    assert 0.999 <= choice.cosine <= 1.0001


def test_agreement_sees_direction_scale_shape_and_nan():
    a = np.array([[1.0, 2.0, 3.0]])
    assert agreement([a], [a]) == pytest.approx(1)
    assert agreement([a * 2], [a]) == 0
    assert agreement([a[:, :2]], [a]) == 0
    assert agreement([a * np.nan], [a]) == 0
    assert agreement([np.array([[1.0, 0.0]])], [np.array([[1.0, 1.0]]) / np.sqrt(2)]) == pytest.approx(np.sqrt(0.5))


class Wrong:
    name = "wrong"

    def missing(self) -> str:
        return ""

    def accelerated(self) -> bool:
        return False

    def precisions(self) -> tuple[str, ...]:
        return ("float32",)

    def compile(self, network: nn.Module, pixels: np.ndarray, threads: int, precision: str) -> Callable[..., object]:
        rng = np.random.default_rng(0)
        with torch.inference_mode():
            shapes = [t.shape for t in network(torch.from_numpy(pixels))]
        return lambda batch: [rng.normal(size=(len(batch), *s[1:])) for s in shapes]


class Broken(Wrong):
    name = "broken"

    def compile(self, *args: object) -> Callable[..., object]:
        raise RuntimeError("unsupported operator Frobnicate")


@pytest.mark.parametrize(("fake", "why"), [(Wrong, "refused: cosine"), (Broken, "cannot run this network")])
def test_an_engine_that_fails_falls_back_to_torch_and_says_so(network, pixels, monkeypatch, fake, why):
    monkeypatch.setattr(engine_module, "_candidates", lambda wanted: [(fake(), "float32")])
    heard: list[str] = []
    console = Quiet()
    monkeypatch.setattr(console, "warn", heard.append)
    choice = choose(network, pixels, "onnxruntime", 1, console)
    assert choice.name == "torch"
    assert why in choice.notes[0]
    assert why in heard[0] and heard[0].endswith("torch is used instead.")


class OnGpu(Wrong):
    name = "gpu"

    def accelerated(self) -> bool:
        return True

    def compile(self, network: nn.Module, *args: object) -> Callable[..., object]:
        return lambda batch: [t.detach().numpy() for t in network(torch.from_numpy(batch))]


def test_what_runs_on_an_accelerator_is_taken_before_processors_are_asked(network, pixels, monkeypatch):
    monkeypatch.setattr(TorchEngine, "accelerated", lambda self: True)
    names = [engine.name for engine, _ in engine_module._candidates("auto")]
    assert names[0] == "torch" and "onnxruntime" in names
    assert engine_module.accelerated("auto") and not engine_module.accelerated("onnxruntime")
    monkeypatch.setattr(engine_module, "_candidates", lambda wanted: [(OnGpu(), "float32"), (Broken(), "float32")])
    choice = choose(network, pixels, "auto", 2, Quiet())
    assert (choice.name, choice.notes) == ("gpu", ())


class HalfOnGpu(OnGpu):
    def compile(self, network: nn.Module, pixels: np.ndarray, threads: int, precision: str) -> Callable[..., object]:
        if precision == "bfloat16":
            return Wrong.compile(self, network, pixels, threads, precision)
        return super().compile(network)


def test_float16_is_taken_on_a_gpu_where_bfloat16_is_too_coarse(network, pixels, monkeypatch):
    tried = [(HalfOnGpu(), precision) for precision in ("bfloat16", "float16", "float32")]
    monkeypatch.setattr(engine_module, "_candidates", lambda wanted: tried)
    choice = choose(network, pixels, "auto", 2, Quiet())
    assert choice.precision == "float16"
    assert "refused" in choice.notes[0] and len(choice.notes) == 1


@pytest.mark.parametrize(
    ("device", "quick", "expected"),
    [
        ("cuda", True, ("bfloat16", "float16", "float32")),
        ("cuda", False, ("float16", "float32")),
        ("cpu", True, ("float32",)),
    ],
)
def test_halves_are_for_gpus(monkeypatch, device, quick, expected):
    monkeypatch.setattr(distributed, "device", lambda: torch.device(device))
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: quick)
    assert TorchEngine().precisions() == expected


class SmallGpu(OnGpu):
    most = 3

    def compile(self, network: nn.Module, *args: object) -> Callable[..., object]:
        run = super().compile(network)

        def limited(batch):
            if len(batch) > self.most:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return run(batch)

        return limited


def test_a_batch_for_which_a_gpu_has_no_memory_is_halved_and_that_is_said(network, pixels, monkeypatch):
    monkeypatch.setattr(engine_module, "_candidates", lambda wanted: [(SmallGpu(), "float32")])
    heard: list[str] = []
    console = Quiet()
    monkeypatch.setattr(console, "warn", heard.append)
    choice = choose(network, pixels[:2], "auto", 1, console)
    many = np.concatenate([pixels[:2]] * 4)
    whole = OnGpu().compile(network)(many)
    for _ in range(2):  # the second time nothing has to be tried
        for got, wanted in zip(choice.run(many), whole, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
    assert heard == [
        "The GPU has no memory for 8 examples at once; from now on 4 are taken.",
        "The GPU has no memory for 4 examples at once; from now on 2 are taken.",
    ]
    monkeypatch.setattr(SmallGpu, "most", 0)
    with pytest.raises(ConfigError, match=r"no memory for a single example.*smaller --backbone.* or --device cpu"):
        choice.run(many)


def test_threads_never_take_more_again_than_another_found_to_fit_and_each_size_is_told_once(pixels):
    """The second thread fails at eight rows, and is told so only when the first one has come down to two."""
    heard: list[str] = []
    console = Quiet()
    console.warn = heard.append  # type: ignore[method-assign]
    both, done, taken = threading.Barrier(2), threading.Event(), []

    def run(rows: np.ndarray) -> list[np.ndarray]:
        taken.append(len(rows))
        if len(rows) == 8:
            both.wait(10)
            if threading.current_thread().name == "slow":
                done.wait(10)
        if len(rows) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return [rows]

    limited = InWhatFits(run, console)
    rows = np.arange(8)[:, None]
    slow = threading.Thread(target=limited, args=(rows,), name="slow")
    slow.start()
    np.testing.assert_array_equal(limited(rows)[0], rows)
    done.set()
    slow.join()
    assert taken.count(8) == 2 and taken.count(4) == 1
    assert [text.partition(" for ")[2][:1] for text in heard] == ["8", "4"]


@pytest.mark.parametrize("wanted", ["auto", "torch"])
def test_a_gpu_without_memory_for_the_rows_of_the_choice_takes_half_of_them(network, pixels, monkeypatch, wanted):
    tried = [(SmallGpu(), "float32"), (Broken(), "float32")]
    monkeypatch.setattr(engine_module, "_candidates", lambda wanted: tried)
    heard: list[str] = []
    console = Quiet()
    monkeypatch.setattr(console, "warn", heard.append)
    choice = choose(network, pixels, wanted, 1, console)
    assert (choice.name, choice.notes) == ("gpu", ()) and choice.cosine > 0.999
    assert heard == ["The GPU has no memory for 5 examples at once; from now on 2 are taken."]
    choice.run(pixels)
    assert len(heard) == 1


@pytest.mark.parametrize("wanted", ["auto", "torch"])
@pytest.mark.parametrize("when", ["run", "compiled"])
def test_a_gpu_without_memory_for_one_row_is_told_with_the_remedy(network, pixels, monkeypatch, wanted, when):
    class Full(SmallGpu):
        most = 0

        def compile(self, network: nn.Module, *args: object) -> Callable[..., object]:
            if when == "compiled":
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return super().compile(network)

    monkeypatch.setattr(engine_module, "_candidates", lambda wanted: [(Full(), "float32"), (Right(), "float32")])
    with pytest.raises(ConfigError, match=r"no memory for a single example.*--image-size.*--device cpu"):
        choose(network, pixels, wanted, 1, Quiet())


class Right(OnGpu):
    name = "processor"

    def accelerated(self) -> bool:
        return False


def test_an_unknown_engine_offers_near_names(network, pixels):
    with pytest.raises(ConfigError, match="Did you mean onnxruntime"):
        choose(network, pixels, "onnxruntim", 1, Quiet())


SAMPLES = {"bert": (3, 9, 21), "llama": (3, 9, 21), "hubert": (1200, 9000, 16_000), "whisper": (1, 1, 1)}


@pytest.mark.parametrize("family", SAMPLES)
@pytest.mark.parametrize("name", [n for n in ENGINES if n != "torch"])
def test_every_engine_takes_texts_and_sounds_of_any_length(name, family, encoder_folder, listener_folder):
    engine = plugins.load("jeoni.features.engines", name)()
    if engine.missing():
        pytest.skip(engine.missing())
    backbone = load_backbone(str((encoder_folder if family in ("bert", "llama") else listener_folder)(family)))
    spec, rng = backbone.input, np.random.default_rng(0)
    if spec.kind == "text":
        rows = [rng.integers(0, spec.vocabulary, n, dtype=np.int32) for n in SAMPLES[family]]
    elif spec.kind == "wave":
        rows = [rng.integers(-9000, 9000, n, dtype=np.int16) for n in SAMPLES[family]]
    else:
        rows = [rng.normal(size=(spec.frames, spec.bands)).astype(np.float32) for _ in SAMPLES[family]]
    network = entry(Taps(backbone, (Tap(2, False), Tap(backbone.n, True))), spec).eval()
    run = engine.compile(network, collate(rows[1:2]), 1, "float32")
    for some in ([1], [0], [2], [0, 2], [0, 1, 2]):  # alone and filled up; none but the first was there to compile with
        batch = collate([rows[k] for k in some])
        with torch.inference_mode():
            wanted = [t.numpy() for t in network(torch.from_numpy(batch))]
        got = run(batch)
        assert [g.shape for g in got] == [w.shape for w in wanted]
        assert agreement(got, wanted) > 0.9999

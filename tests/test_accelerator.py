"""What only a GPU can show; the other tests take it by themselves where there is one: run `pytest -m "not slow and not network"`."""

from __future__ import annotations

import gc
import json

import numpy as np
import pytest
import torch

from jeoni import plugins
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, Taps
from jeoni.backbones.entry import entry
from jeoni.cli import _app
from jeoni.features.engine import agreement, choose
from jeoni.modalities.inputs import collate
from jeoni.training.optimizer import AdamW
from jeoni.training.precision import quick_bfloat16
from jeoni.types import Quiet
from tests.strategies.made_networks import build, examples, small_backbone, tensors

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")]


@pytest.fixture(autouse=True)
def auto_engine():
    """Every engine is asked here."""


def rows_of(kind, encoder_folder):
    rng = np.random.default_rng(0)
    if kind == "image":
        backbone = load_backbone("untrained:test_efficientnet")
        return backbone, rng.integers(0, 256, (8, 160, 160, 3), dtype=np.uint8)
    backbone = load_backbone(str(encoder_folder("bert")))
    return backbone, collate([rng.integers(0, backbone.input.vocabulary, n, dtype=np.int32) for n in (3, 9, 21, 40)])


@pytest.mark.parametrize("kind", ["image", "text"])
def test_frozen_stages_run_on_the_gpu_and_give_what_the_processor_gives(kind, encoder_folder):
    backbone, rows = rows_of(kind, encoder_folder)
    network = entry(Taps(backbone, (Tap(1, False), Tap(backbone.n, True))), backbone.input).eval()
    choice = choose(network, rows, "auto", 2, Quiet())
    assert (choice.name, choice.precision) == ("torch", "bfloat16" if quick_bfloat16() else "float32"), choice.notes
    assert all(p.device.type == "cpu" for p in network.parameters())
    with torch.inference_mode():
        wanted = [t.numpy() for t in network(torch.from_numpy(rows))]
    run = plugins.load("jeoni.features.engines", "torch")().compile(network, rows, 2, "float32")
    assert agreement(run(rows), wanted) > 0.99999
    assert agreement(choice.run(rows[:1]), [w[:1] for w in wanted]) > 0.999


@pytest.mark.parametrize("name", ["finetune", "lora", "contrastive", "scratch"])
def test_training_is_on_the_gpu_and_the_model_that_comes_out_is_not(name, make_photos, monkeypatch):
    seen = set()
    step = AdamW.step
    monkeypatch.setattr(
        AdamW,
        "step",
        lambda self: (seen.update(p.device.type for g in self.param_groups for p in g["params"]), step(self))[1],
    )
    strategy, backbone = build(name), small_backbone()
    trained_on, context = examples(strategy, backbone, make_photos())
    model = strategy.fit(backbone, trained_on, context)
    assert seen == {"cuda"}
    assert {t.device.type for t in tensors(model).values()} == {"cpu"}


def test_a_second_training_needs_no_more_of_the_gpus_memory(make_photos):
    strategy, backbone = build("finetune"), small_backbone()
    trained_on, context = examples(strategy, backbone, make_photos())
    held = []
    for _ in range(3):
        strategy.fit(backbone, trained_on, context)
        gc.collect()
        held.append(torch.cuda.memory_allocated())
    assert held[2] <= held[1]


def test_a_run_says_which_gpu_it_used(make_photos, tmp_path, monkeypatch):
    words = ["fit", str(make_photos()), "--backbone", "untrained:test_resnet", "--out", str(tmp_path / "run")]
    monkeypatch.setattr("sys.argv", ["jeoni", *words, "--strategy", "finetune", "--steps", "4"])
    assert _app.run() == 0
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert record["machine"]["accelerator"] == torch.cuda.get_device_name(0)
    assert record["engine"]["name"] == "torch"

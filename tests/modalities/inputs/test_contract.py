"""Every input keeps its promises; one that is dropped in as a file is found, loaded and run."""

from __future__ import annotations

import json
from collections import OrderedDict

import numpy as np
import pytest
import torch

from jeoni import plugins
from jeoni.backbones.backbone import Provenance, build_backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.entry import entry, rows_like
from jeoni.backbones.schema import parse_config
from jeoni.data.vectors import VectorItems
from jeoni.errors import ConfigError, WeightsError
from jeoni.features.extract import Request, extract
from jeoni.features.store import FeatureStore
from jeoni.modalities import inputs
from jeoni.modalities.inputs import Input, input_class, load_input

FOLDER = "jeoni.modalities.inputs"
MADE = {
    "image": {"size": 8, "mean": [0.5] * 3, "std": [0.5] * 3},
    "spectrogram": {"rate": 8000, "seconds": 1.0, "size": 8, "mean": [0.5] * 3, "std": [0.5] * 3},
    "vector": {"dim": 5},
    "voice": {"rate": 16_000, "seconds": 2.0},
    "wave": {"rate": 8000, "seconds": 1.0},
}
ROUNDED = '''"""Vectors of whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jeoni.modalities.bounds import Fields, Width
from jeoni.modalities.inputs import Input

__all__ = ["RoundedInput"]


class _Bounds(Fields):
    dim: Width


@dataclass(frozen=True)
class RoundedInput(Input):
    """Rounds."""

    kind: ClassVar[str] = "rounded"
    modality: ClassVar[str] = "vector"
    bounds: ClassVar[type[Fields]] = _Bounds

    dim: int

    def open(self, raw, name, at_least=0):
        return np.asarray(raw, dtype=np.float32)

    def row(self, opened):
        return np.rint(opened)

    def example_rows(self, n, seed=0):
        return np.random.default_rng(seed).integers(0, 9, (n, self.dim)).astype(np.float32)
'''


@pytest.mark.parametrize("kind", plugins.names(FOLDER))
def test_a_file_offers_the_input_of_its_own_name(kind):
    assert input_class(kind).kind == kind and Input in input_class(kind).__mro__
    assert input_class(kind).modality and input_class(kind).bounds


@pytest.mark.parametrize("kind", MADE)
def test_an_input_is_restored_from_what_describes_it(kind, tmp_path):
    spec = load_input(kind, MADE[kind], tmp_path)
    described = json.loads(json.dumps(spec.describe()))
    spec.bounds.model_validate(described)
    assert load_input(kind, described, tmp_path) == spec


@pytest.mark.parametrize("kind", MADE)
def test_made_up_rows_are_rows_and_pass_the_entry(kind, tmp_path):
    spec = load_input(kind, MADE[kind], tmp_path)
    rows = rows_like(spec, 3, seed=1)
    assert len(rows) == 3 and torch.equal(rows, rows_like(spec, 3, seed=1))
    assert not torch.equal(rows, rows_like(spec, 3, seed=2))
    taken = entry(torch.nn.Identity(), spec)(rows)
    assert len(taken) == 3 and taken.is_floating_point()
    if kind == "vector":
        opened = spec.open(np.arange(5.0), "it")
        row, geometry = spec.view(opened, "none", b"12345678", 1)
        assert row.shape == rows.shape[1:] and geometry is None


def test_an_unknown_kind_lists_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match="image, spectrogram"):
        load_input("smell", {}, tmp_path)


@pytest.fixture
def dropped_in(tmp_path, monkeypatch):
    """A stranger's file in the folder."""
    (tmp_path / "rounded.py").write_text(ROUNDED, encoding="utf-8")
    monkeypatch.setattr(inputs, "__path__", [*inputs.__path__, str(tmp_path)])
    monkeypatch.setattr(inputs.__spec__, "submodule_search_locations", inputs.__path__)
    plugins._folder.cache_clear()
    yield
    plugins._folder.cache_clear()


def test_an_input_that_is_dropped_in_is_listed_loaded_and_run(dropped_in, tmp_path):
    assert "rounded" in plugins.names(FOLDER)
    spec = load_input("rounded", {"dim": 3}, tmp_path)
    torch.manual_seed(0)
    parts = {"stem": torch.nn.Linear(3, 4), "layer1": torch.nn.Linear(4, 2)}
    network = torch.nn.Sequential(OrderedDict(parts))
    backbone = build_backbone(
        network, name="mine", architecture="two layers", input=spec, provenance=Provenance("mine", "mine", "", "")
    )
    values = np.array([[0.2, 1.8, 3.1], [4.4, 5.0, 5.9]])
    seen = extract(VectorItems(values), [Request(backbone, (Tap(backbone.n, True),))], FeatureStore(), engine="torch")
    with torch.inference_mode():
        wanted = network(torch.from_numpy(np.rint(values)).float()).numpy()
    np.testing.assert_allclose(seen.features(backbone, Tap(backbone.n, True)).numpy(), wanted, rtol=1e-5)


def test_a_saved_model_may_name_it_within_its_bounds(dropped_in):
    config = {
        "modality": "sound",  # as audio was called; the kind of the input decides
        "backbone": {
            "name": "mine",
            "architecture": "two layers",
            "arguments": {},
            "kind": "rounded",
            "input": {"dim": 3},
            "provenance": {"source": "", "name": "", "licence": "", "sha256": ""},
        },
        "cut": {"frozen": 0, "reuse": 1, "stages": ["one"]},
        "head": {"id": "linear", "dim": 2},
        "class_names": ["a", "b"],
        "weights": {"file": "model.safetensors", "sha256": "0" * 64},
    }
    assert parse_config(config, "it").backbone.kind == "rounded"
    config["backbone"]["input"] = {"dim": 1 << 40}
    with pytest.raises(WeightsError, match="less than or equal"):
        parse_config(config, "it")
    config["backbone"]["kind"] = "smell"
    with pytest.raises(WeightsError, match="kind is 'smell'; known are .*image"):
        parse_config(config, "it")

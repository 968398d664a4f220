"""What is computed on: the device that a user names, or a sentence that says which there are."""

from __future__ import annotations

import pytest
import torch

import jeoni
from jeoni import distributed
from jeoni.errors import ConfigError
from jeoni.features.engines.torch import TorchEngine
from jeoni.runs import read_json
from jeoni.training.precision import quick_bfloat16
from tests.conftest import TINY


@pytest.fixture(autouse=True)
def auto_engine():
    """Every engine is asked here."""


@pytest.fixture(autouse=True)
def as_before():
    yield
    distributed.select_device("auto")


@pytest.fixture
def gpus(monkeypatch):
    """A machine with so many GPUs, of which only the number is asked."""

    def have(count: int) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)

    return have


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "CPU", "", "cuda:-1"])
def test_an_unknown_device_is_told_the_known_ones(name):
    with pytest.raises(ConfigError, match=f"device is '{name}'; it can be auto, cpu, cuda, cuda:N .* or mps"):
        distributed.select_device(name)


def test_without_a_gpu_none_can_be_asked_for(gpus, monkeypatch):
    gpus(0)
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(
        ConfigError, match="torch finds no GPU on this machine. This torch is a build for processors only"
    ):
        distributed.select_device("cuda")
    monkeypatch.setattr(torch.version, "cuda", "12.4")
    with pytest.raises(ConfigError, match=r"torch finds no GPU on this machine. Take auto or cpu\."):
        distributed.select_device("cuda:0")


def test_a_gpu_that_is_not_there_is_told_those_that_are(gpus):
    gpus(2)
    with pytest.raises(ConfigError, match="device is 'cuda:2', but this machine has cuda:0, cuda:1. Take one of these"):
        distributed.select_device("cuda:2")
    distributed.select_device("cuda:1")
    assert distributed.device() == torch.device("cuda:1")


def test_a_mac_is_told_apart(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="device is 'mps', which is the GPU of a Mac; this machine has none"):
        distributed.select_device("mps")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    distributed.select_device("mps")
    assert distributed.device().type == "mps"


def test_one_of_several_processes_takes_its_own_gpu(gpus, monkeypatch):
    gpus(2)
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match="each of several processes takes a GPU of its own. Say auto or cuda"):
        distributed.select_device("cuda:1")


def test_the_processor_can_be_asked_for_beside_a_gpu(gpus):
    gpus(1)
    assert distributed.device().type == "cuda" and TorchEngine().accelerated()
    distributed.select_device("cpu")
    assert distributed.device() == torch.device("cpu") and not TorchEngine().accelerated()
    assert TorchEngine().precisions() == ("float32",)
    assert quick_bfloat16() in (True, False)  # of the processor: no GPU is asked


@pytest.mark.parametrize("verb", ["fit", "compare", "adapt", "diagnose", "predict", "evaluate"])
def test_every_verb_checks_the_device_before_anything_is_read(verb, gpus, tmp_path):
    gpus(0)
    with pytest.raises(ConfigError, match="device is 'cuda:7'"):
        getattr(jeoni, verb)(str(tmp_path / "nothing"), str(tmp_path / "nothing"), device="cuda:7") if verb in (
            "adapt", "diagnose", "predict", "evaluate"
        ) else getattr(jeoni, verb)(str(tmp_path / "nothing"), device="cuda:7")  # fmt: skip


def test_the_record_says_what_was_computed_on_and_how_many_steps_epochs_were(make_photos, tmp_path):
    photos = make_photos(classes=2, each=20)
    jeoni.fit(
        photos, backbone=TINY, strategy="finetune", epochs=2, batch_size=8, views=1, device="cpu", control=False,
        repeats=1, folds=2, out=tmp_path / "run",
    )  # fmt: skip
    record = read_json(tmp_path / "run" / "run.json")
    assert record["machine"]["device"] == "cpu" and record["machine"]["accelerator"] == ""
    assert record["spec"]["epochs"] == 2
    assert record["training"]["recipe"]["steps"] == 10  # 40 items in batches of 8, twice


def test_a_training_has_one_length():
    with pytest.raises(ConfigError, match="steps is 100 and epochs is 3; a training has one length. Say one"):
        jeoni.FitSpec(steps=100, epochs=3)
    with pytest.raises(ConfigError, match="epochs is 3; the strategy probe trains no stages"):
        jeoni.fit("nothing", epochs=3)

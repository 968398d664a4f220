"""No more of a large library is imported than is used, and what was put off is there when it is wanted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jeoni.libraries import has_architecture, import_timm, timm_model


def said(code: str) -> str:
    """What a fresh Python prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_one_architecture_imports_neither_the_zoo_nor_the_compiler_and_the_rest_comes_on_demand():
    code = """
import sys
from jeoni.libraries import import_timm, timm_model
network = timm_model("test_resnet", num_classes=0)
zoo = [name for name in sys.modules if name.startswith("timm.models.") and name.split(".")[2][0] != "_"]
print(len(zoo) < 10, any(name.startswith("torch._dynamo") for name in sys.modules))
import timm
print(len(timm.list_models()) > 1000, timm.models.resnet.ResNet is type(network))
print(type(import_timm().create_model("test_resnet")) is type(network))
from timm.models import *
print(vit_base_patch16_224.__name__)
"""
    assert said(code).split() == ["True", "False", "True", "True", "True", "vit_base_patch16_224"]


def test_torchvision_works_though_the_compiler_was_put_off():
    code = """
from jeoni.libraries import import_torchvision
import_torchvision()
import torch
from torchvision.ops import roi_align
print(tuple(roi_align(torch.zeros(1, 1, 4, 4), torch.zeros(1, 5), 1).shape))
import torch._dynamo.utils
print(torch._dynamo.utils.is_compile_supported("meta"))  # of a processor, it would compile a program of C++ to know
"""
    try:
        assert said(code).splitlines() == ["(1, 1, 1, 1)", "False"]
    except subprocess.CalledProcessError as error:
        if "torchvision::roi_align" not in error.stderr:
            raise
        pytest.skip("torchvision's compiled library does not fit this torch")


def test_architectures_are_found_without_importing_them():
    known = import_timm().list_models()
    assert not [name for name in known if not has_architecture(name)]
    assert not has_architecture("resnet50_of_mine") and not has_architecture("../resnet") and not has_architecture("")


def test_a_network_is_that_of_timm():
    mine, theirs = timm_model("test_resnet", num_classes=3), import_timm().create_model("test_resnet", num_classes=3)
    assert type(mine) is type(theirs) and mine.state_dict().keys() == theirs.state_dict().keys()


def test_a_fit_needs_no_library_that_it_does_not_use(tmp_path):
    code = f"""
import sys
from pathlib import Path
from tests.conftest import TINY, save_photos
import jeoni
photos = save_photos(Path({str(tmp_path)!r}) / "photos")
jeoni.fit(photos, backbone=TINY, out=Path({str(tmp_path)!r}) / "run", folds=2, repeats=1, pictures=False, quiet=True,
          engine="torch")
print([name for name in ("sklearn", "pandas", "torch._dynamo", "transformers") if name in sys.modules])
"""
    assert said(code).endswith("[]")

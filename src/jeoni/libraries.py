"""Large libraries imported quietly, no more of them than is used, and torchvision beside a torch that it does not fit.

torchvision registers two custom operators' fake versions at import; where its compiled library cannot be loaded (a
CPU build of torch beside the ordinary wheel), the operators are unknown and the import dies with "operator
torchvision::nms does not exist". timm imports torchvision, but uses neither operator. So their schemas, and only those,
are declared first, and only when they are missing. Where torchvision works, nothing happens.

A cached run is mostly imports. torchvision wants torch's compiler, which takes as long as torch itself, for one
function that asks about a device; and timm reads a hundred files of architectures where one is needed. Both are put
off until somebody uses them.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from jeoni.errors import MissingExtra
from jeoni.imports import without_collecting

__all__ = ["has_architecture", "import_timm", "import_torchvision", "import_transformers", "timm_model"]

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_kept: list[torch.library.Library] = []
COMPILER = "torch._dynamo.utils"
ZOO = "timm.models"


@cache
def import_timm() -> ModuleType:
    """Import the whole of timm, having declared torchvision's operators if they are missing."""
    import_torchvision()
    with without_collecting():
        timm = importlib.import_module("timm")
        assert callable(timm.create_model)  # what was put off is there now
        return timm


@cache
def import_torchvision() -> None:
    """Import torchvision, having declared its operators if they are missing."""
    with without_collecting(), _without_compiler():
        try:
            importlib.import_module("torchvision")
        except RuntimeError:
            library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]  # torch's own
            for name in ("nms", "qnms"):
                if not hasattr(torch.ops.torchvision, name):
                    library.define(name + _SCHEMA)  # type: ignore[no-untyped-call]  # torch's own
            _kept.append(library)  # an operator lives as long as the library that declared it
            importlib.import_module("torchvision")


def import_transformers() -> ModuleType:
    """Import transformers quietly; parts of it import torchvision, so its operators are declared first.

    Raises:
        MissingExtra: it is not installed.
    """
    import_torchvision()
    try:
        import transformers
    except ImportError:
        raise MissingExtra("transformers", "text", "A backbone of transformers") from None
    logging: Any = transformers.utils.logging
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    return transformers


def has_architecture(name: str) -> bool:
    """Whether timm has an architecture of this name, found without importing any."""
    return bool(_file_of(name))


def timm_model(name: str, **settings: Any) -> nn.Module:
    """A network of timm with fresh weights; only the file that its architecture is in is imported.

    Args:
        name: of an architecture, perhaps with the tag of its weights behind a dot.
        settings: those of ``timm.create_model``.
    """
    file = _file_of(name.partition(".")[0])
    if not file:
        made: nn.Module = import_timm().create_model(name, pretrained=False, **settings)
        return made
    import_torchvision()
    with without_collecting():
        if "timm" not in sys.modules:
            _put_off("timm", __version__=version("timm"))
            _put_off(ZOO)
        importlib.import_module(f"{ZOO}.{file}")
        create: Callable[..., nn.Module] = importlib.import_module(f"{ZOO}._factory").create_model
    return create(name, pretrained=False, **settings)


def _file_of(architecture: str) -> str:
    """The name of the file of timm's zoo that defines an architecture; empty where none does."""
    return _files_of_architectures().get(architecture, "")


@cache
def _files_of_architectures() -> dict[str, str]:
    """The file of timm's zoo that each architecture is defined in, by its name."""
    spec = find_spec("timm")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    defined = re.compile(rb"^@register_model\ndef (\w+)\(", re.MULTILINE)
    paths = [path for folder in folders for path in Path(folder, "models").glob("[!_]*.py")]
    return {name.decode(): path.stem for path in paths for name in defined.findall(path.read_bytes())}


class _PutOff(ModuleType):
    """A package of which single modules can be imported; its own file runs when something else of it is wanted."""

    def __getattr__(self, name: str) -> Any:
        special = name.startswith("__") and name != "__all__"
        if special or self.__spec__ is None or self.__spec__.loader is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        self.__class__ = ModuleType  # type: ignore[assignment]  # once is enough
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def _put_off(name: str, **known: Any) -> None:
    """Put a package in its place without running its file."""
    spec: ModuleSpec | None = find_spec(name)
    assert spec is not None
    package = _PutOff(name)
    package.__spec__, package.__file__, package.__loader__ = spec, spec.origin, spec.loader
    package.__path__, package.__package__ = list(spec.submodule_search_locations or ()), name
    vars(package).update(known)
    sys.modules[name] = package
    above, _, own = name.rpartition(".")
    if above:
        setattr(sys.modules[above], own, package)


@contextmanager
def _without_compiler() -> Iterator[None]:
    """Import torchvision without torch's compiler: it gets a function that asks the compiler when it is called."""
    if COMPILER in sys.modules:
        yield
        return
    stand_in = ModuleType(COMPILER)
    stand_in.is_compile_supported = _is_compile_supported  # type: ignore[attr-defined]
    stand_in.__getattr__ = _of_compiler  # type: ignore[method-assign]  # whatever else another version wants
    sys.modules[COMPILER] = stand_in
    try:
        yield
    finally:
        if sys.modules.get(COMPILER) is stand_in:
            del sys.modules[COMPILER]


def _is_compile_supported(device: Any) -> bool:
    return bool(importlib.import_module(COMPILER).is_compile_supported(device))


def _of_compiler(name: str) -> Any:
    """A name of the true module, which then is there."""
    if name.startswith("__"):
        raise AttributeError(name)
    sys.modules.pop(COMPILER, None)
    return getattr(importlib.import_module(COMPILER), name)

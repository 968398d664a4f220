"""Large libraries imported quietly, and torchvision's Python parts beside a torch that its compiled parts do not fit.

torchvision registers two custom operators' fake versions at import; where its compiled library cannot be loaded (a
CPU build of torch beside the ordinary wheel), the operators are unknown and the import dies with "operator
torchvision::nms does not exist". timm imports torchvision, but uses neither operator. So their schemas, and only those,
are declared first, and only when they are missing. Where torchvision works, nothing happens.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType
from typing import Any

import torch

from jeoni.errors import MissingExtra
from jeoni.imports import without_collecting

__all__ = ["import_timm", "import_transformers"]

_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_kept: list[torch.library.Library] = []


@cache
def import_timm() -> ModuleType:
    """Import timm, having declared torchvision's operators if they are missing."""
    with without_collecting():
        return _import_timm()


def _import_timm() -> ModuleType:
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]  # torch's own
        for name in ("nms", "qnms"):
            if not hasattr(torch.ops.torchvision, name):
                library.define(name + _SCHEMA)  # type: ignore[no-untyped-call]  # torch's own
        _kept.append(library)  # an operator lives as long as the library that declared it
    return importlib.import_module("timm")


def import_transformers() -> ModuleType:
    """Import transformers quietly; parts of it import torchvision, so its operators are declared first.

    Raises:
        MissingExtra: it is not installed.
    """
    import_timm()
    try:
        import transformers
    except ImportError:
        raise MissingExtra("transformers", "text", "A backbone of transformers") from None
    logging: Any = transformers.utils.logging
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    return transformers

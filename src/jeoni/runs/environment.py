"""The machine and the versions that a run was made with."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from jeoni._version import __version__

__all__ = ["PACKAGES", "machine", "peak_memory_mb", "versions"]

PACKAGES = (
    "torch",
    "torchvision",
    "timm",
    "accelerate",
    "peft",
    "transformers",
    "tokenizers",
    "soundfile",
    "onnxruntime",
    "openvino",
    "scikit-learn",
    "datasets",
    "pillow",
    "numpy",
    "safetensors",
)


def versions() -> dict[str, str]:
    """Python, jeoni and the packages that decide a result; empty where one is not installed."""
    return {"python": platform.python_version(), "jeoni": __version__} | {name: _version(name) for name in PACKAGES}


@cache  # what is imported stays, whatever is installed meanwhile
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def machine(cores: int, device: str) -> dict[str, Any]:
    """System, processor, memory in GB, and what is computed on.

    Args:
        cores: that this process may use.
        device: of torch, such as ``cpu`` or ``cuda:0``.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9 if hasattr(os, "sysconf") else None
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
        "cores": cores,
        "memory_gb": memory and round(memory, 1),
        "accelerator": _accelerator(device),
        "device": device,
    }


def _accelerator(device: str) -> str:
    """The name of a GPU; empty for a processor."""
    torch = sys.modules.get("torch")
    if torch is None or device == "cpu":
        return ""
    return str(torch.cuda.get_device_name(device)) if device.startswith("cuda") else "Apple GPU"


def peak_memory_mb() -> float | None:
    """The most memory this process held at once; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)

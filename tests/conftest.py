"""Small pictures, a small backbone and a cache of its own for every test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

TINY = "untrained:test_resnet"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("JEONI_CACHE", str(cache))
    return cache


def make_picture(kind: int, number: int, side: int = 48) -> Image.Image:
    """Stripes whose direction is the class; noise and phase differ from picture to picture."""
    rng = np.random.default_rng(1000 * kind + number)
    y, x = np.mgrid[:side, :side]
    angle = kind * np.pi / 3
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) / 2.5 + rng.uniform(0, 6))
    pixels = 127 + 60 * wave[..., None] + rng.normal(0, 25, (side, side, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


@pytest.fixture
def make_photos(tmp_path: Path) -> Callable[..., Path]:
    """``make_photos("photos", classes=2, each=12)``: a folder per class."""

    def make(name: str = "photos", classes: int = 2, each: int = 12, first: int = 0, suffix: str = "png") -> Path:
        root = tmp_path / name
        for kind in range(classes):
            folder = root / f"class_{kind}"
            folder.mkdir(parents=True, exist_ok=True)
            for k in range(first, first + each):
                make_picture(kind, k).save(folder / f"{k:03d}.{suffix}")
        return root

    return make

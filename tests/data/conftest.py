"""Small images and tables, made anew for each test."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


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

"""A thumbnail of a picture, and how the picture's coordinates become the thumbnail's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from jeoni.types import FloatArray

__all__ = ["Canvas"]


@dataclass(frozen=True)
class Canvas:
    """Where one picture is drawn.

    Attributes:
        opened: the picture as it was decoded, which may be smaller than it is.
        extent: its own width and height, pixels.
        thumb: a small copy.
        folder: where files go.
        stem: what their names begin with.
    """

    opened: Image.Image
    extent: tuple[float, float]
    thumb: Image.Image
    folder: Path
    stem: str

    @property
    def scale(self) -> float:
        """Pixels of the thumbnail for one of the picture."""
        return self.thumb.width / self.extent[0]

    def scaled(self, coordinates: FloatArray) -> FloatArray:
        """Coordinates of the thumbnail, with two digits behind the point."""
        found: FloatArray = (coordinates * self.scale).round(2)
        return found

    def save(self, image: Image.Image, mark: str) -> str:
        """Write a picture, as JPEG without transparency and as PNG with it; returns its name in ``figures``."""
        transparent = image.mode in ("RGBA", "P", "LA")
        name = f"{self.stem}{mark}.{'png' if transparent else 'jpg'}"
        if transparent:
            image.save(self.folder / name, optimize=True)
        else:
            image.convert("RGB").save(self.folder / name, quality=85)
        return f"{self.folder.name}/{name}"

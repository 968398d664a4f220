"""The files beside a saved model's weights, such as its tokenizer: read only as they were written."""

from __future__ import annotations

import hashlib
from pathlib import Path

from jeoni.errors import WeightsError
from jeoni.files.regular import read_regular

__all__ = ["read_saved"]

MOST_BYTES = 256 << 20


def read_saved(path: Path, digest: str) -> bytes:
    """A small file that a saved model needs, held against its digest.

    Args:
        path: of the file.
        digest: SHA-256 of its content, in hexadecimal.

    Raises:
        WeightsError: missing, no regular file, too large, or changed.
    """
    try:
        content = read_regular(path, MOST_BYTES, follow=True)
    except FileNotFoundError:
        raise WeightsError(f"{path} was lost since it was saved. Copy the folder anew.") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror or error}).") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise WeightsError(
            f"{path} was changed since it was saved: its SHA-256 is not the one in config.json. Copy the folder anew."
        )
    return content

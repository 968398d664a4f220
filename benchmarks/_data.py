"""Where the real data lie: the folder in JEONI_DATA, else `../shared/data` beside the project."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def shared(name: str) -> Path:
    """A folder of the data; leaves with a message where it is missing."""
    root = Path(os.environ.get("JEONI_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
    if not (root / name).exists():
        sys.exit(f"{root / name} is missing; point JEONI_DATA to the folder with the data.")
    return root / name

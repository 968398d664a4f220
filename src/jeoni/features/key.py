"""The key of a table of the store; its digest is the table's folder name."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from jeoni.files.regular import read_regular

__all__ = ["FeatureKey"]

MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class FeatureKey:
    """All that a table's rows depend on, besides the example itself.

    Attributes:
        weights: fingerprint of the weights.
        stage: how many stages have run.
        pooled: averaged over positions, or the whole activation.
        preprocessing: the input's description.
        precision: ``float32``, ``bfloat16`` or ``float16``: what the engine computed in.
        name: the backbone's name, for people; not part of the digest.
        ragged: rows differ in their first dimension; follows from the rest, so not part of the digest.
    """

    weights: str
    stage: int
    pooled: bool
    preprocessing: str
    precision: str = "float32"
    name: str = ""
    ragged: bool = False

    @property
    def digest(self) -> str:
        """The table's folder name."""
        content = {k: v for k, v in asdict(self).items() if k not in ("name", "ragged")}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]

    @classmethod
    def read(cls, path: Path) -> FeatureKey:
        """The key of a table's ``key.json``.

        Raises:
            ValueError: damaged: it is no key, or that of another folder.
            OSError: it cannot be read.
        """
        try:
            content = json.loads(read_regular(path, MOST_BYTES))
            key = cls(**{f.name: content[f.name] for f in fields(cls)})
            own = key.digest == path.parent.name
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"{path} is not the key of a table") from error
        if not own or not isinstance(key.name, str):
            raise ValueError(f"{path} is not the key of this table")
        return key

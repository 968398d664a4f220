"""Data of classes whose attributes are directions of the features: what is learned on some holds for others."""

from __future__ import annotations

from typing import Any

import numpy as np

ATTRIBUTES = {
    "aa": (1, 0, 0, 1),
    "bb": (0, 1, 0, 1),
    "cc": (0, 0, 1, 1),
    "dd": (1, 1, 0, 0),
    "ee": (0, 1, 1, 0),
    "ff": (1, 1, 1, 0),
    "gg": (1, 0, 1, 1),
    "hh": (1, 0, 0, 0),
}
UNSEEN = ("gg", "hh")


def examples(names: list[str], each: int, seed: int = 0, noise: float = 0.2) -> tuple[np.ndarray, list[str]]:
    """``each`` rows of six columns for each class, and their labels: attributes times fixed directions, with noise."""
    rng = np.random.default_rng(seed)
    directions = np.random.default_rng(7).normal(size=(4, 6))
    labels = [name for name in names for _ in range(each)]
    values = np.array([ATTRIBUTES[name] for name in labels], dtype=float)
    rows = values @ directions + noise * rng.normal(size=(len(labels), 6))
    return rows.astype(np.float32), labels


def corners(each: int = 20) -> dict[str, Any]:
    """The inputs of ``jeoni.zero_shot``: six seen classes, two unseen ones, and the table of attributes."""
    seen = [name for name in ATTRIBUTES if name not in UNSEEN]
    table = {name: {f"a{k}": v for k, v in enumerate(row)} for name, row in ATTRIBUTES.items()}
    return {
        "data": examples(list(UNSEEN), each, seed=1),
        "seen": examples(seen, each),
        "classes": list(UNSEEN),
        "attributes": table,
    }

"""What was published of backbones: ImageNet top-1 accuracies, each with its source, in ``published.csv``."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Published", "is_listed", "published", "published_accuracy"]


@dataclass(frozen=True)
class Published:
    """One line of the list.

    Attributes:
        name: of the weights, as timm or we call them.
        top1: accuracy on ImageNet's validation set, in percent.
        source: where it was published.
    """

    name: str
    top1: float
    source: str


@cache
def published() -> dict[str, Published]:
    """The list by name, the best first."""
    text = files("jeoni.transferability").joinpath("published.csv").read_text(encoding="utf-8")
    rows = [Published(r["name"], float(r["top1"]), r["source"]) for r in csv.DictReader(text.splitlines())]
    return {row.name: row for row in sorted(rows, key=lambda row: -row.top1)}


def published_accuracy(name: str) -> float | None:
    """Of a backbone by its name, with or without the source before it; None where it is not in the list.

    Args:
        name: as the user asked for it, such as ``timm:resnet50.tv_in1k``.
    """
    found = published().get(name) or published().get(name.rpartition(":")[2])
    return found.top1 if found else None


def is_listed(name: str) -> bool:
    """Whether weights of the architecture of that name are in the list, whatever they were trained on.

    Args:
        name: such as ``untrained:resnet18``.
    """
    bare = name.rpartition(":")[2]
    return any(bare == known.partition(".")[0] for known in published())

"""Number of parameters (Singh ICLR 2026, arXiv:2510.06448): a list by size, which beats many scores on the usual zoo.

It looks at no data, and does not know whether the network was trained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jeoni.transferability.candidate import Facts, Needs

__all__ = ["Parameters"]


@dataclass(frozen=True)
class Parameters:
    """Millions of parameters in the stages that are used.

    Example:
        >>> Parameters()(Facts("resnet18", 11_200_000))
        11.2
    """

    title: ClassVar[str] = "parameters"
    needs: ClassVar[Needs] = "facts"

    def __call__(self, facts: Facts) -> float | None:
        """In millions."""
        return facts.parameters / 1e6

"""The options of `jeoni episodes`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jeoni.errors import ConfigError
from jeoni.specs.options import Bounds, option
from jeoni.specs.verbs.common import CommonSpec

__all__ = ["EpisodesSpec"]


@dataclass(frozen=True, kw_only=True)
class EpisodesSpec(CommonSpec):
    """Everything that decides an evaluation by episodes.

    Example:
        >>> EpisodesSpec(methods="prototype,gda").names
        ('prototype', 'gda')
    """

    section: ClassVar[str] = "Evaluation"

    methods: str = option(
        "prototype,gda,linear",
        "Heads, and transductive methods as transductive:NAME, separated by commas.",
        several=True,
        section="Transfer",
        names=("heads", "transductive"),
    )
    ways: int = option(5, "Classes in an episode.", bounds=Bounds(2, 1000))
    shots: int = option(1, "Examples of each class to learn from.", bounds=Bounds(1, 1000))
    queries: int = option(15, "Examples of each class to be tested on.", bounds=Bounds(1, 1000))
    episodes: int = option(600, "How many episodes are drawn.", bounds=Bounds(2, 100_000))
    dirichlet: float | None = option(
        None,
        "Concentration of the query classes' frequencies, such as 2; left out, all classes are equally frequent.",
        bounds=Bounds(0, 1000, open_low=True),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.names or len(set(self.names)) < len(self.names):
            raise ConfigError(f"methods is {self.methods!r}; one is needed, or different ones with commas between.")

    @property
    def names(self) -> tuple[str, ...]:
        """The methods' ids."""
        return tuple(name.strip() for name in self.methods.split(",") if name.strip())

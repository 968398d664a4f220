"""The options of `jeoni query`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jeoni.errors import ConfigError
from jeoni.specs.options import Bounds, option
from jeoni.specs.training import SettingOptions
from jeoni.specs.verbs.common import PICTURES, CommonSpec

__all__ = ["QuerySpec"]

MOST = Bounds(1, 10_000_000)


@dataclass(frozen=True, kw_only=True)
class QuerySpec(CommonSpec, SettingOptions):
    """Everything that decides what to label next.

    Example:
        >>> QuerySpec(budget=20, rounds=4).counts
        (5, 10, 15, 20)
    """

    absent: ClassVar[Mapping[str, str]] = {
        "strategy": "A query goes by frozen features; name the way to choose: method='badge', or another one of "
        "`jeoni list queries`.",
        "test": "A simulation scores on the part `test` of the data, or on a third of them.",
    }

    budget: int = option(50, "How many items to label next; with --simulate, how many in all.", bounds=MOST)
    method: str = option(
        "auto",
        "How to choose; auto is kmeans until two classes have a label, then dropquery. With --simulate several, with "
        "commas between.",
        several=True,
        names=("queries",),
    )
    head: str = option("gda", "What learns from the labels; see `jeoni list heads`.", names=("heads",))
    simulate: bool = option(
        False, "Label a labelled pool again, and compare with labelling at random.", section="Evaluation"
    )
    draws: int = option(
        10, "Of a simulation: how often it is repeated on other items.", bounds=Bounds(2, 1000), section="Evaluation"
    )
    rounds: int = option(
        10, "Of a simulation: rounds in which labels are asked for.", bounds=Bounds(1, 1000), section="Evaluation"
    )
    pictures: bool = option(True, PICTURES, section="Output")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.methods or len(set(self.methods)) < len(self.methods):
            raise ConfigError(f"method is {self.method!r}; one is needed, or different ones with commas between.")
        if len(self.methods) > 1 and not self.simulate:
            raise ConfigError(
                f"method is {self.method!r}; one list is made by one method. Name one, or compare several on labelled "
                "data with --simulate."
            )
        if len(self.methods) > 1 and self.set:
            raise ConfigError(f"set is {self.set!r}; several methods have several settings. Name one method.")

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods' ids."""
        return tuple(name.strip() for name in self.method.split(",") if name.strip())

    @property
    def counts(self) -> tuple[int, ...]:
        """Labels after each round of a simulation."""
        rounds = min(self.rounds, self.budget)
        return tuple(dict.fromkeys(round(self.budget * (k + 1) / rounds) for k in range(rounds)))
